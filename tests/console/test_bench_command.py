from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest

from console import bench_command
from console.__main__ import main
from console.bench_command import Bench, table
from engine.learning.bench import Slices

GOOD = Bench(
    decision_us=180.0,
    decision_eager_us=3_000.0,
    ppo_epoch_ms=20.0,
    ppo_epoch_eager_ms=36.0,
    slice_ms_p99=6.0,
    slice_ms_max=9.0,
    feed_messages_per_s=90_000.0,
    replay_x_realtime=400.0,
    device="cpu",
)


@pytest.fixture
def _measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers without the minute that it takes to measure them."""
    monkeypatch.setattr(bench_command, "decision_pair_us", lambda: (180.0, 3_000.0))
    monkeypatch.setattr(bench_command, "epoch_pair_ms", lambda: (20.0, 36.0))
    monkeypatch.setattr(bench_command, "slice_times", lambda: Slices(6.0, 9.0))
    monkeypatch.setattr(bench_command, "feed_messages_per_s", lambda: 90_000.0)
    monkeypatch.setattr(bench_command, "replay_x_realtime", lambda _: 400.0)


@pytest.mark.usefixtures("_measured")
def test_json_holds_the_promised_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == [field.name for field in fields(Bench)]
    assert Bench(**{**found, "device": "cpu"}) == GOOD
    assert found["device"] in {"cpu", "gpu"}


@pytest.mark.usefixtures("_measured")
def test_each_number_stands_beside_its_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench"]) == 0
    out = capsys.readouterr().out
    assert out.count(": met") == 7
    assert "NOT met" not in out
    assert "1.80 x   at least 1.5: met" in out


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("decision_us", 251.0),
        ("ppo_epoch_ms", 30.0),
        ("slice_ms_p99", 15.1),
        ("slice_ms_max", 51.0),
        ("feed_messages_per_s", 19_999.0),
        ("replay_x_realtime", 199.0),
    ],
)
def test_a_budget_that_is_not_met_says_so(name: str, number: float) -> None:
    slow = replace(GOOD, **{name: number})  # type: ignore[arg-type]  # none of them is the device
    assert table(slow).count("NOT met") == 1
