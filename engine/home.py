"""Where the program keeps things on this machine: its folders, and the names of files in them.

Owns the layout and its permissions (folders 0700, files 0600). Reads and writes none of the
files itself; who may write at all is `engine.lock`'s matter.
"""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

from engine.errors import HomeError

VARIABLE = "TRADE_CONSOLE_HOME"
"""Environment variable that puts every folder under one, for a second account or a test."""

_REASONS = {
    errno.EACCES: "permission denied",
    errno.EPERM: "permission denied",
    errno.EROFS: "the disk is read-only",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
}


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one installation. Two homes share nothing; one home has one writer.

    On macOS the system's convention makes `data`, `config` and `state` the same folder, so no
    two names below may be alike.
    """

    data: Path
    """What must not be lost: event log, models, recordings."""
    config: Path
    """What the user writes."""
    state: Path
    """What belongs to this machine and this run: latch, lock, control socket."""
    log: Path
    """What may be thrown away."""

    @classmethod
    def find(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """The folders as the environment names them; touches no disk.

        Raises HomeError if `TRADE_CONSOLE_HOME` is no absolute path, or if it is unset and the
        system knows no home folder.
        """
        root = environ.get(VARIABLE)
        if root is None:
            return _of_this_user()
        if not root.startswith("/") or "\0" in root:
            raise HomeError(
                f"{VARIABLE} is {root!r}, which is no absolute path; set it to a folder such as"
                " /srv/trade-console, or unset it"
            )
        return cls.under(Path(root))

    @classmethod
    def under(cls, root: Path) -> Home:
        """All four folders under `root`."""
        return cls(root / "data", root / "config", root / "state", root / "log")

    @classmethod
    def open(cls, environ: Mapping[str, str] = os.environ) -> Home:
        """The folders, made where missing, closed to other users, and proven writable.

        Raises HomeError with the first folder that cannot be used, and why.
        """
        home = cls.find(environ)
        for folder in home.folders:
            _make_private(folder)
        return home

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that `open` makes, parents first."""
        kept = (self.ledger, self.models, self.challengers, self.shots, self.recordings)
        return (self.data, self.config, self.state, self.log, *kept)

    @property
    def ledger(self) -> Path:
        """Folder of the event log."""
        return self.data / "ledger"

    @property
    def models(self) -> Path:
        """Folder of champions, checkpoints and imported weights."""
        return self.data / "models"

    @property
    def challengers(self) -> Path:
        """Folder of what challengers learned, one folder in it for each champion and market."""
        return self.models / "challenger"

    @property
    def shots(self) -> Path:
        """Folder of the screenshots that the user takes."""
        return self.data / "screenshots"

    @property
    def recordings(self) -> Path:
        """Folder of what live venues sent, one folder in it for each session."""
        return self.data / "recordings"

    @property
    def settings_file(self) -> Path:
        return self.config / "config.toml"

    @property
    def halt_latch(self) -> Path:
        """While this file exists, or cannot be read, trading is halted (DESIGN 5)."""
        return self.state / "HALTED"

    @property
    def stop_file(self) -> Path:
        """Whoever makes this file, in whatever way, stops trading; the engine watches for it."""
        return self.state / "STOP"

    @property
    def control_socket(self) -> Path:
        """Unix-domain socket on which a running engine answers other shells."""
        return self.state / "control.sock"

    @property
    def ledger_lock(self) -> Path:
        """A second lock, beside the log itself: the state folder can be moved away while an engine
        runs, and another one would then find its own lock free."""
        return self.ledger / "writer.lock"

    @property
    def lock_file(self) -> Path:
        return self.state / "engine.lock"

    @property
    def log_file(self) -> Path:
        return self.log / "trade-console.log"


def private(path: str, flags: int) -> int:
    """Opener for the built-in `open` whose file only its owner can read: ``opener=private``.

    An older, wider mode is narrowed. Raises OSError as `os.open` does.
    """
    descriptor = os.open(path, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _of_this_user() -> Home:
    names = PlatformDirs("trade-console", appauthor=False)
    try:
        return Home(
            names.user_data_path, names.user_config_path, names.user_state_path, names.user_log_path
        )
    except RuntimeError:  # neither HOME nor the system's user list names a home folder
        raise HomeError(
            f"this user has no home folder; set HOME, or set {VARIABLE} to a folder"
        ) from None


def _make_private(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(folder.stat().st_mode) != 0o700:
            folder.chmod(0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass  # a folder that takes a file is writable, whatever its mode claims
    except OSError as error:
        raise HomeError(
            f"{folder} cannot be used: {_reason(folder, error)}; mend that, or set {VARIABLE} to"
            " a folder you can write to"
        ) from None


def _reason(folder: Path, error: OSError) -> str:
    for path in (folder, *folder.parents):
        if _is_a_file(path):
            return f"{path} is a file"
    return _REASONS.get(error.errno or 0, error.strerror or str(error))


def _is_a_file(path: Path) -> bool:
    try:
        return path.exists() and not path.is_dir()
    except OSError:  # a name too long for the system names nothing
        return False
