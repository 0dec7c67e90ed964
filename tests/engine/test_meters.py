from __future__ import annotations

import pytest

from engine.meters import RECENT_S, TURNS, LoopGaps, Meters


def gaps(*pairs: tuple[float, float]) -> LoopGaps:
    made = LoopGaps()
    for mono, gap_ms in pairs:
        made.add(mono, gap_ms)
    return made


def test_no_turn_is_no_gap() -> None:
    assert (gaps().recent_ms(0.0), gaps().quantile_ms(0.99), gaps().longest_ms) == (0.0, 0.0, 0.0)


def test_the_recent_gap_is_that_of_the_last_minute() -> None:
    made = gaps((100.0, 900.0), (100.1, 5.0))
    assert made.recent_ms(100.0 + RECENT_S) == 900.0
    assert made.recent_ms(100.1 + RECENT_S) == 5.0
    assert made.recent_ms(101.0 + RECENT_S) == 0.0


def test_the_longest_gap_of_the_run_is_never_forgotten() -> None:
    made = gaps((0.0, 900.0), *((float(i), 1.0) for i in range(TURNS)))
    assert made.longest_ms == 900.0
    assert made.quantile_ms(1.0) == 1.0


@pytest.mark.parametrize(("part", "gap_ms"), [(0.01, 1.0), (0.5, 50.0), (0.99, 99.0), (1.0, 100.0)])
def test_a_quantile_is_a_gap_that_was_measured(part: float, gap_ms: float) -> None:
    made = gaps(*((float(i), float(i)) for i in range(100, 0, -1)))
    assert made.quantile_ms(part) == gap_ms


def test_without_a_decision_its_time_is_unknown_and_not_zero() -> None:
    meters = Meters()
    assert meters.usual_decision_us is None
    meters.decision_us.extend((300.0, 100.0, 200.0))
    assert meters.usual_decision_us == 200.0
