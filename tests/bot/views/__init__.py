"""Views held to what each role may read."""
