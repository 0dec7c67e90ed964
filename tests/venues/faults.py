"""What a venue can do wrong, switched by a test at any moment and from any thread.

Each fault names what it strikes by a pattern in the shell's manner (`*`): paths for requests and
for the upgrade of a socket, topics for frames. A frame's topic is what the venue would call it:
``price_change/<slug>``, ``btcusdt@aggTrade``, ``trades/BTC-USDT-SWAP``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

Frame = str | bytes
Spoil = Callable[[str], list[Frame]]
"""What comes instead of a frame."""

PONG = "pong"
"""Topic of the answers to a keep-alive in text: a frozen stream still gives them."""

ALWAYS = 1_000_000_000
"""Times that a fault strikes which lasts until it is cleared."""


@dataclass(slots=True)
class Refusal:
    """An answer that is given in place of the right one."""

    path: str
    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = ALWAYS


@dataclass(slots=True)
class Strike:
    """What happens to the next frames of a kind."""

    topic: str
    spoil: Spoil
    times: int = 1


class Faults:
    """The faults of one host. All of them end with `clear`."""

    def __init__(self) -> None:
        self.struck: list[str] = []
        """Topics and paths that met a fault, in order."""
        self.delay_s = 0.0
        """Real seconds by which every frame and answer is late."""
        self._refusals: list[Refusal] = []
        self._strikes: list[Strike] = []
        self._silent: list[str] = []
        self._held: dict[str, str] = {}
        self._frozen = False

    def clear(self) -> None:
        """From now on all is well."""
        self._refusals, self._strikes, self._silent = [], [], []
        self._held.clear()
        self._frozen, self.delay_s = False, 0.0

    # ---- requests ----

    def http(
        self,
        path: str,
        status: int,
        body: str = '{"error":"refused"}',
        headers: Mapping[str, str] | None = None,
        times: int = ALWAYS,
    ) -> None:
        """Requests and upgrades on these paths are answered with this status."""
        self._refusals.append(Refusal(path, status, body, headers or {}, times))

    def answer(self, path: str, body: str, times: int = ALWAYS) -> None:
        """Requests on these paths get this body, with 200."""
        self._refusals.append(Refusal(path, 200, body, {}, times))

    def refusal(self, path: str) -> Refusal | None:
        """The fault that strikes a request now."""
        for refusal in self._refusals:
            if refusal.times > 0 and fnmatchcase(path, refusal.path):
                refusal.times -= 1
                self.struck.append(path)
                return refusal
        return None

    # ---- frames ----

    def silent(self, topic: str) -> None:
        """Nothing is heard of these topics; the socket lives on."""
        self._silent.append(topic)

    def speak(self, topic: str) -> None:
        """Take back a `silent` of the same pattern."""
        self._silent.remove(topic)

    def freeze(self) -> None:
        """Sockets stay open and answer pings of the protocol, and give nothing more."""
        self._frozen = True

    def thaw(self) -> None:
        self._frozen = False

    @property
    def frozen(self) -> bool:
        return self._frozen

    def drop_next(self, times: int = 1, topic: str = "*") -> None:
        self._strike(topic, lambda _: [], times)

    def duplicate_next(self, times: int = 1, topic: str = "*") -> None:
        self._strike(topic, lambda frame: [frame, frame], times)

    def cut_json_next(self, times: int = 1, topic: str = "*") -> None:
        """The frame ends in the middle."""
        self._strike(topic, lambda frame: [frame[: len(frame) // 2]], times)

    def garbage_next(self, garbage: Frame, times: int = 1, topic: str = "*") -> None:
        """This comes in place of the frame."""
        self._strike(topic, lambda _: [garbage], times)

    def insert_next(self, garbage: Frame, times: int = 1, topic: str = "*") -> None:
        """This comes before the frame, which comes too."""
        self._strike(topic, lambda frame: [garbage, frame], times)

    def huge_next(self, size: int, times: int = 1, topic: str = "*") -> None:
        """The frame comes in valid JSON of so many bytes."""
        self._strike(topic, lambda frame: [frame + " " * max(0, size - len(frame))], times)

    def alter_next(self, alter: Callable[[str], str], times: int = 1, topic: str = "*") -> None:
        """The frame comes changed: wrong types, missing fields, another clock."""
        self._strike(topic, lambda frame: [alter(frame)], times)

    def reorder_next(self, topic: str = "*") -> None:
        """The next frame comes after the one that follows it."""
        self._held[topic] = ""

    def outgoing(self, topic: str, frame: str) -> list[Frame]:
        """What is really sent for this frame."""
        if (self._frozen and topic != PONG) or self.is_silent(topic):
            self.struck.append(topic)
            return []
        return [late for now in self._reordered(topic, frame) for late in self._spoilt(topic, now)]

    def is_silent(self, topic: str) -> bool:
        return any(fnmatchcase(topic, pattern) for pattern in self._silent)

    def _strike(self, topic: str, spoil: Spoil, times: int) -> None:
        self._strikes.append(Strike(topic, spoil, times))

    def _reordered(self, topic: str, frame: str) -> list[str]:
        pattern = next((p for p in self._held if fnmatchcase(topic, p)), None)
        if pattern is None:
            return [frame]
        if not self._held[pattern]:
            self._held[pattern] = frame
            self.struck.append(topic)
            return []
        return [frame, self._held.pop(pattern)]

    def _spoilt(self, topic: str, frame: str) -> list[Frame]:
        for strike in self._strikes:
            if strike.times > 0 and fnmatchcase(topic, strike.topic):
                strike.times -= 1
                self.struck.append(topic)
                return strike.spoil(frame)
        return [frame]
