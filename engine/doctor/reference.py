"""Which venue the underlying would be measured on, by what was found of each."""

from __future__ import annotations

from collections.abc import Iterable

from engine.doctor import binance, okx
from engine.doctor.findings import Finding, amiss, fine

CHECK = "reference: choice"

RUNGS = (
    ("binance-futures", (binance.FUTURES, binance.FUTURES_TRADES, binance.FUTURES_QUOTES)),
    ("binance-spot", (binance.SPOT, binance.SPOT_STREAM)),
    ("okx-swap", (okx.REQUESTS, okx.CONTRACT, *okx.STREAMS)),
)
"""Each venue, the best first, and the findings that must all be well for it to be taken."""


def reference_finding(findings: Iterable[Finding]) -> Finding:
    """The first venue that would do, and what is wrong with the better ones."""
    well = {finding.check for finding in findings if finding.ok}
    wrong: list[str] = []
    for venue, needed in RUNGS:
        missing = [check for check in needed if check not in well]
        if not missing:
            return fine(CHECK, "; ".join([venue, *wrong]))
        wrong.append(f"not {venue}: {missing[0]} failed")
    advice = "mend one of the venues above: without a reference nothing is bought"
    return amiss(CHECK, "none; " + "; ".join(wrong), advice)
