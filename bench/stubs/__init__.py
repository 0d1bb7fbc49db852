"""Servers that limit as the platforms say they do, keep a ledger of effects, and fail on demand."""
