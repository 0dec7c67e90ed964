"""One HTTP request: an answer, or a refusal in words.

Owns the bounds of a request. Nothing that a network or a venue does raises here; what an answer
means is for others.
"""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache, partial
from typing import Any

import httpx
import orjson

from engine.feeds.live.clients import Clients
from engine.feeds.live.clock import MarketClock
from engine.recording import plain
from engine.settings import Settings

MOST_BYTES = 4_000_000
"""Largest answer that is read, as it is sent and unpacked."""

PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Packings that are read -> zlib's window size."""

BLOCKED = (403, 451)
"""Statuses by which a venue refuses this place, not this request."""

ERRNO = re.compile(r"^\[Errno -?\d+\] ")
"""How an error of the system begins where a library passes it on as a text."""

BANNED = 418
BANNED_S = 120.0
"""Wait after a ban that does not say how long it lasts."""

LONGEST_RETRY_S = 86_400.0
"""Wait that is believed of a venue which limits or bans us."""

LONGEST_OUTAGE_S = 300.0
"""The same of one that only says when it will be well: it may be well sooner, and dates err."""

LIMITING = (BANNED, 429)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a venue answered with a status of success."""

    raw: bytes
    data: Any
    """The parsed JSON."""
    rtt_ms: float
    """From asking to the last byte, milliseconds of clock time."""
    asked_ms: int
    """Market time at which it was asked, unix milliseconds."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no answer."""

    why: str
    """One clause: ``answered 404``, ``not answered within 5 s``."""
    status: int | None = None
    """HTTP status; None: nothing came back."""
    retry_s: float | None = None
    """Clock seconds that the venue asks us to wait; None: it says nothing."""

    @property
    def blocked(self) -> bool:
        """The venue refuses this place."""
        return self.status in BLOCKED


class Asker:
    """All requests of a feed, over one client. Use it in one event loop, then `aclose` it."""

    def __init__(self, settings: Settings, clock: MarketClock) -> None:
        self._clock = clock
        self._request_s = settings.feeds.request_s
        self._clients = Clients(partial(_client, settings.venues.proxy))

    async def get(self, url: str, **params: str | int) -> Answer | Refusal:
        """GET `url`; never raises for what the network or the venue does."""
        asked_ms, began = self._clock.now_ms(), self._clock.mono()
        try:
            async with self._clock.timeout(self._request_s):
                reply = await self._read(url, params)
        except TimeoutError:
            return Refusal(f"not answered within {self._request_s:g} s")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return Refusal(described(error))
        if isinstance(reply, Refusal):
            return reply
        try:
            data = orjson.loads(reply)
        except orjson.JSONDecodeError:
            return Refusal("the answer is not JSON", 200)
        return Answer(reply, data, (self._clock.mono() - began) * 1000, asked_ms)

    async def aclose(self) -> None:
        await self._clients.aclose()

    async def _read(self, url: str, params: Mapping[str, str | int]) -> bytes | Refusal:
        async with (
            self._clients.lend() as client,
            client.stream("GET", url, params=dict(params)) as response,
        ):
            status = response.status_code
            if status != httpx.codes.OK:
                wait = retry_s(
                    status, response.headers.get("Retry-After", ""), self._clock.now_ms()
                )
                return Refusal(f"answered {status}", status, wait)
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MOST_BYTES:
                    return _too_long(status)
            return unpacked(bytes(body), response.headers.get("Content-Encoding", ""))


def _client(proxy: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        verify=tls(),
        proxy=proxy or None,
        trust_env=False,  # a proxy that nobody set here would see every request
        timeout=None,  # noqa: S113 - `get` bounds the whole request, in clock seconds
        headers={"User-Agent": "trade-console", "Accept-Encoding": "gzip"},
    )


def unpacked(body: bytes, packing: str) -> bytes | Refusal:
    """What was sent, without its packing; never more than `MOST_BYTES` of it are made.

    The HTTP library would unpack it all, and a packing of a packing, before anyone could count.
    """
    name = packing.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in PACKED:
        return Refusal(f"the answer is packed as {plain(name[:40])}", 200)
    unpacker = zlib.decompressobj(PACKED[name])
    try:
        whole = unpacker.decompress(body, MOST_BYTES + 1)
    except zlib.error:
        return Refusal("the answer cannot be unpacked", 200)
    if len(whole) > MOST_BYTES:
        return _too_long(200)
    return whole if unpacker.eof else Refusal("the answer ends too early", 200)


def _too_long(status: int) -> Refusal:
    return Refusal(f"the answer is longer than {MOST_BYTES} bytes", status)


@cache
def tls() -> ssl.SSLContext:
    """How certificates are checked; loading the authorities takes long enough to do it once."""
    return httpx.create_ssl_context()


def described(error: Exception) -> str:
    """A network's error as one clause."""
    tls_error = next((e for e in _chain(error) if isinstance(e, ssl.SSLError)), None)
    if tls_error is not None:
        return f"TLS failed ({tls_error.reason or tls_error})"
    if isinstance(error, ConnectionResetError):
        return "the connection was reset"
    said = (error.strerror or "") if isinstance(error, OSError) else ""
    return said or ERRNO.sub("", str(error)) or type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from: the client wraps what it meets, at times without a word."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def retry_s(status: int, said: str, now_ms: int) -> float | None:
    """Clock seconds after which the venue wants to be asked again; None: it does not say.

    `said` is its ``Retry-After``: a number of seconds, or a date; empty: it has none.
    """
    seconds = _seconds(said, now_ms)
    if seconds is None:
        return BANNED_S if status == BANNED else None
    return min(max(seconds, 0.0), LONGEST_RETRY_S if status in LIMITING else LONGEST_OUTAGE_S)


def _seconds(said: str, now_ms: int) -> float | None:
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        return parsedate_to_datetime(said).timestamp() - now_ms / 1000
    except (ValueError, OverflowError):
        return None
