from __future__ import annotations

from dataclasses import replace

import pytest

from engine.evaluation.tape import Embedded, has_books
from tests.engine.evaluation.tapes import drifting, verdicts

TAPE = drifting(verdicts(1, 1))


def test_the_embedded_market_says_the_same_each_time_it_is_read() -> None:
    tape = Embedded(seed=5, windows=1)
    first, second = (tape.open() for _ in range(2))
    until = first.info.start_ms + 5_000
    assert list(first.poll(until)) == list(second.poll(until))
    assert tape.name == "embedded market, seed 5"


@pytest.mark.parametrize(("sources", "books"), [({"book", "binance"}, True), ({"mid"}, False)])
def test_a_tape_says_whether_anything_can_be_bought_on_it(sources: set[str], books: bool) -> None:
    assert has_books(replace(TAPE, has=frozenset(sources))) is books
