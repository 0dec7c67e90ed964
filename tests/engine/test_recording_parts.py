"""The parts of a session read as one recording, and where one is missing nothing is believed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import RecordingError
from engine.recording import Fault, Row
from engine.recording_parts import Session, fingerprint, parts_of
from tests.engine import recordings as rec
from tests.engine.recorders import WINDOW_MS, read, record
from tests.engine.recordings import T0

KNOWN = ("reference", {"venue": "okx-swap"})


def begins(number: int) -> int:
    """Time of the first row of part `number`."""
    return T0 + (number - 1) * WINDOW_MS


def rows_of(number: int) -> list[Row]:
    start = begins(number)
    return [Row(start + i, src, i) for i, src in enumerate(("polymarket.market", "okx.public"))]


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """Three parts of two rows, the later ones after a carried row."""
    folder = tmp_path / "20260105T080000Z"
    record(folder, [*rows_of(1), *rows_of(2), *rows_of(3)], carried)
    return folder


def carried(_t_ms: int) -> list[tuple[str, object]]:
    return [KNOWN]


def part(folder: Path, number: int) -> Path:
    return folder / f"part-{number:04}.jsonl.gz"


def known_at(number: int) -> Row:
    return Row(begins(number), *KNOWN)


def lost_after(number: int, why: str) -> list[Row]:
    """What is told after the last row of part `number`."""
    t_ms = rows_of(number)[-1].t_ms
    return [
        Row(t_ms, "stream", {"name": name, "state": "lost", "why": why})
        for name in ("okx.public", "polymarket.market")
    ]


def warning_after_reading(folder: Path) -> str | None:
    with closing(Session(folder)) as session:
        list(session.rows())
        return session.warning


def test_a_session_reads_as_one_recording(session: Path) -> None:
    assert read(session) == [known_at(1), *rows_of(1), *rows_of(2), *rows_of(3)]
    assert warning_after_reading(session) is None


def test_each_part_reads_alone_after_what_was_known(session: Path) -> None:
    for number in (1, 2, 3):
        assert read(part(session, number)) == [known_at(number), *rows_of(number)]


def test_a_session_has_the_header_of_its_parts(session: Path) -> None:
    with closing(Session(session)) as whole:
        assert whole.header.name == "live test"
        assert whole.header.assets == ("BTC", "ETH")


def test_across_a_missing_part_every_stream_is_lost_and_what_was_known_is_told(
    session: Path,
) -> None:
    part(session, 2).unlink()
    why = "nothing can be read between part-0001.jsonl.gz and part-0003.jsonl.gz"
    assert read(session) == [
        *(known_at(1), *rows_of(1)),
        *lost_after(1, why),
        *(known_at(3), *rows_of(3)),
    ]
    assert warning_after_reading(session) == why


def test_a_session_may_begin_with_a_later_part(session: Path) -> None:
    part(session, 1).unlink()
    assert read(session) == [known_at(2), *rows_of(2), *rows_of(3)]
    assert warning_after_reading(session) is None


def test_after_a_cut_part_every_stream_is_lost(session: Path) -> None:
    whole = part(session, 2).read_bytes()
    part(session, 2).write_bytes(whole[:-8])
    rows = read(session)
    why = "part-0002.jsonl.gz: damaged or cut off after line 4; replayed up to there"
    assert rows[:5] == [known_at(1), *rows_of(1), *rows_of(2)]
    assert rows[5:] == [*lost_after(2, why), known_at(3), *rows_of(3)]
    assert warning_after_reading(session) == why


def test_a_part_without_its_header_is_passed_over(session: Path) -> None:
    part(session, 2).write_bytes(part(session, 2).read_bytes()[:5])
    rows = read(session)
    assert [row for row in rows if row[1] != "stream"] == [
        *(known_at(1), *rows_of(1)),
        *(known_at(3), *rows_of(3)),
    ]
    warning = warning_after_reading(session)
    assert (
        warning == f"{part(session, 2)}: cut off inside its header; copy it again (and 1 more "
        "like it)"
    )


def test_a_last_part_that_a_kill_left_empty_is_told_and_harms_nothing(session: Path) -> None:
    part(session, 3).write_bytes(b"")
    assert read(session) == [known_at(1), *rows_of(1), *rows_of(2)]
    assert warning_after_reading(session) == (f"{part(session, 3)}: empty; copy or record it again")


def test_a_first_part_that_cannot_be_read_is_passed_over(session: Path) -> None:
    part(session, 1).write_bytes(b"")
    assert read(session) == [known_at(2), *rows_of(2), *rows_of(3)]
    assert "part-0001.jsonl.gz: empty" in (warning_after_reading(session) or "")


def test_a_session_of_which_nothing_can_be_read_is_refused(session: Path) -> None:
    for path in session.iterdir():
        path.write_bytes(b"")
    with pytest.raises(RecordingError, match=r"part-0003\.jsonl\.gz: empty"):
        Session(session)


def test_a_part_of_another_session_is_left_out(session: Path) -> None:
    rec.write(session, rec.market()).rename(part(session, 2))
    assert Row(T0, "market", rec.market()["data"]) not in read(session)
    assert "a part of another session; left out" in (warning_after_reading(session) or "")


def test_other_files_in_the_folder_are_no_parts(session: Path) -> None:
    (session / "notes.txt").write_text("mine")
    (session / "part-0004.jsonl.gz.tmp").write_text("")
    assert parts_of(session) == tuple(part(session, number) for number in (1, 2, 3))


def test_parts_follow_their_numbers_and_not_their_names(session: Path) -> None:
    part(session, 2).rename(session / "part-10000.jsonl.gz")
    part(session, 1).rename(session / "part-9999.jsonl.gz")
    part(session, 3).unlink()
    assert read(session) == [known_at(1), *rows_of(1), *rows_of(2)]


def test_a_folder_without_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as told:
        Session(tmp_path)
    assert str(told.value) == (
        f"{tmp_path}: a directory without part-0001.jsonl.gz; name one recording, or one session"
    )


def test_a_file_is_a_session_of_one_part(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(), b"rubbish")
    assert [type(row) for row in read(path)] == [Row, Fault]


def test_copies_have_one_fingerprint_and_other_sessions_another(
    session: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in session.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    assert fingerprint(copy) == fingerprint(session)
    part(copy, 3).unlink()
    assert fingerprint(copy) != fingerprint(session)
    assert fingerprint(part(copy, 1)) != fingerprint(copy)
