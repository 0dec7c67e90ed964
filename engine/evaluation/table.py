"""A report as plain text, 80 columns wide.

Owns the words and the layout. The verdict comes first, and "not shown" is printed like any other.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from engine.evaluation.arms import NAME_LENGTH
from engine.evaluation.bootstrap import CONFIDENCE, MIN_COUNT, RESAMPLES, block_length
from engine.evaluation.report import BEST, COST_PERCENT, ArmReport, PairReport, Report
from engine.evaluation.verdict import MIN_SLOTS

NONE = "-"
"""What stands for an amount that nobody knows or that could not have been."""


CENTS_UP_TO = 100_000
"""Dollars from which the cents are left out, so that columns stay apart."""

CENTS_UP_TO_NARROW = 10_000
"""The same in narrow columns."""

CENTS_UP_TO_ASSET = 1_000
"""The same where the number of trades stands beside the amount."""


def table(report: Report) -> str:
    """The whole report, each line at most 80 characters, ending with a line break.

    The name of a file may hold anything; nothing in it reaches the terminal as a command.
    """
    blocks = (_head(report), _verdicts(report), _sums(report), _fragility(report), _assets(report))
    text = "\n\n".join("\n".join(block) for block in blocks if block) + "\n"
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


def _head(report: Report) -> list[str]:
    return [
        *_wrapped(f"tapes: {', '.join(report.tapes)}"),
        *_wrapped(f"{report.slots} window slots ({report.windows} windows){_left_out(report)}"),
        *_wrapped(
            f"seed {report.seed}, stake ${report.trade_size:g}, {report.decision_rule} decisions"
            f"{_sampled(report)}, no daily loss limit; all amounts in dollars"
        ),
        *(line for warning in report.warnings for line in _wrapped(f"note: {warning}")),
        *(line for caution in _cautions(report.arms) for line in _wrapped(f"note: {caution}")),
    ]


def _left_out(report: Report) -> str:
    reasons = []
    if report.unknown_windows:
        reasons.append(f"outcome unknown: {report.unknown_windows}")
    if report.learned_windows:
        reasons.append(f"begun before {report.learned_until}: {report.learned_windows}")
    return f"; left out for every arm, {'; '.join(reasons)}" if reasons else ""


def _sampled(report: Report) -> str:
    learns = any(arm.kind == "online" for arm in report.arms)
    return ", sampled where an arm learns" if learns and report.decision_rule != "sample" else ""


def _cautions(arms: Sequence[ArmReport]) -> Iterator[str]:
    """What must be known of some arms before their figures are read."""
    for said, concerned in (
        ("untrained (initial) weights", lambda a: a.trained is False and a.kind == "frozen"),
        ("may have learned from these very tapes, as it does not say from what", _silent),
        ("no finite answer from the weights, held from then on", lambda a: a.falls > 0),
    ):
        names = [arm.name for arm in arms if concerned(arm)]
        if names:
            yield f"{said}: {', '.join(names)}"
    learned = [f"{arm.name} {_updates(arm)}" for arm in arms if arm.kind in ("online", "placebo")]
    if learned:
        yield f"updates: {'; '.join(learned)}"


def _silent(arm: ArmReport) -> bool:
    return arm.kind == "frozen" and arm.trained is True and not arm.learned_from


def _updates(arm: ArmReport) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in arm.updates.items()) or "none"


def _verdicts(report: Report) -> list[str]:
    if not report.executable_slots:
        return _wrapped(
            "VERDICT: not shown for any arm. The tape has no order books, so nothing could be "
            "executed; mid PnL alone is no evidence."
        )
    lines: list[str] = []
    for less, pairs in groupby(report.pairs, key=attrgetter("less")):
        lines += [f"{_COLUMNS if not lines else ''}less {less}", *map(_verdict, pairs)]
    return [*lines, *_wrapped(_method(report)), *_wrapped(_selection(report))]


_COLUMNS = (
    "executable dollars per slot, 95 % interval\n"
    f"{'arm':<{NAME_LENGTH}}{'mean':>9}{'low':>9}{'high':>9}  {'verdict':<10} rests on\n"
)


def _verdict(pair: PairReport) -> str:
    found = pair.difference
    interval = "".join(
        _money(x, 9, CENTS_UP_TO_NARROW) for x in (found.mean, found.low, found.high)
    )
    return (
        f"{pair.arm:<{NAME_LENGTH}}{interval}  {found.verdict.upper():<10} "
        f"{found.differing} of {found.slots} slots"
    )


def _method(report: Report) -> str:
    if report.executable_slots < MIN_COUNT:
        return f"Fewer than {MIN_COUNT} slots have no interval, fewer than {MIN_SLOTS} no verdict."
    block = block_length(report.executable_slots)
    said = (
        f"Stationary bootstrap of slots, blocks of {block} on average, {RESAMPLES} resamples. "
        f"Fewer than {MIN_SLOTS} slots in which two arms differ show nothing."
    )
    return said + (_FAIRNESS if _sampled(report) else "")


_FAIRNESS = (
    " An arm that learns samples its actions and frozen weights take the likeliest: less the same"
    " weights frozen it differs in both, less its placebo in what it learned alone."
)


def _selection(report: Report) -> str:
    """What the number of comparisons does to any one of them."""
    count = len(report.pairs)
    if count < 2 or report.executable_slots < MIN_COUNT:
        return ""
    chance = min(1.0, count * (1 - CONFIDENCE) / 2)
    kept = [
        f"{pair.arm} {pair.difference.corrected} than {pair.against}"
        for pair in report.pairs
        if pair.difference.corrected != "not shown"
    ]
    return (
        f"{len(report.arms)} arms were tried in {count} comparisons. Without any edge one in forty "
        f"is called better by chance: here at least one with a probability of up to "
        f"{chance:.0%}, and the best of many arms is the luckiest. By intervals widened for so "
        f"many (Bonferroni) there remains: {'; '.join(kept) or 'nothing shown'}."
    )


def _rests_on(report: Report) -> str:
    return f"over {report.executable_slots} independent slots with books"


def _sums(report: Report) -> list[str]:
    head = f"{'arm':<{NAME_LENGTH}}{'slots':>6}{'trades':>7}{'executable':>11}{'mid PnL':>10}"
    return [
        f"results {_rests_on(report)}; mid PnL over all {report.slots}",
        f"{head}{'fees':>9}{'win %':>6}{'drawdown':>10}",
        *map(_sum, report.arms),
    ]


def _sum(arm: ArmReport) -> str:
    win = NONE if arm.win_rate is None else f"{100 * arm.win_rate:.0f}"
    return (
        f"{arm.name:<{NAME_LENGTH}}{arm.independent_slots:>6}{arm.trades:>7}"
        f"{_money(arm.pnl_executable, 11)}{_money(arm.pnl_mid, 10)}{_plain(arm.fees, 9)}{win:>6}"
        f"{_plain(arm.max_drawdown, 10)}"
    )


def _fragility(report: Report) -> list[str]:
    if not report.executable_slots:
        return []
    without = "".join(f"{f'less {n}':>9}" for n in BEST)
    costs = "".join(f"{f'x{p / 100:g}':>9}" for p in COST_PERCENT)
    return [
        f"executable PnL {_rests_on(report)}",
        f"{'':<{NAME_LENGTH}}{'without its best slots':>27}  {'times its costs':>27}",
        f"{'arm':<{NAME_LENGTH}}{without}  {costs}",
        *map(_fragile, report.arms),
        *_wrapped(
            "Costs are fees and what fills cost beyond the mid of the books that they met; at x0 "
            "the same fills would have been free."
        ),
    ]


def _fragile(arm: ArmReport) -> str:
    without, costs = (
        "".join(_money(value, 9, CENTS_UP_TO_NARROW) for value in values)
        for values in (arm.without_best.values(), arm.at_cost.values())
    )
    return f"{arm.name:<{NAME_LENGTH}}{without}  {costs}"


def _assets(report: Report) -> list[str]:
    assets = report.arms[0].assets
    if len(assets) < 2:
        return []
    heads = "".join(f"{asset.asset:>15}" for asset in assets)
    slots = "".join(f"{asset.independent_slots:>15}" for asset in assets)
    return [
        "executable PnL and (trades) by asset",
        f"{'arm':<{NAME_LENGTH}}{heads}",
        f"{'slots with books':<{NAME_LENGTH}}{slots}",
        *(f"{arm.name:<{NAME_LENGTH}}{_by_asset(arm)}" for arm in report.arms),
    ]


def _by_asset(arm: ArmReport) -> str:
    return "".join(
        f"{_money(a.pnl_executable, 0, CENTS_UP_TO_ASSET)} ({a.trades})".rjust(15)
        for a in arm.assets
    )


def _money(amount: float | None, width: int, cents_up_to: int = CENTS_UP_TO) -> str:
    if amount is None:
        return NONE.rjust(width)
    return f"{amount:+.{0 if abs(amount) >= cents_up_to else 2}f}".rjust(width)


def _plain(amount: float | None, width: int) -> str:
    return _money(amount, 0).lstrip("+").rjust(width)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 80)
