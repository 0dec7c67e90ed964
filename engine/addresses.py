"""Where a host is, as a user writes it in the settings: checked before anything connects.

Owns what such an address may look like. Whether anybody lives there shows when it is used.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator


def _of_requests(value: str) -> str:
    return _address(value, ("https", "http"))


def _of_streams(value: str) -> str:
    return _address(value, ("wss", "ws"))


def _of_proxy(value: str) -> str:
    """Both clients speak these; others would need packages that are not installed."""
    if value:
        _split(value, ("http", "https"))
    return value


Host = Annotated[str, AfterValidator(_of_requests)]
"""Base address for requests, such as ``https://clob.polymarket.com``."""

StreamHost = Annotated[str, AfterValidator(_of_streams)]
"""Base address for websockets, such as ``wss://ws.okx.com:8443``."""

Proxy = Annotated[str, AfterValidator(_of_proxy)]
"""``http://host:port``, with ``user:password@`` where it asks for them; empty: none."""


def _address(value: str, schemes: tuple[str, str]) -> str:
    parts = _split(value, schemes)
    if "@" in parts.netloc:
        raise ValueError("a name and password have no place in the address of a venue")
    if value.endswith("/"):
        raise ValueError(f"{value!r} ends with a slash; leave it out")
    return value


def _split(value: str, schemes: tuple[str, str]) -> SplitResult:
    """Raises ValueError, a clause, for what no client could connect to."""
    first, second = schemes
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ValueError(f"this is no address ({error})") from None
    if parts.scheme not in schemes:
        raise ValueError(f"the address must begin with {first}:// or {second}://")
    if not parts.hostname or not value.isascii() or any(c.isspace() for c in value):
        raise ValueError(f"this is no address; {first}://host or {first}://host:port is one")
    if port == 0 or "?" in value or "#" in value:
        raise ValueError("the address must have nothing but a host, a port and a path")
    return parts
