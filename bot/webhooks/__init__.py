"""Outbound webhooks: entries of the log told to other programs, signed, until they are taken."""
