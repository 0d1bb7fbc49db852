"""What people use today, as they would write it; each a script of its own, run on the same work."""
