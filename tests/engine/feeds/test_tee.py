"""One source, several engines: nobody misses a message, and nobody gets one early."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.sim import SimFeed
from engine.feeds.tee import Tee
from engine.messages import Message
from tests.engine.build import START_MS
from tests.engine.fakes import ScriptedFeed, window


def script() -> list[Message]:
    return [m for m in window() if m.t_ms < START_MS + 30_000]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8_000)), max_size=30))
def test_each_branch_gets_every_message_in_its_own_time(
    steps: list[tuple[bool, int]],
) -> None:
    whole = script()
    tee = Tee(ScriptedFeed(whole))
    branches = (tee.branch(), tee.branch())
    given_to: tuple[list[Message], list[Message]] = ([], [])
    reached = [START_MS - 120_000, START_MS - 120_000]
    for second, step in steps:
        reached[second] += step
        given_to[second].extend(branches[second].poll(reached[second]))
        assert all(m.t_ms <= reached[second] for m in given_to[second])
    for branch, got in zip(branches, given_to, strict=True):
        got.extend(branch.poll(START_MS + 60_000))
        assert got == sorted(whole, key=lambda m: m.t_ms)


def test_a_branch_that_lags_knows_its_next_message() -> None:
    tee = Tee(ScriptedFeed(script()))
    ahead, behind = tee.branch(), tee.branch()
    first = behind.next_ms()
    ahead.poll(START_MS + 60_000)
    assert ahead.next_ms() is None
    assert behind.next_ms() == first


def test_a_branch_is_the_source_as_to_what_it_is() -> None:
    source = SimFeed(3, windows=1)
    assert Tee(source).branch().info == source.info


def test_the_embedded_market_reads_the_same_through_a_branch() -> None:
    direct = list(SimFeed(3, windows=1).poll(SimFeed(3, windows=1).info.start_ms + 20_000))
    tee = Tee(SimFeed(3, windows=1))
    one, other = tee.branch(), tee.branch()
    until = one.info.start_ms + 20_000
    assert one.poll(until) == other.poll(until) == direct


@pytest.mark.parametrize("closes", [0, 1])
def test_closing_a_branch_leaves_the_other(closes: int) -> None:
    tee = Tee(ScriptedFeed(script()))
    branches = (tee.branch(), tee.branch())
    branches[closes].close()
    assert branches[1 - closes].poll(START_MS + 60_000) == sorted(script(), key=lambda m: m.t_ms)


def test_nothing_waits_in_a_branch_that_nobody_reads_any_more() -> None:
    tee = Tee(SimFeed(1, windows=1))
    read, left = tee.branch(), tee.branch()
    read.poll(read.info.start_ms + 1_000)
    assert left.waiting
    left.close()
    read.poll(read.info.start_ms + 2_000)
    assert not left.waiting
