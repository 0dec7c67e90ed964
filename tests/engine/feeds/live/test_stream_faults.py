"""What a venue or a network can do to a stream, against a real server on the loopback."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.frames import Frame, Opcode

from engine.feeds.live import inbox as inbox_module
from engine.feeds.live.stream import Heard, Stream
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import (
    Heap,
    answering,
    closing,
    first_by,
    frame,
    open_venue,
    quick_parts,
    running,
    saying,
    spec,
    talking,
    until,
)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1012, 1013, 4000])
async def test_a_close_by_the_venue_is_told_and_mended(code: int) -> None:
    async with (
        open_venue(closing(frame(), code=code, reason="bye"), talking()) as venue,
        quick_parts() as parts,
    ):
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(venue.guests) == 2 and stream.usable)
        why = f"closed by the venue with {code} (bye)"
        assert stream.health.last_error == why
        assert next(s for s in heap.data("stream") if s["state"] == "lost")["why"] == why


async def test_a_server_that_accepts_and_closes_is_not_stormed() -> None:
    feeds = Feeds(backoff_s=1.0, longest_backoff_s=60.0)
    async with open_venue(closing(frame())) as venue, quick_parts(feeds) as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: parts.clock.mono() > 24)
        # Full jitter under a bound that doubles from 1 s: even tiny draws stay below the one
        # connection a second that all streams have together.
        assert 2 <= len(venue.guests) <= 12


async def test_a_server_that_dies_in_the_middle_of_a_frame_is_a_broken_connection() -> None:
    async def script(guest: ServerConnection) -> None:
        await guest.send(frame())
        guest.transport.write(b"\x81\x7e\x01\x00half a frame")
        await asyncio.sleep(0.01)
        guest.transport.abort()

    async with open_venue(script, talking()) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: heap.states()[-1:] == ["live"] and len(venue.guests) == 2)
        assert stream.health.last_error == "the connection broke"
        assert "half" not in str(heap.data())


@pytest.mark.parametrize(
    "bad",
    ['{"topic": "a', "no json", "", b"\xff\xfe\x00", "9" * 70_000, "[" * 2_000],
    ids=["cut", "words", "empty", "bytes", "long", "deep"],
)
async def test_an_unreadable_frame_is_counted_told_in_its_place_and_not_fatal(
    bad: str | bytes,
) -> None:
    feeds = Feeds(most_frame_kb=64)
    async with (
        open_venue(saying(frame(n=1), bad, frame(n=2))) as venue,
        quick_parts(feeds) as parts,
    ):
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(heap.data()) == 3 and stream.usable)
            assert stream.health.view().dropped == 1
        first, sentence, last = heap.data()
        assert (first["n"], last["n"]) == (1, 2)
        assert isinstance(sentence, str)
        assert len(venue.guests) == 1


async def test_ten_megabytes_are_dropped_unread() -> None:
    async with (
        open_venue(saying(frame(n=1), "x" * 10_000_000, frame(n=2))) as venue,
        quick_parts(rate=2) as parts,
    ):
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(heap.data()) == 3)
        assert heap.data()[1].startswith("a message of 10000000 bytes")


async def test_a_message_beyond_all_bounds_ends_the_connection_only() -> None:
    async with (
        open_venue(saying(frame(), "x" * 17_000_000), talking()) as venue,
        quick_parts(rate=2) as parts,
    ):
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: len(venue.guests) == 2 and stream.usable)
        assert "1009" in stream.health.last_error


async def test_binary_and_fragmented_frames_are_read_like_text() -> None:
    async def script(guest: ServerConnection) -> None:
        await guest.send(frame(n=1).encode())
        await guest.send([frame(n=2)[:5], frame(n=2)[5:]])
        await guest.wait_closed()

    async with open_venue(script) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: [d["n"] for d in heap.data()] == [1, 2])


@pytest.mark.parametrize("value", ["null", "5", "[]", "[[]]", "true", '{"topic": {}}', "1e400"])
async def test_values_of_any_type_pass_to_the_reader_who_judges_them(value: str) -> None:
    async with open_venue(saying(value, frame())) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(heap.data()) == 2 and stream.usable)


async def test_a_stamp_that_is_no_time_does_no_harm() -> None:
    huge = '{"topic": "a", "stamp": 1' + "0" * 19 + "}"
    async with open_venue(saying(huge, frame())) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(heap.data()) == 2 and stream.usable)
            assert parts.clock.skew_ms is None


async def test_a_bug_in_reading_frames_for_supervision_is_told_and_loses_no_frame() -> None:
    def buggy(data: object) -> Heard:
        raise ZeroDivisionError("a bug")

    async with open_venue(talking()) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url, heard=buggy, wanted=frozenset), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(heap.data()) > 3)
            assert "a bug" in stream.health.last_error


@pytest.mark.parametrize("where", ["url", "greetings", "wanted", "age_s"])
async def test_a_bug_anywhere_in_a_venues_words_does_not_end_the_stream(where: str) -> None:
    calls: list[int] = []

    def buggy(*_: Any) -> Any:
        calls.append(1)
        raise ZeroDivisionError("a bug")

    async with open_venue(talking()) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url, **{where: buggy}), parts)
        async with running(stream):
            await until(lambda: len(calls) >= 2)
            assert "a bug" in stream.health.last_error


async def test_a_refusal_in_a_frame_is_shown() -> None:
    async with (
        open_venue(saying('{"control": "error", "error": "bad topic"}')) as venue,
        quick_parts() as parts,
    ):
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: stream.health.last_error == "bad topic")
        assert heap.data() == []


@pytest.mark.parametrize("status", [404, 425, 500, 502, 503])
async def test_a_refused_handshake_is_tried_again(status: int) -> None:
    door = first_by(answering(status))
    async with open_venue(talking(), door=door) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.health.refused == status)
            assert stream.health.state == "retrying"
            await until(lambda: stream.usable)
            assert stream.health.refused is None
        assert stream.health.last_error == f"refused with {status}"


@pytest.mark.parametrize("status", [403, 451])
async def test_a_venue_that_refuses_this_place_is_asked_again_much_later(status: int) -> None:
    feeds = Feeds(blocked_s=14.0)
    door = first_by(answering(status))
    async with open_venue(talking(), door=door) as venue, quick_parts(feeds) as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.health.state == "blocked")
            assert stream.health.refused == status
            began = parts.clock.mono()
            stream.renew("does not help")
            await until(lambda: stream.usable)
            assert parts.clock.mono() - began > 12


async def test_a_venues_own_wait_is_kept() -> None:
    door = first_by(answering(429, Retry_After="12"))
    async with open_venue(talking(), door=door) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.health.state == "retrying")
            began = parts.clock.mono()
            stream.renew("does not help")
            await until(lambda: stream.usable)
            assert parts.clock.mono() - began > 10


async def test_an_engine_that_takes_nothing_loses_the_stream_honestly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inbox_module, "MOST_WAITING", 20)
    async with open_venue(talking(pause=0.001)) as venue, quick_parts() as parts:
        stream, heap = Stream(spec(venue.url), parts), Heap(parts)
        async with running(stream):
            await until(lambda: len(venue.guests) == 2)
            assert stream.health.last_error.startswith("the engine is behind")
            assert "lost" in heap.states()
            await until(lambda: stream.usable and heap.states()[-1] == "live")


async def test_a_pong_frame_unasked_for_is_ignored() -> None:
    async def script(guest: ServerConnection) -> None:
        guest.transport.write(Frame(Opcode.PONG, b"").serialize(mask=False))
        await talking()(guest)

    async with open_venue(script) as venue, quick_parts() as parts:
        stream = Stream(spec(venue.url), parts)
        async with running(stream):
            await until(lambda: stream.usable)
