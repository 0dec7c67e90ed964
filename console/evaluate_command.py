"""``trade-console evaluate``: arms on the same tape, and what may be said of the difference.

Owns what the user sees of it: the refusals before hours of work, the progress, the outputs, and
Ctrl-C. The evaluation itself is `engine.evaluation`.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from console.rewritten import RewrittenLine
from console.widgets.plot import braille, scale_of
from engine.errors import ConsoleError, UsageError
from engine.evaluation.arms import DEFAULT_REFERENCE, NAME_LENGTH, default_models
from engine.evaluation.compare import Question, Reading, compare
from engine.evaluation.csv_file import save_csv
from engine.evaluation.report import Report, equity
from engine.evaluation.table import table
from engine.evaluation.tape import Embedded, Recorded, Tape
from engine.home import Home
from engine.settings import load_settings
from models.checkpoint import Files
from models.errors import WeightsError

SIM_WINDOWS = 40
"""Slots of the embedded market where none are asked for: ten hours, enough for a verdict."""

CURVE = (58, 2)
"""Width and height of an arm's curve on the terminal, cells."""


def evaluate_command(options: argparse.Namespace) -> int:
    """Evaluate, print, write. Returns the exit code; raises ConsoleError for one-line failures."""
    question = _question(options)
    _check_outputs(options, question)
    line = RewrittenLine(sys.stderr)
    try:
        found = compare(question, lambda reading: line.show(_so_far(reading)))
    except KeyboardInterrupt:
        line.clear()
        sys.stderr.write("trade-console: evaluation stopped; nothing was written\n")
        return 128 + signal.SIGINT
    finally:
        line.clear()
    if not found.slots:
        raise ConsoleError(f"{_names(question.tapes)}: no window has a known outcome to score on")
    _write(found, options)
    return 0


def _question(options: argparse.Namespace) -> Question:
    return Question(
        tapes=_tapes(options),
        models=tuple(options.models) if options.models else default_models(),
        settings=load_settings(Home.find().settings_file),
        seed=options.seed,
        reference=options.reference or DEFAULT_REFERENCE,
        learning=not options.frozen,
    )


def _tapes(options: argparse.Namespace) -> tuple[Tape, ...]:
    if options.feed is None:
        if options.windows is not None:
            raise UsageError("--windows goes with --feed sim")
        if not options.paths:
            raise UsageError("nothing to evaluate on; name recordings, or give --feed sim")
        return tuple(Recorded(path) for path in options.paths)
    if options.paths:
        raise UsageError("name recordings or give --feed sim, not both")
    return (Embedded(options.seed, options.windows or SIM_WINDOWS),)


def _check_outputs(options: argparse.Namespace, question: Question) -> None:
    """Refuse before the work what could not be kept after it, or would cost what was read."""
    files = [path for path in (options.csv, options.plot) if path is not None]
    read = [*options.paths, *(file for model in question.models for file in _files(model))]
    for path in files:
        _check_writable(path)
        if any(_same(path, one) for one in read):
            raise UsageError(f"{path}: is read by this evaluation; name another file to write")
    if len(files) > 1 and (files[0] == files[1] or _same(*files)):
        raise UsageError(f"{files[0]}: cannot hold both table and plot; name two files")


def _check_writable(path: Path) -> None:
    place = path if path.exists() else path.parent
    if path.is_dir() or not path.parent.is_dir() or not os.access(place, os.W_OK):
        raise UsageError(f"{path}: cannot be written; name a file in a folder that exists")


def _files(model: Path) -> tuple[Path, ...]:
    try:
        files = Files.of(model)
    except WeightsError as error:
        raise ConsoleError(str(error)) from None
    return files.weights, files.stats, files.manifest


def _same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _so_far(reading: Reading) -> str:
    done, total = reading.progress.done_ms, reading.progress.total_ms
    share = f" {100 * min(done, total) // total} %" if total else ""
    hours = f"{done // 3_600_000}:{done // 60_000 % 60:02} h of market time"
    return f"reading {reading.number} of {reading.of}: {reading.tape}, {hours}{share}"


def _write(found: Report, options: argparse.Namespace) -> None:
    if options.json:
        sys.stdout.write(orjson.dumps(found, option=orjson.OPT_APPEND_NEWLINE).decode())
    else:
        sys.stdout.write(table(found) + _curves(found))
    _save(options.csv, found, save_csv)
    _save(options.plot, found, _save_plot)


def _save_plot(found: Report, path: Path) -> None:
    from engine.evaluation.png import save_plot  # Pillow is slow to import and seldom needed

    save_plot(found, path)


def _save(path: Path | None, found: Report, save: Callable[[Report, Path], None]) -> None:
    if path is None:
        return
    try:
        save(found, path)
    except OSError as error:
        raise ConsoleError(f"{path}: cannot be written ({error.strerror})") from None


def _curves(found: Report) -> str:
    """Every arm's running result on one scale; nothing where nothing could be executed."""
    curves = {arm.name: (0.0, *equity(arm)) for arm in found.arms}
    if not found.executable_slots:
        return ""
    scale = scale_of(*curves.values())
    lines = [f"\nrunning executable PnL, {scale[0]:+.2f} to {scale[1]:+.2f}"]
    for name, curve in curves.items():
        drawn = braille(curve, *CURVE, scale)
        labels = [f"{name:<{NAME_LENGTH}} ", " " * (NAME_LENGTH + 1)]
        lines += [(label + row).rstrip() for label, row in zip(labels, drawn, strict=True)]
    return "\n".join(lines) + "\n"


def _names(tapes: Sequence[Tape]) -> str:
    return ", ".join(tape.name for tape in tapes)
