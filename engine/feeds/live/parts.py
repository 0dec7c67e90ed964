"""What every live task is built from."""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.feeds.live.ask import Asker
from engine.feeds.live.backoff import ConnectRate
from engine.feeds.live.clock import MarketClock
from engine.feeds.live.inbox import Inbox
from engine.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """Shared by all streams and requests of one feed; belongs to the engine's thread."""

    settings: Settings
    clock: MarketClock
    inbox: Inbox
    asker: Asker
    rng: random.Random
    """Draws the waits only; no decision depends on it."""
    rate: ConnectRate
