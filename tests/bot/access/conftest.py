"""The house of the acts' tests serves here too: settled once, copied for each test."""

from tests.bot.acts.conftest import ready, settled_house

__all__ = ["ready", "settled_house"]
