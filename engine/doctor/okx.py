"""The swaps of OKX: requests, both sockets, and what a contract is worth."""

from __future__ import annotations

import asyncio

from engine.doctor.findings import Finding, amiss, fine, flat, refused, unharmed
from engine.doctor.judging import clock_finding, stream_finding
from engine.doctor.wire import Wire
from engine.feeds.live.ask import Refusal
from engine.feeds.live.okx_streams import okx_specs
from engine.feeds.venues.fields import fields_of
from engine.feeds.venues.okx import CONTRACTS, check_contracts
from engine.feeds.venues.polymarket_levels import MessageError
from engine.feeds.venues.quantities import listed, stamp

REQUESTS = "okx: requests"
CONTRACT = "question: okx contracts"
STREAMS = ("okx: public stream", "okx: candles' stream")


async def okx_findings(wire: Wire) -> list[Finding]:
    """Every look at this venue, side by side."""
    seconds = wire.patience.look_s
    found = await asyncio.gather(
        unharmed(REQUESTS, _time(wire), seconds),
        unharmed(CONTRACT, _contracts(wire), seconds),
        *(unharmed(check, _stream(wire, index), seconds) for index, check in enumerate(STREAMS)),
    )
    return flat(found)


async def _time(wire: Wire) -> list[Finding]:
    answer = await wire.get(f"{wire.settings.venues.okx}/api/v5/public/time")
    if isinstance(answer, Refusal):
        return [refused(REQUESTS, answer, "venues.okx")]
    first = fields_of(listed(fields_of(answer.data).get("data"), 1, "data")[0])
    now_ms = stamp(first.get("ts"), "ts")
    return [clock_finding(REQUESTS, answer, now_ms, wire.settings.feeds.most_skew_s)]


async def _contracts(wire: Wire) -> list[Finding]:
    """OKX counts in contracts; the program refuses it where one is worth something else."""
    url = f"{wire.settings.venues.okx}/api/v5/public/instruments"
    answer = await wire.get(url, instType="SWAP")
    if isinstance(answer, Refusal):
        return [fine(CONTRACT, f"not answered: {answer.why}")]
    try:
        check_contracts(answer.data)
    except MessageError as error:
        advice = "update the program: until then it does not take OKX as a reference"
        return [amiss(CONTRACT, str(error), advice)]
    worth = ", ".join(f"{swap.split('-')[0]} {units:g}" for swap, units in CONTRACTS.items())
    return [fine(CONTRACT, f"as expected, units a contract: {worth}")]


async def _stream(wire: Wire, index: int) -> list[Finding]:
    heard = await wire.listen(okx_specs(wire.settings)[index])
    return [stream_finding(STREAMS[index], heard, "venues.okx_stream")]
