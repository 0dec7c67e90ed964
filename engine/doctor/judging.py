"""What was heard of a venue, judged the same way for each: its sockets and its clock.

Owns no connection and asks for nothing.
"""

from __future__ import annotations

from statistics import median

from engine.doctor.findings import Finding, amiss, fine, judged, refused
from engine.doctor.wire import Listening
from engine.feeds.live.ask import Answer, Refusal

MOST_NAMED = 4
"""Silent topics that are named."""


def stream_finding(
    check: str, heard: Listening | Refusal, setting: str, instead: str = ""
) -> Finding:
    """Whether every wanted topic spoke; `setting` and `instead` as for `refused`."""
    if isinstance(heard, Refusal):
        return refused(check, heard, setting, instead)
    if heard.silent:
        advice = "try again in a minute; an open socket that says nothing is the venue's fault"
        return amiss(check, _silence(heard), f"{advice}; {instead}" if instead else advice)
    delay = f", frames {median(heard.delays_ms):.0f} ms old" if heard.delays_ms else ""
    return fine(
        check,
        f"connected in {heard.connect_ms:.0f} ms, all {len(heard.wanted)} topics within"
        f" {heard.first_ms:.0f} ms{delay}",
    )


def clock_finding(
    check: str, answer: Answer, stamp_ms: int, most_s: float, resolution_ms: int = 0
) -> Finding:
    """How far the venue's clock is from ours, by the middle of the round trip.

    `stamp_ms` is the venue's answer, cut to a multiple of `resolution_ms`.
    """
    middle = answer.asked_ms + answer.rtt_ms / 2
    ahead = stamp_ms + resolution_ms / 2 - middle
    detail = f"answered in {answer.rtt_ms:.0f} ms, its clock is {ahead:+.0f} ms from ours"
    uncertain = (answer.rtt_ms + resolution_ms) / 2
    late = abs(ahead) - uncertain > most_s * 1000
    advice = "let this machine set its clock by the network (timedatectl, or Date & Time)"
    return judged(check, detail, advice if late else "")


def _silence(heard: Listening) -> str:
    named = ", ".join(heard.silent[:MOST_NAMED])
    more = "" if len(heard.silent) <= MOST_NAMED else " ..."
    fault = f" ({heard.fault})" if heard.fault else ""
    return f"connected, but {len(heard.silent)} of {len(heard.wanted)} silent{fault}: {named}{more}"
