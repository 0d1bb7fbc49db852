"""Tests of the look that `bawab status` takes."""
