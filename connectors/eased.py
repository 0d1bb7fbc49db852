"""Who goes by a wire: its pace is remembered from drainer to drainer, and eases in after an outage."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from connectors.wire import Wire


@runtime_checkable
class GoesByWire(Protocol):
    """Sends everything by one wire, which holds the pace."""

    @property
    def wire(self) -> Wire:
        """The way out."""
        ...


def ease_in(connector: object) -> None:
    """After an outage: let calls out one by one at first, so that none meets a platform still getting up."""
    if isinstance(connector, GoesByWire):
        connector.wire.pacing.ramp()


def learnt(connector: object) -> dict[str, object] | None:
    """Give what its pace has learnt, as JSON; None where it has none."""
    return connector.wire.pacing.state() if isinstance(connector, GoesByWire) else None


def recall(connector: object, state: object) -> None:
    """Take up what another process has learnt of the pace."""
    if state is not None and isinstance(connector, GoesByWire):
        connector.wire.pacing.restore(state)
