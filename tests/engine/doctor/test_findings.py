from __future__ import annotations

import asyncio

import pytest

from engine.doctor.findings import LONGEST, Finding, fine, printable, refused, unharmed
from engine.feeds.live.ask import Refusal
from engine.feeds.venues.polymarket_levels import MessageError


async def never() -> list[Finding]:
    await asyncio.Event().wait()
    return []


async def raising(error: Exception) -> list[Finding]:
    raise error


async def test_a_look_that_takes_too_long_is_a_finding() -> None:
    (found,) = await unharmed("a: b", never(), 0.01)
    assert (found.check, found.ok) == ("a: b", False)
    assert "0.01 s" in found.detail


@pytest.mark.parametrize(
    "error", [MessageError("side is int"), KeyError("x"), RecursionError("deep"), ValueError("bad")]
)
async def test_a_look_that_stumbles_is_a_finding(error: Exception) -> None:
    (found,) = await unharmed("a: b", raising(error), 1)
    assert not found.ok
    assert found.advice


async def test_a_cancelled_doctor_ends() -> None:
    look = asyncio.create_task(unharmed("a: b", never(), 60))
    await asyncio.sleep(0)
    look.cancel()
    with pytest.raises(asyncio.CancelledError):
        await look


def test_no_answer_can_draw_on_the_terminal() -> None:
    assert "\x1b" not in fine("a: b", "\x1b[2Jgone\r\n").detail
    assert len(printable("x" * 10_000)) == LONGEST


@pytest.mark.parametrize("status", [403, 451])
def test_a_venue_that_refuses_this_place_is_said_plainly(status: int) -> None:
    found = refused("a: b", Refusal("answered", status), "venues.okx", "another is taken")
    assert f"HTTP {status}" in found.detail
    assert "does not serve your address" in found.advice
    assert found.advice.endswith("another is taken")


def test_a_venue_that_cannot_be_reached_names_its_setting() -> None:
    assert "venues.okx" in refused("a: b", Refusal("no route"), "venues.okx").advice
