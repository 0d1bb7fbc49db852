"""Whoever is out stays out: what was found, what follows, and the comparisons that find it."""
