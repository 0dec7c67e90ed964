"""One connection takes over from another without a gap."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from websockets.asyncio.server import ServerConnection

from engine.feeds.live import stream as stream_module
from engine.feeds.live.stream import Stream
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import (
    Heap,
    frame,
    open_venue,
    quick_parts,
    running,
    saying,
    spec,
    talking,
    until,
)


class Town:
    """Broadcasts numbered frames to all its guests, each from the next number on."""

    def __init__(self, deaf: int = 0) -> None:
        self.n = 0
        self._guests: list[ServerConnection] = []
        self._deaf = deaf
        self.met = 0

    async def script(self, guest: ServerConnection) -> None:
        self.met += 1
        if not 2 <= self.met <= 1 + self._deaf:
            self._guests.append(guest)
        await guest.wait_closed()

    async def talk(self) -> None:
        while True:
            self.n += 1
            for guest in self._guests:
                if guest.state.name == "OPEN":
                    await guest.send(frame(n=self.n))
            await asyncio.sleep(0.002)


@pytest.mark.parametrize("identical", [True, False])
async def test_a_roll_over_loses_no_frame_and_identical_ones_are_not_doubled(
    identical: bool,
) -> None:
    town = Town()
    feeds = Feeds(rollover_s=8.0)
    async with open_venue(town.script) as venue, quick_parts(feeds) as parts:
        stream = Stream(spec(venue.url, rolls=True, identical=identical), parts)
        heap = Heap(parts)
        async with running(stream):
            talk = asyncio.create_task(town.talk())
            await until(lambda: town.met >= 4)
            before = town.n
            await until(lambda: heap.data()[-1]["n"] > before + 20)
            talk.cancel()
            assert heap.states() == ["live"], "no gap, so nothing to tell"
            assert stream.health.view().reconnects >= 2
        numbers = [data["n"] for data in heap.data()]
        assert set(numbers) == set(range(numbers[0], numbers[-1] + 1))
        if identical:
            assert Counter(numbers).most_common(1)[0][1] == 1
            assert numbers == sorted(numbers)


async def test_a_roll_over_that_fails_leaves_the_old_connection_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stream_module, "ROLL_RETRY_S", 4.0)
    town = Town(deaf=1)
    feeds = Feeds(rollover_s=8.0, first_s=2.0)
    async with open_venue(town.script) as venue, quick_parts(feeds) as parts:
        stream, heap = Stream(spec(venue.url, rolls=True), parts), Heap(parts)
        async with running(stream):
            talk = asyncio.create_task(town.talk())
            await until(lambda: stream.health.last_error.startswith("roll-over: a: no first"))
            assert stream.usable
            await until(lambda: town.met == 3 and stream.health.view().reconnects == 1)
            talk.cancel()
            assert heap.states() == ["live"]
        numbers = [data["n"] for data in heap.data()]
        assert set(numbers) == set(range(numbers[0], numbers[-1] + 1))


async def test_an_announced_end_rolls_over_now() -> None:
    async def ending(guest: ServerConnection) -> None:
        await guest.send(frame(n=1))
        await guest.send('{"control": "ending"}')
        await guest.wait_closed()

    async with open_venue(ending, talking()) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: stream.health.view().reconnects == 1)
            assert heap.states() == ["live"]


async def test_a_venue_that_announces_the_end_of_every_connection_is_not_stormed() -> None:
    async def ending(guest: ServerConnection) -> None:
        while guest.state.name == "OPEN":
            await guest.send(frame())
            await guest.send('{"control": "ending"}')
            await asyncio.sleep(0.005)

    async with open_venue(ending) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: stream.health.view().reconnects == 1)
            await parts.clock.sleep(20.0)
            assert (len(venue.guests), heap.states()) == (2, ["live"])


async def test_the_old_connection_dying_during_a_roll_over_is_a_gap_that_is_told() -> None:
    async def ending(guest: ServerConnection) -> None:
        await guest.send(frame())
        await guest.send('{"control": "ending"}')
        await until(lambda: len(venue.guests) == 2)
        guest.transport.abort()

    async with open_venue(ending, saying(), talking()) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: heap.states() == ["live", "lost", "live"])


async def test_what_the_new_connection_gave_before_it_was_ready_is_kept() -> None:
    async def ending(guest: ServerConnection) -> None:
        await guest.send(frame("a", 1))
        await guest.send(frame("b", 2))
        await guest.send('{"control": "ending"}')
        await guest.wait_closed()

    taking_over = saying(frame("a", 3), frame("a", 4), frame("b", 5), frame("a", 6))
    async with open_venue(ending, taking_over) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url, wanted=lambda: frozenset("ab")), parts)
        heap = Heap(parts)
        async with running(stream):
            await until(lambda: len(heap.data()) == 6)
        assert [data["n"] for data in heap.data()] == [1, 2, 3, 4, 5, 6]
        assert heap.states() == ["live"]


async def test_a_new_connection_that_never_gets_ready_holds_no_more_than_its_bound(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ending(guest: ServerConnection) -> None:
        await guest.send(frame("a"))
        await guest.send(frame("b"))
        await guest.send('{"control": "ending"}')
        await guest.wait_closed()

    monkeypatch.setattr(stream_module, "MOST_HELD", 10)
    async with open_venue(ending, talking("a", 0.001)) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url, wanted=lambda: frozenset("ab")), parts)
        async with running(stream):
            await until(lambda: stream.health.last_error.startswith("roll-over: 10 messages"))
            assert stream.usable
