"""The sources of HR data, tried on real files."""
