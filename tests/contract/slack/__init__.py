"""The Slack connector on the suite's stage, and the bugs only a Slack connector can have."""
