"""HR sources, one folder each."""
