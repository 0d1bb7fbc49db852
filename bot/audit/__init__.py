"""The audit log: append, seal, verify, search, export."""
