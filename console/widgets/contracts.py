"""What the reference venue says of each contract, a line an asset.

Pure functions of `engine.feeds_view.ContractView`. All of it is public and no money of the user:
privacy hides none of it, and amounts are in USD so that none looks like one of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence

from console.text import UNKNOWN, finite, spot_price
from console.themes import FAINT, LABEL, LOSS, PLAIN, by_sign
from console.widgets.lines import Line, Run
from engine.feeds_view import ContractView

ROOMY = 110
"""Columns from which every figure is told in full; below, without the index."""

UNITS = (("", 1.0), ("K", 1e3), ("M", 1e6), ("B", 1e9), ("T", 1e12))


def compact(value: float | None) -> str:
    """A large number in three digits: `812`, `12.4K`, `7.12B`."""
    number = finite(value)
    if number is None:
        return UNKNOWN
    for unit, scale in UNITS:
        scaled = abs(number) / scale
        if scaled < 999.5 or unit == "T":
            places = 0 if scaled >= 99.95 or not unit else 1 if scaled >= 9.995 else 2
            return f"{number / scale:.{places}f}{unit}"
    return UNKNOWN  # the loop ends at the last unit


def funding(fraction: float | None) -> str:
    """Funding per 8 hours in per cent: `+0.0100%`."""
    number = finite(fraction)
    return UNKNOWN if number is None else f"{100 * number + 0.0:+.4f}%"


def interest_in_dollars(contract: ContractView) -> float | None:
    """Open interest at the mark; None: one of the two is unknown."""
    if contract.open_interest is None or contract.mark is None:
        return None
    return contract.open_interest * contract.mark


def nothing_known(contract: ContractView) -> bool:
    """Whether the venue has told nothing yet: then nobody knows of liquidations either."""
    told = (contract.mark, contract.index, contract.funding, contract.open_interest)
    return all(value is None for value in told)


def contract_lines(contracts: Sequence[ContractView], width: int) -> list[Line]:
    """A heading and a line for each contract; nothing where there is none."""
    if not contracts:
        return []
    return [_heading(width), *(_row(contract, width) for contract in contracts)]


def _heading(width: int) -> Line:
    index = f"{'index':>13}" if width >= ROOMY else ""
    return [
        (f"{'asset':<6}{'mark':>11}{index}{'funding 8h':>12}", LABEL),
        (f"{'open interest':>22}{'liquidated 1 min':>20}", LABEL),
    ]


def _row(contract: ContractView, width: int) -> Line:
    index: list[Run] = [(f"{spot_price(contract.index):>13}", PLAIN)] if width >= ROOMY else []
    coins = f"{compact(contract.open_interest)} {contract.asset}"
    dollars = f"{compact(interest_in_dollars(contract))} USD"
    return [
        (f"{contract.asset:<6}", PLAIN),
        (f"{spot_price(contract.mark):>11}", PLAIN),
        *index,
        (f"{funding(contract.funding):>12}", by_sign(contract.funding)),
        (f"{coins:>11}{dollars:>11}", PLAIN),
        _liquidated(contract),
    ]


def _liquidated(contract: ContractView) -> Run:
    if nothing_known(contract):
        return f"{UNKNOWN:>20}", PLAIN
    return f"{compact(contract.liquidated)} USD".rjust(20), LOSS if contract.liquidated else FAINT
