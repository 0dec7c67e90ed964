from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine import events as ev
from engine.decision import Decision
from engine.errors import LedgerError
from engine.eventlog import EventLog
from engine.journal import Journal
from engine.ledgers import fresh_log, log_to_go_on, numbered_log
from engine.log_migrations import SCHEMA_VERSION
from tests.engine.build import MARKET, NOW, fill

EVENTS: list[ev.Event] = [
    ev.SessionOpened("paper", "sim", 7, "abc", "def", "0"),
    ev.MarketSeen.of(MARKET),
    fill(),
    ev.FillSettled("o1.0"),
    ev.WindowResolved(MARKET.slug, "UP", "test"),
]


def written(path: Path | None = None, events: list[ev.Event] | None = None) -> EventLog:
    log = EventLog(path)
    for i, event in enumerate(events or EVENTS):
        log.append(NOW + i, i, event)
    log.commit()
    return log


def observation(value: float) -> np.ndarray:
    return np.full(18, value, np.float32)


def decision(i: int, rows: int, slug: str = MARKET.slug) -> Decision:
    seen = observation(i / 10)
    return Decision(
        t_ms=NOW + i * 500,
        asset="BTC",
        slug=slug,
        observation=seen,
        history=(tuple(seen.tolist()),) * rows,
        mask=(True, False, True),
        probs=(0.5, 0.0, 0.5),
        log_prob=-0.69,
        value=0.1,
        action=2,
        policy_id="abc",
        outcome="o1",
    )


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    written(tmp_path / "log.sqlite").close()
    found = [r.event for r in EventLog(tmp_path / "log.sqlite").replay()]
    assert found == EVENTS


def test_every_kind_of_event_survives_the_log() -> None:
    samples = [_sample(kind) for kind in ev.KINDS.values()]
    log = written(events=samples)
    assert [r.event for r in log.replay()] == samples


def _sample(kind: type[ev.Event]) -> ev.Event:
    values = {"int": 3, "str": "text", "bool": True, "float | None": 0.5, "str | None": None}
    return kind(**{name: values[str(t)] for name, t in kind.__annotations__.items()})  # type: ignore[arg-type]  # built from the annotations themselves


@pytest.mark.parametrize("statement", ["UPDATE events SET t_ms = 0", "DELETE FROM events"])
def test_the_log_is_append_only(tmp_path: Path, statement: str) -> None:
    written(tmp_path / "log.sqlite").close()
    with (
        sqlite3.connect(tmp_path / "log.sqlite") as db,
        pytest.raises(sqlite3.IntegrityError, match="append-only"),
    ):
        db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    "crime",
    [
        "UPDATE events SET payload = CAST(replace(payload, '5000', '4000') AS BLOB) WHERE seq = 3",
        "UPDATE events SET t_ms = t_ms + 1 WHERE seq = 2",
        "DELETE FROM events WHERE seq = 4",
        "UPDATE events SET seq = 30 WHERE seq = 3",
    ],
)
def test_a_changed_log_is_noticed_at_the_place(tmp_path: Path, crime: str) -> None:
    path = tmp_path / "log.sqlite"
    written(path).close()
    with sqlite3.connect(path) as db:
        db.execute("DROP TRIGGER events_keep")
        db.execute("DROP TRIGGER events_stay")
        db.execute(crime)
    db.close()
    with pytest.raises(LedgerError, match=r"hash chain breaks at event [234]"):
        list(EventLog(path).replay())


def test_a_log_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    written(path).close()
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    db.close()
    with pytest.raises(LedgerError, match="newer trade-console"):
        EventLog(path)


def test_a_file_that_is_no_log_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.write_bytes(b"this is not a database, but long enough to look like one" * 20)
    with pytest.raises(LedgerError, match="cannot be opened"):
        EventLog(path)


def test_another_programs_database_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE notes (text)")
        db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    db.close()
    with pytest.raises(LedgerError, match="cannot be opened"):
        EventLog(path)


def test_the_digest_depends_on_what_happened_and_not_on_the_wall_clock() -> None:
    first, second, third = EventLog(None), EventLog(None), EventLog(None)
    for log, wall in ((first, 1), (second, 2), (third, 1)):
        log.append(NOW, wall, EVENTS[1])
    third.append(NOW, 1, EVENTS[2])
    assert first.digest() == second.digest() != third.digest()


def test_a_decision_counts_in_the_digest() -> None:
    first, second = EventLog(None), EventLog(None)
    first.decide(decision(1, 1))
    second.decide(replace(decision(1, 1), action=1))
    assert first.digest() != second.digest()


def test_the_history_of_a_decision_is_the_observations_before_it() -> None:
    log = EventLog(None)
    for i in range(1, 8):
        log.decide(decision(i, min(i, 5)))
        log.decide(decision(90 + i, 1, slug="another"))
    rows = [np.frombuffer(row, np.float32)[0] for row in log.history_of(13)]
    assert rows == pytest.approx([0.3, 0.4, 0.5, 0.6, 0.7])


def test_the_history_does_not_reach_back_over_a_restart_in_the_window() -> None:
    log = EventLog(None)
    for i, rows in ((1, 1), (2, 2), (3, 1)):  # the third decision is the first after a restart
        log.decide(decision(i, rows))
    assert len(log.history_of(3)) == 1


def test_a_journal_opened_again_shows_the_same_books(tmp_path: Path) -> None:
    first = Journal(EventLog(tmp_path / "log.sqlite"), lambda: 0)
    for event in EVENTS[:4]:
        first.record(NOW, event)
    first.log.close()
    second = Journal(EventLog(tmp_path / "log.sqlite"), lambda: 0)
    assert second.ledger == first.ledger
    assert list(second.trades) == list(first.trades)
    assert second.ledger.holdings[MARKET.up_token].shares > 0


def test_what_was_committed_survives_the_death_of_the_process(tmp_path: Path) -> None:
    script = (
        "import os,sys\nfrom pathlib import Path\n"
        "from tests.engine.test_eventlog import written, NOW, fill\n"
        "log = written(Path(sys.argv[1]))\n"
        "log.append(NOW, 0, fill('o2.0'))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", script, str(tmp_path / "log.sqlite")], check=False)
    assert died.returncode == -9
    found = [r.event for r in EventLog(tmp_path / "log.sqlite").replay()]
    assert found == EVENTS


def test_a_log_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    log = log_to_go_on(tmp_path, "sim-7")
    log.append(NOW, 0, EVENTS[0])
    log.commit()
    modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert modes == {0o600}
    log.close()


def test_a_log_that_was_left_is_gone_on_with(tmp_path: Path) -> None:
    for how in ("left", "left"):
        log = log_to_go_on(tmp_path, "sim-7")
        log.append(NOW, 0, ev.SessionClosed(how))
        log.close()
    assert len(list(log_to_go_on(tmp_path, "sim-7").replay())) == 2


def test_a_sealed_log_is_kept_and_a_new_one_begun(tmp_path: Path) -> None:
    for _ in range(3):
        log = log_to_go_on(tmp_path, "sim-7")
        assert list(log.replay()) == []
        log.append(NOW, 0, ev.SessionClosed("complete"))
        log.close()
    assert sorted(p.name for p in tmp_path.glob("*.sqlite")) == [
        "sim-7.1.sqlite",
        "sim-7.2.sqlite",
        "sim-7.sqlite",
    ]


def test_a_fresh_start_keeps_the_earlier_log(tmp_path: Path) -> None:
    written(tmp_path / "sim-7.sqlite").close()
    assert list(fresh_log(tmp_path, "sim-7").replay()) == []
    assert len(list(EventLog(tmp_path / "sim-7.1.sqlite").replay())) == len(EVENTS)


def test_each_replay_has_a_log_of_its_own(tmp_path: Path) -> None:
    first, second = (numbered_log(tmp_path, "replay-x") for _ in range(2))
    assert first.path != second.path


def test_what_befalls_the_challenger_is_no_part_of_the_digest() -> None:
    with_it, without = EventLog(None), EventLog(None)
    with_it.append(NOW, 0, ev.LearningNoted("alarm", "checkpoint 3 cannot be written"))
    for log in (with_it, without):
        log.append(NOW, 0, ev.Noted("info", "a line"))
    assert with_it.digest() == without.digest()
    assert len(list(with_it.replay())) == 2
