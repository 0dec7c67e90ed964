from __future__ import annotations

import errno
import os
import pwd
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import HomeError
from engine.home import VARIABLE, Home, private


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The most careless umask there is."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files_of(home: Home) -> tuple[Path, ...]:
    state = (home.halt_latch, home.stop_file, home.control_socket, home.lock_file)
    return (home.settings_file, *state, home.log_file)


def test_everything_lies_under_the_variable_when_it_is_set(tmp_path: Path) -> None:
    home = Home.find({VARIABLE: str(tmp_path)})
    assert all(path.is_relative_to(tmp_path) for path in (*home.folders, *files_of(home)))
    assert home.halt_latch == tmp_path / "state" / "HALTED"
    assert home.lock_file == tmp_path / "state" / "engine.lock"


@pytest.fixture
def no_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)


def test_without_the_variable_everything_lies_under_the_users_home(
    tmp_path: Path, no_xdg: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    home = Home.find({})
    assert all(path.is_relative_to(tmp_path) for path in home.folders)
    assert all("trade-console" in path.parts for path in home.folders)


def test_finding_a_home_touches_no_disk(tmp_path: Path) -> None:
    Home.find({VARIABLE: str(tmp_path / "new")})
    assert list(tmp_path.iterdir()) == []


def test_no_two_names_meet_where_all_folders_are_one(tmp_path: Path) -> None:
    """As on macOS, where data, config and state share a folder."""
    home = Home(tmp_path, tmp_path, tmp_path, tmp_path)
    names = [home.ledger, home.models, *files_of(home)]
    assert len({name.name.lower() for name in names}) == len(names)


def test_folders_are_closed_to_others_under_any_umask(tmp_path: Path, open_umask: None) -> None:
    home = Home.open({VARIABLE: str(tmp_path / "a" / "b")})
    assert {mode(folder) for folder in home.folders} == {0o700}


def test_a_folder_left_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o755)
    assert mode(Home.open({VARIABLE: str(tmp_path)}).state) == 0o700


def test_opening_twice_changes_nothing(tmp_path: Path) -> None:
    home = Home.open({VARIABLE: str(tmp_path)})
    home.halt_latch.touch()
    assert Home.open({VARIABLE: str(tmp_path)}) == home
    assert home.halt_latch.exists()


def test_proving_a_folder_writable_leaves_nothing_behind(tmp_path: Path) -> None:
    home = Home.open({VARIABLE: str(tmp_path)})
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert all(folder.is_dir() for folder in home.folders)


@pytest.mark.parametrize("value", ["", ".", "relative/folder", "~/console", "/a\0b"])
def test_a_home_that_is_no_absolute_path_is_refused(value: str) -> None:
    with pytest.raises(HomeError, match=VARIABLE) as refusal:
        Home.open({VARIABLE: value})
    assert repr(value) in str(refusal.value)


def test_a_user_without_a_home_folder_is_told_what_to_set(
    no_xdg: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)
    with pytest.raises(HomeError, match=f"set HOME, or set {VARIABLE}"):
        Home.find({})


@pytest.mark.parametrize("in_the_way", ["house", "house/state", "house/data/ledger"])
def test_a_file_in_the_way_is_named(tmp_path: Path, in_the_way: str) -> None:
    blocker = tmp_path / in_the_way
    blocker.parent.mkdir(parents=True, exist_ok=True)
    blocker.write_text("mine")
    with pytest.raises(HomeError) as refusal:
        Home.open({VARIABLE: str(tmp_path / "house")})
    assert f"{blocker} is a file" in str(refusal.value)
    assert blocker.read_text() == "mine"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (errno.EACCES, "permission denied"),
        (errno.EPERM, "permission denied"),
        (errno.EROFS, "read-only"),
        (errno.ENOSPC, "disk is full"),
        (errno.EIO, os.strerror(errno.EIO)),
    ],
)
def test_a_folder_that_takes_no_file_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    def refuse(dir: Path) -> None:  # noqa: A002 - the name that tempfile gives it
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(HomeError) as refusal:
        Home.open({VARIABLE: str(tmp_path)})
    sentence = str(refusal.value)
    assert words in sentence
    assert str(tmp_path / "data") in sentence
    assert VARIABLE in sentence
    assert "\n" not in sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_someone_else_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(HomeError, match="permission denied"):
        Home.open({VARIABLE: str(tmp_path)})


def test_a_private_file_is_read_by_its_owner_only(tmp_path: Path, open_umask: None) -> None:
    path = tmp_path / "secret"
    with open(path, "w", opener=private) as file:
        file.write("x")
    assert mode(path) == 0o600


def test_an_old_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "old"
    path.write_text("kept")
    path.chmod(0o644)
    with open(path, "a", opener=private):
        assert mode(path) == 0o600
    assert path.read_text() == "kept"


def test_a_folder_with_a_name_too_long_for_the_system_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="too long"):
        Home.open({VARIABLE: str(tmp_path / ("x" * 300))})
