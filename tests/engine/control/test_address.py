"""Where the control socket lies, and who may get at it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.control.address import LONGEST, check_folder, make_folder, socket_path
from engine.errors import HomeError
from engine.home import Home

LONG = "a-folder-with-a-name-of-some-length/" * 4


def test_it_lies_in_the_home(home: Home) -> None:
    assert socket_path(home) == home.control_socket


def test_a_long_home_has_a_short_one_of_its_own() -> None:
    first, second = (Home.under(Path("/") / LONG / name) for name in ("one", "two"))
    assert len(os.fsencode(socket_path(first))) <= LONGEST
    assert socket_path(first) != socket_path(second)
    assert socket_path(first) == socket_path(first)


def test_its_folder_is_made_for_this_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "control.sock"
    make_folder(path)
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_folder_open_to_others_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(HomeError, match="open to other users; run chmod 700"):
        make_folder(folder / "control.sock")


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    with pytest.raises(HomeError, match="is no folder"):
        make_folder(tmp_path / "link" / "control.sock")


def test_anothers_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    with pytest.raises(HomeError, match="belongs to another user"):
        check_folder(tmp_path / "control.sock")
