"""The console in a real browser: as people see it, and as a screen reader does."""
