"""A free port for a program that is yet to start, which nothing else on this machine is given meanwhile."""

from __future__ import annotations

import secrets
import socket

_FROM, _TO = 15_000, 30_000
"""Below what systems hand out by themselves (Linux from 32768, others from 49152).

Of those, a connection anywhere on a busy machine may be given one between our look and the program's start.
"""


def free_port() -> int:
    """Give a port of loopback on which nobody listens; it is not held."""
    while True:
        port = _FROM + secrets.randbelow(_TO - _FROM)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
