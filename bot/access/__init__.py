"""Who is at the door: people with roles, their sessions and tokens, and what they may do."""
