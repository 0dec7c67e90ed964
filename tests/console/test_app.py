"""The app: what it shows at each size, how it is looked at, and what each key asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from console.commands import COMMANDS
from engine.learning_view import LearningView
from engine.requests import (
    AdmitOpens,
    FallBack,
    Halt,
    PickModel,
    Promote,
    ReduceOnly,
    Resume,
    RollBack,
    SetLearning,
)
from engine.snapshot import AssetView, LogLine, Snapshot
from tests.console.fakes import BEAT_MONO, FakeEngine, flat, sample_snapshot
from tests.console.learners import collecting, off
from tests.console.screens import LARGE, MEDIUM, SMALL, TINY, running, text_of

SIZES = [(80, 20), SMALL, (99, 40), (100, 30), MEDIUM, (160, 48), LARGE]
VIEWS = ["d", "a", "b", "t", "g", "n", "l"]


@pytest.mark.parametrize("size", SIZES)
async def test_the_dashboard_shows_all_four_assets_at_every_size(size: tuple[int, int]) -> None:
    async with running(FakeEngine(), size) as (app, _):
        shown = text_of(app)
        for number, asset in enumerate(("BTC", "ETH", "SOL", "XRP"), 1):
            assert f"{number} {asset}" in shown
        for fact in ("PAPER", "62.5% ▲", "506.45", "denied", "row invalid", "awaiting resolution",
                     "▶HOLD", "^x Halt", "q Quit"):  # fmt: skip
            assert fact in shown, fact


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
async def test_every_view_keeps_the_status_and_the_keys(size: tuple[int, int]) -> None:
    async with running(FakeEngine(), size) as (app, pilot):
        for view in VIEWS:
            await pilot.press(view)
            await pilot.pause()
            shown = text_of(app).splitlines()
            assert "PAPER" in shown[0]
            assert "^x Halt" in shown[-1]
            assert len(shown) == size[1]


@pytest.mark.parametrize("size", [TINY, (1, 1), (79, 24), (80, 19), SMALL, LARGE])
async def test_an_engine_that_said_nothing_yet_breaks_no_view(size: tuple[int, int]) -> None:
    async with running(FakeEngine(Snapshot()), size) as (app, pilot):
        for view in VIEWS:
            await pilot.press(view)
            await pilot.pause()
            text_of(app)


async def test_a_terminal_that_is_too_small_says_what_it_needs() -> None:
    async with running(FakeEngine(), TINY) as (app, pilot):
        assert "needs 80x24" in text_of(app)
        assert "have 20x5" in text_of(app)
        assert "PAPER" in text_of(app)
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "needs" not in text_of(app)
        assert "1 BTC" in text_of(app)


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
async def test_without_colour_every_state_is_still_told(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    halted = sample_snapshot(state="HALTED", state_reason="halt key", mode="LIVE")
    async with running(FakeEngine(halted), size) as (app, _):
        assert app.no_color
        shown = text_of(app)
        for word in ("LIVE", "HALTED", "halt key", "▶HOLD", "✕", "denied", "STALE"):
            assert word in shown, word
        badge = next(
            s for s in app.screen._compositor.render_strips(app.size)[0] if "LIVE" in s.text
        )
        assert badge.style is not None
        assert badge.style.reverse


async def test_an_unchanged_snapshot_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = FakeEngine()
    async with running(engine) as (app, _):
        drawn: list[int] = []
        monkeypatch.setattr(app.main, "show_view", lambda *shown: drawn.append(shown[0].seq))
        app.poll()
        app.poll()
        assert drawn == []
        engine.change()
        app.poll()
        assert len(drawn) == 1


async def test_freezing_holds_the_panels_while_the_status_goes_on() -> None:
    engine, times = FakeEngine(), ticking()
    async with running(engine, clock=lambda: next(times)) as (app, pilot):
        await pilot.press("space")
        btc, *rest = engine.snapshot.assets
        engine.change(assets=(replace(btc, prob=0.111), *rest), state="REDUCING")
        app.poll()
        await pilot.pause()
        shown = text_of(app)
        assert "62.5%" in shown
        assert "11.1%" not in shown
        assert "FROZEN" in shown
        assert "REDUCING" in shown
        await pilot.press("space")
        await pilot.pause()
        assert "11.1%" in text_of(app)
        assert "FROZEN" not in text_of(app)


def ticking() -> Iterator[float]:
    return (BEAT_MONO + 0.01 * tick for tick in count())


async def test_freezing_survives_a_change_of_view() -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        await pilot.press("space")
        btc, *rest = engine.snapshot.assets
        engine.change(assets=(replace(btc, prob=0.111), *rest))
        await pilot.press("a")
        await pilot.pause()
        assert "62.5%" in text_of(app)


@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_privacy_hides_every_amount_in_every_view(size: tuple[int, int]) -> None:
    async with running(FakeEngine(), size) as (app, pilot):
        assert "$467.16" in text_of(app)
        await pilot.press("dollar_sign")
        for view in VIEWS:
            await pilot.press(view)
            await pilot.pause()
            shown = text_of(app)
            assert "•••" in shown
            assert "$" not in shown.replace("$•••", "")
            assert "506.45" not in shown


async def test_privacy_can_be_lifted_again_in_tables_that_only_grow() -> None:
    async with running(FakeEngine(), MEDIUM) as (app, pilot):
        for view, amount in (("t", "$8.41"), ("l", "$8.41")):
            await pilot.press(view, "dollar_sign")
            await pilot.pause()
            assert amount not in text_of(app)
            await pilot.press("dollar_sign")
            await pilot.pause()
            assert text_of(app).count(amount) == 1


async def test_a_screenshot_is_written_masked_and_announced(tmp_path: Path) -> None:
    async with running(FakeEngine(), privacy=True) as (app, pilot):
        app._shots = tmp_path
        await pilot.press("ctrl+s")
        await pilot.pause()
        [picture] = tmp_path.glob("*.svg")
        drawn = picture.read_text("utf-8").replace("&#160;", " ")
        assert "PAPER" in drawn
        assert "467.16" not in drawn


async def test_a_screenshot_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    async with running(FakeEngine(), MEDIUM) as (app, pilot):
        app._shots = tmp_path / "missing"
        await pilot.press("ctrl+s")
        await pilot.pause(0.1)
        assert "no screenshot" in text_of(app)


@pytest.mark.parametrize("size", [SMALL, MEDIUM])
async def test_assets_are_selected_by_number_and_in_turn(size: tuple[int, int]) -> None:
    async with running(FakeEngine(), size) as (app, pilot):
        chosen = []
        for key in ("2", "4", "tab", "shift+tab", "j", "k"):
            await pilot.press(key)
            await pilot.pause()
            marked = [
                line for line in text_of(app).splitlines() if "▶1 " in line.replace("▶ ", "▶")
            ]
            chosen.append((app.selected, bool(marked)))
        assert [number for number, _ in chosen] == [1, 3, 0, 3, 0, 3]
        assert [marked for _, marked in chosen] == [False, False, True, False, True, False]


async def test_the_selected_asset_is_the_one_that_names_its_inputs_at_80x24() -> None:
    async with running(FakeEngine(), SMALL) as (app, pilot):
        await pilot.press("2")
        await pilot.pause()
        lines = text_of(app).splitlines()
        start = next(index for index, line in enumerate(lines) if "▶2 ETH" in line)
        assert "r1m" in "".join(lines[start : start + 8])
        assert sum("r1m" in line for line in lines) == 1


async def test_the_asset_view_names_all_18_inputs_at_80x24() -> None:
    async with running(FakeEngine(), SMALL) as (app, pilot):
        await pilot.press("a")
        await pilot.pause()
        for name in ("returns_1m", "ob_imbalance_l5", "trade_intensity", "trend_regime"):
            assert name in text_of(app)


@pytest.mark.parametrize(
    ("key", "state", "request_"),
    [("e", "ACTIVE", ReduceOnly()), ("e", "REDUCING", AdmitOpens()), ("M", "ACTIVE", FallBack())],
)
async def test_keys_without_a_dialog_ask_at_once(key: str, state: str, request_: object) -> None:
    engine = FakeEngine(sample_snapshot(state=state))
    async with running(engine) as (_, pilot):
        await pilot.press(key)
        assert engine.requests == [request_]


async def test_answers_of_dialogs_become_requests() -> None:
    engine = FakeEngine()
    async with running(engine) as (app, _):
        app._resume(None)
        app._pick_model(None)
        app._flatten(False)
        assert engine.requests == []
        app._promote(False)
        app._roll_back(None)
        assert engine.requests == []
        app._resume("RESUME")
        app._pick_model(0)
        app._promote(True)
        app._roll_back(True)
        assert engine.requests == [Resume("RESUME"), PickModel(0), Promote(), RollBack()]


@pytest.mark.parametrize(("learner", "wanted"), [(collecting(), False), (off(), True)])
async def test_one_key_switches_learning_and_says_what_it_asked(
    learner: LearningView, wanted: bool
) -> None:
    engine = FakeEngine(sample_snapshot(learning=learner))
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("N")
        await pilot.pause(0.1)
        assert engine.requests == [SetLearning(on=wanted)]
        assert f"asked to switch learning {'on' if wanted else 'off'}" in text_of(app)


async def test_quitting_flat_leaves_at_once() -> None:
    engine = FakeEngine()
    engine.change(assets=tuple(flat(view) for view in engine.snapshot.assets))
    async with running(engine) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert not app.is_running
        assert app.return_value is None


async def test_quitting_with_a_position_asks_and_staying_changes_nothing() -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        await pilot.press("q")
        await pilot.pause()
        assert len(app.screen_stack) == 2
        app._quit(None)
        assert app.is_running
        app._quit("flatten")
        await pilot.pause()
        assert app.return_value == "flatten"
        assert engine.requests == [], "leaving is carried out by whoever started the console"


async def test_an_open_dialog_is_shown_each_new_snapshot() -> None:
    engine = FakeEngine(sample_snapshot(state="HALTED", state_reason="halt key"))
    async with running(engine) as (app, pilot):
        await pilot.press("r")
        await pilot.pause()
        engine.change(mode="LIVE")
        app.poll()
        await pilot.pause()
        assert " LIVE " in text_of(app)


async def test_the_palette_offers_exactly_the_command_table() -> None:
    async with running(FakeEngine()) as (app, _):
        offered = [(entry.title, entry.help) for entry in app.get_system_commands(app.screen)]
        assert offered == [(command.label, command.help) for command in COMMANDS]


async def test_every_command_has_an_action_and_a_binding() -> None:
    async with running(FakeEngine()) as (app, _):
        for command in COMMANDS:
            name = command.action.partition("(")[0]
            assert hasattr(app, f"action_{name}"), command.id
            for key in command.keys.split(","):
                assert key in app._bindings.key_to_bindings, command.id


async def test_the_key_row_reminds_of_every_footer_command() -> None:
    async with running(FakeEngine(), SMALL) as (app, _):
        row = text_of(app).splitlines()[-1]
        for command in COMMANDS:
            assert (command.label in row) == command.in_footer, command.id


async def test_trades_and_log_follow_their_lists_incrementally() -> None:
    engine = FakeEngine()
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("t")
        first = engine.snapshot.trades
        settled = (*first[1:-1], replace(first[-1], note="void"))
        engine.change(trades=settled)
        app.poll()
        await pilot.pause()
        shown = text_of(app)
        assert "00:00:31" not in shown
        assert "void" in shown
        await pilot.press("l")
        engine.change(log=(*engine.snapshot.log[2:], LogLine(0, "alarm", "[red]brackets[/red]")))
        app.poll()
        await pilot.pause()
        shown = text_of(app)
        assert shown.count("BUY UP 310 XRP") == 1
        assert "[red]brackets[/red]" in shown


async def test_more_or_fewer_assets_than_four_break_nothing() -> None:
    for assets in ((), (AssetView("BTC"),)):
        async with running(FakeEngine(sample_snapshot(assets=assets)), MEDIUM) as (app, pilot):
            for key in VIEWS:
                await pilot.press("4", key)
                await pilot.pause()
            text_of(app)


@pytest.mark.parametrize("size", [SMALL, (100, 30), (160, 48)])
async def test_however_often_halt_is_pressed_the_status_stays_in_sight(
    size: tuple[int, int],
) -> None:
    halted = sample_snapshot(state="HALTED", state_reason="halt by key")
    async with running(FakeEngine(halted), size) as (app, pilot):
        before = text_of(app).splitlines()
        for _ in range(20):
            await pilot.press("ctrl+x")
        await pilot.pause()
        shown = text_of(app)
        assert shown.splitlines()[:2] == before[:2]
        assert shown.count("the order gate is shut") == 1


@pytest.mark.parametrize("size", [SMALL, (100, 30), MEDIUM, LARGE])
async def test_the_palette_leaves_the_whole_status_in_sight(size: tuple[int, int]) -> None:
    halted = sample_snapshot(state="HALTED", state_reason="halt by key")
    async with running(FakeEngine(halted), size) as (app, pilot):
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        assert "HALTED: halt by key" in text_of(app)


@pytest.mark.parametrize("key", ["question_mark", "p", "m", "r", "q", "ctrl+f", "P", "R"])
async def test_under_a_dialog_the_key_row_names_what_still_works(key: str) -> None:
    async with running(FakeEngine()) as (app, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert text_of(app).splitlines()[-1].strip() == "^x Halt"


async def test_a_thread_that_can_no_longer_read_keys_shuts_the_gate_and_says_so() -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        app.panic("a traceback")
        await pilot.pause()
        assert engine.requests == [Halt("console error")]
        assert app.return_code == 1


async def test_ctrl_c_asks_before_it_leaves_positions_behind() -> None:
    async with running(FakeEngine()) as (app, pilot):
        await pilot.press("ctrl+c")
        await pilot.pause()
        assert "Quit and flatten" in text_of(app)
