"""The transitions of the next update, as arrays.

Owns what is admitted, when there is enough for an update, and the order of rows within one: grouped
by environment and window, in time order, with the places marked at which a trace ends. Computes no
advantage and never changes a row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from engine.history import ROW_SIZE
from engine.learning.pieces import PIECE, finished
from engine.learning.profile import Profile
from engine.learning.transition import Transition
from engine.learning.window_rows import ROW, TEMPORAL_SIZE, Table, WindowRows

MOST_ROWS: Final = 65_536
"""Rows kept; the 16 windows of `long_horizon` have 28,800 at half a second each."""


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
        self._windows: dict[int, WindowRows] = {}
        self._size = 0
        self._names: dict[tuple[str, str], int] = {}
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
        name = (transition.environment, transition.episode)
        place = self._names.setdefault(name, len(self._names))
        self._windows.setdefault(place, WindowRows()).add(self._row(transition, place))
        self._size += 1
        self.rewarded += transition.reward != 0.0
        self.episodes += transition.done

    def batch(self) -> Batch:
        """All rows, as an update needs them. The arrays are its own."""
        return finished(self.gather())

    def gather(self) -> Generator[None, None, Batch]:
        """The same, yielding between pieces; no row may come or go until it ends."""
        batch = _blank(self._size)
        policies: set[int] = set()
        end = 0
        for window in self._windows.values():
            for part in window.parts():
                start, end = end, end + len(part)
                _copy(part, batch, slice(start, end))
                policies.update(part["policy"].tolist())
                if end // PIECE > start // PIECE:
                    yield
            batch.cuts[end - 1 : end] = True
        _cut_holes(batch)
        names = list(self._policies)
        return replace(batch, policy_ids=tuple(names[place] for place in sorted(policies)))

    def clear(self) -> None:
        """Begin anew."""
        self._size = self.rewarded = self.episodes = 0
        self._windows.clear()
        self._names.clear()
        self._policies.clear()

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything, for a checkpoint: numeric arrays, names as UTF-8 bytes."""
        names = {"episodes": list(self._names), "policies": list(self._policies)}
        parts = [part for window in self._windows.values() for part in window.parts()]
        rows = np.concatenate([np.empty(0, ROW), *parts])
        columns = {name: rows[name].copy() for name in _names()}
        text = np.frombuffer(json.dumps(names).encode(), np.uint8).copy()
        return {**columns, "names": text, "dropped": np.array(self.dropped, np.int64)}

    def restore(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Become what `arrays` was made of. Raises ValueError, one sentence, for anything else."""
        rows, episodes, policies = _read(arrays)
        self._names = {name: place for place, name in enumerate(episodes)}
        self._policies = {name: place for place, name in enumerate(policies)}
        places = dict.fromkeys(rows["episode"].tolist())
        self._windows = {at: WindowRows(rows[rows["episode"] == at]) for at in places}
        self.dropped = int(arrays["dropped"])
        self._recount()

    def _row(self, row: Transition, window: int) -> tuple[Any, ...]:
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
            window,
            self._policies.setdefault(row.policy_id, len(self._policies)),
        )

    def _drop_oldest_window(self) -> None:
        """Give up the window that came first as a whole, so that no trace begins in its midst."""
        self.dropped += len(self._windows.pop(next(iter(self._windows))))
        self._recount()

    def _recount(self) -> None:
        windows = self._windows.values()
        self._size = sum(map(len, windows))
        self.rewarded = sum(window.rewarded for window in windows)
        self.episodes = sum(window.ends for window in windows)


_FIELDS: Final = {
    "observations": "observation",
    "temporals": "temporal",
    "masks": "mask",
    "actions": "action",
    "log_probs": "log_prob",
    "values": "value",
    "rewards": "reward",
    "dones": "done",
    "cuts": "truncated",
    "next_values": "next_value",
}
"""Each array of a batch, and what of a row is in it."""


def _blank(rows: int) -> Batch:
    one = np.empty(0, ROW)
    made = {
        name: np.empty((rows, *one[field].shape[1:]), one[field].dtype)
        for name, field in _FIELDS.items()
    }
    return Batch(**made, policy_ids=())


def _copy(part: Table, batch: Batch, place: slice) -> None:
    for name, field in _FIELDS.items():
        getattr(batch, name)[place] = part[field]
    batch.cuts[place] |= part["done"]


def _cut_holes(batch: Batch) -> None:
    """A trace ends where rows are missing: one that leads to the next was given its value."""
    batch.cuts[:-1] |= batch.next_values[:-1] != batch.values[1:]


def _refuse_nonsense(row: Transition) -> None:
    if row.observation.shape != (ROW_SIZE,) or row.temporal.shape != (TEMPORAL_SIZE,):
        raise ValueError(
            f"a row of {row.episode} is not of shapes ({ROW_SIZE},), ({TEMPORAL_SIZE},)"
        )
    if not 0 <= row.action < len(row.mask) or not row.mask[row.action]:
        raise ValueError(f"a row of {row.episode} has the action {row.action}, which is not legal")
    numbers = (row.log_prob, row.value, row.reward, row.next_value)
    if not (all(map(math.isfinite, numbers)) and _finite(row.observation, row.temporal)):
        raise ValueError(f"a row of {row.episode} holds NaN or infinity")


def _finite(*arrays: NDArray[np.float32]) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _names() -> tuple[str, ...]:
    assert ROW.names is not None  # noqa: S101 - a structured type has names
    return ROW.names


def _read(
    arrays: Mapping[str, NDArray[Any]],
) -> tuple[NDArray[Any], list[tuple[str, str]], list[str]]:
    """Rows, windows and policies of a checkpoint, believed only as a whole."""
    missing = {*_names(), "names", "dropped"} - arrays.keys()
    if missing:
        raise ValueError(f"the rollout of a checkpoint lacks {', '.join(sorted(missing))}")
    rows = np.zeros(len(arrays["action"]), ROW)
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
    except (KeyError, RecursionError, TypeError, ValueError) as error:
        raise ValueError(f"the rollout of a checkpoint has malformed names ({error})") from None
