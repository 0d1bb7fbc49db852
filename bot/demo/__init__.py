"""The worked example: an invented company, a Slack sandbox, one leaver and one transfer, seconds ahead."""
