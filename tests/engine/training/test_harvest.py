from __future__ import annotations

import pickle
from dataclasses import astuple

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.learning.transition import Transition
from engine.training.harvest import Takings, packed

number = st.floats(allow_nan=False, allow_infinity=False)
single = st.floats(-1, 1, width=32)


@st.composite
def transitions(draw: st.DrawFn) -> Transition:
    return Transition(
        environment=draw(st.sampled_from(["BTC", "ETH"])),
        episode=draw(st.sampled_from(["a", "b"])),
        observation=np.full(18, draw(single), np.float32),
        temporal=np.full(90, draw(single), np.float32),
        mask=(True, draw(st.booleans()), draw(st.booleans())),
        action=draw(st.integers(0, 2)),
        log_prob=draw(number),
        value=draw(number),
        policy_id="abc",
        reward=draw(number),
        done=draw(st.booleans()),
        truncated=draw(st.booleans()),
        next_value=draw(number),
    )


def plain(row: Transition) -> tuple[object, ...]:
    """Comparable: arrays as bytes."""
    return tuple(f.tobytes() if isinstance(f, np.ndarray) else f for f in astuple(row))


@given(st.lists(transitions(), max_size=4))
def test_transitions_come_out_of_the_pipe_as_they_went_in(rows: list[Transition]) -> None:
    harvest = pickle.loads(pickle.dumps(packed(rows, Takings(), 0)))  # noqa: S301 - as a pipe does
    assert list(map(plain, harvest.transitions(""))) == list(map(plain, rows))


def test_two_markets_with_the_same_window_are_told_apart() -> None:
    row = Transition(
        "BTC", "slug", np.zeros(18, np.float32), np.zeros(90, np.float32), (True, True, True),
        0, -1.0, 0.0, "abc", 0.0, False, False, 0.0,
    )  # fmt: skip
    (out,) = packed([row], Takings(), 0).transitions("/2.1")
    assert (out.environment, out.episode) == ("BTC/2.1", "slug/2.1")


def test_takings_add_up() -> None:
    both = Takings(1, 2, -3, 4, 5) + Takings(10, 20, -30, 40, 50)
    assert both == Takings(11, 22, -33, 44, 55)
