from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.doctor.findings import Finding
from engine.doctor.keeping import KEEPING, home_of, settings_of
from engine.errors import LedgerError
from engine.eventlog import EventLog
from engine.events import SessionClosed
from engine.home import Home
from engine.log_chain import check_chain
from engine.settings import Settings
from engine.trading_state import Latch
from tests.engine.doctor.parts import amiss

T0 = 1_791_000_000_000


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home.open({"TRADE_CONSOLE_HOME": str(tmp_path)})


def look(home: Home) -> dict[str, Finding]:
    return {check: examine(home) for check, examine in KEEPING.items()}


def write_log(home: Home, events: int = 5) -> Path:
    path = home.ledger / "live-paper.sqlite"
    log = EventLog(path)
    for number in range(events):
        log.append(T0 + number, T0, SessionClosed("left"))
    log.close()
    path.chmod(0o600)
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_home_as_the_program_makes_it_is_well(home: Home) -> None:
    write_log(home)
    assert amiss(look(home)) == set()


def test_a_home_that_was_never_used_is_well_and_stays_unmade(tmp_path: Path) -> None:
    home = Home.under(tmp_path / "new")
    found = look(home)
    assert amiss(found) == set()
    assert "first starts" in found["home: folders"].detail
    assert not (tmp_path / "new").exists()


def test_files_that_others_can_read_are_amiss(home: Home) -> None:
    (home.config / "config.toml").write_text("")
    (home.config / "config.toml").chmod(0o644)
    found = look(home)["home: permissions"]
    assert not found.ok
    assert "chmod" in found.advice


def test_a_folder_where_a_file_stands_is_amiss(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert not look(Home.under(tmp_path / "home"))["home: folders"].ok


def test_a_halted_home_is_told_with_its_reason(home: Home) -> None:
    latch = Latch(home.halt_latch)
    latch.shut_now("daily loss")
    latch.keep()
    found = look(home)["home: halt latch"]
    assert "daily loss" in found.detail
    assert "RESUME" in found.advice


def test_no_home_is_a_finding() -> None:
    home, found = home_of({"TRADE_CONSOLE_HOME": "not absolute"})
    assert home is None
    assert not found[0].ok
    assert "set it to a folder" in found[0].advice


def test_a_bad_configuration_is_told_and_the_defaults_stand_in(home: Home) -> None:
    home.settings_file.write_text("[limits]\norder = 'much'\n")
    settings, (found,) = settings_of(home)
    assert settings == Settings()
    assert "limits.order" in found.detail
    assert "mend the value" in found.advice


def test_a_changed_event_is_found_without_writing_to_the_log(home: Home) -> None:
    path = write_log(home)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER events_keep")
        db.execute("UPDATE events SET t_ms = t_ms + 1 WHERE seq = 3")
        db.commit()
    before = contents(home.ledger)
    found = look(home)["home: event logs"]
    assert not found.ok
    assert "event 3" in found.detail
    assert contents(home.ledger) == before


def test_a_log_that_an_engine_is_writing_can_be_looked_at(home: Home) -> None:
    log = EventLog(home.ledger / "live-paper.sqlite")
    log.append(T0, T0, SessionClosed("left"))
    log.commit()
    found = look(home)["home: event logs"]
    assert found.ok
    assert found.detail == "logs: 1, newest events verified: 1"
    log.append(T0 + 1, T0, SessionClosed("left"))
    log.close()


def test_only_the_newest_events_are_verified_and_their_link_to_the_older(home: Home) -> None:
    path = write_log(home, events=9)
    assert check_chain(path, 4) == 4
    assert check_chain(path, 9) == 9
    assert check_chain(path, 90) == 9


def test_a_log_whose_beginning_is_missing_is_broken(home: Home) -> None:
    path = write_log(home)
    with closing(sqlite3.connect(path)) as db:
        db.execute("DROP TRIGGER events_stay")
        db.execute("DELETE FROM events WHERE seq = 1")
        db.commit()
    with pytest.raises(LedgerError, match="breaks at event 1"):
        check_chain(path, 90)


def test_a_file_that_is_no_log_is_amiss(home: Home) -> None:
    (home.ledger / "x.sqlite").write_text("this is no database, whatever its name says")
    (home.ledger / "x.sqlite").chmod(0o600)
    assert amiss(look(home)) == {"home: event logs"}
