from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.evaluation.accounts import WindowResult
from engine.evaluation.arms import Kind
from engine.evaluation.csv_file import COLUMNS, save_csv
from engine.evaluation.pace import Pace
from engine.evaluation.png import SIZE, arm_colours, dashes, save_plot
from engine.evaluation.report import Conditions, Report, equity, report
from engine.evaluation.rules import always_hold
from engine.evaluation.run import ArmRun
from engine.evaluation.table import table
from engine.evaluation.walk_forward import Known
from engine.units import MICRO
from models.manifest import Origin
from tests.engine.evaluation.tapes import arm, window_result

KINDS: tuple[Kind, ...] = ("frozen", "online", "placebo")
FEW = [window_result(300 * i, pnl * MICRO) for i, pnl in enumerate((5, -2, 7, 0))]
UNKNOWN = window_result(9_000, 99 * MICRO, known=False)


def run(
    name: str,
    windows: Sequence[WindowResult],
    warning: str | None = None,
    kind: Kind = "rule",
    model: str = "",
) -> ArmRun:
    denials = Counter({"SPREAD": 3, "ORDER_RATE": 1})
    one = replace(arm(name, always_hold), kind=kind, model=model)
    updates = Counter({"accepted": 12, "rejected": 3} if kind in ("online", "placebo") else {})
    return ArmRun(one, tuple(windows), Pace(0.2), denials, 0, warning, updates)


def crowd(windows: Sequence[WindowResult]) -> Report:
    """Three models in every way that a model is run, and all rules."""
    runs = [
        [run(name if kind == "frozen" else f"{name} {kind}", windows, None, kind, name)]
        for name in ("phase5", "pre_phase5", "twelve-chars")
        for kind in KINDS
    ]
    rules = ("always-hold", "momentum", "mean-revert", "fade-spike", "favourite", "random")
    runs += [[run(name, flat(windows))] for name in rules]
    conditions = Conditions(("made up",), 7, "always-hold", 100.0, "greedy")
    return report(runs, conditions)


def reported(ours: Sequence[WindowResult], theirs: Sequence[WindowResult]) -> Report:
    conditions = Conditions(("made up",), 7, "hold", 100.0, "greedy")
    return report([[run("ours", ours, "cut off")], [run("hold", theirs)]], conditions)


def flat(windows: Sequence[WindowResult]) -> list[WindowResult]:
    return [window_result(w.start, 0, known=w.known) for w in windows]


def many(pnl: int) -> list[WindowResult]:
    return [window_result(300 * i, pnl * MICRO + i) for i in range(40)]


def test_unknown_outcomes_are_counted_and_enter_no_sum() -> None:
    found = reported([*FEW, UNKNOWN], flat([*FEW, UNKNOWN]))
    ours = found.arms[0]
    assert (found.windows, found.unknown_windows, found.slots) == (4, 1, 4)
    assert ours.pnl_executable == 10.0
    assert ours.trades == 4
    assert sum(slot.pnl_executable or 0.0 for slot in ours.slots) == ours.pnl_executable


def test_the_figures_of_an_arm() -> None:
    ours = reported(FEW, flat(FEW)).arms[0]
    assert ours.win_rate == 0.5
    assert ours.max_drawdown == 2.0
    assert ours.without_best == {"1": 3.0, "3": -2.0, "5": -2.0}
    assert list(ours.at_cost) == ["1", "1.5", "2"]
    assert ours.at_cost["1"] == ours.pnl_executable
    assert equity(ours) == (5.0, 3.0, 10.0, 10.0)
    assert [(a.asset, a.windows, a.pnl_executable) for a in ours.assets] == [("BTC", 4, 10.0)]


def test_the_curve_ends_where_the_total_stands() -> None:
    odd = [window_result(300 * i, 1_234_567) for i in range(40)]
    ours = reported(odd, flat(odd)).arms[0]
    assert equity(ours)[-1] == ours.pnl_executable == 49.38268


def test_the_reference_has_no_difference_to_itself() -> None:
    ours, reference = reported(many(3), flat(many(3))).arms
    assert reference.difference is None
    assert ours.difference is not None
    assert ours.difference.verdict == "better"


def test_without_books_an_amount_is_unknown_and_never_zero() -> None:
    bookless = [WindowResult("w", "BTC", 0, True, False, 0, 4 * MICRO, 0, 0, ())]
    found = reported(bookless, bookless)
    ours = found.arms[0]
    assert (ours.pnl_executable, ours.fees, ours.max_drawdown) == (None, None, None)
    assert set(ours.at_cost.values()) == {None}
    assert ours.pnl_mid == 4.0
    assert "no order books" in table(found)
    assert equity(ours) == ()


def test_the_table_fits_80_columns_and_leads_with_the_verdict() -> None:
    wide = [
        window_result(300 * i, -98_765 * MICRO, asset=a) for i in range(40) for a in ("BTC", "XRP")
    ]
    text = table(reported([*wide, UNKNOWN], flat([*wide, UNKNOWN])))
    assert max(map(len, text.splitlines())) <= 80
    assert " -3950600 (40)" in text
    assert "WORSE" in text
    assert text.index("WORSE") < text.index("drawdown")
    assert "outcome unknown: 1" in text
    assert "no daily loss limit" in text


def test_the_table_says_not_shown_as_loudly_as_better() -> None:
    assert "NOT SHOWN" in table(reported(FEW, flat(FEW)))
    assert "BETTER" in table(reported(many(3), flat(many(3))))


def test_a_damaged_tape_is_told() -> None:
    conditions = Conditions(("made up",), 7, "hold", 100.0, "greedy")
    found = report([[run("hold", FEW, "cut off at line 9")]], conditions)
    assert found.warnings == ("cut off at line 9",)
    assert "cut off at line 9" in table(found)


def test_without_its_best_windows_an_arm_loses_less_than_without_its_best_slots() -> None:
    both = [window_result(300 * i, 5 * MICRO, asset=a) for i in range(4) for a in ("BTC", "XRP")]
    ours = reported(both, flat(both)).arms[0]
    assert ours.without_best == {"1": 30.0, "3": 10.0, "5": 0.0}
    assert ours.without_best_windows == {"1": 35.0, "3": 25.0, "5": 15.0}


def test_every_figure_says_on_how_many_independent_slots_it_rests() -> None:
    both = [window_result(300 * i, 5 * MICRO, asset=a) for i in range(40) for a in ("BTC", "XRP")]
    found = reported(both, flat(both))
    assert [arm.independent_slots for arm in found.arms] == [40, 40]
    assert [a.independent_slots for a in found.arms[0].assets] == [40, 40]
    text = table(found)
    assert text.count("over 40 independent slots") == 2
    assert "40 of 40 slots" in text
    assert "slots with books" in text


def test_many_comparisons_at_once_are_said_and_paid_for() -> None:
    found = reported(many(3), flat(many(3)))
    crowded = crowd(many(3))
    assert {p.difference.comparisons for p in found.pairs} == {1}
    assert {p.difference.comparisons for p in crowded.pairs} == {len(crowded.pairs)} == {20}
    text = " ".join(table(crowded).split())
    assert "15 arms were tried in 20 comparisons" in text
    assert "up to 50%" in text
    assert "phase5 better than always-hold" in text


def test_a_table_of_many_arms_keeps_its_columns_apart_in_80() -> None:
    wide = [
        window_result(300 * i, -8_765_432_100 * (1 - 2 * (i % 3 == 0)), asset=a)
        for i in range(40)
        for a in ("BTC", "ETH", "SOL", "XRP")
    ]
    text = table(crowd(wide))
    assert max(map(len, text.splitlines())) <= 80
    rows = [
        row.removeprefix("twelve-chars placebo ")
        for row in text[text.index("executable dollars") :].splitlines()
        if row.startswith("twelve-chars placebo ")
    ]
    assert [len(row.split()) for row in rows] == [8, 7, 6, 8]


def test_arms_that_learn_have_their_updates_and_their_unfairness_told() -> None:
    text = " ".join(table(crowd(many(3))).split())
    assert "updates: phase5 online 12 accepted, 3 rejected; phase5 placebo 12 accepted" in text
    assert "less its placebo" in text
    assert "samples its actions" in text


def test_weights_that_do_not_say_what_they_learned_from_are_told() -> None:
    said = Origin("test", trained=True, learned_from=("monday.jsonl.gz",))
    for origin, told in ((None, True), (Origin("import", trained=True), True), (said, False)):
        one = run("theirs", FEW, kind="frozen", model="theirs")
        one = replace(one, arm=replace(one.arm, trained=True, origin=origin))
        conditions = Conditions(("made up",), 7, "always-hold", 100.0, "greedy")
        found = report([[one], [run("always-hold", flat(FEW))]], conditions)
        text = " ".join(table(found).split())
        assert ("may have learned from these very tapes" in text) is told


def test_the_name_of_a_tape_commands_no_terminal() -> None:
    conditions = Conditions(("evil\x1b[2J.gz",), 7, "hold", 100.0, "greedy")
    assert "\x1b" not in table(report([[run("hold", FEW)]], conditions))


def test_windows_left_out_are_told_with_their_reason() -> None:
    known = Known(1_767_600_000_000, "phase5")
    conditions = Conditions(("made up",), 7, "hold", 100.0, "greedy", known)
    left = replace(run("hold", FEW), learned_windows=5)
    text = " ".join(table(report([[left]], conditions)).split())
    assert "begun before 2026-01-05 08:00 UTC, up to which phase5 learned: 5" in text


def test_the_report_is_json_as_it_is() -> None:
    found = orjson.loads(orjson.dumps(reported(many(3), flat(many(3)))))
    assert found["arms"][0]["difference"]["differing"] == 40
    assert found["arms"][1]["difference"] is None


def test_the_csv_has_a_row_for_each_arm_and_slot(tmp_path: Path) -> None:
    path = tmp_path / "slots.csv"
    save_csv(reported(FEW, flat(FEW)), path)
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    assert tuple(rows[0]) == COLUMNS
    assert len(rows) == 1 + 2 * 4
    assert rows[1][:6] == ["ours", "rule", "1970-01-01T00:00:00+00:00", "1", "1", "5.0"]


def test_a_plot_of_many_arms_tells_a_model_by_its_colour_and_a_kind_by_its_stroke(
    tmp_path: Path,
) -> None:
    found = crowd(many(3))
    colours = arm_colours(found.arms)
    assert len({colours[name] for name in ("phase5", "phase5 online", "phase5 placebo")}) == 1
    assert len(set(colours.values())) == 3 + 6
    path = tmp_path / "equity.png"
    save_plot(found, path)
    with Image.open(path) as picture:
        assert picture.size == SIZE


@given(st.lists(st.tuples(st.floats(0, 900), st.floats(0, 600)), min_size=2, max_size=12))
def test_dashes_cover_their_share_of_a_line(points: list[tuple[float, float]]) -> None:
    length = sum(math.dist(a, b) for a, b in pairwise(points))
    drawn = sum(math.dist(a, b) for a, b in dashes(points, 9, 5))
    assert drawn == pytest.approx(length * 9 / 14, abs=9.1)


def test_the_plot_is_a_picture_with_lines_in_it(tmp_path: Path) -> None:
    path = tmp_path / "equity.png"
    save_plot(reported(FEW, flat(FEW)), path)
    with Image.open(path) as picture:
        assert (picture.format, picture.size) == ("PNG", SIZE)
        assert len(picture.getcolors(1 << 20) or []) > 3
