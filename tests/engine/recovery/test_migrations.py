from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import LedgerError
from engine.eventlog import EventLog
from engine.ledgers import log_to_go_on
from engine.log_chain import check_chain
from engine.log_migrations import PAPER, SCHEMA_VERSION, Owner
from tests.engine.recovery import old_log

WALLET = Owner("live", "0x00000000000000000000000000000000000000aa")

DIES = """
import os, sqlite3, sys
from pathlib import Path
from engine.ledgers import log_to_go_on

left, connect, copied = int(sys.argv[2]), sqlite3.connect, None

class Mortal(sqlite3.Connection):
    def execute(self, *arguments):
        count()
        return super().execute(*arguments)
    def backup(self, *arguments):
        count()
        return super().backup(*arguments, pages=1, progress=lambda *_: count())

def count():
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), 9)

renames = Path.replace
def replace(self, target):
    count()
    return renames(self, target)

Path.replace = replace
sqlite3.connect = lambda *a, **k: connect(*a, factory=Mortal, **k)
log_to_go_on(Path(sys.argv[1]), "sim-7")
"""
"""Opens the log and is killed before its n-th step: a statement, a page of the backup, a rename."""


def version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def events(path: Path) -> list[object]:
    log = EventLog(path)
    found: list[object] = [recorded.event for recorded in log.replay()]
    log.close()
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    old_log.write(tmp_path / "sim-7.sqlite")
    return tmp_path / "sim-7.sqlite"


def backup_of(path: Path) -> Path:
    return path.with_name("sim-7.v1-backup.sqlite")


def test_an_old_log_is_gone_on_with(path: Path) -> None:
    assert events(path) == old_log.EVENTS
    assert version(path) == SCHEMA_VERSION


def test_the_log_as_it_was_is_kept_with_what_was_in_its_wal(path: Path) -> None:
    EventLog(path).close()
    assert version(backup_of(path)) == 1
    assert check_chain(backup_of(path), 90) == len(old_log.EVENTS)
    assert stat.S_IMODE(backup_of(path).stat().st_mode) == 0o600


def test_an_old_log_belongs_to_the_paper_account(path: Path) -> None:
    with pytest.raises(LedgerError, match="the ledger of the paper account"):
        EventLog(path, owner=WALLET)


def test_a_log_is_migrated_once(path: Path) -> None:
    EventLog(path).close()
    backup_of(path).unlink()
    EventLog(path).close()
    assert not backup_of(path).exists()


def test_without_a_backup_nothing_is_changed(path: Path) -> None:
    backup_of(path).mkdir()
    with pytest.raises(LedgerError, match="the backup before an update"):
        EventLog(path)
    assert version(path) == 1


@pytest.mark.parametrize("step", range(24))
def test_a_process_killed_at_any_step_of_a_migration_loses_nothing(path: Path, step: int) -> None:
    died = subprocess.run([sys.executable, "-c", DIES, str(path.parent), str(step)], check=False)
    assert died.returncode in (-9, 0)
    assert version(path) in (1, SCHEMA_VERSION)
    if version(path) == SCHEMA_VERSION:
        assert check_chain(backup_of(path), 90) == len(old_log.EVENTS)
    assert events(path) == old_log.EVENTS
    assert check_chain(backup_of(path), 90) == len(old_log.EVENTS)


def test_F35_a_ledger_of_paper_is_never_opened_for_a_wallet(tmp_path: Path) -> None:
    log_to_go_on(tmp_path, "live").close()
    before = (tmp_path / "live.sqlite").read_bytes()
    with pytest.raises(LedgerError, match="the ledger of the paper account") as refusal:
        log_to_go_on(tmp_path, "live", WALLET)
    assert "\n" not in str(refusal.value)
    assert (tmp_path / "live.sqlite").read_bytes() == before


def test_F35_a_ledger_of_a_wallet_is_never_opened_for_another_or_for_paper(tmp_path: Path) -> None:
    log_to_go_on(tmp_path, "live", WALLET).close()
    for other in (PAPER, Owner("live", "0xbb")):
        with pytest.raises(LedgerError, match="live account 0x0"):
            log_to_go_on(tmp_path, "live", other)
    log_to_go_on(tmp_path, "live", WALLET).close()


@pytest.mark.parametrize("crime", ["UPDATE ledger SET mode = 'live'", "DELETE FROM ledger"])
def test_a_ledger_never_changes_hands(tmp_path: Path, crime: str) -> None:
    log_to_go_on(tmp_path, "sim-7").close()
    with (
        closing(sqlite3.connect(tmp_path / "sim-7.sqlite")) as db,
        pytest.raises(sqlite3.IntegrityError, match="never changes hands"),
    ):
        db.execute(crime)


def test_a_log_that_does_not_say_whose_it_is_is_refused(tmp_path: Path) -> None:
    log_to_go_on(tmp_path, "sim-7").close()
    with closing(sqlite3.connect(tmp_path / "sim-7.sqlite")) as db:
        db.execute("DROP TRIGGER ledger_stay")
        db.execute("DELETE FROM ledger")
        db.commit()
    with pytest.raises(LedgerError, match="does not say whose"):
        log_to_go_on(tmp_path, "sim-7")
