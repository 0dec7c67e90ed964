"""A report as a table of slots for other programs: one row an arm and slot.

Owns the columns. An amount that nobody knows is an empty field, never 0.
"""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

from engine.evaluation.report import Report

COLUMNS = (
    "arm",
    "kind",
    "slot_start",
    "windows",
    "trades",
    "pnl_executable",
    "pnl_mid",
    "fees",
    "cost_beyond_mid",
)
"""Dollars where they are amounts; `slot_start` in UTC, ISO 8601."""


def save_csv(report: Report, path: Path) -> None:
    """Write every arm's slots to `path`. Raises OSError."""
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        for arm in report.arms:
            for slot in arm.slots:
                start = datetime.fromtimestamp(slot.start, UTC).isoformat()
                rows.writerow(
                    (
                        arm.name,
                        arm.kind,
                        start,
                        slot.windows,
                        slot.trades,
                        slot.pnl_executable,
                        slot.pnl_mid,
                        slot.fees,
                        slot.cost_beyond_mid,
                    )
                )
