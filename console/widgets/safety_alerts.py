"""What the status row tells of safety: a stuck engine, a running stop, why nothing is opened.

Each has a long form and a short one; the Safety view has the rest. Pure functions of a snapshot.
"""

from __future__ import annotations

from console.text import Money, age
from console.themes import ALARM, KEY, LABEL, WARN
from console.widgets.live import Alert
from console.widgets.stop import evidence, evidence_short, running_stop
from engine.safety_view import SafetyView, StopView
from engine.snapshot import Snapshot


def safety_alerts(snapshot: Snapshot, money: Money) -> list[Alert]:
    """What stands between the trader and an open gate, worst first."""
    safety = snapshot.safety
    stop = running_stop(safety.stop)
    found = (
        _stuck(safety),
        _drill(safety),
        _breakers(snapshot),
        _state(snapshot, money) if stop is None else _stop(stop, money),
    )
    return [alert for alert in found if alert is not None]


def _stuck(safety: SafetyView) -> Alert | None:
    if safety.stuck_s is None:
        return None
    told = [("STUCK ", ALARM), (age(safety.stuck_s), ALARM)]
    return Alert([*told, (", the engine's thread does not move", ALARM)], told)


def _drill(safety: SafetyView) -> Alert | None:
    if safety.drill.passed is not False:
        return None
    told = [("stop drill FAILED", ALARM)]
    return Alert([*told, (", ", LABEL), ("s", KEY), (" tells why", LABEL)], told)


def _stop(stop: StopView, money: Money) -> Alert:
    return Alert([(evidence(stop, money), ALARM)], [(evidence_short(stop, money), ALARM)])


def _state(snapshot: Snapshot, money: Money) -> Alert | None:
    """The state with its reason."""
    if snapshot.state == "ACTIVE" or not snapshot.state_reason:
        return None
    told = [(f"{snapshot.state}: ", LABEL), (money.sentence(snapshot.state_reason), WARN)]
    return Alert(told, told)


def _breakers(snapshot: Snapshot) -> Alert | None:
    """How many are tripped, where the reason of the state does not show it by itself."""
    count = len(snapshot.safety.breakers)
    if not count or (count == 1 and snapshot.state == "REDUCING"):
        return None
    told = [(f"{count} breaker{'s' if count > 1 else ''} tripped", WARN)]
    return Alert([*told, (", ", LABEL), ("s", KEY), (" tells more", LABEL)], told)
