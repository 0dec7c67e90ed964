"""Items of the status row that only a live market has: connections, underlying, clock, recorder.

Each says nothing where there is nothing to say. Pure functions of a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass

from console.text import Money
from console.themes import ALARM, GAIN, KEY, LABEL, PLAIN, WARN
from console.widgets.feeds import skew, span
from console.widgets.lines import Run
from engine.feeds_view import FeedsView
from engine.snapshot import Snapshot

Item = list[Run]


def connected(feeds: FeedsView) -> str:
    """How many connections of those wanted are live, as `5/7`; empty where all are, or none is."""
    wanted = [view for view in feeds.connections if view.state != "off"]
    lacking = sum(view.ill for view in wanted)
    return f"{len(wanted) - lacking}/{len(wanted)}" if lacking else ""


def connected_item(snapshot: Snapshot) -> Item:
    """The same as an item of its own: `feeds 5/7`."""
    share = connected(snapshot.feeds)
    return [(f"feeds {share}", WARN)] if share else []


def recording(snapshot: Snapshot) -> Item:
    """`rec` while what is heard is written down."""
    return [("rec", GAIN)] if snapshot.feeds.recorder.on else []


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to be told in the alert row."""

    long: Item
    """With its reason."""
    short: Item
    """Without, where there is no room; the Feeds view has the reason."""


WHY_ELSEWHERE: Item = [("f", KEY), (" tells why", LABEL)]
"""Stands behind alerts in their short form."""


def live_alerts(snapshot: Snapshot, money: Money) -> list[Alert]:
    """What is not as it should be with the feeds, worst first."""
    feeds = snapshot.feeds
    found = (_clock(feeds), _underlying(feeds, money), _recorder(feeds, money))
    return [alert for alert in found if alert is not None]


def _clock(feeds: FeedsView) -> Alert | None:
    if feeds.skew_ms is None or not feeds.skewed:
        return None
    way = "behind" if feeds.skew_ms > 0 else "ahead"
    short: Item = [("clock ", LABEL), (f"{span(abs(feeds.skew_ms))} {way}", ALARM)]
    return Alert([("clock ", LABEL), *skew(feeds)], short)


def _underlying(feeds: FeedsView, money: Money) -> Alert | None:
    why = money.sentence(feeds.reference_why)
    if not feeds.reference:
        none: Item = [("underlying: ", LABEL), ("none", ALARM)]
        return Alert([*none, (f", {why}", WARN)], none) if why else None
    if feeds.reference_rung == 0:
        return None
    short: Item = [("underlying: ", LABEL), (feeds.reference, WARN)]
    return Alert([*short, (f", {why}" if why else "", PLAIN)], short)


def _recorder(feeds: FeedsView, money: Money) -> Alert | None:
    if feeds.recorder.on or not feeds.recorder.why:
        return None
    short: Item = [("recording ", LABEL), ("stopped", WARN)]
    return Alert([*short, (f": {money.sentence(feeds.recorder.why)}", WARN)], short)
