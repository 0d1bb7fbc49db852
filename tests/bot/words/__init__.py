"""Tests of the sentences that every screen shares."""
