from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from engine import events as ev
from engine.safety.breakers import BY_OPERATOR, Breaker, Breakers, clears

T = 1_767_600_000_000
EVIDENCE = sorted(set(Breaker) - BY_OPERATOR)


def tripped(breakers: Breakers) -> set[Breaker]:
    return {trip.breaker for trip in breakers.tripped}


def test_a_cause_that_is_gone_clears_nothing_by_itself() -> None:
    breakers = Breakers()
    for breaker in Breaker:
        breakers.trip(breaker, "measured 3, limit 2", T)
        breakers.over(breaker)
    assert tripped(breakers) == set(Breaker)


def test_an_equal_account_clears_only_what_waits_for_evidence_and_is_over() -> None:
    breakers = Breakers()
    for breaker in Breaker:
        breakers.trip(breaker, "measured", T)
    breakers.over(Breaker.DISK)
    breakers.over(Breaker.REJECTS)
    assert breakers.reconciled() == (Breaker.DISK,)
    assert tripped(breakers) == set(Breaker) - {Breaker.DISK}


def test_a_person_is_refused_while_the_cause_lasts() -> None:
    breakers = Breakers()
    breakers.trip(Breaker.MISMATCH, "shares differ", T)
    assert breakers.reset() == ()
    breakers.over(Breaker.MISMATCH)
    assert breakers.reset() == (Breaker.MISMATCH,)


def test_a_cause_that_comes_back_must_go_again() -> None:
    breakers = Breakers()
    breakers.trip(Breaker.DISK, "12 MB free", T)
    breakers.over(Breaker.DISK)
    assert not breakers.trip(Breaker.DISK, "9 MB free", T + 1)
    assert breakers.reconciled() == ()
    (trip,) = breakers.tripped
    assert (trip.since_ms, trip.reason) == (T, "9 MB free")


def test_what_an_earlier_process_tripped_is_tripped_still() -> None:
    breakers = Breakers()
    for breaker in Breaker:
        breakers.remember(T, ev.BreakerTripped(breaker.value, "measured"))
    breakers.remember(T, ev.BreakerCleared(Breaker.ERRORS.value, "operator"))
    breakers.remember(T, ev.BreakerTripped("a breaker of a later version", "measured"))
    assert tripped(breakers) == set(Breaker) - {Breaker.ERRORS}
    assert set(breakers.reconciled()) == set(EVIDENCE)
    assert tripped(breakers) == BY_OPERATOR - {Breaker.ERRORS}


def test_every_trip_says_what_it_takes_to_clear_it() -> None:
    breakers = Breakers()
    for breaker in (Breaker.DISK, Breaker.REJECTS, Breaker.MODEL):
        breakers.trip(breaker, "measured", T)
    breakers.over(Breaker.DISK)
    breakers.over(Breaker.REJECTS)
    said = {trip.breaker: clears(trip) for trip in breakers.tripped}
    assert "reconciliation" in said[Breaker.DISK]
    assert "person" in said[Breaker.REJECTS]
    assert "cause" in said[Breaker.MODEL]


@dataclass
class Expected:
    """What must be tripped, by the rule itself."""

    lasting: set[Breaker] = field(default_factory=set)
    over: set[Breaker] = field(default_factory=set)

    @property
    def tripped(self) -> set[Breaker]:
        return self.lasting | self.over


STEPS = st.one_of(
    st.tuples(st.sampled_from(["trip", "over"]), st.sampled_from(Breaker)),
    st.tuples(st.sampled_from(["reconciled", "person", "time"]), st.none()),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STEPS, max_size=40))
def test_F45_no_breaker_resets_by_time_alone(steps: list[tuple[str, Breaker | None]]) -> None:
    breakers, expected, t_ms = Breakers(), Expected(), T
    for step, breaker in steps:
        t_ms += 86_400_000  # a day passes at each step: midnight forgives nothing
        match step, breaker:
            case "trip", Breaker():
                breakers.trip(breaker, "measured", t_ms)
                expected.over.discard(breaker)
                expected.lasting.add(breaker)
            case "over", Breaker():
                breakers.over(breaker)
                if breaker in expected.lasting:
                    expected.lasting.remove(breaker)
                    expected.over.add(breaker)
            case "reconciled", None:
                breakers.reconciled()
                expected.over &= BY_OPERATOR
            case "person", None:
                breakers.reset()
                expected.over.clear()
        assert tripped(breakers) == expected.tripped
