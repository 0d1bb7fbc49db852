"""The contract suite every chat connector inherits, as data, and the proof that it bites."""

import pytest

# Checks are not test files, yet a failing one should show its values.
pytest.register_assert_rewrite("tests.contract.acts", "tests.contract.checks")
