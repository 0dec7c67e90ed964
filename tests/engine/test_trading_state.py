from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.trading_state import Latch


def test_a_latch_that_was_shut_is_shut_after_a_restart(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.shut_now("halt by key")
    assert latch.keep() is None
    again = Latch(tmp_path / "HALTED")
    assert again.shut
    assert again.reason == "halt by key"
    assert stat.S_IMODE((tmp_path / "HALTED").stat().st_mode) == 0o600


def test_memory_is_shut_at_once_and_from_any_thread(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    thread = threading.Thread(target=latch.shut_now, args=("signal",))
    thread.start()
    thread.join()
    assert latch.shut
    assert not (tmp_path / "HALTED").exists()


def test_the_first_reason_stays(tmp_path: Path) -> None:
    latch = Latch(None)
    latch.shut_now("first")
    latch.shut_now("second")
    assert latch.reason == "first"


@pytest.mark.parametrize("typed", ["", "resume", "RESUME ", "yes"])
def test_only_the_exact_word_resumes(tmp_path: Path, typed: str) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.shut_now("key")
    latch.keep()
    with pytest.raises(UsageError, match="type RESUME"):
        latch.release(typed)
    assert latch.shut
    assert Latch(tmp_path / "HALTED").shut


def test_resume_removes_the_file(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.shut_now("key")
    latch.keep()
    latch.release("RESUME")
    assert not latch.shut
    assert not Latch(tmp_path / "HALTED").shut


def test_F41_an_unreadable_latch_counts_as_halted(tmp_path: Path) -> None:
    (tmp_path / "HALTED").mkdir()
    latch = Latch(tmp_path / "HALTED")
    assert latch.reason is not None
    assert "cannot be read" in latch.reason


@pytest.mark.parametrize("content", [b"", b"\xff\xfe"])
def test_a_latch_file_with_nothing_sensible_in_it_still_halts(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "HALTED").write_bytes(content)
    assert Latch(tmp_path / "HALTED").shut


def test_a_latch_that_cannot_be_written_holds_in_memory_and_says_so(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "nowhere" / "HALTED")
    latch.shut_now("key")
    trouble = latch.keep()
    assert trouble is not None
    assert "holds in memory" in trouble
    assert latch.shut
