"""What one segment taught, as arrays: cheap to send from a worker to the learner.

Owns the passage of transitions through a pipe, bit for bit, and the sums beside them. Judges and
orders nothing: the rows come out as they went in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.learning.transition import Transition


@dataclass(frozen=True, slots=True)
class Takings:
    """The money of one or more segments. Micro-dollars."""

    windows: int = 0
    """Windows with a known outcome."""
    slots: int = 0
    """Starts of such windows, all assets together."""
    realised: int = 0
    """After fees."""
    fees: int = 0
    fills: int = 0

    def __add__(self, other: Takings) -> Takings:
        return Takings(
            self.windows + other.windows,
            self.slots + other.slots,
            self.realised + other.realised,
            self.fees + other.fees,
            self.fills + other.fills,
        )


@dataclass(frozen=True, slots=True)
class Harvest:
    """The transitions of one segment, N rows in the order in which they were completed."""

    environments: tuple[str, ...]
    """(N,) repeated names; pickling keeps one copy of each."""
    episodes: tuple[str, ...]
    """(N,) same."""
    policy_ids: tuple[str, ...]
    """(N,) same."""
    observations: NDArray[np.float32]
    """(N, 18)."""
    temporals: NDArray[np.float32]
    """(N, 90)."""
    masks: NDArray[np.bool_]
    """(N, 3)."""
    actions: NDArray[np.int32]
    """(N,)."""
    numbers: NDArray[np.float64]
    """(N, 4): log-probability, value, reward in dollars, next value."""
    ends: NDArray[np.bool_]
    """(N, 2): done, truncated."""
    takings: Takings
    until_ms: int
    """Market time of the segment's end, unix milliseconds."""

    def __len__(self) -> int:
        return len(self.actions)

    def transitions(self, apart: str) -> Iterator[Transition]:
        """The rows again. `apart` is put behind each environment and episode, because two markets
        of one iteration may bear the same names."""
        for i, environment in enumerate(self.environments):
            log_prob, value, reward, next_value = map(float, self.numbers[i])
            hold, buy, sell = map(bool, self.masks[i])
            yield Transition(
                environment=environment + apart,
                episode=self.episodes[i] + apart,
                observation=self.observations[i],
                temporal=self.temporals[i],
                mask=(hold, buy, sell),
                action=int(self.actions[i]),
                log_prob=log_prob,
                value=value,
                policy_id=self.policy_ids[i],
                reward=reward,
                done=bool(self.ends[i, 0]),
                truncated=bool(self.ends[i, 1]),
                next_value=next_value,
            )


def packed(rows: list[Transition], takings: Takings, until_ms: int) -> Harvest:
    """`rows` as arrays. There may be none."""
    count = len(rows)
    return Harvest(
        environments=tuple(row.environment for row in rows),
        episodes=tuple(row.episode for row in rows),
        policy_ids=tuple(row.policy_id for row in rows),
        observations=np.array([row.observation for row in rows], np.float32).reshape(count, 18),
        temporals=np.array([row.temporal for row in rows], np.float32).reshape(count, 90),
        masks=np.array([row.mask for row in rows], np.bool_).reshape(count, 3),
        actions=np.array([row.action for row in rows], np.int32),
        numbers=np.array(
            [(row.log_prob, row.value, row.reward, row.next_value) for row in rows], np.float64
        ).reshape(count, 4),
        ends=np.array([(row.done, row.truncated) for row in rows], np.bool_).reshape(count, 2),
        takings=takings,
        until_ms=until_ms,
    )
