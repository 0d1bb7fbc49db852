"""What the log, a hold or a plan says, as sentences that every screen shares."""
