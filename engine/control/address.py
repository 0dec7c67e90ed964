"""Where the control socket lies: in the home, or in a short folder where the home's path is long.

Owns the place and who may get at it: the folder is closed to others (0700) and belongs to this
user, which is looked at again by each who uses it, since anybody may make a folder in the
system's temporary one.
"""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

from engine.errors import HomeError
from engine.home import Home

LONGEST = 100
"""Bytes of a socket's path that every system takes: macOS 103, Linux 107."""

SHORT = Path("/tmp")  # noqa: S108 - the same for every shell, whatever its TMPDIR; checked below
"""Where the folder of a home with a long path is made."""


def socket_path(home: Home) -> Path:
    """The control socket of `home`; touches no disk."""
    if len(os.fsencode(home.control_socket)) <= LONGEST:
        return home.control_socket
    mark = hashlib.sha256(os.fsencode(home.state)).hexdigest()[:12]
    return SHORT / f"trade-console-{os.getuid()}-{mark}" / home.control_socket.name


def make_folder(path: Path) -> None:
    """Make the socket's folder where it is missing. Raises HomeError if it is not ours alone."""
    try:
        path.parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise HomeError(f"{path.parent} cannot be made ({error.strerror})") from None
    check_folder(path)


def check_folder(path: Path) -> None:
    """Raises HomeError unless the socket's folder is a true folder that only this user opens.

    Raises FileNotFoundError where there is none.
    """
    folder = path.parent
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise HomeError(f"{folder} is no folder; remove it")
    if found.st_uid != os.getuid():
        raise HomeError(f"{folder} belongs to another user; have it removed")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise HomeError(f"{folder} is open to other users; run chmod 700 {folder}")
