"""The life of a stream: what makes it usable, what ends it, how it is renewed."""

from __future__ import annotations

import asyncio

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from engine.feeds.live.stream import Stream
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import (
    QUICK,
    SRC,
    Heap,
    closing,
    frame,
    open_venue,
    quick_parts,
    running,
    saying,
    spec,
    talking,
    until,
)


async def test_frames_become_rows_as_they_came_and_the_stream_is_told_live() -> None:
    async with open_venue(saying(frame(n=1), frame(n=2))) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        assert not stream.usable
        async with running(stream):
            await until(lambda: stream.usable)
            await until(lambda: len(heap.data()) == 2)
        assert heap.data() == [{"topic": "a", "n": 1}, {"topic": "a", "n": 2}]
        assert heap.data("stream") == [{"name": SRC, "state": "live", "why": ""}]
        assert stream.health.state == "off"


async def test_it_is_not_usable_before_every_wanted_topic_has_delivered() -> None:
    gate = asyncio.Event()

    async def script(guest: ServerConnection) -> None:
        await guest.send(frame("a"))
        await gate.wait()
        await guest.send(frame("b"))
        await guest.wait_closed()

    async with open_venue(script) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url, wanted=lambda: frozenset("ab")), parts), Heap(parts)
        async with running(stream):
            await until(heap.data)
            await until(lambda: stream.health.state == "waiting")
            assert not stream.usable
            gate.set()
            await until(lambda: stream.usable)


async def test_a_stream_of_which_nothing_is_wanted_is_live_and_may_be_silent() -> None:
    async with open_venue(saying()) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url, wanted=frozenset), parts)
        async with running(stream):
            await until(lambda: stream.usable)
            began = parts.clock.mono()
            await until(lambda: parts.clock.mono() > began + 2 * QUICK.silence_s)
            assert stream.usable
            assert len(venue.guests) == 1


async def test_it_greets_at_every_connection_with_what_is_wanted_then() -> None:
    wishes = ["one"]
    async with open_venue(saying()) as venue, quick_parts() as parts:
        venue.scripts[:] = [venue.listen]
        stream = Stream(spec(venue.url, greetings=lambda: tuple(wishes)), parts)
        async with running(stream):
            await until(lambda: venue.said == ["one"])
            wishes.append("two")
            stream.renew("a test wants it")
            await until(lambda: venue.said == ["one", "one", "two"])


async def test_what_is_sent_goes_over_the_connection() -> None:
    async with open_venue(saying()) as venue, quick_parts() as parts:
        venue.scripts[:] = [venue.listen]
        stream = Stream(spec(venue.url, wanted=frozenset), parts)
        stream.send("before any connection: said by the greeting")
        async with running(stream):
            await until(lambda: stream.usable)
            stream.send("more")
            await until(lambda: venue.said == ["more"])


async def test_a_silent_socket_is_given_up_at_the_first_messages_deadline() -> None:
    async with open_venue(saying(), talking()) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: stream.usable)
        assert stream.health.last_error == "a: no first message within 4 s"
        assert heap.states() == ["live"], "nothing came, so nothing was lost"


async def test_a_wanted_topic_that_never_speaks_ends_a_connection_that_does() -> None:
    async with open_venue(talking("a")) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url, wanted=lambda: frozenset("ab")), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(venue.guests) >= 2)
            assert stream.health.last_error == "b: no first message within 4 s"
            assert heap.states()[0] == "lost", "what was said of a is no longer kept up"
            assert "live" not in heap.states()


async def test_a_topic_wanted_later_must_deliver_too() -> None:
    wanted = {"a"}
    async with open_venue(talking("a")) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url, wanted=lambda: frozenset(wanted)), parts)
        async with running(stream):
            await until(lambda: stream.usable)
            wanted.add("b")
            await until(lambda: stream.health.last_error == "b: no first message within 4 s")


async def test_a_topic_that_falls_silent_on_a_busy_socket_is_noticed() -> None:
    async def script(guest: ServerConnection) -> None:
        await guest.send(frame("b"))
        await talking("a")(guest)

    async with open_venue(script, saying(frame("a"), frame("b"))) as venue, quick_parts() as parts:
        ages = {"a": 60.0, "b": 3.0}
        wanted = frozenset("ab")
        stream = Stream(spec(venue.url, wanted=lambda: wanted, age_s=ages.__getitem__), parts)
        heap = Heap(parts)
        async with running(stream):
            await until(lambda: heap.states()[:2] == ["live", "lost"])
            assert stream.health.last_error.startswith("b: silent for")
            await until(lambda: heap.states()[:3] == ["live", "lost", "live"])


async def test_a_frozen_socket_is_noticed_though_its_pings_are_answered() -> None:
    async with open_venue(saying(frame()), talking()) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: heap.states() == ["live", "lost", "live"])
            assert stream.health.last_error.startswith("no data for")
            assert stream.health.view().reconnects == 1


async def test_control_frames_are_no_data_and_no_sign_of_life() -> None:
    async def script(guest: ServerConnection) -> None:
        await guest.send(frame())
        while True:
            try:
                await guest.send('{"control": "ack"}')
            except ConnectionClosed:
                return
            await asyncio.sleep(0.02)

    async with open_venue(script) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: "lost" in heap.states())
        assert heap.data() == [{"topic": "a", "n": 0}]
        assert stream.health.last_error.startswith("no data for")


async def test_a_text_ping_after_which_nothing_comes_ends_the_connection() -> None:
    feeds = Feeds(silence_s=60.0)
    async with open_venue(saying(frame())) as venue, quick_parts(feeds) as parts:
        keep_alive = {"ping": "PING", "ping_s": 1.0, "pong": "PONG"}
        stream = Stream(spec(venue.url, **keep_alive), parts)
        async with running(stream):
            await until(lambda: stream.health.last_error == "no pong within 10 s")


async def test_a_venue_that_talks_is_there_whether_or_not_it_answers_pings() -> None:
    async with open_venue(talking()) as venue, quick_parts() as parts:
        keep_alive = {"ping": "PING", "ping_s": 1.0, "pong": "PONG"}
        stream = Stream(spec(venue.url, **keep_alive), parts)
        async with running(stream):
            await until(lambda: stream.usable)
            await parts.clock.sleep(15.0)
            assert (stream.usable, len(venue.guests)) == (True, 1)


@pytest.mark.parametrize("pong", ["PONG", "pong\n", "PING", ""])
async def test_a_text_pong_keeps_it_and_is_no_row(pong: str) -> None:
    async def script(guest: ServerConnection) -> None:
        await guest.send(frame())
        async for text in guest:
            venue.said.append(str(text))
            await guest.send(pong)
            await guest.send(frame())

    async with open_venue(script) as venue, quick_parts() as parts:
        keep_alive = {"ping": "PING", "ping_s": 1.0, "pong": "PONG"}
        stream, heap = Stream(spec(venue.url, **keep_alive), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(venue.said) >= 14)
            assert set(venue.said) == {"PING"}
            assert len(venue.guests) == 1
            assert all(isinstance(row, dict) for row in heap.data())
            assert stream.health.view().dropped == 0


async def test_a_renewal_connects_anew_at_once_and_says_what_was_lost() -> None:
    feeds = Feeds(backoff_s=3_600.0, longest_backoff_s=80_000.0)
    async with open_venue(talking()) as venue, quick_parts(feeds) as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: stream.usable)
            stream.renew("the machine slept for 90 s")
            assert not stream.usable
            await until(lambda: stream.usable)
            assert heap.data("stream")[1]["why"] == "the machine slept for 90 s"
            assert heap.states() == ["live", "lost", "live"]


async def test_a_renewal_ends_a_wait() -> None:
    feeds = Feeds(backoff_s=3_600.0, longest_backoff_s=80_000.0)
    async with open_venue(closing(), talking()) as venue, quick_parts(feeds) as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.health.state == "retrying")
            stream.renew("now")
            await until(lambda: stream.usable)


async def test_a_stream_that_was_ended_can_be_run_again() -> None:
    async with open_venue(talking()) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        for _ in range(2):
            async with running(stream):
                await until(lambda: stream.usable)
        assert heap.states() == ["live", "live"]
