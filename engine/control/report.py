"""What ``trade-console status`` tells, as plain JSON: a summary of one snapshot.

Owns the choice of what is told and its names, which stay as they are: scripts read them. Dollars,
shares and seconds unless a name says otherwise; null is unknown.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from engine.snapshot import AssetView, Snapshot


@dataclass(frozen=True, slots=True)
class Host:
    """The process that answers, as its control server sees it."""

    pid: int
    uptime_s: float
    """Real seconds since it began to listen."""
    since_ms: int
    """Market time since which it was seen in its present state, to about a second."""


def report(snap: Snapshot, host: Host) -> dict[str, Any]:
    """Everything a person in another shell asks first."""
    return {
        "running": True,
        "pid": host.pid,
        "uptime_s": round(host.uptime_s, 1),
        "seq": snap.seq,
        "t_ms": snap.t_ms,
        "mode": snap.mode,
        "feed": snap.feed,
        "state": snap.state,
        "why": snap.state_reason,
        "since_ms": host.since_ms,
        "failure": snap.failure,
        "positions": [held for asset in snap.assets for held in _held(asset)],
        "under_way": [f"{a.asset} {a.working}" for a in snap.assets if a.working],
        "awaiting": [slug for asset in snap.assets for slug in asset.awaiting],
        "worst_case": snap.worst_case,
        "pnl_executable": snap.pnl,
        "unrealised": snap.unrealised,
        "pnl_mid": snap.pnl_mid,
        "fees": snap.fees,
        "model": _model(snap),
        "feeds": [{"name": s.name, "status": s.status, "age_s": s.age_s} for s in snap.streams],
        **_safety(snap),
    }


def _held(asset: AssetView) -> list[dict[str, Any]]:
    if asset.position is None:
        return []
    return [{"asset": asset.asset, "slug": asset.slug, **dataclasses.asdict(asset.position)}]


def _model(snap: Snapshot) -> dict[str, Any]:
    model = snap.model
    return {
        "name": model.name,
        "policy_id": model.policy_id,
        "depth": model.depth,
        "trained": model.trained,
    }


def _safety(snap: Snapshot) -> dict[str, Any]:
    safety = snap.safety
    return {
        "breakers": [dataclasses.asdict(breaker) for breaker in safety.breakers],
        "duties": [dataclasses.asdict(duty) for duty in safety.duties],
        "stop": None if safety.stop is None else dataclasses.asdict(safety.stop),
        "drill": dataclasses.asdict(safety.drill),
        "on_hangup": safety.on_hangup,
        "stuck_s": safety.stuck_s,
    }
