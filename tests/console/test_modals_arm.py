"""Arming: it lists what is missing and can do nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.modals.arm import ArmModal, arm_lines, preflight
from console.modals.page import FOUND, check, text_of
from console.text import Money
from engine.snapshot import Snapshot
from tests.console.fakes import flat, sample_snapshot
from tests.console.modal_host import open_dialog


def ready_snapshot() -> Snapshot:
    """All that this build could ever have in order."""
    return sample_snapshot(
        assets=tuple(flat(asset) for asset in sample_snapshot().assets),
        model=replace(sample_snapshot().model, trained=True),
        state="ACTIVE",
    )


def rows(snapshot: Snapshot) -> dict[str, str]:
    """Each requirement with its mark and what was found."""
    parts = ([text.strip() for text, _ in row] for row in preflight(snapshot, Money()))
    return {what: f"{mark}: {found}" for mark, what, found in parts}


def test_every_missing_thing_has_its_own_line() -> None:
    assert rows(sample_snapshot(state="HALTED", state_reason="key")) == {
        "live client": "✗ not met: not part of this build",
        "wallet key": "✗ not met: not looked for: nothing here could use it",
        "live market data": "✗ not met: the feed is sim",
        "flat": "✗ not met: BTC UP 506.45 held, XRP awaiting resolution",
        "trained model": "✗ not met: champion 3f9a1c0b7de2 is untrained",
        "trading state": "✗ not met: HALTED: key",
    }


def test_the_list_can_never_be_complete() -> None:
    found = rows(ready_snapshot())
    assert [what for what, said in found.items() if said.startswith("✗")] == [
        "live client",
        "wallet key",
        "live market data",
    ]


def test_it_says_that_it_stays_in_paper() -> None:
    assert "stays in PAPER" in text_of(arm_lines(ready_snapshot(), Money())).plain


def test_a_gate_that_says_live_is_not_called_paper() -> None:
    text = text_of(arm_lines(sample_snapshot(mode="LIVE"), Money())).plain
    assert "The gate says LIVE" in text
    assert "stays in PAPER" not in text


@pytest.mark.parametrize("key", ["enter", "escape"])
async def test_every_way_out_is_none(key: str) -> None:
    class Arm(ArmModal):
        GRACE_S = 0.0

    async with open_dialog(Arm(ready_snapshot())) as (host, pilot):
        await pilot.press(*"LIVE", *"ARM", key)
        assert host.answer is None
        assert host.acted == []


def test_what_was_found_stays_in_its_own_column() -> None:
    found = "BTC UP 506.45 held, ETH UP 506.45 held, SOL UP 506.45 held"
    _, second = text_of((check(met=True, what="flat", found=found),)).plain.splitlines()
    assert second.startswith(" " * FOUND)
    assert second.strip()
