"""The audit log, tried with a tamperer's hands."""
