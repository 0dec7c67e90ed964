"""The process that runs segments: weights and segments in, harvests out.

Owns what a worker does from its first line to its last: it ends at once when its parent does, and
answers with a sentence where a segment cannot be run. It keeps nothing but the policy it was last
given. Ctrl-C and the end of its terminal do not reach it (`engine.training.crew`): what they mean,
the parent decides.
"""

from __future__ import annotations

import gc
import hashlib
import os
import threading
from dataclasses import dataclass
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

from engine.errors import ConsoleError
from engine.settings import Settings
from engine.training.harvest import Harvest
from engine.training.segment import Segment, run_segment
from models.checkpoint import Checkpoint
from models.errors import WeightsError
from models.ladder import Ladder
from models.policy import Policy
from models.tensor_file import parse_tensors

ACTOR = "actor"
"""Name of the rung on which the weights in training decide."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What decides from now on."""

    data: bytes
    """A weight file."""


@dataclass(frozen=True, slots=True)
class Job:
    """A segment to run with the newest weights."""

    index: int
    """Its place in the iteration."""
    segment: Segment


@dataclass(frozen=True, slots=True)
class Reaped:
    """A job's answer."""

    index: int
    harvest: Harvest


@dataclass(frozen=True, slots=True)
class Failed:
    """The answer where the job could not be done."""

    why: str
    """One sentence."""


def work(pipe: Connection[Reaped | Failed, Weights | Job], settings: Settings) -> None:
    """Answer every `Job` on `pipe` until it is closed. The entry of the process."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    ladder: Ladder | None = None
    while True:
        try:
            asked = pipe.recv()
        except EOFError:
            break
        if isinstance(asked, Weights):
            ladder = acting(asked.data)
        elif ladder is not None:
            pipe.send(_answer(asked, ladder, settings))
    del ladder
    gc.collect()  # a compiled call must not outlive its thread (MLX 0.32.4)


def acting(data: bytes) -> Ladder:
    """A ladder on which the weights in `data`, a weight file's bytes, decide."""
    architecture, tensors = parse_tensors(data, "the weights in training")
    sha256 = hashlib.sha256(data).hexdigest()
    checkpoint = Checkpoint(Path(ACTOR), len(data), sha256, architecture, tensors, None, None)
    return Ladder.of(ACTOR, Policy(checkpoint))


def _answer(job: Job, ladder: Ladder, settings: Settings) -> Reaped | Failed:
    try:
        return Reaped(job.index, run_segment(job.segment, ladder, settings))
    except (ConsoleError, WeightsError) as error:
        return Failed(str(error))


def _end_with_parent() -> None:
    """A parent that was killed closes no pipe while another worker holds a copy of it."""
    parent = parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
