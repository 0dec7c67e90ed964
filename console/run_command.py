"""``trade-console`` and ``trade-console replay``: an engine, with a screen or without.

Owns the life of a run as the user sees it: what is refused before anything starts, what happens on
a signal, what is printed at the end. The engine's thread does the rest.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
from contextlib import ExitStack, suppress

import orjson

from console.hangup import let_go, sell_out
from console.signals import Signals
from engine.errors import ConsoleError, UsageError
from engine.home import Home
from engine.session import Plan, open_session
from engine.settings import Settings, load_settings
from engine.sources import LiveRun, ReplayRun, Run, SimRun
from engine.summary import Summary
from engine.thread import EngineThread
from engine.trading_state import TradingState

HEADLESS_WINDOWS = 4
REPLAY_SPEED = 20.0
START_S = 180.0
"""Real seconds an engine may take to load and start."""
PATIENCE_S = 1.5
"""Real seconds after which a start that goes on is told."""
PREPARING = "preparing the networks; the first time on a machine this takes up to a minute ...\n"
LOOK_S = 0.1
"""Real seconds between two looks at what was asked of a run that has no screen."""
CLOSE_OUT_S = 20.0
"""Real seconds to wait for positions to be sold on leaving."""

PRIVATE = "privacy is on, so no summary is printed; the event log has every figure\n"


def run_command(options: argparse.Namespace) -> int:
    """Run to the end. Returns the exit code; raises ConsoleError for one-line failures."""
    if options.json and not options.headless:
        raise UsageError("--json goes with --headless")
    if not options.headless:
        from console.terminal import prepare

        prepare(options.color)
    home = Home.open()
    plan = _plan(options, _settings(options, home), home)
    safety = plan.settings.safety
    with ExitStack() as held:
        signals = held.enter_context(Signals(safety.on_hangup, safety.leave_s))
        engine = open_session(plan, home, held)
        engine.start()
        held.callback(engine.leave, signals.leave_s)  # in order, whatever is raised meanwhile
        signals.obey(engine, engine.leave)
        _wait_started(engine, signals)
        if engine.failure is not None:
            raise ConsoleError(engine.failure)
        if options.headless:
            return _headless(engine, options, signals)
        if signals.asked:  # before there was a screen
            _go_on_unseen(engine, signals)
            return _code(signals)
        return _on_screen(engine, home, options, signals)


def _wait_started(engine: EngineThread, signals: Signals) -> None:
    """Until the first snapshot is out; nobody should look at an empty terminal meanwhile."""
    if _started_within(engine, signals, PATIENCE_S):
        return
    with suppress(OSError):  # a terminal that hung up meanwhile
        sys.stderr.write(PREPARING)
        sys.stderr.flush()
    _started_within(engine, signals, START_S)


def _started_within(engine: EngineThread, signals: Signals, seconds: float) -> bool:
    """True where it is no use to wait on: it has started, or is asked to leave again."""
    looks = max(1, round(seconds / LOOK_S))
    return any(engine.wait_started(LOOK_S) or signals.number is not None for _ in range(looks))


def _settings(options: argparse.Namespace, home: Home) -> Settings:
    settings = load_settings(home.settings_file)
    if options.rule is None:
        return settings
    return settings.model_copy(update={"decision_rule": options.rule})


def _plan(options: argparse.Namespace, settings: Settings, home: Home) -> Plan:
    run = _run(options, home)
    return Plan(run, settings, options.seed, _speed(options, run), options.model, options.learn)


def _run(options: argparse.Namespace, home: Home) -> Run:
    if options.path is not None:
        return ReplayRun(options.path)
    if options.feed != "sim":
        folder = (options.out or home.recordings) if options.record else None
        return LiveRun(options.windows, options.fresh, folder)
    windows = options.windows
    if options.headless and windows is None:
        windows = HEADLESS_WINDOWS
    return SimRun(windows, options.fresh)


def _speed(options: argparse.Namespace, run: Run) -> float:
    if options.speed is not None:
        return float(options.speed)
    if isinstance(run, LiveRun) or not options.headless:
        return REPLAY_SPEED if isinstance(run, ReplayRun) else 1.0
    return math.inf


def _headless(engine: EngineThread, options: argparse.Namespace, signals: Signals) -> int:
    _go_on_unseen(engine, signals)
    if engine.summary is not None:
        sys.stdout.write(_as_json(engine.summary) if options.json else _as_text(engine.summary))
    return _code(signals)


def _on_screen(
    engine: EngineThread, home: Home, options: argparse.Namespace, signals: Signals
) -> int:
    from console.screen import Wishes, show
    from console.terminal import is_terminal

    left = show(engine, Wishes(home.shots, options.privacy, options.mouse), signals)
    if signals.hung_up:
        _go_on_unseen(engine, signals)
        return _code(signals)
    if left.choice == "flatten":
        _close_out(engine)
    _leave(engine, signals)
    if engine.summary is not None and is_terminal(sys.stdout):  # one that hung up is none any more
        sys.stdout.write(PRIVATE if left.privacy else _as_text(engine.summary))
    if left.code == 128 + signal.SIGHUP:
        let_go()  # what is still buffered would fail to be written at the end, and change the code
    return left.code


def _go_on_unseen(engine: EngineThread, signals: Signals) -> None:
    """Until the engine ends, or is asked to; a terminal that hangs up meanwhile is let go."""

    def free_terminal() -> None:
        if signals.hung_up:
            let_go()

    with signals.told_to(free_terminal):
        while signals.number is None and not engine.wait_ended(LOOK_S):
            pass
    _leave(engine, signals)


def _leave(engine: EngineThread, signals: Signals) -> None:
    """End the engine in order. Raises ConsoleError where it failed, or did not end in time."""
    signals.wait_left()
    left_in_time = engine.leave(signals.leave_s)
    if engine.failure is not None:
        raise ConsoleError(engine.failure)
    if not left_in_time:
        _abandon(signals)


def _abandon(signals: Signals) -> None:
    """End the process with the engine's thread where it is, which no orderly end would survive:
    a thread that is inside of native code then has the C++ runtime abort."""
    sentence = f"the engine did not end within {signals.leave_s:g} s; its log is kept up to the"
    with suppress(OSError):
        sys.stderr.write(f"trade-console: {sentence} last tick\n")
        sys.stderr.flush()
    signals.end(_code(signals) or 1)


def _code(signals: Signals) -> int:
    return 0 if signals.number is None else 128 + signals.number


def _close_out(engine: EngineThread) -> None:
    """Sell what is held before leaving, and say what could not be sold."""
    sys.stderr.write("selling what is held ...\n")
    if not sell_out(engine, "quit", CLOSE_OUT_S, engine.wait_ended):
        sys.stderr.write("not everything could be sold; it is kept for the next start\n")


def _as_json(summary: Summary) -> str:
    return orjson.dumps(summary, option=orjson.OPT_APPEND_NEWLINE).decode()


def _as_text(summary: Summary) -> str:
    lines = [
        f"{summary.feed}: {summary.windows} windows, {summary.market_seconds / 3600:.2f} h of"
        f" market time in {summary.real_seconds:.1f} s, model {summary.model}",
        f"  decisions {summary.decisions}, orders {summary.orders}, fills {summary.fills},"
        f" rejects {summary.rejects}, denials {sum(summary.denials.values())}",
        f"  PnL executable {summary.pnl_executable:+.2f} $ after {summary.fees:.2f} $ of fees;"
        f" at mid, free: {summary.pnl_mid:+.2f} $",
        f"  open positions {summary.open_positions}, unmanaged expiries"
        f" {summary.unmanaged_expiries}; {summary.neutral_features}",
    ]
    lines += [
        f"  held: {p.shares:.2f} {p.outcome} of {p.slug}, cost {p.cost:.2f} $: {p.why}"
        for p in summary.open_position_details
    ]
    lines += [f"  note: {note}" for note in (*summary.warnings, *_notes(summary))]
    lines.append(f"  event hash {summary.event_hash}")
    return "\n".join(lines) + "\n"


def _notes(summary: Summary) -> list[str]:
    """What a page of zeros would hide: why nothing was traded, read or decided as asked."""
    notes = []
    if summary.state != TradingState.ACTIVE:
        notes.append(f"{summary.state} at the end: {summary.why}")
    if summary.falls:
        notes.append(f"the model changed {summary.falls} times, last: {summary.last_fall}")
    if summary.denials:
        notes.append(f"denied: {_counted(summary.denials)}")
    if summary.bad_messages:
        notes.append(f"unusable messages, by source: {_counted(summary.bad_messages)}")
    if not summary.decisions:
        notes.append("no decision was made, since no window ever had a usable price of UP")
    return notes


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
