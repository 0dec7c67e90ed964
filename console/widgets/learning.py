"""The challenger in words and gauges: what it learns from, how it fares, what promotes it.

Pure functions of a `LearningView`. What nobody has measured yet is `?`, never 0; every state is
a word or a mark first.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from console.text import UNKNOWN, Money, age, clip, finite, milliseconds
from console.themes import FAINT, GAIN, LABEL, PLAIN, STRONG, WARN, by_sign
from console.widgets.bars import gauge
from console.widgets.display import Display
from console.widgets.lines import Line, Run, first_line_that_fits, fit, spread, width_of
from console.widgets.verdict import counted, evidence, headline, style_of
from engine.learning_view import CriterionView, LearningView, RivalView

BOLD = Style(bold=True)

PHASE_STYLES = {"collecting": PLAIN, "updating": GAIN, "paused": WARN, "off": WARN}

MARKS: dict[bool, tuple[str, Style]] = {True: ("✓ met    ", GAIN), False: ("✗ not met", WARN)}
"""Of a criterion, by whether it is met."""

WIDEST_GAUGE = 24
TROUGH = "░"
"""What of a gauge is not filled yet."""
MEASURED_CELLS = 19
"""Cells that a criterion's name leaves to what was measured and what is needed."""


def nobody_learns(view: LearningView) -> bool:
    """Whether this run has no challenger at all, rather than one of which nothing is known yet."""
    return view.phase == "off" and not view.challenger.policy_id


def nobody_lines(view: LearningView, display: Display, width: int) -> list[Line]:
    """The whole board where nothing learns: who decides, and why there is nothing else."""
    why = display.money.sentence(view.why)
    return [
        fit([("learning ", LABEL), ("off", STRONG), (f": {why}", PHASE_STYLES["off"])], width),
        (),
        [
            ("champion   ", LABEL), ("decides   ", STRONG),
            (view.champion.policy_id or UNKNOWN, PLAIN),
        ],
        [("challenger ", LABEL), ("none here ", STRONG), ("no copy of it learns", PLAIN)],
        (),
        probation_line(view, display, width),
    ]  # fmt: skip


def hint(view: LearningView) -> Run:
    """Learning in two words for the status row: `learn 142/256`."""
    few = view.rows < view.rows_needed
    words = {
        "collecting": f"{view.rows}/{view.rows_needed}" if few else "waits",
        "updating": f"upd {view.step}/{view.steps}",
    }
    style = WARN if view.phase == "paused" else LABEL
    return f"learn {words.get(view.phase, view.phase)}", style


def state_line(view: LearningView, display: Display, width: int) -> Line:
    """On or off, the phase and why; at the right whose numbers it learns by."""
    left: list[Run] = [("learning ", LABEL), ("on" if view.on else "off", STRONG)]
    if view.phase != "off":
        left.append((f"  {view.phase}", PHASE_STYLES.get(view.phase, PLAIN)))
    if view.why:
        why = display.money.sentence(view.why)
        left.append((f": {why}", PHASE_STYLES.get(view.phase, PLAIN)))
    profile: list[Run] = [("  profile ", LABEL), (view.profile, PLAIN)]
    gamma: list[Run] = [("  gamma ", LABEL), (_discount(view.gamma), PLAIN)]
    roomy = width_of([*left, *profile, *gamma]) <= width
    return spread(left, [*profile, *gamma] if roomy else profile, width)


def _discount(gamma: float | None) -> str:
    return UNKNOWN if finite(gamma) is None else f"{gamma:.5g}"


def fill_line(view: LearningView, width: int) -> Line:
    """How full the rollout is, and how far the running update."""
    right = _update_gauge(view, max(6, min(WIDEST_GAUGE, width // 8)))
    words = f" {_rows(view)}, {_rewarded(view)}"
    room = width - width_of(right) - len("rollout ") - len(words) - 2
    share = view.rows / view.rows_needed if view.rows_needed else None
    bar = _bar(share, max(4, min(WIDEST_GAUGE, room)))
    return spread([("rollout ", LABEL), *bar, (words, PLAIN)], right, width)


def _bar(share: float | None, cells: int) -> list[Run]:
    """A gauge whose end can be seen while it is not full."""
    drawn = gauge(share, cells)
    filled = drawn.rstrip()
    return [(filled, GAIN), (TROUGH * (len(drawn) - len(filled)), FAINT)]


def _rows(view: LearningView) -> str:
    """More rows than needed are no share of them: an update may wait for something else."""
    if view.rows <= view.rows_needed:
        return f"{view.rows} of {view.rows_needed} rows"
    return f"{view.rows} rows" + (f" (needs {view.rows_needed})" if not view.steps else "")


def _rewarded(view: LearningView) -> str:
    asked = view.rewarded_needed and not view.steps
    return f"{view.rewarded} rewarded" + (f" (needs {view.rewarded_needed})" if asked else "")


def _update_gauge(view: LearningView, bar: int) -> Line:
    if not view.steps:
        return [("  update ", LABEL), ("none runs", FAINT)]
    done = _bar(view.step / view.steps, bar)
    return [("  update ", LABEL), *done, (f" {view.step} of {view.steps} steps", PLAIN)]


def champion_line(view: LearningView, display: Display, width: int) -> Line:
    """Who decides, and how it fared."""
    return _rival("champion", "decides", view.champion, view, display, width)


def challenger_line(view: LearningView, display: Display, width: int) -> Line:
    """Who learns, and how it fared on paper of its own."""
    learns = view.phase in ("collecting", "updating")
    return _rival(
        "challenger", "learns" if learns else "unchanged", view.challenger, view, display, width
    )


def _rival(
    name: str, role: str, rival: RivalView, view: LearningView, display: Display, width: int
) -> Line:
    """One of the two with its result over the slots that both have; `?` while there is none."""
    known = bool(rival.policy_id) and view.verdict.slots > 0
    result = display.money.signed(rival.pnl) if known else UNKNOWN
    who: list[Run] = [
        (f"{name:<11}", LABEL),
        (f"{role:<10}", STRONG),
        (f"{rival.policy_id or UNKNOWN:<12}", PLAIN),
    ]
    earned: Run = (f"{result:>12}", by_sign(rival.pnl) + BOLD if known else PLAIN)
    fills: Run = (f"  {counted(rival.trades, 'fill')}" if rival.policy_id else "", LABEL)
    return first_line_that_fits(
        width, [[*who, (" pnl", LABEL), earned, fills], [*who, earned, fills], [*who, earned]]
    )


def comparison_title(view: LearningView, width: int) -> Line:
    """What the two results below are of."""
    slots = view.verdict.slots
    words = (
        f"PnL over {counted(slots, 'slot')} that both finished"
        if slots
        else "PnL once a slot is complete"
    )
    said: Run = ("two accounts, ", LABEL)
    return first_line_that_fits(width, [[said, (words, LABEL)], [(words, LABEL)]])


def verdict_lines(view: LearningView, display: Display, width: int) -> list[Line]:
    """What the comparison shows and what that rests on, as bold as the two results above."""
    verdict, money = view.verdict, display.money
    style = style_of(verdict) + BOLD
    label: Run = ("verdict    ", LABEL)
    words = [headline(verdict, money), verdict.verdict]
    head = first_line_that_fits(width, [[label, (text, style)] for text in words])
    if not verdict.slots:
        return [head, ()]
    differ: Run = (f", {verdict.differing} differ", LABEL)
    rests: Run = (evidence(verdict, money), style)
    indent: Run = (" " * len(label[0]), PLAIN)
    return [
        head,
        first_line_that_fits(width, [[indent, rests, differ], [indent, rests], [rests]]),
    ]


def unmet(view: LearningView) -> list[CriterionView]:
    """What a promotion still lacks."""
    return [criterion for criterion in view.criteria if not criterion.met]


def promotion_title(view: LearningView) -> Line:
    """How many criteria are met; none known is said as such."""
    if not view.criteria:
        return [("promotion  ", LABEL), ("what it takes is not known yet", FAINT)]
    missing = unmet(view)
    met = len(view.criteria) - len(missing)
    word = f"{met} of {len(view.criteria)} met"
    style = WARN if missing else GAIN + BOLD
    return [("promotion  ", LABEL), (word, style), ("  measured (needed)", LABEL)]


def criterion_line(criterion: CriterionView, display: Display, name_cells: int) -> Line:
    """A mark and its word, what is asked, what was measured and, in brackets, what is needed."""
    mark, style = MARKS[criterion.met]
    name = f"{clip(criterion.name, name_cells):<{name_cells}} "
    return [(f"{mark} ", style), (name, LABEL), (against_need(criterion, display.money), PLAIN)]


def against_need(criterion: CriterionView, money: Money) -> str:
    """`12 (30)`: what was measured, and what is needed; once where the two are one."""
    if criterion.measured == criterion.needed:
        return money.sentence(criterion.measured)
    return f"{money.sentence(criterion.measured)} ({money.sentence(criterion.needed)})"


def criteria_lines(view: LearningView, display: Display, width: int, height: int) -> list[Line]:
    """The promotion's criteria; where they are too many, what is unmet comes first."""
    ordered = view.criteria
    if len(ordered) > height:
        ordered = (*unmet(view), *(criterion for criterion in ordered if criterion.met))
    longest = max((len(criterion.name) for criterion in ordered), default=0)
    cells = max(1, min(longest, width - len(MARKS[False][0]) - MEASURED_CELLS - 2))
    shown = [criterion_line(criterion, display, cells) for criterion in ordered[:height]]
    if len(ordered) > height:
        left = len(ordered) - height + 1
        shown[-1] = [(f"… and {left} more; P lists them all", LABEL)]
    return shown


def unmet_line(view: LearningView, display: Display, width: int) -> Line:
    """The promotion in one line: how far it is, then as much of what it lacks as there is room."""
    title = list(promotion_title(view)[:2])
    lacks = [f"  ✗ {c.name} {_shortly(c, display.money)}" for c in unmet(view)]
    shown = [[*title, (_first_of(lacks, count), WARN)] for count in range(len(lacks), 0, -1)]
    return fit(first_line_that_fits(width, shown or [title]), width)


def _shortly(criterion: CriterionView, money: Money) -> str:
    """Of words that are needed the one measured says enough; of numbers both are needed."""
    if criterion.needed.isdigit():
        return against_need(criterion, money)
    return money.sentence(criterion.measured)


def _first_of(lacks: Sequence[str], count: int) -> str:
    left = len(lacks) - count
    return "".join(lacks[:count]) + (f"  +{left}: P lists all" if left else "")


def probation_line(view: LearningView, display: Display, width: int) -> Line:
    """What is watched after a promotion."""
    if not view.probation:
        return [("probation  ", LABEL), ("none", FAINT)]
    return fit([("probation  ", LABEL), (display.money.sentence(view.probation), WARN)], width)


def upkeep_line(view: LearningView, display: Display, width: int) -> Line:
    """Reward scale, cost of a slice, how far the challenger trails, and the checkpoint."""
    trails = age(view.behind_s) if finite(view.behind_s) is not None else UNKNOWN
    facts: Sequence[tuple[str, str]] = (
        ("reward of 1 is ", display.money.plain(view.reward_scale)),
        ("slice p99 ", milliseconds(view.slice_p99_ms)),
        ("trails ", trails),
        ("checkpoint ", display.money.sentence(view.checkpoint) or "none yet"),
    )
    line: list[Run] = []
    for name, value in facts:
        line += [("  " if line else "", LABEL), (name, LABEL), (value, PLAIN)]
    return fit(line, width)


def updates_line(view: LearningView) -> Line:
    """How many updates were taken and how many refused: the table's title."""
    return [
        ("updates  ", STRONG),
        (str(view.accepted), PLAIN), (" accepted since it left the champion, ", LABEL),
        (str(view.refused), WARN if view.refused else PLAIN), (" refused this run", LABEL),
    ]  # fmt: skip
