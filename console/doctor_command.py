"""``trade-console doctor``: what is amiss on this machine and at the venues, and what to do.

Owns the printing and the exit code; the looking is `engine.doctor`.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import orjson

from console.terminal import is_terminal, terminal_size
from engine.doctor.examine import Subject, examine
from engine.doctor.findings import Finding
from engine.doctor.terminal import Terminal


@dataclass(frozen=True, slots=True)
class Paint:
    """Escape sequences around words; all empty: no colour."""

    ok: str = ""
    amiss: str = ""
    group: str = ""
    end: str = ""


COLORS = Paint(ok="\x1b[32m", amiss="\x1b[31m", group="\x1b[1m", end="\x1b[0m")


def doctor_command(options: argparse.Namespace) -> int:
    """Look at everything and print it. Returns 0 if all is well, otherwise 1."""
    findings = examine(Subject(_terminal(), os.environ))
    if options.json:
        flags = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        _write(orjson.dumps(findings, option=flags).decode())
    else:
        colored = is_terminal(sys.stdout)
        _write(report(findings, paint_for(os.environ) if colored else Paint()))
    return 0 if all(finding.ok for finding in findings) else 1


def report(findings: Sequence[Finding], paint: Paint) -> str:
    """One line a finding, grouped; the advice below one that is amiss; how many there are."""
    width = max(len(_subject(finding)) for finding in findings)
    groups = [
        "\n".join([f"{paint.group}{group}{paint.end}", *_lines(members, width, paint)])
        for group, members in groupby(findings, key=_group)
    ]
    return "\n\n".join([*groups, _closing(findings)]) + "\n"


def paint_for(environ: Mapping[str, str]) -> Paint:
    """Colours, unless NO_COLOR or the terminal forbids them."""
    plain = environ.get("NO_COLOR") or environ.get("TERM", "dumb") == "dumb"
    return Paint() if plain else COLORS


def _write(text: str) -> None:
    """Whatever the locale: one that cannot show every letter is what some come here to mend."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))


def _lines(findings: Iterator[Finding], width: int, paint: Paint) -> Iterator[str]:
    for finding in findings:
        word = f"{paint.ok}ok" if finding.ok else f"{paint.amiss}--"
        yield f"  {word}{paint.end}  {_subject(finding):<{width}}  {finding.detail}"
        if finding.advice:
            yield f"      {'':<{width}}  > {finding.advice}"


def _closing(findings: Sequence[Finding]) -> str:
    amiss = sum(not finding.ok for finding in findings)
    return f"{len(findings)} checks, {amiss or 'none'} amiss"


def _group(finding: Finding) -> str:
    return finding.check.partition(": ")[0]


def _subject(finding: Finding) -> str:
    return finding.check.partition(": ")[2]


def _terminal() -> Terminal:
    size = terminal_size(sys.stdout)
    encoding = getattr(sys.stdout, "encoding", None) or ""
    return Terminal(is_terminal(sys.stdout), size.columns, size.lines, encoding)
