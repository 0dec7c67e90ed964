"""Whether anything that decides knows what has not happened yet.

The same arms, made afresh, play the beginning of a tape as it is, and again with everything after
some instant withheld. Up to that instant they must see and do the same, to the last bit; whoever
does not has used later data. Owns the withholding and the comparison. It cannot see knowledge that
somebody wrote into weights beforehand; that is what `walk_forward` is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import zip_longest

from engine.decision import Decision
from engine.errors import ConsoleError
from engine.evaluation.arms import Arm
from engine.evaluation.run import seat
from engine.evaluation.tape import Tape
from engine.feeds.feed import Feed, FeedInfo
from engine.feeds.tee import Tee
from engine.messages import Message
from engine.settings import Settings

CUTS_MS = (100_000, 200_000, 300_000)
"""Market time from the beginning of a tape, milliseconds, after which everything is withheld. More
than one: of a rule that looks a tick ahead only the last decision before a cut can differ."""

Make = Callable[[Tape], Sequence[Arm]]
"""Makes the arms. It is given the tape because whoever looks ahead must have it from somewhere."""

Trail = list[tuple[int, tuple[object, ...]]]
"""What one arm saw and decided, in order: market time in unix milliseconds, and all the rest."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """A tape that ends at an instant."""

    tape: Tape
    at_ms: int
    """The last instant of which anything is known, unix milliseconds."""

    @property
    def name(self) -> str:
        return self.tape.name

    def open(self) -> Feed:
        return _Cut(self.tape.open(), self.at_ms)


class _Cut:
    """A feed (`engine.feeds.feed.Feed`) without what comes after an instant."""

    def __init__(self, feed: Feed, at_ms: int) -> None:
        self._feed = feed
        self._at_ms = at_ms

    @property
    def info(self) -> FeedInfo:
        return replace(self._feed.info, end_ms=self._at_ms)

    def poll(self, until_ms: int) -> Iterable[Message]:
        return self._feed.poll(min(until_ms, self._at_ms))

    def next_ms(self) -> int | None:
        coming = self._feed.next_ms()
        return None if coming is None or coming > self._at_ms else coming

    def close(self) -> None:
        self._feed.close()


def refuse_foresight(tape: Tape, make: Make, settings: Settings, seed: int) -> None:
    """ConsoleError, one sentence, if an arm sees or decides anything otherwise up to one of
    `CUTS_MS` once what comes after it is withheld."""
    with closing(tape.open()) as feed:
        cuts = [feed.info.start_ms + cut for cut in CUTS_MS]
    whole = _trails(tape, make, settings, seed, cuts[-1])
    for cut in cuts:
        blind = _trails(Withheld(tape, cut), make, settings, seed, cut)
        for name, trail in whole.items():
            known = [made for made in trail if made[0] <= cut]
            differing = _first_difference(known, blind[name])
            if differing is not None:
                raise ConsoleError(
                    f"{tape.name}: {name} decided otherwise at {differing} with all data after"
                    f" {cut} withheld; it knows what comes, so its results would mean nothing"
                )


def _trails(
    tape: Tape, make: Make, settings: Settings, seed: int, until_ms: int
) -> dict[str, Trail]:
    """What every arm decides up to `until_ms`, by its name."""
    arms = make(tape)
    try:
        with closing(tape.open()) as source:
            return dict(_played(source, arms, settings, seed, until_ms))
    finally:
        for arm in arms:
            arm.close()


def _played(
    source: Feed, arms: Sequence[Arm], settings: Settings, seed: int, until_ms: int
) -> Iterator[tuple[str, Trail]]:
    tee = Tee(source)
    seated = [seat(arm, tee.branch(), settings, seed) for arm in arms]
    trails: list[Trail] = [[] for _ in arms]
    for one, trail in zip(seated, trails, strict=True):
        one.journal.witness = _writer(trail)
    for now in range(source.info.start_ms, until_ms + 1, settings.decision_ms):
        for one in seated:
            one.advance(now)
    return zip((arm.name for arm in arms), trails, strict=True)


def _writer(trail: Trail) -> Callable[[Decision], None]:
    def write(made: Decision) -> None:
        seen = (made.asset, made.slug, made.history, made.mask)
        done = (made.probs, made.value, made.action, made.policy_id, made.outcome)
        trail.append((made.t_ms, seen + done))

    return write


def _first_difference(one: Trail, other: Trail) -> int | None:
    """Market time of the first decision that is not the same, unix milliseconds; None: all are."""
    for ours, theirs in zip_longest(one, other):
        if ours != theirs:
            return min(made[0] for made in (ours, theirs) if made is not None)
    return None
