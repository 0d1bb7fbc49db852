"""Every test of Bawab; the folders follow the code."""
