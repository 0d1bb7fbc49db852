"""The client by which the sandbox calls whoever subscribed: on loopback and in plain HTTP."""

from __future__ import annotations

import ssl

import httpx


def caller(seconds: float) -> httpx.AsyncClient:
    """Give a client that trusts no certificate: loading the usual ones would take longer than the call."""
    return httpx.AsyncClient(timeout=seconds, trust_env=False, verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
