from __future__ import annotations

from engine.evaluation.tape import Branch, Embedded, deal
from engine.messages import MidQuote
from tests.engine.fakes import ScriptedFeed


def quotes(*times: int) -> list[MidQuote]:
    return [MidQuote(t, "w", 0.5) for t in times]


def test_every_branch_gets_every_message_in_its_own_time() -> None:
    source = ScriptedFeed(quotes(1, 2, 3, 4))
    fast, slow = Branch(source), Branch(source)
    deal(source, [fast, slow], 3)
    assert fast.poll(3) == quotes(1, 2, 3)
    assert slow.poll(1) == quotes(1)
    assert (fast.next_ms(), slow.next_ms()) == (4, 2)
    deal(source, [fast, slow], 9)
    assert fast.poll(9) == quotes(4)
    assert slow.poll(9) == quotes(2, 3, 4)
    assert fast.next_ms() is None


def test_a_closed_branch_holds_nothing() -> None:
    source = ScriptedFeed(quotes(1))
    branch = Branch(source)
    deal(source, [branch], 9)
    branch.close()
    assert branch.poll(9) == []
    assert branch.info is source.info


def test_the_embedded_market_says_the_same_each_time_it_is_read() -> None:
    tape = Embedded(seed=5, windows=1)
    first, second = (tape.open() for _ in range(2))
    until = first.info.start_ms + 5_000
    assert list(first.poll(until)) == list(second.poll(until))
    assert tape.name == "embedded market, seed 5"
