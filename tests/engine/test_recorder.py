"""What is recorded can be read again, and no disk ends more than the recording."""

from __future__ import annotations

import errno
import gzip
import io
import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import RecordingError
from engine.recorder import Recorder
from engine.recorder_file import open_part, session_folder
from engine.recorder_thread import MOST_WAITING, Disk
from engine.recording import Recording, Row
from tests.engine.recorders import WINDOW_MS, nothing, raw, read, record, recorder
from tests.engine.recordings import T0

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def mids(*times: int) -> list[Row]:
    return [Row(t, "mid", {"at": t}) for t in times]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 400_000), JSON), max_size=20))
def test_rows_in_are_rows_out(steps: list[tuple[int, Any]]) -> None:
    t_ms, rows = T0, []
    for step, data in steps:
        t_ms += step
        rows.append(Row(t_ms, "okx.public", data))
    with tempfile.TemporaryDirectory() as folder:
        view = record(Path(folder), rows)
        assert not rows or read(Path(folder)) == rows
    assert view.rows == len(rows)


def test_a_message_is_written_byte_for_byte(tmp_path: Path) -> None:
    odd = '{"price": 0.10, "size":1e-7,"big":123456789012345678901,"s":"\\u00e9é","price":0.2}'
    with closing(recorder(tmp_path)) as writing:
        writing.row(T0, "binance.spot", odd.encode())
    lines = gzip.decompress((tmp_path / "part-0001.jsonl.gz").read_bytes()).splitlines()
    assert lines[1] == f'{{"t":{T0},"src":"binance.spot","data":{odd}}}'.encode()


def test_each_window_is_a_part_of_its_own(tmp_path: Path) -> None:
    record(tmp_path, mids(T0 + 5, T0 + WINDOW_MS - 1, T0 + WINDOW_MS, T0 + 3 * WINDOW_MS + 1))
    assert [[row[0] for row in read(path)] for path in sorted(tmp_path.iterdir())] == [
        [T0 + 5, T0 + WINDOW_MS - 1],
        [T0 + WINDOW_MS],
        [T0 + 3 * WINDOW_MS + 1],
    ]


def test_a_part_says_which_it_is_and_of_what(tmp_path: Path) -> None:
    record(tmp_path, mids(T0, T0 + WINDOW_MS))
    raw_header = gzip.decompress((tmp_path / "part-0002.jsonl.gz").read_bytes()).splitlines()[0]
    header = json.loads(raw_header)
    assert (header["session"], header["part"]) == ("test", 2)
    with closing(Recording(tmp_path / "part-0002.jsonl.gz")) as part:
        assert part.header.assets == ("BTC", "ETH")
        assert part.header.has == {"book", "binance"}
        assert part.header.lacks == {"mid"}


def test_a_part_begins_with_what_is_known_before_its_first_row(tmp_path: Path) -> None:
    heard: list[int] = []
    writing = recorder(tmp_path, lambda t_ms: [("reference", {"known": list(heard), "at": t_ms})])
    with closing(writing):
        for t_ms in (T0, T0 + 9, T0 + WINDOW_MS + 3):
            writing.row(t_ms, "mid", raw(t_ms))
            heard.append(t_ms)  # as a feed does: written down, then decoded
    second = read(tmp_path / "part-0002.jsonl.gz")
    known = {"known": [T0, T0 + 9], "at": T0 + WINDOW_MS + 3}
    assert second[0] == Row(T0 + WINDOW_MS + 3, "reference", known)
    assert writing.view().rows == 3


def test_files_are_closed_to_others(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        folder = session_folder(tmp_path / "new" / "recordings", T0)
        record(folder, mids(T0))
    finally:
        os.umask(before)
    assert mode(folder) == mode(folder.parent) == 0o700
    assert mode(folder / "part-0001.jsonl.gz") == 0o600


def test_a_session_is_named_after_its_beginning_and_never_written_over(tmp_path: Path) -> None:
    names = [session_folder(tmp_path, T0 + 15_500).name for _ in range(3)]
    assert names == ["20260105T080015Z", "20260105T080015Z-2", "20260105T080015Z-3"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="nothing can be recorded there") as told:
        session_folder(tmp_path / "file", T0)
    assert "\n" not in str(told.value)


def test_a_part_that_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    there = tmp_path / "part-0001.jsonl.gz"
    there.write_bytes(b"mine")
    assert "File exists: " in record(tmp_path, mids(T0)).why
    assert there.read_bytes() == b"mine"


class Full(io.FileIO):
    """A file on a disk with so many bytes left."""

    left = 4_000

    def write(self, data: Any) -> int:
        room = min(len(data), self.left)
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.left -= room
        return super().write(bytes(data)[:room])


def test_a_full_disk_ends_the_recording_and_keeps_what_is_written(tmp_path: Path) -> None:
    disk = Disk(open=lambda path: cast(BinaryIO, io.BufferedWriter(Full(path, "x"))))
    rows = [Row(T0 + i, "mid", os.urandom(500).hex()) for i in range(100)]
    with closing(recorder(tmp_path, disk=disk)) as writing:
        for row in rows:
            writing.row(row.t_ms, row.src, raw(row.data))
    assert writing.view().why == (f"No space left on device: {tmp_path} cannot be written")
    assert not writing.view().on
    kept = read(tmp_path / "part-0001.jsonl.gz")
    assert kept
    assert kept == rows[: len(kept)]


def written(writing: Recorder, rows: int) -> None:
    """Wait until so many rows are on disk."""
    pause = threading.Event()
    while writing.view().rows < rows and not writing.view().why:
        pause.wait(0.01)


def test_a_disk_that_runs_low_ends_the_recording_with_a_finished_file(tmp_path: Path) -> None:
    free = [10_000_000]
    with closing(recorder(tmp_path, floor=5_000_000, disk=Disk(free=lambda _: free[0]))) as writing:
        writing.row(T0, "mid", b"1")
        written(writing, 1)
        free[0] = 4_999_999
        writing.row(T0 + 1, "mid", b"2")
        written(writing, 2)
        writing.row(T0 + 2, "mid", b"3")
    assert writing.view().why == (
        f"4 MB are free and 5 MB must stay so (feeds.disk_floor_mb): {tmp_path}"
    )
    with closing(Recording(tmp_path / "part-0001.jsonl.gz")) as part:
        assert list(part.rows()) == [Row(T0, "mid", 1)]
        assert part.warning is None


def test_a_disk_that_stands_still_ends_the_recording_and_nobody_waits(tmp_path: Path) -> None:
    going = threading.Event()

    def stuck(path: Path) -> BinaryIO:
        going.wait()
        return open_part(path)

    writing = recorder(tmp_path, disk=Disk(open=stuck))
    frame = b'"%b"' % (b"x" * (1 << 20))
    for i in range(3 * MOST_WAITING >> 20):
        writing.row(T0 + i, "mid", frame)
    assert "the disk is too slow" in writing.view().why
    going.set()
    writing.close()
    kept = read(tmp_path)
    assert MOST_WAITING >> 20 <= len(kept) <= (MOST_WAITING >> 20) + 2


def test_closing_does_not_wait_for_a_dead_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.recorder_thread.CLOSE_S", 0.05)
    going = threading.Event()

    def stuck(path: Path) -> BinaryIO:
        going.wait()
        return open_part(path)

    writing = recorder(tmp_path, disk=Disk(open=stuck))
    writing.row(T0, "mid", b"1")
    writing.close()
    assert "did not take its end" in writing.view().why
    going.set()
    writing.close()
    assert read(tmp_path) == [Row(T0, "mid", 1)]


def test_nothing_is_written_after_the_close(tmp_path: Path) -> None:
    writing = recorder(tmp_path)
    writing.row(T0, "mid", b"1")
    writing.close()
    writing.row(T0 + 1, "mid", b"2")
    writing.close()
    assert read(tmp_path) == [Row(T0, "mid", 1)]
    assert writing.view().written == (tmp_path / "part-0001.jsonl.gz").stat().st_size


def test_a_session_without_rows_leaves_no_file(tmp_path: Path) -> None:
    with closing(recorder(tmp_path, nothing)):
        pass
    assert list(tmp_path.iterdir()) == []


def test_rows_reach_the_disk_while_the_recording_goes_on(tmp_path: Path) -> None:
    with closing(recorder(tmp_path)) as writing:
        writing.row(T0, "mid", b"1")
        written(writing, 1)
        assert read(tmp_path) == [Row(T0, "mid", 1)]


ENDLESS = """
import sys
from pathlib import Path
from tests.engine.recorders import recorder
from tests.engine.recordings import T0
writing, n = recorder(Path(sys.argv[1])), 0
while True:
    writing.row(T0 + n // 10, "mid", b'{"n":%d}' % n)
    n += 1
    if writing.view().rows > 20_000:
        print("enough", flush=True)
"""


def test_a_killed_recording_replays_up_to_the_cut(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(tmp_path)], stdout=subprocess.PIPE, cwd=root
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"enough\n"
        child.send_signal(signal.SIGKILL)
    with closing(Recording(tmp_path / "part-0001.jsonl.gz")) as part:
        numbers = [row[2]["n"] for row in part.rows() if isinstance(row, Row)]
        assert part.warning is not None
    assert len(numbers) > 20_000
    assert numbers == list(range(len(numbers)))


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A finished part of a few rows, flushed between them."""
    with closing(recorder(tmp_path)) as writing:
        for i in range(4):
            writing.row(T0 + i, "mid", raw({"n": i, "noise": os.urandom(12).hex()}))
            written(writing, i + 1)
    return tmp_path / "part-0001.jsonl.gz"


def cut_of(path: Path, size: int) -> Path:
    cut = path.with_name("cut.jsonl.gz")
    cut.write_bytes(path.read_bytes()[:size])
    return cut


def test_a_part_cut_anywhere_reads_as_its_first_rows(small: Path) -> None:
    whole = read(small)
    lengths = []
    for size in range(small.stat().st_size):
        try:
            kept = read(cut_of(small, size))
        except RecordingError:
            kept = []
        assert kept == whole[: len(kept)]
        lengths.append(len(kept))
    assert lengths == sorted(lengths)
    assert set(lengths) == set(range(5))
