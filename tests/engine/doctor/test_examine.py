from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.doctor.examine import GROUPS, Subject, examine
from engine.doctor.terminal import Terminal
from tests.engine.doctor.parts import HURRIED, Told, by_check

PIPE = Terminal(tty=False, columns=80, lines=24, encoding="utf-8")
NO_MODEL = (sys.executable, "-c", "print('[]')")
NOWHERE = "\n".join(
    [
        "[venues]",
        *(f"{name} = 'http://127.0.0.1:9'" for name in (
            "polymarket_gamma", "polymarket_clob", "polymarket_data", "polymarket_site",
            "binance_futures", "binance_spot", "okx")),
        *(f"{name} = 'ws://127.0.0.1:9'" for name in (
            "polymarket_stream", "polymarket_prices", "binance_futures_stream",
            "binance_spot_stream", "okx_stream")),
    ]
)  # fmt: skip


def subject(home: Path, settings: str = NOWHERE) -> Subject:
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config" / "config.toml").write_text(settings)
    environ = {"TRADE_CONSOLE_HOME": str(home)}
    return Subject(PIPE, environ, Told(), patience=HURRIED, command=NO_MODEL)


def test_findings_come_in_the_order_of_their_groups(tmp_path: Path) -> None:
    groups = [finding.check.partition(": ")[0] for finding in examine(subject(tmp_path))]
    assert groups == sorted(groups, key=GROUPS.index)
    assert set(groups) == set(GROUPS)


@pytest.fixture
def _no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """No name is known: these tests use the default hosts, and must not reach them."""

    def unknown(*_: Any, **__: Any) -> list[Any]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)


@pytest.mark.usefixtures("_no_names")
def test_a_bad_configuration_is_told_and_everything_else_is_looked_at(tmp_path: Path) -> None:
    found = by_check(examine(subject(tmp_path, "[venues]\nokx = 7\n")))
    assert not found["home: configuration"].ok
    assert "okx: requests" in found


@pytest.mark.usefixtures("_no_names")
def test_without_a_home_everything_else_is_looked_at() -> None:
    homeless = Subject(
        PIPE, {"TRADE_CONSOLE_HOME": "here"}, Told(), patience=HURRIED, command=NO_MODEL
    )
    found = by_check(examine(homeless))
    assert not found["home: folders"].ok
    assert found["machine: python"].ok


@pytest.fixture
def dead_name_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Names are asked for and nothing ever comes."""
    asked, over = threading.Event(), threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        asked.set()
        over.wait()
        raise socket.gaierror(socket.EAI_AGAIN, "too late")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    yield asked
    over.set()


def test_a_name_server_that_never_answers_does_not_hold_the_doctor(
    tmp_path: Path, dead_name_server: threading.Event
) -> None:
    named = NOWHERE.replace("127.0.0.1", "venue.invalid")
    found = by_check(examine(subject(tmp_path, named)))
    assert dead_name_server.is_set()
    assert not found["okx: requests"].ok
