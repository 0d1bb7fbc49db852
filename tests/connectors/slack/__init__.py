"""Tests of the Slack connector against its sandbox, over real sockets."""
