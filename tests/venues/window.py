"""One up/down window as it truly is: its identity, its books, its price to beat and its outcome."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tests.venues.outcome_book import Bend, Makers, TokenBook


@dataclass(eq=False, slots=True)
class Window:
    """One up/down window of one asset, as it truly is."""

    asset: str
    start: int
    """Unix seconds."""
    seconds: int
    version: str
    makers: Makers
    price_to_beat: float | None = None
    final_price: float | None = None
    books: dict[str, TokenBook] = field(default_factory=dict)
    """What has been published of each token."""
    bends: dict[str, Bend] = field(default_factory=dict)
    last_trade: dict[str, int] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    """What came already that comes once."""

    def __post_init__(self) -> None:
        self.books = {self.up: TokenBook(), self.down: TokenBook()}

    @property
    def slug(self) -> str:
        return f"{self.asset.lower()}-updown-{self.seconds // 60}m-{self.start}"

    @property
    def end(self) -> int:
        return self.start + self.seconds

    @property
    def condition_id(self) -> str:
        """As the order book writes it: 32 bytes; those of v2 end in a zero."""
        digest = hashlib.sha256(self.slug.encode()).hexdigest()
        return "0x" + (digest if self.version == "v1" else digest[:62] + "00")

    @property
    def up(self) -> str:
        return str(_number(self.slug) & ~1)

    @property
    def down(self) -> str:
        if self.version == "v2":
            return str(int(self.up) + 1)
        return str(_number(self.slug + "down") | 1)

    @property
    def outcome(self) -> str | None:
        """UP or DOWN once it is over; a tie is UP."""
        if self.final_price is None or self.price_to_beat is None:
            return None
        return "UP" if self.final_price >= self.price_to_beat else "DOWN"

    @property
    def winner(self) -> str | None:
        return {"UP": self.up, "DOWN": self.down, None: None}[self.outcome]

    @property
    def tick(self) -> int:
        return self.makers.tick

    def first_time(self, name: str) -> bool:
        new = name not in self.told
        self.told.add(name)
        return new


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(b"token" + text.encode()).digest(), "big")
