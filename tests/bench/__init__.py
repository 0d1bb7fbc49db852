"""Tests of the bench: its stubs limit as they say, and what is lost or doubtful is seen."""
