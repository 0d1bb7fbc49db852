"""Tests of the manual connector."""
