"""A report as plain text, 80 columns wide.

Owns the words and the layout. The verdict comes first, and "not shown" is printed like any other.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from engine.evaluation.arms import NAME_LENGTH
from engine.evaluation.bootstrap import MIN_COUNT, RESAMPLES, block_length
from engine.evaluation.report import BEST, COST_PERCENT, ArmReport, Report
from engine.evaluation.verdict import MIN_SLOTS, Difference

NONE = "-"
"""What stands for an amount that nobody knows or that could not have been."""


CENTS_UP_TO = 100_000
"""Dollars from which the cents are left out, so that columns stay apart."""


def table(report: Report) -> str:
    """The whole report, each line at most 80 characters, ending with a line break."""
    blocks = (_head(report), _verdicts(report), _sums(report), _fragility(report), _assets(report))
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _head(report: Report) -> list[str]:
    unknown = report.unknown_windows
    left_out = f"; left out for every arm, outcome unknown: {unknown}" if unknown else ""
    return [
        *_wrapped(f"tapes: {', '.join(report.tapes)}"),
        *_wrapped(f"{report.slots} window slots ({report.windows} windows){left_out}"),
        *_wrapped(
            f"seed {report.seed}, stake ${report.trade_size:g}, {report.decision_rule} decisions;"
            " all amounts in dollars"
        ),
        *(line for warning in report.warnings for line in _wrapped(f"note: {warning}")),
        *(line for arm in report.arms for line in _caution(arm)),
    ]


def _caution(arm: ArmReport) -> Iterator[str]:
    if arm.trained is False:
        yield f"note: {arm.name} has untrained (initial) weights"
    if "DAILY_LOSS" in arm.denials:
        yield f"note: {arm.name} was stopped by the daily loss limit, at least for a while"
    if arm.falls:
        yield f"note: {arm.name} gave no finite answer; from then on it held"


def _verdicts(report: Report) -> list[str]:
    if not report.executable_slots:
        return _wrapped(
            "VERDICT: not shown for any arm. The tape has no order books, so nothing could be "
            "executed; mid PnL alone is no evidence."
        )
    rows = [_verdict(arm, arm.difference) for arm in report.arms if arm.difference is not None]
    return [
        f"less {report.reference}, executable dollars per slot, 95 % interval",
        f"{'arm':<{NAME_LENGTH}}{'mean':>9}{'low':>9}{'high':>9}  {'verdict':<10} rests on",
        *rows,
        *_wrapped(_method(report, len(rows))),
    ]


def _verdict(arm: ArmReport, found: Difference) -> str:
    interval = "".join(_money(x, 9) for x in (found.mean, found.low, found.high))
    return (
        f"{arm.name:<{NAME_LENGTH}}{interval}  {found.verdict.upper():<10} "
        f"{found.differing} of {found.slots} slots"
    )


def _method(report: Report, comparisons: int) -> str:
    if report.executable_slots < MIN_COUNT:
        return f"Fewer than {MIN_COUNT} slots have no interval, fewer than {MIN_SLOTS} no verdict."
    block = block_length(report.executable_slots)
    return (
        f"Stationary bootstrap of slots, blocks of {block} on average, {RESAMPLES} resamples. "
        f"Fewer than {MIN_SLOTS} slots in which two arms differ show nothing. Of "
        f"{comparisons} comparisons without any edge, one in forty is called better by chance."
    )


def _sums(report: Report) -> list[str]:
    head = f"{'arm':<{NAME_LENGTH}}{'trades':>7}{'executable':>12}{'mid PnL':>11}{'fees':>10}"
    return [
        f"{head}{'win %':>7}{'drawdown':>11}",
        *(_sum(arm) for arm in report.arms),
    ]


def _sum(arm: ArmReport) -> str:
    win = NONE if arm.win_rate is None else f"{100 * arm.win_rate:.0f}"
    return (
        f"{arm.name:<{NAME_LENGTH}}{arm.trades:>7}{_money(arm.pnl_executable, 12)}"
        f"{_money(arm.pnl_mid, 11)}{_plain(arm.fees, 10)}{win:>7}{_plain(arm.max_drawdown, 11)}"
    )


def _fragility(report: Report) -> list[str]:
    if not report.executable_slots:
        return []
    without = "".join(f"{f'less {n}':>10}" for n in BEST)
    costs = "".join(f"{f'x{p / 100:g}':>11}" for p in COST_PERCENT)
    return [
        f"{'':<{NAME_LENGTH}}{'without its best slots':>30}  {'at so many times its costs':>33}",
        f"{'arm':<{NAME_LENGTH}}{without}  {costs}",
        *(_fragile(arm) for arm in report.arms),
        *_wrapped(
            "Costs are fees and what fills cost beyond the mid of the books that they met; at x0 "
            "the same fills would have been free."
        ),
    ]


def _fragile(arm: ArmReport) -> str:
    without = "".join(_money(value, 10) for value in arm.without_best.values())
    costs = "".join(_money(value, 11) for value in arm.at_cost.values())
    return f"{arm.name:<{NAME_LENGTH}}{without}  {costs}"


def _assets(report: Report) -> list[str]:
    names = [asset.asset for asset in report.arms[0].assets]
    if len(names) < 2:
        return []
    heads = "".join(f"{name:>16}" for name in names)
    return [
        "executable PnL and (trades) by asset",
        f"{'arm':<{NAME_LENGTH}}{heads}",
        *(f"{arm.name:<{NAME_LENGTH}}{_by_asset(arm)}" for arm in report.arms),
    ]


def _by_asset(arm: ArmReport) -> str:
    return "".join(f"{_money(a.pnl_executable, 0)} ({a.trades})".rjust(16) for a in arm.assets)


def _money(amount: float | None, width: int) -> str:
    if amount is None:
        return NONE.rjust(width)
    return f"{amount:+.{0 if abs(amount) >= CENTS_UP_TO else 2}f}".rjust(width)


def _plain(amount: float | None, width: int) -> str:
    return _money(amount, 0).lstrip("+").rjust(width)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 80)
