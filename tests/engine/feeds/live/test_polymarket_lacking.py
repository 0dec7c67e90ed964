"""Books that stay away: first the tokens alone, then the connection, ever more rarely."""

from __future__ import annotations

from itertools import pairwise

from engine.feeds.live.polymarket_lacking import LONGEST_S, Cure, Lacking

TOKENS = frozenset({"1", "2"})
NONE = frozenset[str]()


def cures(lacking: Lacking, seconds: range, tokens: frozenset[str] = TOKENS) -> list[int]:
    """Seconds at which something was done."""
    return [s for s in seconds if lacking.look(float(s), tokens) is not Cure.NOTHING]


def test_nothing_is_done_while_every_book_is_there() -> None:
    assert cures(Lacking(8.0), range(1000), NONE) == []


def test_the_tokens_are_subscribed_anew_before_the_connection_is_renewed() -> None:
    lacking = Lacking(8.0)
    done = [lacking.look(float(second), TOKENS) for second in range(17)]
    assert done[8] is Cure.RESUBSCRIBE
    assert done[16] is Cure.RENEW


def test_a_cure_that_does_not_help_is_tried_ever_more_rarely() -> None:
    times = cures(Lacking(8.0), range(3000))
    waits = [after - before for before, after in pairwise(times)]
    assert waits == sorted(waits)
    assert waits[-1] == LONGEST_S


def test_a_book_that_came_back_brings_patience_back() -> None:
    lacking = Lacking(8.0)
    cures(lacking, range(1000))
    lacking.look(1000.0, NONE)
    assert cures(lacking, range(1001, 1010)) == [1009]
