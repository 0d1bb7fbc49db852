"""A toy platform: the smallest server and connector that keep the contract, to learn from and to spoil."""
