"""The import contract: engine and models are headless, and models knows neither of the others.

Proven twice: by importing every module in a fresh interpreter and looking at what came along,
and by reading the imports that only run later, inside functions.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

FORBIDDEN = {"engine": ("textual", "console"), "models": ("textual", "console", "engine")}

IMPORT_ALL = """
import importlib, json, sys
names, forbidden = json.loads(sys.argv[1])
report = {}
for name in names:
    try:
        importlib.import_module(name)
    except Exception as error:
        report[name] = f"{type(error).__name__}: {error}"
    came = [root for root in forbidden if root in sys.modules]
    if came:
        report[name] = f"brings {came}"
        break
print(json.dumps(report))
"""


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def module(source: Path) -> str:
    parts = source.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported_roots(source: Path) -> Iterator[tuple[int, str]]:
    """(line, top-level package) of every import in `source`, wherever it stands."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"), str(source))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]


def import_all(package: str) -> dict[str, str]:
    """What went wrong, by module, when everything in `package` was imported anew."""
    names = [module(source) for source in sources(package)]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, json.dumps([names, FORBIDDEN.get(package, ())])],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return report


@pytest.mark.parametrize("package", ["engine", "models", "console"])
def test_every_module_imports_and_brings_nothing_forbidden(package: str) -> None:
    assert import_all(package) == {}


@pytest.mark.parametrize("package", FORBIDDEN)
def test_no_function_imports_what_its_package_may_not(package: str) -> None:
    found = [
        f"{source.relative_to(ROOT)}:{line} imports {root}"
        for source in sources(package)
        for line, root in imported_roots(source)
        if root in FORBIDDEN[package]
    ]
    assert found == []


def test_the_tests_compile() -> None:
    for source in sources("tests"):
        compile(source.read_text("utf-8"), str(source), "exec")
