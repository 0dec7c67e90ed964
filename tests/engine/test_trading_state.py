from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.trading_state import Latch
from tests.engine.safety.clocks import ManualClock


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


# ---- a latch that is not there although it should be ---------------------------------------


def test_F41_a_missing_latch_is_shut_where_the_log_ends_halted(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.expect(halted_ms=1_000)
    assert latch.reason is not None
    assert "nobody typed RESUME" in latch.reason
    assert Latch(tmp_path / "HALTED").shut


def test_a_log_that_does_not_end_halted_expects_no_latch(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.expect(None)
    assert not latch.shut


def test_a_latch_that_was_resumed_from_is_not_missing(tmp_path: Path) -> None:
    """Also where the log of the halt is another than the one that saw the RESUME."""
    clock = ManualClock(wall=5_000)
    latch = Latch(tmp_path / "HALTED", clock)
    latch.shut_now("key")
    latch.keep()
    latch.release("RESUME")
    latch.expect(halted_ms=4_000)
    assert not latch.shut
    latch.expect(halted_ms=6_000)
    assert latch.shut


def test_a_latch_in_memory_expects_nothing_of_a_disk() -> None:
    latch = Latch(None)
    latch.expect(halted_ms=1_000)
    assert not latch.shut


# ---- somebody else's word ------------------------------------------------------------------


def test_F40_a_latch_that_another_process_wrote_shuts_this_one_mid_run(tmp_path: Path) -> None:
    mine = Latch(tmp_path / "HALTED")
    other = Latch(tmp_path / "HALTED")
    other.shut_now("halt by trade-console stop")
    other.keep()
    assert not mine.shut
    assert mine.look()
    assert mine.reason == "halt by trade-console stop"


def test_F41_a_latch_file_that_is_deleted_mid_run_opens_nothing(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.shut_now("key")
    latch.keep()
    (tmp_path / "HALTED").unlink()
    assert latch.look()


# ---- what stands against RESUME ------------------------------------------------------------


def test_resume_lists_everything_that_stands_against_it(tmp_path: Path) -> None:
    (tmp_path / "STOP").touch()
    (tmp_path / "HALTED").mkdir()
    latch = Latch(tmp_path / "HALTED", stop_file=tmp_path / "STOP")
    with pytest.raises(UsageError) as refused:
        latch.release("RESUME", ["the halt is not done"])
    said = str(refused.value)
    assert said.startswith("still HALTED: the halt is not done; the stop file")
    assert "HALTED cannot be read (it is no ordinary file); look into it, then remove it" in said
    assert latch.shut
    assert (tmp_path / "HALTED").exists()


def test_resume_waits_for_the_stop_file_to_go(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED", stop_file=tmp_path / "STOP")
    (tmp_path / "STOP").symlink_to("nowhere")
    latch.shut_now("stop file")
    with pytest.raises(UsageError, match="STOP is there; remove it"):
        latch.release("RESUME")
    (tmp_path / "STOP").unlink()
    latch.release("RESUME")
    assert not latch.shut


def test_a_latch_that_cannot_be_removed_goes_on_halting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.shut_now("key")
    latch.keep()

    def refuse(_: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(UsageError, match="cannot be removed"):
        latch.release("RESUME")
    assert latch.shut


# ---- what is kept for the evidence ---------------------------------------------------------


def test_the_instant_of_shutting_is_kept_and_a_second_stop_does_not_move_it() -> None:
    clock = ManualClock()
    latch = Latch(None, clock)
    clock.now = 3.0
    latch.shut_now("key")
    clock.now = 4.0
    latch.shut_now("signal")
    assert latch.shut_mono == 3.0


def test_a_latch_found_on_disk_was_shut_at_no_time_of_this_run(tmp_path: Path) -> None:
    (tmp_path / "HALTED").write_text("halt by key\n")
    latch = Latch(tmp_path / "HALTED")
    assert (latch.reason, latch.shut_mono, latch.kept) == ("halt by key", None, True)


def test_it_is_known_whether_the_halt_that_holds_is_on_disk(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "HALTED")
    latch.shut_now("key")
    seen = [latch.kept]
    latch.keep()
    seen.append(latch.kept)
    latch.release("RESUME")
    latch.shut_now("key again")
    seen.append(latch.kept)
    assert seen == [None, True, None]


def test_a_latch_without_its_words_is_to_be_written_again_but_survives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The evidence must not say that memory alone holds where the next start is HALTED too."""

    def full(_: int, __: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    latch = Latch(tmp_path / "HALTED")
    latch.shut_now("halt by key")
    unwritten = latch.durable
    monkeypatch.setattr(os, "write", full)
    assert latch.keep() is not None
    assert (unwritten, latch.kept, latch.durable) == (None, False, True)
    assert Latch(tmp_path / "HALTED").shut


def test_a_latch_that_no_file_could_be_made_for_is_in_memory_only(tmp_path: Path) -> None:
    latch = Latch(tmp_path / "gone" / "HALTED")
    latch.shut_now("halt by key")
    assert latch.keep() is not None
    assert (latch.kept, latch.durable) == (False, False)
