"""The README tells the truth: every row is in it, and every test that it names exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
ROW = re.compile(r"^\| (F\d\d) \| (.+) \| (.+) \|$")
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")
LAST = 66


def rows() -> dict[str, tuple[str, str]]:
    """Row -> (what happened, where its test is)."""
    lines = (HERE / "README.md").read_text("utf-8").splitlines()
    return {m[1]: (m[2], m[3]) for m in map(ROW.match, lines) if m}


def named() -> set[tuple[Path, str]]:
    """(file, test) of every test in the table."""
    found = (pair for _, where in rows().values() for pair in TEST.findall(where))
    return {(ROOT / file if "/" in file else HERE / file, test) for file, test in found}


@cache
def defined_in(source: Path) -> frozenset[str]:
    defined = ast.walk(ast.parse(source.read_text("utf-8"), str(source)))
    functions = (n.name for n in defined if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def test_every_row_is_in_the_table_once_and_in_order() -> None:
    lines = (HERE / "README.md").read_text("utf-8").splitlines()
    told = [m[1] for m in map(ROW.match, lines) if m]
    assert told == [f"F{number:02}" for number in range(1, LAST + 1)]


def test_every_row_has_a_test_or_says_why_it_cannot_occur() -> None:
    for row, (_, where) in rows().items():
        assert TEST.search(where) or where.startswith("cannot occur"), row


def test_every_test_in_the_table_exists() -> None:
    missing = [
        f"{source.relative_to(ROOT)}::{test}"
        for source, test in named()
        if not source.is_file() or test not in defined_in(source)
    ]
    assert missing == []


def test_every_test_of_the_museum_is_in_the_table_under_its_number() -> None:
    table = rows()
    for source in sorted(HERE.glob("test_*.py")):
        for test in defined_in(source) if source != Path(__file__) else ():
            numbers = re.findall(r"F\d\d", test)
            assert numbers, f"{source.name}::{test} has no number"
            for number in numbers:
                assert f"`{source.name}::{test}`" in table[number][1], test
