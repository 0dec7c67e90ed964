"""What each request of a person does to the engine.

Owns the meaning of `engine.requests`, and the sentence each leaves in the log. A request that
cannot be granted leaves a sentence too: nothing is ignored in silence (DESIGN 4.12).
"""

from __future__ import annotations

from engine import events as ev
from engine import requests as rq
from engine.core import Engine
from engine.errors import UsageError
from engine.learning.challenger import Challenger
from engine.learning.succession import Succession
from models.ladder import Fall

NO_CHALLENGER = "nothing learns in this run; start it with --learn"


FIXED = "the champion of this run cannot change"


def obey(
    engine: Engine,
    request: rq.Request,
    challenger: Challenger | None = None,
    succession: Succession | None = None,
) -> None:
    """Carry out one request at the engine's market time.

    `succession` is the challenger's where there is one and it is left out.
    """
    match request:
        case rq.Halt() | rq.Flatten():
            _halt(engine, request)
            if isinstance(request, rq.Flatten):
                engine.flattening = True
        case rq.CloseOut():
            engine.reduce_only = engine.flattening = True
        case rq.Resume():
            _resume(engine, request.typed)
        case rq.ReduceOnly():
            engine.reduce_only = True
        case rq.AdmitOpens():
            engine.reduce_only = False
            engine.flattening = engine.flattening and engine.latch.shut  # closing out is over
        case rq.FallBack() | rq.PickModel():
            _change_model(engine, request)
        case rq.RollBack():
            _roll_back(engine, succession if challenger is None else challenger.succession)
        case _:
            _teach(engine, challenger, request)
    engine.tell_state(engine.why())
    engine.journal.log.commit()


def _halt(engine: Engine, request: rq.Halt | rq.Flatten) -> None:
    """Make the halt durable and report with evidence.

    Who asked has shut the latch in memory already. It is shut again here, because a RESUME that was
    asked for before this halt may have opened it in between: the later request wins.
    """
    engine.latch.shut_now(request.why)
    engine.tell_state(engine.why())
    trouble = engine.latch.keep()
    if trouble is not None:
        _note(engine, "alarm", trouble)
    flying = len(engine.journal.ledger.working)
    held = len(engine.journal.ledger.open_slugs())
    _note(
        engine,
        "alarm",
        f"gate shut; no order rests at the paper venue; {flying} in flight may still fill; "
        f"positions held in {held} windows",
    )


def _resume(engine: Engine, typed: str) -> None:
    try:
        engine.latch.release(typed)
    except UsageError as error:
        _note(engine, "warn", str(error))
        return
    engine.flattening = False


def _change_model(engine: Engine, request: rq.FallBack | rq.PickModel) -> None:
    ladder = engine.ladder
    fall: Fall
    try:
        if isinstance(request, rq.PickModel):
            fall = ladder.pick(request.rung)
        else:
            fall = ladder.cycle("operator")
    except IndexError:
        _note(engine, "warn", "there is no such rung on the model ladder")
        return
    engine.fell(fall)


def _roll_back(engine: Engine, succession: Succession | None) -> None:
    if succession is None:
        _note(engine, "warn", FIXED)
        return
    succession.roll_back("operator")


def _teach(
    engine: Engine, challenger: Challenger | None, request: rq.SetLearning | rq.Promote
) -> None:
    if challenger is None:
        _note(engine, "warn", NO_CHALLENGER)
        return
    match request:
        case rq.SetLearning():
            challenger.switch(request.on, "operator")
        case rq.Promote():
            challenger.promote()


def _note(engine: Engine, level: str, text: str) -> None:
    engine.journal.record(engine.t_ms, ev.Noted(level, text))
