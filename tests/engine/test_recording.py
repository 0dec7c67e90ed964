"""A recording that cannot be used says so in one sentence; a damaged one is read as far as good."""

from __future__ import annotations

import gzip
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from engine.errors import RecordingError
from engine.recording import Carried, Fault, Recording, Row
from tests.engine import recordings as rec
from tests.shared import SHARED, needs_shared


def read(path: Path) -> list[Row | Fault]:
    return list(Recording(path).rows())


def faults(path: Path) -> list[str]:
    return [row.reason for row in read(path) if isinstance(row, Fault)]


def refused(path: Path) -> str:
    with pytest.raises(RecordingError) as error:
        Recording(path)
    sentence = str(error.value)
    assert "\n" not in sentence
    return sentence.replace(str(path), "FILE")


def test_a_good_recording_gives_its_header_and_rows(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(), rec.book(rec.T0 + 1))
    recording = Recording(path)
    assert recording.header.name == "test"
    assert recording.header.assets == ("BTC",)
    assert recording.header.has == {"book"}
    assert recording.header.lacks == {"binance"}
    assert [row.src for row in recording.rows()] == ["market", "polymarket.market"]
    assert recording.warning is None


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.gz") == ("FILE: no such file; check the path of the recording")


def test_a_directory_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path) == "FILE: a directory; name one recording in it"


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.gz"
    path.write_bytes(b"")
    assert refused(path) == "FILE: empty; copy or record it again"


def test_an_empty_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.gz"
    path.write_bytes(gzip.compress(b""))
    assert refused(path) == "FILE: empty; copy or record it again"


def test_a_file_that_is_not_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plain.gz"
    path.write_bytes(b'{"format":"trade-console-recording","version":1}\n')
    assert refused(path) == "FILE: not a gzip file; a recording ends in .jsonl.gz"


def test_a_file_cut_inside_its_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.gz"
    path.write_bytes(rec.packed([rec.header()])[:30])
    assert refused(path) == "FILE: cut off inside its header; copy it again"


@pytest.mark.parametrize(
    ("first", "sentence"),
    [
        (b"not json", "FILE: no header in its first line; it is not a recording"),
        (b"[1, 2]", "FILE: no header in its first line; it is not a recording"),
        (rec.market(), "FILE: no header in its first line; it is not a recording"),
        (
            rec.header(format="candles"),
            "FILE: its format is 'candles', not 'trade-console-recording'",
        ),
        (
            rec.header(version=2),
            "FILE: written in version 2 of the format and only 1 is understood here; "
            "update trade-console",
        ),
        (
            rec.header(version=True),
            "FILE: its header gives no version; it is not a recording",
        ),
        (rec.header(has="book"), "FILE: its header's 'has' is not a list of names"),
        (rec.header(lacks=None), "FILE: its header's 'lacks' is not a list of names"),
        (
            rec.header(assets=["DOGE"]),
            "FILE: its header names none of BTC, ETH, SOL, XRP",
        ),
        (
            rec.header(has=["book"], lacks=["book"]),
            "FILE: its header both has and lacks book",
        ),
    ],
)
def test_a_bad_header_is_refused(tmp_path: Path, first: rec.Line, sentence: str) -> None:
    assert refused(rec.write(tmp_path, rec.market(), first=first)) == sentence


def test_a_name_cannot_write_to_the_terminal(tmp_path: Path) -> None:
    path = rec.write(tmp_path, rec.market(), first=rec.header(name="a\x1b[2Jb" + "c" * 99))
    name = Recording(path).header.name
    assert name.startswith("a[2Jb")
    assert len(name) <= 60


def test_a_cut_file_is_read_up_to_the_cut_and_warns(tmp_path: Path) -> None:
    path = rec.write(
        tmp_path, *(rec.book(rec.T0 + i, (("0.4", str(i * 7919)),)) for i in range(3000))
    )
    path.write_bytes(path.read_bytes()[:-4000])
    recording = Recording(path)
    rows = list(recording.rows())
    assert 0 < len(rows) < 3000
    assert all(isinstance(row, Row) for row in rows)
    assert recording.warning == (
        f"test.jsonl.gz: damaged or cut off after line {len(rows) + 1}; replayed up to there"
    )


def test_a_file_damaged_in_the_middle_is_read_up_to_the_damage_and_warns(tmp_path: Path) -> None:
    path = rec.write(
        tmp_path, *(rec.book(rec.T0 + i, (("0.4", str(i * 7919)),)) for i in range(3000))
    )
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2 : len(raw) // 2 + 40] = b"\xff" * 40
    path.write_bytes(raw)
    recording = Recording(path)
    assert len(list(recording.rows())) < 3000
    assert recording.warning is not None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{oops", "line 2: not JSON"),
        (b'{"t": NaN, "src": "mid"}', "line 2: not JSON"),
        (b"\xff\xfe", "line 2: not JSON"),
        (b"[" * 5000, "line 2: not JSON"),
        (b"7", "line 2: not a JSON object"),
        (b'["mid"]', "line 2: not a JSON object"),
        ({"t": rec.T0}, "line 2: no src"),
        ({"t": rec.T0, "src": 7}, "line 2: no src"),
        ({"t": rec.T0, "src": ""}, "line 2: no src"),
        ({"src": "mid"}, "line 2: t is not a time in unix milliseconds"),
        (rec.row(rec.START, "mid", {}), "line 2: t is not a time in unix milliseconds"),
        (rec.row(10**30, "mid", {}), "line 2: t is not a time in unix milliseconds"),
        (rec.row(-rec.T0, "mid", {}), "line 2: t is not a time in unix milliseconds"),
        ({"t": True, "src": "mid"}, "line 2: t is not a time in unix milliseconds"),
        ({"t": str(rec.T0), "src": "mid"}, "line 2: t is not a time in unix milliseconds"),
        ({"t": float(rec.T0), "src": "mid"}, "line 2: t is not a time in unix milliseconds"),
    ],
)
def test_a_bad_row_is_a_fault_and_the_next_row_is_read(
    tmp_path: Path, line: rec.Line, reason: str
) -> None:
    rows = read(rec.write(tmp_path, line, rec.book(rec.T0)))
    assert rows[0][1] == reason
    assert isinstance(rows[1], Row)


def test_a_row_without_data_is_still_a_row(tmp_path: Path) -> None:
    rows = read(rec.write(tmp_path, {"t": rec.T0, "src": "mid"}))
    assert rows == [Row(rec.T0, "mid", None)]


def test_a_file_is_never_held_in_memory(tmp_path: Path) -> None:
    filler: list[Any] = [rec.row(rec.T0, "mid", "x" * 10_000)] * 3000
    recording = Recording(rec.write(tmp_path, *filler))
    tracemalloc.start()
    try:
        assert sum(1 for _ in recording.rows()) == 3000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_an_endless_line_is_read_in_pieces(tmp_path: Path) -> None:
    path = rec.write(tmp_path, b"x" * (9 << 20), rec.book(rec.T0))
    assert faults(path) == ["line 2: not JSON", "line 3: not JSON"]


@needs_shared
@pytest.mark.parametrize("path", sorted(SHARED.glob("recordings/*.jsonl.gz")), ids=lambda p: p.name)
def test_every_real_recording_has_a_good_header(path: Path) -> None:
    header = Recording(path).header
    assert header.assets
    assert header.has
    assert not header.has & header.lacks


def test_a_named_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl.gz"
    os.mkfifo(pipe)
    with pytest.raises(RecordingError, match="not a regular file"):
        Recording(pipe)


def test_a_name_too_long_for_the_system_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="cannot be opened"):
        Recording(tmp_path / ("x" * 300))


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    path = rec.write(tmp_path, b"", rec.market(), b"  ", rec.book(rec.T0), b"\r")
    recording = Recording(path)
    assert [type(row) for row in recording.rows()] == [Row, Row]
    recording.close()


def test_a_carried_row_is_told_from_the_others(tmp_path: Path) -> None:
    kept = {**rec.market(), "carried": True}
    claimed = {**rec.market(), "carried": "true"}
    rows = read(rec.write(tmp_path, kept, rec.market(), claimed))
    assert [type(row) for row in rows] == [Carried, Row, Row]
