"""ACT: one folder per outside system; none knows another, and every call leaves by the wire."""
