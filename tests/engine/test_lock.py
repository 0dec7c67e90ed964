"""The lock with real processes: what is claimed is about processes that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.errors import HomeError
from engine.lock import AccountLock, HomeLock, account_lock, holder
from engine.log_migrations import PAPER, Owner

ROOT = Path(__file__).resolve().parents[2]

HOLD = """
import sys
from pathlib import Path
from engine.lock import HomeLock
with HomeLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

HOLD_WITH_CHILD = """
import os, sys
from pathlib import Path
from engine.lock import HomeLock
with HomeLock(Path(sys.argv[1])):
    if not os.fork():
        print("held", flush=True)  # said by the child, so that it is known to run
    sys.stdin.read()
"""

HOLD_AFTER_CHILD = """
import os, sys
from pathlib import Path
from engine.lock import HomeLock
with HomeLock(Path(sys.argv[1])):
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        print("held", flush=True)
        sys.stdin.read()
"""


@contextmanager
def process(script: str, path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that has entered the lock."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        yield other


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "engine.lock"


def test_a_second_engine_is_refused_and_told_whose_home_it_is(path: Path) -> None:
    with process(HOLD, path) as other, pytest.raises(HomeError) as refusal, HomeLock(path):
        pass
    sentence = str(refusal.value)
    assert sentence.startswith(f"another trade-console (pid {other.pid}, since ")
    assert f"uses {path.parent}; stop it, or set TRADE_CONSOLE_HOME" in sentence
    assert "\n" not in sentence


def test_the_sentence_tells_when_the_first_one_started(path: Path) -> None:
    with (
        HomeLock(path, now=lambda: datetime(2026, 3, 1, 10, 2, tzinfo=UTC)),
        pytest.raises(HomeError, match=r"since 10:02 on 2026-03-01\)"),
        HomeLock(path),
    ):
        pass


def test_a_killed_engine_blocks_nobody(path: Path) -> None:
    with process(HOLD, path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert path.read_text().startswith(str(other.pid))
        with HomeLock(path):
            assert path.read_text().startswith(str(os.getpid()))


def test_a_child_that_outlives_a_killed_engine_does_not_hold_its_home(path: Path) -> None:
    with process(HOLD_WITH_CHILD, path) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        with HomeLock(path):
            pass


def test_a_child_that_leaves_the_lock_does_not_release_its_parents(path: Path) -> None:
    with process(HOLD_AFTER_CHILD, path), pytest.raises(HomeError), HomeLock(path):
        pass


def test_the_lock_ends_with_its_block_even_when_that_fails(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), HomeLock(path):
        _ = 1 / 0
    with HomeLock(path):
        pass


def test_a_refused_engine_leaves_the_lock_and_its_words_alone(path: Path) -> None:
    with HomeLock(path):
        words = path.read_text()
        for _ in range(2):
            with pytest.raises(HomeError), HomeLock(path):
                pass
        assert path.read_text() == words


@pytest.mark.parametrize(
    "words", ["", "12", "\x00\xff nonsense", "x" * 500], ids=["empty", "cut", "binary", "long"]
)
def test_a_lock_file_with_unreadable_words_still_refuses(path: Path, words: str) -> None:
    with HomeLock(path):
        path.write_text(words)
        with pytest.raises(HomeError, match="another trade-console"), HomeLock(path):
            pass


@pytest.mark.parametrize(
    "words", ["", "999999 10:02 on 2026-03-01\n", "x" * 500], ids=["empty", "usual", "long"]
)
def test_what_a_dead_engine_left_in_the_file_is_replaced(path: Path, words: str) -> None:
    path.write_text(words)
    with HomeLock(path, now=lambda: datetime(2026, 3, 1, 10, 2, tzinfo=UTC)):
        assert path.read_text() == f"{os.getpid()} 10:02 on 2026-03-01\n"


def test_a_lock_that_cannot_be_opened_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="cannot be opened"), HomeLock(tmp_path):
        pass


def test_a_full_disk_is_one_sentence_and_leaves_the_lock_free(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, words: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full)
        with pytest.raises(HomeError, match="No space left"), HomeLock(path):
            pass
    with HomeLock(path):
        pass


WALLET = "0x00000000000000000000000000000000000000aa"


def test_two_homes_cannot_trade_one_account(tmp_path: Path) -> None:
    locks, first, second = (tmp_path / name for name in ("locks", "first", "second"))
    with (
        AccountLock(locks, WALLET, first),
        pytest.raises(HomeError) as refusal,
        AccountLock(locks, WALLET.upper().replace("X", "x"), second),
    ):
        pass
    sentence = str(refusal.value)
    assert f"(pid {os.getpid()}, since " in sentence
    assert f"home {first}) trades the account" in sentence
    assert "\n" not in sentence


def test_two_accounts_have_two_locks(tmp_path: Path) -> None:
    with AccountLock(tmp_path, WALLET, tmp_path), AccountLock(tmp_path, "0xbb", tmp_path):
        pass


def test_an_account_is_free_again_after_its_engine(tmp_path: Path) -> None:
    for _ in range(2):
        with AccountLock(tmp_path, WALLET, tmp_path):
            pass


def test_the_locks_of_accounts_do_not_lie_in_the_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("HOME", str(tmp_path / "user"))
    monkeypatch.setenv("TRADE_CONSOLE_HOME", str(tmp_path / "home"))
    with (
        account_lock(Owner("live", WALLET), tmp_path / "home"),
        pytest.raises(HomeError),
        account_lock(Owner("live", WALLET), tmp_path / "another"),
    ):
        pass
    assert list((tmp_path / "user").rglob("*.lock"))


def test_paper_money_is_locked_by_its_home_alone(tmp_path: Path) -> None:
    with account_lock(PAPER, tmp_path), account_lock(PAPER, tmp_path):
        pass


def test_a_folder_of_locks_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(HomeError, match="cannot be made"),
        AccountLock(tmp_path / "file" / "locks", WALLET, tmp_path),
    ):
        pass


def test_the_process_that_holds_a_home_can_be_told(tmp_path: Path) -> None:
    with process(HOLD, tmp_path / "engine.lock") as other:
        assert holder(tmp_path / "engine.lock") == other.pid


@pytest.mark.parametrize("content", ["", "not a number", "-1 12:00", "0", str(2**70)])
def test_nobody_holds_a_home_without_a_lock(tmp_path: Path, content: str) -> None:
    (tmp_path / "engine.lock").write_text(content)
    assert holder(tmp_path / "engine.lock") is None
    assert holder(tmp_path / "none") is None


def test_a_process_that_let_go_holds_nothing_though_it_lives(tmp_path: Path) -> None:
    with HomeLock(tmp_path / "engine.lock"):
        pass
    assert holder(tmp_path / "engine.lock") is None
