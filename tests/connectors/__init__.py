"""Tests of single connectors, each with its own world."""
