"""Who people are: staff, sessions, tokens, and what whoever leaves loses first."""
