"""What the program keeps on this machine: folders, permissions, configuration, latch, event logs.

Owns the judgement; nothing is made, mended or opened for writing here.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from engine.doctor.findings import Finding, amiss, fine
from engine.doctor.machine import nearest
from engine.errors import ConsoleError, HomeError, LedgerError
from engine.home import Home
from engine.log_chain import check_chain
from engine.settings import Settings, load_settings
from engine.trading_state import RESUME_WORD, Latch

MOST_FILES = 5_000
"""Files whose permissions are looked at."""

NEWEST_EVENTS = 50_000
"""Events of each log whose chain is verified, from the newest backwards."""

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def home_of(environ: Mapping[str, str]) -> tuple[Home | None, list[Finding]]:
    """The home; where it cannot be told, None and the finding that says why."""
    try:
        return Home.find(environ), []
    except HomeError as error:
        return None, [_told("home: folders", error)]


def settings_of(home: Home) -> tuple[Settings, list[Finding]]:
    """The configuration; the defaults stand in for one that cannot be read."""
    check = "home: configuration"
    try:
        settings = load_settings(home.settings_file)
    except ConsoleError as error:
        return Settings(), [_told(check, error)]
    there = os.path.lexists(home.settings_file)
    detail = str(home.settings_file) if there else "none: the defaults hold"
    return settings, [fine(check, detail)]


def _folders(home: Home) -> Finding:
    check = "home: folders"
    for folder in home.folders:
        place = nearest(folder)
        if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
            return amiss(
                check,
                f"{place} cannot be written to",
                "give yourself the right to write there, or set TRADE_CONSOLE_HOME",
            )
    made = all(folder.exists() for folder in home.folders)
    return fine(check, f"{home.data}" + ("" if made else " (made when the console first starts)"))


def _permissions(home: Home) -> Finding:
    """Folders 0700 and files 0600: others on this machine have no business here."""
    paths = [path for root in dict.fromkeys(home.folders[:4]) for path in _below(root)]
    wide = [path for path in paths if _mode(path) & OTHERS]
    detail = f"{len(paths)} files and folders, {len(wide)} open to other users"
    if not wide:
        return fine("home: permissions", detail)
    return amiss("home: permissions", f"{detail}: {wide[0]}", f"chmod -R go-rwx {wide[0].parent}")


def _below(root: Path) -> Iterator[Path]:
    """`root` and what is in it; links lead elsewhere and are left out."""
    if root.exists():
        yield root
        yield from islice((p for p in root.rglob("*") if not p.is_symlink()), MOST_FILES)


def _mode(path: Path) -> int:
    """0 for what is gone by now: a running engine makes and removes files."""
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return 0


def _latch(home: Home) -> Finding:
    reason = Latch(home.halt_latch).reason
    if reason is None:
        return fine("home: halt latch", "open: trading is not halted")
    advice = f"look into the reason, then type {RESUME_WORD} in the console (key r)"
    return amiss("home: halt latch", f"HALTED: {reason}", advice)


def _logs(home: Home) -> Finding:
    check = "home: event logs"
    logs = sorted(home.ledger.glob("*.sqlite"))
    try:
        events = sum(check_chain(path, NEWEST_EVENTS) for path in logs)
    except LedgerError as error:
        return _told(check, error)
    return fine(check, f"logs: {len(logs)}, newest events verified: {events}")


def _told(check: str, error: ConsoleError) -> Finding:
    """Errors of the program say what is wrong and, after a semicolon, what to do."""
    detail, _, advice = str(error).partition("; ")
    return amiss(check, detail, advice or "see the line above")


KEEPING: Mapping[str, Callable[[Home], Finding]] = {
    "home: folders": _folders,
    "home: permissions": _permissions,
    "home: halt latch": _latch,
    "home: event logs": _logs,
}
"""Every look at a home, by the name of its finding."""
