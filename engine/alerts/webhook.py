"""Alerts sent to an address of the user's, from a thread that holds nobody up.

Owns the queue, the tries and the one word about how it goes. The address is a secret, since whoever
knows it can write to the user's channel: it is in no repr, log, event, snapshot or error text, and
what a failure says is chosen here, never taken from an exception.
"""

from __future__ import annotations

import ipaddress
import logging
import queue
import ssl
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from urllib.parse import urlsplit

import httpx

from engine.clock import Clock
from engine.errors import UsageError
from engine.safety_view import AlertView

VARIABLE = "TRADE_CONSOLE_WEBHOOK"
"""The environment's name of the address."""

ANSWER_S = 5.0
"""Real seconds for each step of a request: connecting, sending, the answer's first line."""

TRIES = 3

BACKOFF_S = 0.5
"""Wait before the second try; it doubles."""

GAP_S = 1.0
"""Between two messages; alerts of that time are sent as one. Usual services take one a second."""

MOST_WAITING = 100
"""Alerts that wait while the other end is slow; later ones are dropped and counted."""

MOST_LINES = 20
"""Alerts in one message."""

MOST_LETTERS = 1_900
"""Of one message; Discord takes 2,000."""

CLOSE_S = 1.0
"""Real seconds for which closing waits for what is still to be sent."""

_WORTH_ANOTHER_TRY = frozenset({408, 425, 429})
"""Refusals that a later try may not meet, beside the server's own faults."""

_LOUDNESS = {"info": 0, "warn": 1, "alarm": 2}

for _name in ("httpx", "httpcore"):
    # They would log every request with its address at INFO, should a program ask for that.
    logging.getLogger(_name).setLevel(logging.WARNING)


def webhook_address(environment: Mapping[str, str]) -> str | None:
    """The address that the environment gives; None: none. Raises UsageError without telling it."""
    address = environment.get(VARIABLE, "").strip()
    if not address:
        return None
    if not _usable(address):
        raise UsageError(
            f"{VARIABLE}: must be an https:// address (http:// only for this machine itself); "
            "mend it or unset it"
        )
    return address


def _usable(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port_is_good = parts.port is None or parts.port > 0
        httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        return False
    host = parts.hostname or ""
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(host))
    return bool(host) and port_is_good and secure


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _RefusalError(Exception):
    """A try that failed."""

    def __init__(self, why: str, *, for_good: bool) -> None:
        super().__init__(why)
        self.for_good = for_good
        """Whether another try would meet the same."""


class Webhook:
    """One thread that sends. `send` may be called from any thread."""

    def __init__(self, address: str, clock: Clock, proxy: str = "") -> None:
        """`address` as from `webhook_address`; `proxy`: empty is none, whatever the environment
        says."""
        self._address = address
        self._proxy = proxy
        self._clock = clock
        self._queue: queue.SimpleQueue[AlertView | None] = queue.SimpleQueue()
        self._why = ""
        self._asked_mono: float | None = None
        self._dropped = 0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="webhook", daemon=True)
        self._thread.start()

    @property
    def state(self) -> str:
        """``on``, or what is wrong with it; never its address."""
        asked = self._asked_mono
        slow = asked is not None and self._clock.mono() - asked > ANSWER_S
        why = self._why or ("it does not answer" if slow else "")
        lost = f"{self._dropped} not delivered" if self._dropped else ""
        return "; ".join(part for part in (why, lost) if part) or "on"

    def send(self, alert: AlertView) -> None:
        """Have `alert` sent; never waits. One that finds no room is dropped and counted."""
        if self._queue.qsize() >= MOST_WAITING or self._closing.is_set():
            self._dropped += 1
            return
        self._queue.put(alert)

    def close(self) -> None:
        """Send what waits, once, and end; waits `CLOSE_S` and no longer."""
        self._closing.set()
        self._queue.put(None)
        self._thread.join(CLOSE_S)

    # ---- the thread's side -----------------------------------------------------------------

    def _work(self) -> None:
        try:
            with httpx.Client(
                timeout=ANSWER_S,
                trust_env=False,  # a proxy that nobody set here would learn the address
                proxy=self._proxy or None,
            ) as client:
                while (batch := self._next()) is not None:
                    self._deliver(client, batch)
                    self._closing.wait(GAP_S)
        except Exception:  # noqa: BLE001 - its text may hold the address, and nobody else would tell
            self._why = "it has ended by a fault of this program; alerts are on the screen alone"

    def _next(self) -> list[AlertView] | None:
        """Everything that waits, as soon as something does; None: it is over."""
        first = self._queue.get()
        if first is None:
            return None
        batch = [first]
        while len(batch) < MOST_LINES and not self._queue.empty():
            alert = self._queue.get()
            if alert is None:
                self._queue.put(None)
                break
            batch.append(alert)
        return batch

    def _deliver(self, client: httpx.Client, batch: list[AlertView]) -> None:
        message = message_of(batch)
        for number in range(TRIES):
            try:
                self._post(client, message)
            except _RefusalError as refused:
                self._why = str(refused)
                if refused.for_good or self._closing.wait(BACKOFF_S * 2**number):
                    break
            else:
                self._why = ""
                return
        self._dropped += len(batch)

    def _post(self, client: httpx.Client, message: Mapping[str, object]) -> None:
        """Raises _RefusalError."""
        self._asked_mono = self._clock.mono()
        try:
            # As a stream: what it answers beyond its status is not read, however long it is.
            with client.stream("POST", self._address, json=message) as answer:
                _judge(answer.status_code)
        except (httpx.HTTPError, OSError) as error:
            raise _RefusalError(_in_words(error), for_good=False) from None
        finally:
            self._asked_mono = None


def _judge(status: int) -> None:
    """Raises _RefusalError unless `status` says that the message was taken."""
    if httpx.codes.is_success(status):
        return
    if httpx.codes.is_redirect(status):
        raise _RefusalError(f"it redirects ({status}), which is not followed", for_good=True)
    again = httpx.codes.is_server_error(status) or status in _WORTH_ANOTHER_TRY
    raise _RefusalError(f"it answers {status}", for_good=not again)


def _in_words(error: Exception) -> str:
    if any(isinstance(cause, ssl.SSLError) for cause in _causes(error)):
        return "its certificate is not accepted"
    for kinds, words in _FAILURES:
        if isinstance(error, kinds):
            return words
    return "it cannot be used"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


_FAILURES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((httpx.ConnectTimeout,), "it cannot be reached: no connection in time"),
    ((httpx.TimeoutException,), "it does not answer"),
    ((httpx.ProxyError,), "the proxy (venues.proxy) does not let it through"),
    ((httpx.ConnectError,), "it cannot be reached"),
    ((httpx.ProtocolError, httpx.NetworkError), "it breaks off the connection"),
)


def message_of(batch: list[AlertView]) -> dict[str, object]:
    """`batch` as the usual services take it: ``text`` is Slack's name of it, ``content``
    Discord's; the rest is for programs."""
    loudest = max(batch, key=lambda alert: _LOUDNESS[alert.level])
    text = "\n".join(f"{alert.level}: {alert.kind}: {alert.text}" for alert in batch)
    text = text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…"
    return {
        "text": text,
        "content": text,
        "kind": loudest.kind,
        "level": loudest.level,
        "t": datetime.fromtimestamp(loudest.t_ms / 1000, UTC).isoformat(),
    }
