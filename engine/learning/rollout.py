"""The transitions of the next update, as arrays.

Owns what is admitted, when there is enough for an update, and the order of rows within one: grouped
by environment and window, in time order, with the places marked at which a trace ends. Computes no
advantage and never changes a row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.history import HISTORY_LEN, ROW_SIZE
from engine.learning.profile import Profile
from engine.learning.transition import Transition

MOST_ROWS: Final = 65_536
"""Rows kept; the 16 windows of `long_horizon` have 28,800 at half a second each."""

_FIRST_ROWS: Final = 512

_TEMPORAL: Final = HISTORY_LEN * ROW_SIZE

_ROW: Final = np.dtype(
    [
        ("observation", np.float32, (ROW_SIZE,)),
        ("temporal", np.float32, (_TEMPORAL,)),
        ("mask", np.bool_, (3,)),
        ("action", np.int32),
        ("log_prob", np.float32),
        ("value", np.float32),
        ("reward", np.float64),
        ("done", np.bool_),
        ("truncated", np.bool_),
        ("next_value", np.float32),
        ("episode", np.int32),
        ("policy", np.int32),
    ]
)
"""One transition; `episode` and `policy` are places in the lists of names."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of an update: those of one window together, in time order."""

    observations: NDArray[np.float32]
    """(N, 18)."""
    temporals: NDArray[np.float32]
    """(N, 90)."""
    masks: NDArray[np.bool_]
    """(N, 3)."""
    actions: NDArray[np.int32]
    """(N,)."""
    log_probs: NDArray[np.float32]
    """(N,) of the actions, under the masks, at collection."""
    values: NDArray[np.float32]
    """(N,) at collection, in scaled rewards."""
    rewards: NDArray[np.float64]
    """(N,) dollars."""
    dones: NDArray[np.bool_]
    """(N,) nothing comes after this row."""
    cuts: NDArray[np.bool_]
    """(N,) the row after this one is not what came after it: a trace ends here."""
    next_values: NDArray[np.float32]
    """(N,) value of where the row led, in scaled rewards; without effect if done."""
    policy_ids: tuple[str, ...]
    """Who decided; more than one is a fault."""

    def __len__(self) -> int:
        return len(self.actions)


class Rollout:
    """Collects transitions until there are enough."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._most = max(MOST_ROWS, 16 * profile.rows)
        self._rows: NDArray[Any] = np.zeros(_FIRST_ROWS, _ROW)
        self._size = 0
        self._episodes: dict[tuple[str, str], int] = {}
        self._policies: dict[str, int] = {}
        self.rewarded = 0
        """Rows with a reward other than 0."""
        self.episodes = 0
        """Windows whose end is among the rows."""
        self.dropped = 0
        """Rows given up since the start because too many were waiting."""

    def __len__(self) -> int:
        return self._size

    @property
    def ready(self) -> bool:
        """Whether there is enough for an update."""
        return not self.lacks

    @property
    def lacks(self) -> str:
        """What an update waits for, in words; empty: nothing."""
        needs = (
            (self._size, self._profile.rows, "rows"),
            (self.episodes, self._profile.episodes, "windows that ended"),
            (self.rewarded, self._profile.rewarded, "rows with a reward"),
        )
        return ", ".join(f"{have} of {need} {what}" for have, need, what in needs if have < need)

    @property
    def waits(self) -> str:
        """What an update still waits for although it has its rows, in words; empty: nothing, or
        rows."""
        if self._size < self._profile.rows:
            return ""
        needs = (
            (self._profile.episodes - self.episodes, "window", "to end"),
            (self._profile.rewarded - self.rewarded, "row", "with a reward"),
        )
        missing = [
            f"{count} {noun}{'s' * (count > 1)} {rest}" for count, noun, rest in needs if count > 0
        ]
        return f"waits for {' and '.join(missing)}" if missing else ""

    def add(self, transition: Transition) -> None:
        """Keep one row. Raises ValueError, one sentence, for one that no policy can have made."""
        _refuse_nonsense(transition)
        if self._size == self._most:
            self._drop_oldest_window()
        if self._size == len(self._rows):
            self._rows = np.concatenate([self._rows, np.zeros_like(self._rows)])
        self._rows[self._size] = self._row(transition)
        self._size += 1
        self.rewarded += transition.reward != 0.0
        self.episodes += transition.done

    def batch(self) -> Batch:
        """All rows, as an update needs them. The arrays are its own."""
        kept = self._rows[: self._size]
        rows = kept[np.argsort(kept["episode"], kind="stable")]
        return Batch(
            observations=rows["observation"].copy(),
            temporals=rows["temporal"].copy(),
            masks=rows["mask"].copy(),
            actions=rows["action"].copy(),
            log_probs=rows["log_prob"].copy(),
            values=rows["value"].copy(),
            rewards=rows["reward"].copy(),
            dones=rows["done"].copy(),
            cuts=_cuts(rows),
            next_values=rows["next_value"].copy(),
            policy_ids=tuple(list(self._policies)[place] for place in np.unique(rows["policy"])),
        )

    def clear(self) -> None:
        """Begin anew."""
        self._size = self.rewarded = self.episodes = 0
        self._episodes.clear()
        self._policies.clear()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, for a checkpoint: numeric arrays, names as UTF-8 bytes."""
        names = {"episodes": list(self._episodes), "policies": list(self._policies)}
        columns = {name: self._rows[name][: self._size].copy() for name in _names()}
        text = np.frombuffer(json.dumps(names).encode(), np.uint8).copy()
        return {**columns, "names": text, "dropped": np.array(self.dropped, np.int64)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Become what `arrays` was made of. Raises ValueError, one sentence, for anything else."""
        rows, episodes, policies = _read(arrays)
        self._rows = rows if len(rows) else np.zeros(_FIRST_ROWS, _ROW)
        self._episodes = {name: place for place, name in enumerate(episodes)}
        self._policies = {name: place for place, name in enumerate(policies)}
        self.dropped = int(arrays["dropped"])
        self._recount(len(rows))

    def _row(self, row: Transition) -> tuple[Any, ...]:
        name = (row.environment, row.episode)
        return (
            row.observation,
            row.temporal,
            row.mask,
            row.action,
            row.log_prob,
            row.value,
            row.reward,
            row.done,
            row.truncated,
            row.next_value,
            self._episodes.setdefault(name, len(self._episodes)),
            self._policies.setdefault(row.policy_id, len(self._policies)),
        )

    def _drop_oldest_window(self) -> None:
        """Give up the window of the oldest row as a whole, so that no trace begins in its midst."""
        kept = self._rows[: self._size]
        left = kept[kept["episode"] != kept["episode"][0]]
        self.dropped += self._size - len(left)
        self._rows[: len(left)] = left
        self._recount(len(left))

    def _recount(self, size: int) -> None:
        self._size = size
        self.rewarded = int(np.count_nonzero(self._rows["reward"][:size]))
        self.episodes = int(np.count_nonzero(self._rows["done"][:size]))


def _cuts(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Where a trace ends: said by the row, another window next, or rows missing in between.

    A row that leads to the next one was given that one's value, so anything else is a hole.
    """
    cuts: NDArray[np.bool_] = rows["done"] | rows["truncated"]
    cuts[-1:] = True
    cuts[:-1] |= rows["episode"][:-1] != rows["episode"][1:]
    cuts[:-1] |= rows["next_value"][:-1] != rows["value"][1:]
    return cuts


def _refuse_nonsense(row: Transition) -> None:
    if row.observation.shape != (ROW_SIZE,) or row.temporal.shape != (_TEMPORAL,):
        raise ValueError(f"a row of {row.episode} is not of shapes ({ROW_SIZE},), ({_TEMPORAL},)")
    if not 0 <= row.action < len(row.mask) or not row.mask[row.action]:
        raise ValueError(f"a row of {row.episode} has the action {row.action}, which is not legal")
    numbers = (row.log_prob, row.value, row.reward, row.next_value)
    if not (all(map(math.isfinite, numbers)) and _finite(row.observation, row.temporal)):
        raise ValueError(f"a row of {row.episode} holds NaN or infinity")


def _finite(*arrays: NDArray[np.float32]) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _names() -> tuple[str, ...]:
    assert _ROW.names is not None  # noqa: S101 - a structured type has names
    return _ROW.names


def _read(
    arrays: Mapping[str, NDArray[Any]],
) -> tuple[NDArray[Any], list[tuple[str, str]], list[str]]:
    """Rows, windows and policies of a checkpoint, believed only as a whole."""
    missing = {*_names(), "names", "dropped"} - arrays.keys()
    if missing:
        raise ValueError(f"the rollout of a checkpoint lacks {', '.join(sorted(missing))}")
    rows = np.zeros(len(arrays["action"]), _ROW)
    for name in _names():
        if arrays[name].shape != rows[name].shape or arrays[name].dtype != rows[name].dtype:
            raise ValueError(f"the rollout of a checkpoint has a malformed {name}")
        rows[name] = arrays[name]
    episodes, policies = _read_names(arrays["names"])
    for name, known in (("episode", episodes), ("policy", policies)):
        if not ((rows[name] >= 0) & (rows[name] < len(known))).all():
            raise ValueError(f"the rollout of a checkpoint names an unknown {name}")
    return rows, episodes, policies


def _read_names(text: NDArray[Any]) -> tuple[list[tuple[str, str]], list[str]]:
    try:
        said = json.loads(text.tobytes())
        episodes = [(str(environment), str(episode)) for environment, episode in said["episodes"]]
        return episodes, [str(policy) for policy in said["policies"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the rollout of a checkpoint has malformed names ({error})") from None
