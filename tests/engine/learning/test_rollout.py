from __future__ import annotations

from dataclasses import fields, replace
from itertools import chain, zip_longest

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learning.pieces import PIECE
from engine.learning.profile import PHASE5
from engine.learning.rollout import Batch, Rollout
from engine.learning.transition import Transition
from tests.engine.learning.steps import PLAIN, window_of

FEW = replace(PHASE5, rows=6, episodes=2, rewarded=1)


def rollout_of(rows: list[Transition]) -> Rollout:
    rollout = Rollout(FEW)
    for row in rows:
        rollout.add(row)
    return rollout


def interleaved(*windows: list[Transition]) -> list[Transition]:
    return [row for row in chain.from_iterable(zip_longest(*windows)) if row is not None]


def same(one: Batch, other: Batch) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name))
        for field in fields(Batch)
    )


def test_rows_of_a_window_lie_together_in_time_order_however_they_arrived() -> None:
    rows = interleaved(window_of(4, "BTC", "b"), window_of(3, "ETH", "e"), window_of(2, "SOL", "s"))
    batch = rollout_of(rows).batch()
    assert batch.values.tolist() == [0, 1, 2, 3, 0, 1, 2, 0, 1]
    assert batch.dones.nonzero()[0].tolist() == [3, 6, 8]


def test_the_same_window_name_in_two_assets_is_two_windows() -> None:
    batch = rollout_of(interleaved(window_of(2, "BTC", "w"), window_of(2, "ETH", "w"))).batch()
    assert batch.values.tolist() == [0, 1, 0, 1]


def test_a_trace_ends_at_done_at_truncated_and_where_rows_are_missing() -> None:
    one, two, three, four, five = window_of(5)
    cut = replace(one, truncated=True)
    assert rollout_of([cut, two, three, four, five]).batch().cuts.tolist() == [1, 0, 0, 0, 1]
    assert rollout_of([one, two, four, five]).batch().cuts.tolist() == [0, 1, 0, 1]


def test_a_trace_ends_with_the_rows_of_a_window_that_still_runs() -> None:
    running = window_of(4, "BTC", "b")[:3]
    batch = rollout_of(interleaved(running, window_of(2, "ETH", "e"))).batch()
    assert batch.cuts.tolist() == [False, False, True, False, True]
    assert batch.next_values[2] == 3.0


def test_a_trace_ends_between_windows_even_where_the_values_agree() -> None:
    flat = [replace(PLAIN, episode=name) for name in ("one", "one", "two", "two")]
    assert rollout_of(flat).batch().cuts.tolist() == [False, True, False, True]


def test_an_update_waits_for_rows_windows_and_rewards() -> None:
    rollout = rollout_of(window_of(5, "BTC", "b"))
    assert rollout.lacks == ("5 of 6 rows, 1 of 2 windows that ended, 0 of 1 rows with a reward")
    assert not rollout.ready
    for row in window_of(1, "ETH", "e", reward=-0.5):
        rollout.add(row)
    assert rollout.lacks == ""
    assert rollout.ready


def test_what_a_full_rollout_waits_for_is_told_without_its_rows() -> None:
    rollout = rollout_of(window_of(5, "BTC", "b"))
    assert rollout.waits == "", "the rows can be counted"
    rollout.add(window_of(2, "ETH", "e")[0])
    assert rollout.waits == "waits for 1 window to end and 1 row with a reward"
    rollout.add(window_of(1, "SOL", "s", reward=-0.5)[0])
    assert rollout.waits == ""
    assert rollout.ready


def test_nothing_is_left_after_clear() -> None:
    rollout = rollout_of(window_of(6, reward=1.0))
    rollout.clear()
    assert (len(rollout), rollout.rewarded, rollout.episodes) == (0, 0, 0)
    assert len(rollout.batch()) == 0
    assert rollout.batch().policy_ids == ()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"reward": float("nan")}, "NaN or infinity"),
        ({"log_prob": float("-inf")}, "NaN or infinity"),
        ({"value": float("inf")}, "NaN or infinity"),
        ({"next_value": float("nan")}, "NaN or infinity"),
        ({"observation": np.full(18, np.nan, np.float32)}, "NaN or infinity"),
        ({"temporal": np.full(90, np.inf, np.float32)}, "NaN or infinity"),
        ({"observation": np.zeros(17, np.float32)}, "shapes"),
        ({"action": 1, "mask": (True, False, True)}, "not legal"),
        ({"action": 3}, "not legal"),
        ({"action": -1}, "not legal"),
    ],
)
def test_a_row_that_no_policy_can_have_made_is_refused(wrong: dict[str, object], said: str) -> None:
    rollout = Rollout(FEW)
    with pytest.raises(ValueError, match=said):
        rollout.add(replace(PLAIN, **wrong))  # type: ignore[arg-type]  # the table's values fit their fields
    assert len(rollout) == 0


def test_too_many_rows_cost_the_oldest_window_as_a_whole() -> None:
    rollout = Rollout(replace(FEW, rows=100))
    rollout._most = 10  # 65,536 rows would take a second to fill
    for row in interleaved(window_of(4, "BTC", "b", reward=1.0), window_of(4, "ETH", "e")):
        rollout.add(row)
    for row in window_of(3, "SOL", "s", reward=2.0):
        rollout.add(row)
    assert (len(rollout), rollout.dropped, rollout.rewarded, rollout.episodes) == (7, 4, 1, 2)
    assert rollout.batch().values.tolist() == [0, 1, 2, 3, 0, 1, 2]


def test_every_policy_that_decided_is_named_and_none_whose_rows_are_gone() -> None:
    rows = [replace(row, policy_id="q") for row in window_of(2, "ETH", "e")]
    rollout = rollout_of(window_of(2) + rows)
    assert rollout.batch().policy_ids == ("p", "q")
    rollout._drop_oldest_window()
    assert rollout.batch().policy_ids == ("q",)


def test_a_batch_keeps_its_numbers_when_the_rollout_goes_on() -> None:
    rollout = rollout_of(window_of(3, reward=1.0))
    batch = rollout.batch()
    rollout.clear()
    rollout.add(replace(PLAIN, value=9.0))
    assert batch.values.tolist() == [0, 1, 2]


numbers = st.floats(-1e6, 1e6, width=32)


@given(
    st.lists(
        st.builds(
            replace,
            st.just(PLAIN),
            environment=st.sampled_from(["BTC", "ETH"]),
            episode=st.sampled_from(["one", "two"]),
            action=st.integers(0, 2),
            value=numbers,
            next_value=numbers,
            reward=st.floats(-1e6, 1e6),
            done=st.booleans(),
            truncated=st.booleans(),
        ),
        max_size=40,
    )
)
def test_a_restored_rollout_is_the_same_and_goes_on_the_same(rows: list[Transition]) -> None:
    one = rollout_of(rows)
    other = Rollout(FEW)
    other.restore(one.arrays())
    for rollout in (one, other):
        rollout.add(replace(PLAIN, environment="SOL"))
    assert same(one.batch(), other.batch())
    assert (one.lacks, one.rewarded, one.episodes, one.dropped) == (
        other.lacks, other.rewarded, other.episodes, other.dropped,
    )  # fmt: skip


def test_more_rows_than_the_first_room_are_all_kept() -> None:
    batch = rollout_of(window_of(1_300)).batch()
    assert batch.values.tolist() == list(range(1_300))


def test_a_big_rollout_is_gathered_piece_by_piece() -> None:
    rollout = rollout_of(interleaved(window_of(3_000, "BTC", "b"), window_of(2_500, "ETH", "e")))
    assert sum(1 for _ in rollout.gather()) == 5_500 // PIECE
    assert rollout.batch().values.tolist() == [*range(3_000), *range(2_500)]


def test_a_rollout_that_gave_up_a_window_goes_on_the_same_after_a_checkpoint() -> None:
    """The window that was given up still runs, and comes after the others from then on."""
    one = rollout_of(interleaved(window_of(4, "BTC", "b")[:3], window_of(4, "ETH", "e")[:3]))
    one._drop_oldest_window()
    one.add(window_of(4, "BTC", "b")[3])
    other = Rollout(FEW)
    other.restore(one.arrays())
    assert same(one.batch(), other.batch())
    for rollout in (one, other):
        rollout._drop_oldest_window()
    assert one.batch().values.tolist() == other.batch().values.tolist() == [3]


@pytest.mark.parametrize(
    ("name", "wrong", "said"),
    [
        ("value", np.zeros(3, np.float64), "malformed value"),
        ("value", np.zeros(2, np.float32), "malformed value"),
        ("episode", np.full(3, 5, np.int32), "unknown episode"),
        ("names", np.frombuffer(b"{", np.uint8), "malformed names"),
        ("names", np.frombuffer(b"{}", np.uint8), "malformed names"),
        ("names", np.frombuffer(b"[" * 100_000, np.uint8), "malformed names"),
    ],
)
def test_a_malformed_checkpoint_is_refused_and_changes_nothing(
    name: str, wrong: np.ndarray, said: str
) -> None:
    rollout = rollout_of(window_of(3))
    before = rollout.batch()
    with pytest.raises(ValueError, match=said):
        rollout.restore({**rollout.arrays(), name: wrong})
    with pytest.raises(ValueError, match=f"lacks {name}"):
        rollout.restore({k: v for k, v in rollout.arrays().items() if k != name})
    assert same(rollout.batch(), before)
