"""Accidents that lie in the source itself: read there, since no run would show them."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import requests as rq
from engine.decision import Action
from engine.denial import Code, Denial
from engine.gate import Gate
from engine.operator import obey
from tests.accidents.stage import END, scene, steady, told
from tests.engine.build import START_MS
from tests.test_imports import imported_roots, sources

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("console", "engine", "models")
SENDERS = {"engine/trader.py", "engine/safety/drill.py"}
"""Where an order is handed to a venue: the drill's is a venue of its own."""
MAINS = {"console/__main__.py", "console/shots.py", "engine/doctor/arithmetic_probe.py"}
"""Files that do something when they are run: the program, its pictures, a probe of the machine."""


def product() -> list[Path]:
    return [source for package in PACKAGES for source in sources(package)]


def name(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def calls(source: Path, method: str) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(source.read_text("utf-8"), str(source))):
        named = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if named and node.func.attr == method:  # type: ignore[attr-defined]  # looked at above
            yield node  # type: ignore[misc]  # as above


def to_a_venue(call: ast.Call) -> bool:
    assert isinstance(call.func, ast.Attribute)
    return ast.unparse(call.func.value).split(".")[-1] in ("venue", "_venue")


def test_F02_orders_reach_a_venue_in_one_place_and_nobody_calls_around_it() -> None:
    found = {name(s) for s in product() if any(map(to_a_venue, calls(s, "send")))}
    assert found <= SENDERS
    assert "engine/trader.py" in found
    senders = [name(s) for s in product() for _ in calls(s, "_send") if s.name == "trader.py"]
    assert len(senders) == 2


@pytest.mark.parametrize("when", ["open", "cutoff", "flatten"])
def test_F02_with_a_gate_that_refuses_everything_nothing_leaves_by_any_way(
    monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    engine, venue = scene(told(steady), lambda c: Action(1 + c // 50 % 2))
    if when != "open":
        engine.advance(START_MS + 20_000)
        assert venue.calls
    before = len(venue.calls)
    monkeypatch.setattr(Gate, "check", lambda *_: Denial(Code.HALTED, "shut", "test"))
    if when == "flatten":
        obey(engine, rq.Flatten("key"))
    engine.advance(END - 1)
    assert len(venue.calls) == before


def test_F27_there_is_one_program_and_no_script_beside_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert list(project["scripts"]) == ["trade-console"]
    assert not [path.name for path in ROOT.glob("*.py")]


def test_F37_no_module_does_anything_when_it_is_run_but_those_that_are_programs() -> None:
    guards = {name(s) for s in product() if 'if __name__ == "__main__"' in s.read_text("utf-8")}
    assert guards == MAINS
    for source in MAINS:
        text = (ROOT / source).read_text("utf-8")
        assert "venue.send" not in text


def test_F38_nothing_here_signs_and_nothing_holds_a_key() -> None:
    """Until there is a signer: then golden signatures of the venue's own client take this place."""
    signers = {"eth_account", "eth_keys", "web3", "py_clob_client", "coincurve", "ecdsa"}
    brought = {root for s in product() for _, root in imported_roots(s)}
    assert not brought & signers


def test_F46_every_file_compiles() -> None:
    for source in product():
        compile(source.read_text("utf-8"), str(source), "exec")


def test_F48_nothing_listens_on_a_network() -> None:
    servers = ("start_server", "create_server", "serve", "serve_forever", "run_simple")
    assert not {(name(s), m) for s in product() for m in servers for _ in calls(s, m)}
    for source in product():
        assert "0.0.0.0" not in source.read_text("utf-8")  # noqa: S104 - it is looked for


def test_F53_nothing_that_waits_for_a_network_is_called_on_the_loop() -> None:
    waits = {"requests", "urllib3", "http"}
    brought = {(name(s), root) for s in product() for _, root in imported_roots(s)}
    assert not {pair for pair in brought if pair[1] in waits}
