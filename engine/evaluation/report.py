"""What an evaluation found, as one frozen object in dollars, ready for JSON.

Owns the names and units of the figures, and which windows each rests on. An amount that could not
have been executed because the tape has no books is None, never 0.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.evaluation.accounts import WindowResult
from engine.evaluation.pairs import Pair, pairs_of
from engine.evaluation.run import ArmRun
from engine.evaluation.slots import (
    Slot,
    curve,
    executable,
    max_drawdown,
    slots_of,
    total_at_cost,
    total_without_best,
)
from engine.evaluation.verdict import Difference, difference
from engine.evaluation.walk_forward import Known
from engine.units import MICRO, dollars

BEST = (1, 3, 5)
"""How many of its best slots an arm is asked to do without."""

COST_PERCENT = (100, 150, 200)
"""Costs that an arm is asked to bear, in percent of what they were."""


@dataclass(frozen=True, slots=True)
class AssetReport:
    """One arm in one asset. Dollars."""

    asset: str
    windows: int
    independent_slots: int
    """Slots with books that these figures rest on."""
    trades: int
    pnl_executable: float | None
    pnl_mid: float
    fees: float | None


@dataclass(frozen=True, slots=True)
class SlotReport:
    """One arm in one slot. Dollars."""

    start: int
    """Unix seconds."""
    windows: int
    trades: int
    pnl_executable: float | None
    pnl_mid: float
    fees: float | None
    cost_beyond_mid: float | None


@dataclass(frozen=True, slots=True)
class ArmReport:
    """One arm over all tapes; only windows with a known outcome. Dollars."""

    name: str
    about: str
    policy_id: str
    trained: bool | None
    """False: initial weights. None: a rule."""
    kind: str
    """``frozen``, ``online``, ``placebo`` or ``rule``."""
    model: str
    """Name of the frozen arm with the weights that it has or began with; empty for a rule."""
    learned_from: tuple[str, ...]
    """Names of all that the weights say they learned from beforehand; empty: they do not say."""
    windows: int
    independent_slots: int
    """Slots with books: what every executable figure of this arm rests on."""
    trades: int
    """Round trips, from the first buy to nothing held."""
    pnl_executable: float | None
    """None: no tape has books."""
    pnl_mid: float
    fees: float | None
    cost_beyond_mid: float | None
    """Paid above or received below the mid of the books that the fills met."""
    win_rate: float | None
    """Share of round trips that gained, after fees; None: there was none."""
    max_drawdown: float | None
    """Deepest fall of the running result, slot by slot."""
    without_best: dict[str, float | None]
    """Executable PnL without what the best 1, 3, 5 slots gained."""
    without_best_windows: dict[str, float | None]
    """The same by single windows: of several assets, only the best one of a slot goes."""
    at_cost: dict[str, float | None]
    """Executable PnL at 1, 1.5, 2 times its costs (fees, and what fills cost beyond the mid)."""
    assets: tuple[AssetReport, ...]
    denials: dict[str, int]
    """Refused orders by the gate's code, over all windows."""
    falls: int
    """Times that the weights gave no finite answer and HOLD took over."""
    updates: dict[str, int]
    """Updates of an arm that learns, by verdict."""
    difference: Difference | None
    """To the reference, per slot; None: this is the reference."""
    slots: tuple[SlotReport, ...]


@dataclass(frozen=True, slots=True)
class PairReport:
    """One arm less another, per slot."""

    arm: str
    against: str
    less: str
    """What `against` is to `arm`, in words."""
    difference: Difference


@dataclass(frozen=True, slots=True)
class Report:
    """All arms on the same tapes."""

    tapes: tuple[str, ...]
    seed: int
    reference: str
    trade_size: float
    """Dollars, base stake."""
    decision_rule: str
    slots: int
    """Window slots with at least one known outcome."""
    executable_slots: int
    """Of these, with books."""
    windows: int
    """Windows with a known outcome."""
    unknown_windows: int
    """Windows left out for every arm: the tape does not know their outcome."""
    learned_windows: int
    """Windows left out for every arm: an arm may have learned from them."""
    learned_until: str
    """Up to when, and which arm, in words; empty: no arm says that it learned from recordings."""
    arms: tuple[ArmReport, ...]
    pairs: tuple[PairReport, ...]
    """Every comparison that was made."""
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """What held for every arm."""

    tapes: tuple[str, ...]
    seed: int
    reference: str
    trade_size: float
    """Dollars."""
    decision_rule: str
    known: Known | None = None
    """How far into the recordings an arm has seen; None: none has."""


def report(runs: Sequence[Sequence[ArmRun]], conditions: Conditions) -> Report:
    """The report on `runs`: for each arm, its runs over the tapes; the same tapes for each."""
    against = next(of for of in runs if of[0].arm.name == conditions.reference)
    reference = slots_of(_windows(against))
    windows = _windows(against)
    pairs = _pairs(runs, conditions)
    return Report(
        tapes=conditions.tapes,
        seed=conditions.seed,
        reference=conditions.reference,
        trade_size=conditions.trade_size,
        decision_rule=conditions.decision_rule,
        slots=len(reference),
        executable_slots=len(executable(reference)),
        windows=sum(w.known for w in windows),
        unknown_windows=sum(not w.known for w in windows),
        learned_windows=sum(run.learned_windows for run in against),
        learned_until="" if conditions.known is None else str(conditions.known),
        arms=tuple(_arm(of, pairs, conditions) for of in runs),
        pairs=pairs,
        warnings=tuple(dict.fromkeys(run.warning for run in against if run.warning is not None)),
    )


def _pairs(runs: Sequence[Sequence[ArmRun]], conditions: Conditions) -> tuple[PairReport, ...]:
    slots = {of[0].arm.name: executable(slots_of(_windows(of))) for of in runs}
    pairs = pairs_of([of[0].arm for of in runs], conditions.reference)

    def judged(pair: Pair) -> PairReport:
        ours, theirs = slots[pair.arm], slots[pair.against]
        found = difference(ours, theirs, conditions.seed, len(pairs))
        return PairReport(pair.arm, pair.against, pair.less, found)

    return tuple(map(judged, pairs))


def _arm(runs: Sequence[ArmRun], pairs: Sequence[PairReport], conditions: Conditions) -> ArmReport:
    arm = runs[0].arm
    known = tuple(w for w in _windows(runs) if w.known)
    slots = slots_of(known)
    real = executable(slots)
    pnl = [slot.pnl for slot in real]
    single = [window.pnl for window in known if window.executable]
    costs = sum(slot.fees + slot.beyond_mid for slot in real)
    trades = [result for window in known for result in window.trades]
    only = _only_if(real)
    return ArmReport(
        name=arm.name,
        about=arm.about,
        policy_id=arm.policy_id,
        trained=arm.trained,
        kind=arm.kind,
        model=arm.model,
        learned_from=() if arm.origin is None else arm.origin.learned_from,
        windows=len(known),
        independent_slots=len(real),
        trades=len(trades),
        pnl_executable=only(sum(pnl)),
        pnl_mid=dollars(sum(slot.pnl_mid for slot in slots)),
        fees=only(sum(slot.fees for slot in real)),
        cost_beyond_mid=only(sum(slot.beyond_mid for slot in real)),
        win_rate=sum(result > 0 for result in trades) / len(trades) if trades else None,
        max_drawdown=only(max_drawdown(pnl)),
        without_best={str(n): only(total_without_best(pnl, n)) for n in BEST},
        without_best_windows={str(n): only(total_without_best(single, n)) for n in BEST},
        at_cost={f"{p / 100:g}": only(total_at_cost(sum(pnl), costs, p)) for p in COST_PERCENT},
        assets=_assets(known),
        denials=dict(sum((run.denials for run in runs), Counter()).most_common()),
        falls=sum(run.falls for run in runs),
        updates=dict(sum((run.updates for run in runs), Counter())),
        difference=_to_reference(arm.name, pairs, conditions.reference),
        slots=tuple(_slot(slot) for slot in slots),
    )


def _to_reference(arm: str, pairs: Sequence[PairReport], reference: str) -> Difference | None:
    found = (p.difference for p in pairs if (p.arm, p.against) == (arm, reference))
    return next(found, None)


def equity(arm: ArmReport) -> tuple[float, ...]:
    """Running executable result in dollars, one point a slot that has books."""
    results = [slot.pnl_executable for slot in arm.slots if slot.pnl_executable is not None]
    return tuple(dollars(level) for level in curve(round(MICRO * result) for result in results))


def _windows(runs: Sequence[ArmRun]) -> tuple[WindowResult, ...]:
    return tuple(window for run in runs for window in run.windows)


def _assets(windows: Sequence[WindowResult]) -> tuple[AssetReport, ...]:
    names = sorted({window.asset for window in windows})
    return tuple(_asset(name, [w for w in windows if w.asset == name]) for name in names)


def _asset(name: str, windows: Sequence[WindowResult]) -> AssetReport:
    real = {w.start for w in windows if w.executable}
    only = _only_if(sorted(real))
    return AssetReport(
        asset=name,
        windows=len(windows),
        independent_slots=len(real),
        trades=sum(len(w.trades) for w in windows),
        pnl_executable=only(sum(w.pnl for w in windows)),
        pnl_mid=dollars(sum(w.pnl_mid for w in windows)),
        fees=only(sum(w.fees for w in windows)),
    )


def _slot(slot: Slot) -> SlotReport:
    only = _only_if([slot] if slot.executable else [])
    return SlotReport(
        start=slot.start,
        windows=slot.windows,
        trades=slot.trades,
        pnl_executable=only(slot.pnl),
        pnl_mid=dollars(slot.pnl_mid),
        fees=only(slot.fees),
        cost_beyond_mid=only(slot.beyond_mid),
    )


def _only_if(evidence: Sequence[object]) -> Callable[[int], float | None]:
    """Micro-dollars to dollars where there is anything that they could rest on, else to None."""
    return dollars if evidence else _unknown


def _unknown(_amount: int) -> None:
    return None
