from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine import events as ev
from engine.clock import Clock
from engine.errors import LedgerError
from engine.eventlog import EventLog
from engine.ledgers import log_to_go_on
from engine.log_chain import check_chain
from engine.log_migrations import PAPER, Owner
from engine.log_repair import mend
from engine.trading_state import Latch
from tests.engine.build import MARKET, NOW, fill
from tests.engine.recovery import old_log
from tests.engine.test_eventlog import decision

EVENTS: list[ev.Event] = [
    ev.SessionOpened("paper", "sim", 7, "abc", "def", "0"),
    ev.MarketSeen.of(MARKET),
    fill(),
    ev.FillSettled("o1.0"),
    *(ev.Noted("info", "a line that fills pages " * 20) for _ in range(60)),
]

CRIMES = {
    "changed": "UPDATE events SET payload = CAST(replace(payload, '5000', '4000') AS BLOB)"
    " WHERE seq = 3",
    "missing": "DELETE FROM events WHERE seq = 3",
    "moved": "UPDATE events SET seq = 300 WHERE seq = 3",
    "unreadable": "UPDATE events SET kind = CAST(x'ff' AS TEXT) WHERE seq = 3",
    "retimed": "UPDATE events SET t_ms = t_ms + 1 WHERE seq = 3",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    log = log_to_go_on(tmp_path, "sim-7")
    for i, event in enumerate(EVENTS):
        log.append(NOW + i, 5, event)
        log.decide(decision(i, 1))
    log.close()
    return tmp_path / "sim-7.sqlite"


def commit_a_crime(path: Path, crime: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER events_keep")
        db.execute("DROP TRIGGER events_stay")
        db.execute(crime)
        db.commit()


def tear(path: Path, page: int) -> None:
    """As a disk that lost a write: a page of the file is nothing but zeros."""
    with path.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\0" * 4096)


def page_of_event(path: Path, seq: int) -> int:
    """Where an event lies in the file, found by its own bytes."""
    with closing(sqlite3.connect(path)) as db:
        (digest,) = db.execute("SELECT hash FROM events WHERE seq = ?", (seq,)).fetchone()
    return path.read_bytes().index(digest) // 4096


def found(log: EventLog) -> list[ev.Event]:
    return [recorded.event for recorded in log.replay()]


def evidence(path: Path) -> Path:
    return path.with_name(f"{path.name}.broken-1")


def test_a_whole_log_is_left_as_it_is(path: Path) -> None:
    before = path.read_bytes()
    assert mend(path, PAPER, 0) is None
    assert path.read_bytes() == before


@pytest.mark.parametrize("crime", CRIMES.values(), ids=CRIMES)
def test_a_broken_chain_is_told_with_its_place_and_gone_on_with_up_to_there(
    path: Path, crime: str
) -> None:
    commit_a_crime(path, crime)
    damaged = path.read_bytes()
    log = log_to_go_on(path.parent, "sim-7")
    assert log.mended == (
        f"the hash chain of {path} breaks at event 3; kept as {evidence(path)}; "
        "everything before it was verified and is kept"
    )
    assert found(log) == [*EVENTS[:2], ev.StateChanged("STARTING", "HALTED", log.mended)]
    assert evidence(path).read_bytes() == damaged


def test_the_new_log_has_the_same_chain_and_goes_on(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        hashes = [row[0] for row in db.execute("SELECT hash FROM events WHERE seq < 3")]
    commit_a_crime(path, CRIMES["changed"])
    log = log_to_go_on(path.parent, "sim-7")
    log.append(NOW, 0, ev.Noted("info", "after it"))
    log.close()
    assert check_chain(path, 90) == 4
    with closing(sqlite3.connect(path)) as db:
        assert [row[0] for row in db.execute("SELECT hash FROM events WHERE seq < 3")] == hashes
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_halt_is_the_logs_last_word_and_no_earlier_resume_undoes_it(path: Path) -> None:
    commit_a_crime(path, CRIMES["changed"])
    log = log_to_go_on(path.parent, "sim-7", clock=At(77))
    assert log.halted_ms() == 77


class At(Clock):
    """A wall clock that stands."""

    def __init__(self, wall_ms: int) -> None:
        self._wall_ms = wall_ms

    def wall_ms(self) -> int:
        return self._wall_ms

    def mono(self) -> float:
        return 0.0


def test_what_was_mended_is_told_once(path: Path) -> None:
    commit_a_crime(path, CRIMES["changed"])
    log_to_go_on(path.parent, "sim-7").close()
    assert log_to_go_on(path.parent, "sim-7").mended is None


def test_a_second_break_has_evidence_of_its_own(path: Path) -> None:
    for number in (1, 2):
        commit_a_crime(path, "UPDATE events SET t_ms = t_ms + 1 WHERE seq = 2")
        assert f"broken-{number};" in (mend(path, PAPER, 0) or "")
    assert len(list(path.parent.glob("*.broken-?"))) == 2


def test_decisions_are_kept_with_their_numbers(path: Path) -> None:
    commit_a_crime(path, CRIMES["changed"])
    assert log_to_go_on(path.parent, "sim-7").decided() == len(EVENTS)


@pytest.mark.parametrize("seq", [5, 30, 60])
def test_a_torn_page_breaks_the_chain_where_it_lies(path: Path, seq: int) -> None:
    tear(path, page_of_event(path, seq))
    log = log_to_go_on(path.parent, "sim-7")
    kept = found(log)
    assert log.mended is not None
    assert len(kept) - 1 < seq
    assert f"event {len(kept)};" in log.mended
    assert kept[:-1] == EVENTS[: len(kept) - 1]


def test_a_torn_page_of_decisions_loses_no_event(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'decisions'"
        ).fetchone()
    tear(path, root - 1)
    assert mend(path, PAPER, 0) is None


def offsets_of_structure(path: Path) -> list[int]:
    """Bytes that say where the events lie and what their columns are: the whole first page of their
    tree, and the header of the row of event 3."""
    with closing(sqlite3.connect(path)) as db:
        (root,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'events'").fetchone()
    content = path.read_bytes()
    page = range((root - 1) * 4096, root * 4096)
    row = content.index(b"FillMatched{") - 15  # seven bytes of two times and eight of the header
    return [at for at in page if content[at]] + [*range(row, row + 15)]


def test_no_byte_of_the_structure_stops_a_start_or_alters_an_event(path: Path) -> None:
    whole, found_mended = path.read_bytes(), 0
    for at in offsets_of_structure(path):
        spoilt = bytearray(whole)
        spoilt[at] ^= 1
        path.write_bytes(spoilt)
        log = log_to_go_on(path.parent, "sim-7")
        events = found(log)
        log.close()
        if log.mended is not None:
            found_mended += 1
            assert f"at event {len(events)};" in log.mended
            assert isinstance(events.pop(), ev.StateChanged)
        assert events == EVENTS[: len(events)]
        assert log.mended is not None or len(events) == len(EVENTS)
    assert found_mended


def test_rows_of_nothing_among_the_decisions_end_them_and_stop_no_mending(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_schema SET sql = replace(replace(sql, ' NOT NULL', ''), 'STRICT', '')"
            " WHERE name = 'decisions'"
        )
        db.commit()
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE decisions SET t_ms = NULL WHERE id = 9")
        db.commit()
    commit_a_crime(path, CRIMES["changed"])
    log = log_to_go_on(path.parent, "sim-7")
    assert log.mended is not None
    assert log.decided() == 8


def test_events_in_the_wal_are_verified_and_kept_too(tmp_path: Path) -> None:
    path = tmp_path / "sim-7.sqlite"
    old_log.write(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_autocheckpoint = 0")
        db.execute("DROP TRIGGER events_keep")
        db.execute("UPDATE events SET t_ms = 1 WHERE seq = 4")
        db.commit()
        sides = {s: s.read_bytes() for s in (path, path.with_name(f"{path.name}-wal"))}
    for side, content in sides.items():
        side.write_bytes(content)
    log = log_to_go_on(tmp_path, "sim-7")
    assert found(log)[:-1] == old_log.EVENTS[:3]
    with closing(sqlite3.connect(evidence(path))) as db:
        assert db.execute("SELECT t_ms FROM events WHERE seq = 4").fetchone() == (1,)


def test_another_accounts_log_is_refused_and_not_mended(path: Path) -> None:
    commit_a_crime(path, CRIMES["changed"])
    with pytest.raises(LedgerError, match="the ledger of the paper account"):
        log_to_go_on(path.parent, "sim-7", Owner("live", "0xaa"))
    assert not evidence(path).exists()


@pytest.mark.parametrize("content", [b"", b"this is no database, whatever its name says" * 99])
def test_a_file_that_is_no_log_is_nobodys_to_mend(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "sim-7.sqlite"
    path.write_bytes(content)
    assert mend(path, PAPER, 0) is None


def test_where_the_new_log_cannot_be_written_the_old_one_keeps_its_name(path: Path) -> None:
    commit_a_crime(path, CRIMES["changed"])
    before = path.read_bytes()
    path.with_name(f"{path.name}.mended").mkdir()
    with pytest.raises(LedgerError, match="a new log cannot be begun"):
        log_to_go_on(path.parent, "sim-7")
    assert path.read_bytes() == before


DIES = """
import os, sys
from pathlib import Path
from engine import log_repair
from engine.ledgers import log_to_go_on

left = int(sys.argv[2])

def mortal(does):
    def step(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), 9)
        return does(*arguments, **named)
    return step

Path.rename, Path.replace = mortal(Path.rename), mortal(Path.replace)
log_repair._copy_events = mortal(log_repair._copy_events)
log_repair._halt = mortal(log_repair._halt)
log_repair._follow = mortal(log_repair._follow)
log_repair.durably = mortal(log_repair.durably)
log_to_go_on(Path(sys.argv[1]), "sim-7")
os._exit(0)
"""


def test_a_process_killed_at_any_step_of_the_mending_is_gone_on_with(
    path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    commit_a_crime(path, CRIMES["changed"])
    for step in range(20):
        folder = tmp_path_factory.mktemp("killed")
        copy = folder / path.name
        copy.write_bytes(path.read_bytes())
        died = subprocess.run([sys.executable, "-c", DIES, str(folder), str(step)], check=False)
        log = log_to_go_on(folder, "sim-7")
        assert found(log)[:-1] == EVENTS[:2], step
        assert "breaks at event 3" in str(found(log)[-1])
        log.close()
        assert evidence(copy).exists()
        if died.returncode == 0:
            break
    else:
        pytest.fail("the mending has more steps than were tried")
    assert step >= 6


@pytest.mark.parametrize("damage", ["NULL", "'noon'", "x'ff'", "CAST(x'ff' AS TEXT)"])
def test_F41_a_halt_whose_time_is_torn_is_after_every_resume(path: Path, damage: str) -> None:
    log = log_to_go_on(path.parent, "sim-7")
    log.append(NOW + 100, 77, ev.StateChanged("ACTIVE", "HALTED", "halt by key"))
    log.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "UPDATE sqlite_schema SET sql = replace(replace(sql, ' NOT NULL', ''), 'STRICT', '')"
            " WHERE name = 'events'"
        )
        db.commit()
    crime = f"UPDATE events SET wall_ms = {damage} WHERE kind = 'StateChanged'"  # noqa: S608 - constant
    commit_a_crime(path, crime)
    latch_path = path.parent / "HALTED"
    latch = Latch(latch_path)
    latch.shut_now("key")
    latch.keep()
    latch.release("RESUME")
    with closing(EventLog(path)) as torn:
        again = Latch(latch_path)
        assert not again.shut
        again.expect(torn.halted_ms())
    assert again.shut
