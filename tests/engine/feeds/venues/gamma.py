"""A window as discovery would tell it: one event, whole or spoilt."""

from __future__ import annotations

from typing import Any

START = 1_791_241_200
"""2026-10-05 23:00 UTC, unix seconds."""

SLUG = f"btc-updown-15m-{START}"

CONDITION = "0x" + "c0" * 32


def event(**market: Any) -> dict[str, Any]:
    """An open event; `market` replaces or adds fields of its market."""
    whole = {
        "slug": SLUG,
        "conditionId": CONDITION,
        "outcomes": '["Up", "Down"]',
        "outcomePrices": '["0.5", "0.5"]',
        "clobTokenIds": '["11", "12"]',
        "eventStartTime": "2026-10-05T23:00:00Z",
        "endDate": "2026-10-05T23:15:00Z",
        "closed": False,
        "orderPriceMinTickSize": 0.01,
        "orderMinSize": 5,
        "feesEnabled": True,
        "feeSchedule": {"exponent": 1, "rate": 0.07, "takerOnly": True},
        "version": "v1",
        **market,
    }
    return {"slug": SLUG, "markets": [whole]}
