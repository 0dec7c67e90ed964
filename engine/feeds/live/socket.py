"""One connection of a stream: opened, written, read, and ended with a reason.

Owns everything that the websocket library can raise; what leaves here is bytes, or one of two
exceptions with a clause for a person. What the frames mean is not looked at.
"""

from __future__ import annotations

import logging

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    ProxyError,
)

from engine.feeds.live.ask import described, retry_s, tls
from engine.feeds.live.clock import MarketClock
from engine.recording import plain
from engine.settings import Settings

MOST_BYTES = 16 << 20
"""A message beyond this ends the connection; smaller ones may still be dropped unread."""

PING_S = 15.0
PONG_S = 10.0
"""A peer that does not answer the protocol's ping by then is gone."""

CLOSE_S = 1.0
"""Real seconds for a polite end."""

QUEUED = 4_096
"""Frames read ahead: with few, a busy engine would leave the server's pings unanswered."""


_LOGGER = logging.getLogger(__name__)
_LOGGER.addHandler(logging.NullHandler())
_LOGGER.propagate = False  # its last resort is standard error, which is the trader's screen


class Lost(Exception):  # noqa: N818 - a connection's end is an event here, not an error
    """The connection ended or could not be made; its text is one clause."""


class Refused(Lost):
    """The venue answered the handshake with an HTTP status."""

    def __init__(self, status: int, wait_s: float | None) -> None:
        super().__init__(f"refused with {status}")
        self.status = status
        self.wait_s = wait_s
        """Clock seconds that the venue asks us to wait; None: it says nothing."""


class Socket:
    """An open websocket."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def receive(self) -> bytes:
        """The next message, text or binary alike. Raises Lost where there will be none."""
        try:
            return await self._connection.recv(decode=False)
        except ConnectionClosed as error:
            raise Lost(_closing(error)) from None

    async def send(self, text: str) -> None:
        """Raises Lost where the connection is gone."""
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise Lost(_closing(error)) from None

    async def close(self) -> None:
        """The polite end, within `CLOSE_S`."""
        await self._connection.close()

    def cut(self) -> None:
        """The end at once: a frozen peer would let a polite one wait."""
        self._connection.transport.abort()

    async def gone(self) -> None:
        """Returns when nothing of the connection is left."""
        await self._connection.wait_closed()


async def open_socket(url: str, settings: Settings, clock: MarketClock) -> Socket:
    """Connect to `url` and shake hands. Raises Lost, or Refused with the HTTP status."""
    limit = settings.feeds.connect_s
    try:
        async with clock.timeout(limit):
            return Socket(await _connect(url, settings, clock))
    except TimeoutError:
        raise Lost(f"no connection within {limit:g} s") from None
    except InvalidStatus as error:
        response = error.response
        said = response.headers.get_all("Retry-After")
        wait = retry_s(response.status_code, said[0] if said else "", clock.now_ms())
        raise Refused(response.status_code, wait) from None
    except (InvalidHandshake, InvalidURI, ProxyError, OSError, EOFError) as error:
        raise Lost(described(error)) from None


async def _connect(url: str, settings: Settings, clock: MarketClock) -> ClientConnection:
    return await connect(
        url,
        ssl=tls() if url.startswith("wss:") else None,
        compression=None,  # frames are small: deflate costs a quarter of the throughput
        open_timeout=None,  # bounded by the caller, in clock seconds
        ping_interval=clock.real_s(PING_S),
        ping_timeout=clock.real_s(PONG_S),
        close_timeout=CLOSE_S,
        max_queue=QUEUED,
        max_size=MOST_BYTES,
        proxy=settings.venues.proxy or None,
        user_agent_header="trade-console",
        logger=_LOGGER,
    )


def _closing(error: ConnectionClosed) -> str:
    """Who ended it and how."""
    if error.rcvd is not None:
        reason = f" ({plain(error.rcvd.reason)})" if error.rcvd.reason else ""
        return f"closed by the venue with {error.rcvd.code}{reason}"
    if error.sent is not None:
        return f"closed here with {error.sent.code} ({plain(error.sent.reason)})"
    return "the connection broke"
