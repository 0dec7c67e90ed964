"""One finding of the doctor, and how it is worded.

Owns the form that ``doctor --json`` prints. Words that came from a venue are cut and made
printable here, so that no answer can draw on the terminal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass

from engine.feeds.live.ask import Refusal
from engine.feeds.venues.polymarket_levels import MessageError

LONGEST = 240
"""Characters of a detail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What one look found."""

    check: str
    """``group: subject``; unique in one run."""
    ok: bool
    detail: str
    """What was seen, one line."""
    advice: str = ""
    """What to do about it, one line; empty where all is well."""


def fine(check: str, detail: str) -> Finding:
    return Finding(check, ok=True, detail=printable(detail))


def amiss(check: str, detail: str, advice: str) -> Finding:
    return Finding(check, ok=False, detail=printable(detail), advice=printable(advice))


def judged(check: str, detail: str, advice: str) -> Finding:
    """Amiss where there is advice."""
    return amiss(check, detail, advice) if advice else fine(check, detail)


def refused(check: str, refusal: Refusal, setting: str, instead: str = "") -> Finding:
    """A venue that gave no answer; `setting` names its host in the configuration.

    `instead` is what the program does without it.
    """
    what = f"this place is refused (HTTP {refusal.status})" if refusal.blocked else refusal.why
    mend = (
        "this venue does not serve your address; nothing here can mend that"
        if refusal.blocked
        else f"check the network, and {setting} in the configuration"
    )
    return amiss(check, what, f"{mend}; {instead}" if instead else mend)


def flat(findings: Iterable[list[Finding]]) -> list[Finding]:
    return [finding for several in findings for finding in several]


def printable(text: str) -> str:
    """One line of at most `LONGEST` characters, without control characters."""
    line = "".join(c if c.isprintable() else "?" for c in text[: LONGEST + 1])
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


async def unharmed(check: str, look: Awaitable[list[Finding]], seconds: float) -> list[Finding]:
    """The findings of `look`; where it takes too long or stumbles, one finding that says so."""
    try:
        async with asyncio.timeout(seconds):
            return await look
    except TimeoutError:
        late = f"nothing was found within {seconds:g} s"
        return [amiss(check, late, "check the network, or try again in a minute")]
    except MessageError as error:
        return [amiss(check, f"the answer cannot be read: {error}", _UNREADABLE)]
    except Exception as error:  # noqa: BLE001 - whatever a venue sends, all other findings are told
        return [amiss(check, f"{type(error).__name__}: {error}", _UNREADABLE)]


_UNREADABLE = "the venue may have changed its answers: update the program, or report this line"
