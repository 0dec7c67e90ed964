"""``trade-console`` and ``trade-console replay``: an engine, with a screen or without.

Owns the life of a run as the user sees it: what is refused before anything starts, what happens on
a signal, what is printed at the end. The engine's thread does the rest.
"""

from __future__ import annotations

import argparse
import math
import signal
import sys
from contextlib import ExitStack

import orjson

from engine.errors import ConsoleError, UsageError
from engine.home import Home
from engine.requests import CloseOut
from engine.session import LiveRun, Plan, ReplayRun, Run, SimRun, open_session
from engine.settings import Settings, load_settings
from engine.summary import Summary
from engine.thread import EngineThread

HEADLESS_WINDOWS = 4
REPLAY_SPEED = 20.0
START_S = 180.0
"""Real seconds an engine may take to load and start."""
PATIENCE_S = 1.5
"""Real seconds after which a start that goes on is told."""
PREPARING = "preparing the networks; the first time on a machine this takes up to a minute ...\n"
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
    with ExitStack() as held:
        engine = open_session(plan, home, held)
        engine.start()
        _wait_started(engine)
        if engine.failure is not None:
            raise ConsoleError(engine.failure)
        return _headless(engine, options) if options.headless else _on_screen(engine, home, options)


def _wait_started(engine: EngineThread) -> None:
    """Until the first snapshot is out; nobody should look at an empty terminal meanwhile."""
    if not engine.wait_started(PATIENCE_S):
        sys.stderr.write(PREPARING)
        sys.stderr.flush()
        engine.wait_started(START_S)


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


def _headless(engine: EngineThread, options: argparse.Namespace) -> int:
    caught: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, lambda n, _: caught.append(n))
    while not caught and not engine.wait_ended(0.1):
        pass
    engine.leave()
    if engine.failure is not None:
        raise ConsoleError(engine.failure)
    if engine.summary is not None:
        sys.stdout.write(_as_json(engine.summary) if options.json else _as_text(engine.summary))
    return 128 + caught[0] if caught else 0


def _on_screen(engine: EngineThread, home: Home, options: argparse.Namespace) -> int:
    from console.screen import Wishes, show
    from console.terminal import is_terminal

    wishes = Wishes(home.shots, privacy=options.privacy, mouse=options.mouse)
    left = show(engine, wishes)
    if left.choice == "flatten":
        _close_out(engine)
    left_in_time = engine.leave()
    if engine.failure is not None:
        raise ConsoleError(engine.failure)
    if engine.summary is not None and is_terminal(sys.stdout):  # one that hung up is none any more
        sys.stdout.write(PRIVATE if left.privacy else _as_text(engine.summary))
    if not left_in_time:
        raise ConsoleError("the engine did not end within 3 s; its log is kept up to the last tick")
    return left.code


def _close_out(engine: EngineThread) -> None:
    """Sell what is held before leaving, and say what could not be sold."""
    import time

    sys.stderr.write("selling what is held ...\n")
    engine.ask(CloseOut("quit"))
    deadline = time.monotonic() + CLOSE_OUT_S
    while time.monotonic() < deadline and engine.alive():
        time.sleep(0.2)
        if not _sellable(engine):
            return
    sys.stderr.write("not everything could be sold; it is kept for the next start\n")


def _sellable(engine: EngineThread) -> bool:
    snapshot = engine.latest()
    return any(
        asset.working or (asset.position and not asset.position.note.startswith("awaiting"))
        for asset in snapshot.assets
    )


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
