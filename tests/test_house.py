"""House rules that a linter does not know, read from the source itself."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

CLOCK_OWNERS = {"engine/clock.py", "engine/lock.py"}
"""The files that may ask the machine for the time of day; all others are handed a clock."""

WALL_CLOCKS = {
    "time.time",
    "time.time_ns",
    "time.localtime",
    "time.gmtime",
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
}

LONGEST_FILE = 400
"""Lines. A file that needs more has two subjects."""

EMPTY_NAMES = re.compile(r"(Manager|Helper|Helpers|Utils|Util)$|^(manager|helpers?|utils?|misc)$")

MACHINE_WORDS = re.compile(
    r"(?<![\w.$}])/(?:root|work|tmp|home|Users)/\w"
    r"|p[y]pi\.|p[y]thonhosted|--(?:extra-)?index-url|find-links"
)


def product() -> list[Path]:
    """Python files of the three packages."""
    return [s for package in ("console", "engine", "models") for s in python_files(package)]


def python_files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def name(source: Path) -> str:
    return source.relative_to(ROOT).as_posix()


def tree(source: Path) -> ast.Module:
    return ast.parse(source.read_text("utf-8"), str(source))


Rule = Callable[[ast.Module], Iterator[int]]


def breaches(rule: Rule, files: list[Path]) -> list[str]:
    return [f"{name(source)}:{line}" for source in files for line in rule(tree(source))]


def silent_handlers(module: ast.Module) -> Iterator[int]:
    """Handlers that catch everything, or that catch `Exception` and do nothing about it."""
    for node in ast.walk(module):
        if isinstance(node, ast.ExceptHandler) and (node.type is None or _hides(node)):
            yield node.lineno


def _hides(handler: ast.ExceptHandler) -> bool:
    broad = ast.unparse(handler.type) if handler.type else ""
    idle = all(
        isinstance(statement, ast.Pass | ast.Continue)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in handler.body
    )
    return idle and bool(re.search(r"\b(Base)?Exception\b", broad))


def suppressed_everything(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and re.fullmatch(
            r"(contextlib\.)?suppress\(.*\b(Base)?Exception\b.*\)", ast.unparse(node)
        ):
            yield node.lineno


def wall_clock_reads(module: ast.Module) -> Iterator[int]:
    """Uses (calls or references) of a time of day, under any of its usual spellings."""
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and _ends_in_clock(ast.unparse(node)):
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for a in node.names if f"time.{a.name}" in WALL_CLOCKS)


def _ends_in_clock(dotted: str) -> bool:
    return ".".join(dotted.split(".")[-2:]) in WALL_CLOCKS


def sleeps(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep":
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for alias in node.names if alias.name == "sleep")


def random_numbers(module: ast.Module) -> Iterator[int]:
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom) and re.search(
            r"\b(random|secrets)\b", ast.unparse(node)
        ):
            yield node.lineno
        if isinstance(node, ast.Attribute) and node.attr == "random":
            yield node.lineno


def test_no_error_is_swallowed() -> None:
    assert breaches(silent_handlers, [*product(), *python_files("tests")]) == []
    assert breaches(suppressed_everything, [*product(), *python_files("tests")]) == []


def test_only_the_clocks_owners_read_the_wall_clock() -> None:
    files = [source for source in product() if name(source) not in CLOCK_OWNERS]
    assert breaches(wall_clock_reads, files) == []


def test_nothing_sleeps_on_a_thread_that_has_work() -> None:
    assert breaches(sleeps, product()) == []


def test_no_file_is_excused_that_needs_no_excuse() -> None:
    assert all(breaches(wall_clock_reads, [ROOT / file]) for file in CLOCK_OWNERS)


def test_F56_the_screen_shows_no_invented_number() -> None:
    assert breaches(random_numbers, python_files("console")) == []


def test_no_file_has_two_subjects_worth_of_lines() -> None:
    files = [*product(), *python_files("tests")]
    lengths = {name(source): len(source.read_text("utf-8").splitlines()) for source in files}
    assert {file: n for file, n in lengths.items() if n > LONGEST_FILE} == {}


def test_every_module_says_what_it_owns() -> None:
    silent = [name(s) for s in product() if s.stat().st_size and not ast.get_docstring(tree(s))]
    assert silent == []


def on_floor_plan(package: Path) -> set[str]:
    """What a package's docstring lists, as ``* ``name``  ...`` or as ``name.py  ...``."""
    plan = ast.get_docstring(tree(package / "__init__.py")) or ""
    heads = [line.split("  ")[0] for line in plan.splitlines() if line.startswith("* ")]
    return {n for head in heads for n in re.findall(r"``(\w+)``", head)} | set(
        re.findall(r"(\w+)\.py\b", plan)
    )


@pytest.mark.parametrize(
    "package",
    [
        "console", "console/modals", "console/widgets", "engine", "engine/alerts", "engine/control",
        "engine/doctor", "engine/feeds", "engine/feeds/live", "engine/feeds/venues",
        "engine/safety", "models",
    ],
)  # fmt: skip
def test_a_floor_plan_names_every_file_and_no_other(package: str) -> None:
    inside = {path.stem for path in (ROOT / package).glob("*.py")}
    inside |= {path.parent.name for path in (ROOT / package).glob("*/__init__.py")}
    assert on_floor_plan(ROOT / package) == inside - {"__init__"}


def test_no_name_hides_that_it_has_no_subject() -> None:
    classes = [
        f"{name(source)}: {node.name}"
        for source in product()
        for node in ast.walk(tree(source))
        if isinstance(node, ast.ClassDef) and EMPTY_NAMES.search(node.name)
    ]
    files = [name(source) for source in product() if EMPTY_NAMES.search(source.stem)]
    assert classes + files == []


def project_files() -> list[Path]:
    """Every file that is, or is about to be, part of the project."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what belongs to the project is not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [path for entry in listed.split("\0") if entry and (path := ROOT / entry).is_file()]


def test_no_file_names_a_machine_or_an_index_host() -> None:
    found = []
    for path in project_files():
        words = path.read_bytes().decode("utf-8", "ignore")
        if path != Path(__file__) and (hit := MACHINE_WORDS.search(words)):
            found.append(f"{name(path)}: {hit.group()}")
    assert found == []


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (silent_handlers, "try: x\nexcept: y"),
        (silent_handlers, "try: x\nexcept Exception: pass"),
        (silent_handlers, "try: x\nexcept (OSError, BaseException): ..."),
        (suppressed_everything, "with suppress(Exception): x"),
        (suppressed_everything, "with contextlib.suppress(OSError, BaseException): x"),
        (wall_clock_reads, "import time\nnow = time.time()"),
        (wall_clock_reads, "from time import time_ns"),
        (wall_clock_reads, "import datetime\nclock = datetime.datetime.now"),
        (wall_clock_reads, "from datetime import datetime\ndatetime.now(UTC)"),
        (sleeps, "import time\ntime.sleep(1)"),
        (sleeps, "from time import monotonic, sleep"),
        (random_numbers, "import random"),
        (random_numbers, "from numpy.random import default_rng"),
        (random_numbers, "import numpy as np\nnp.random.rand()"),
    ],
)
def test_each_rule_sees_what_it_forbids(rule: Rule, code: str) -> None:
    assert list(rule(ast.parse(code)))


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        (silent_handlers, "try: x\nexcept OSError: pass"),
        (silent_handlers, "try: x\nexcept Exception as error: report(error)"),
        (suppressed_everything, "with suppress(OSError): x"),
        (wall_clock_reads, "import time\ntime.monotonic()"),
        (wall_clock_reads, "clock.now()"),
        (sleeps, "import asyncio\nasyncio.sleep(1)"),
        (random_numbers, "x = 'random'"),
    ],
)
def test_no_rule_forbids_more_than_it_says(rule: Rule, code: str) -> None:
    assert not list(rule(ast.parse(code)))
