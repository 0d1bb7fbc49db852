"""Tests of people meeting Bawab in Slack."""
