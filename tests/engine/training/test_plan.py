from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import RecordingError, UsageError
from engine.evaluation.tape import Embedded, Recorded
from engine.settings import Settings
from engine.training.plan import MADE_UP, difference, refuse_unusable, training_settings
from tests.engine import recordings as rec
from tests.engine.training.small import plan, recording


def test_the_segments_of_an_iteration_are_always_the_same() -> None:
    assert plan().segments_of(5) == plan().segments_of(5)


def test_no_two_segments_are_of_the_same_market_or_draw_the_same_numbers() -> None:
    segments = [s for iteration in range(1, 40) for s in plan().segments_of(iteration)]
    assert len({s.tape for s in segments}) == len({s.seed for s in segments}) == len(segments)


def test_another_seed_means_other_markets() -> None:
    assert plan(seed=12).segments_of(1) != plan().segments_of(1)


def test_nobody_types_the_seed_of_a_training_market() -> None:
    tapes = [s.tape for iteration in range(1, 40) for s in plan().segments_of(iteration)]
    assert all(isinstance(t, Embedded) and MADE_UP <= t.seed < 2 * MADE_UP for t in tapes)


def test_recordings_take_turns_across_iterations() -> None:
    paths = (Path("a"), Path("b"))
    asked = plan(recordings=paths, embedded=False)
    tapes = [s.tape for iteration in (1, 2) for s in asked.segments_of(iteration)]
    assert tapes == [Recorded(paths[n % 2]) for n in range(6)]


def test_beside_recordings_every_other_segment_is_made_up() -> None:
    paths = (Path("a"), Path("b"))
    asked = plan(recordings=paths, embedded=True, segments=4)
    kinds = [s.tape for iteration in (1, 2) for s in asked.segments_of(iteration)]
    assert all(isinstance(tape, Embedded) for tape in kinds[::2])
    assert kinds[1::2] == [Recorded(paths[n % 2]) for n in range(4)]


def test_only_the_limits_of_an_account_are_lifted() -> None:
    mine = Settings()
    lifted = training_settings(mine)
    changed = {
        name
        for name, value in lifted.limits.model_dump().items()
        if value != mine.limits.model_dump()[name]
    }
    assert changed == {"daily_loss", "opens_per_minute"}
    assert lifted.trade_size == mine.trade_size
    assert lifted.paper == mine.paper


def test_the_same_plan_is_no_other_plan() -> None:
    assert difference(plan().fixed(), plan().fixed()) == ""


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("seed", {"seed": 12}),
        ("segments", {"segments": 4}),
        ("windows", {"windows": 2}),
        ("settings", {"settings": Settings(decision_ms=1_000)}),
        ("profile", {"minibatch": 128}),
        ("profile", {"profile": replace(plan().profile, gamma=0.5)}),
        ("from", {"start": "0" * 64}),
    ],
)
def test_what_decides_the_result_is_part_of_the_plan(name: str, changed: dict[str, object]) -> None:
    assert difference(plan().fixed(), plan(**changed).fixed()).startswith(f"{name} was ")


def test_a_recording_with_the_same_name_and_other_data_is_another_plan(tmp_path: Path) -> None:
    one, other = recording(tmp_path / "one"), recording(tmp_path / "two", outcome="DOWN")
    first, second = plan(recordings=(one,)).fixed(), plan(recordings=(other,)).fixed()
    assert difference(first, second).startswith("recordings was ")


def test_a_recording_without_books_is_refused(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.mid(rec.T0, 0.5), first=rec.header(has=["mid"], lacks=["book"]))
    with pytest.raises(UsageError, match="no order books"):
        refuse_unusable([path])


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(b"nothing")
    with pytest.raises(RecordingError):
        refuse_unusable([path])
