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
from engine.safety.stop import Stop
from models.ladder import Fall

NO_CHALLENGER = "nothing learns in this run; start it with --learn"


FIXED = "the champion of this run cannot change"


def obey(
    engine: Engine,
    request: rq.Request,
    challenger: Challenger | None = None,
    succession: Succession | None = None,
) -> str:
    """Carry out one request at the engine's market time.

    `succession` is the challenger's where there is one and it is left out. Returns the sentence
    that was left in the log for whoever asked; "": it was granted, and the state says so.
    """
    answer = _done(engine, request, challenger, succession)
    engine.tell_state(engine.why())
    engine.journal.log.commit()
    return answer


def follow(engine: Engine) -> None:
    """Write down what is new of a running stop. For every turn of whoever drives the engine."""
    stop = engine.stop
    if stop is None or stop.happened not in engine.journal.listeners:
        return
    stop.kept = engine.latch.durable
    report = stop.report(engine.t_ms)
    if report is not None:
        engine.journal.record(engine.t_ms, report)
        engine.journal.log.commit()
    if stop.over(engine.t_ms):
        engine.journal.listeners.remove(stop.happened)


def _done(
    engine: Engine,
    request: rq.Request,
    challenger: Challenger | None,
    succession: Succession | None,
) -> str:
    match request:
        case rq.Halt() | rq.Flatten():
            return _stop(engine, request)
        case rq.Resume():
            return _resume(engine, request.typed)
        case rq.CloseOut():
            engine.reduce_only = engine.flattening = True
            return ""
        case rq.ReduceOnly():
            engine.reduce_only = True
            return ""
        case rq.AdmitOpens():
            return _admit_opens(engine)
        case rq.FallBack() | rq.PickModel():
            return _change_model(engine, request)
        case rq.RollBack():
            return _roll_back(engine, succession if challenger is None else challenger.succession)
        case _:
            return _teach(engine, challenger, request)


def _stop(engine: Engine, request: rq.Stopping) -> str:
    """Shut the gate, make that durable, cancel, and only then write anything else: neither a full
    disk nor a log that fails may stand between the question and the cancels.

    Who asked has shut the latch in memory already. It is shut again here, because a RESUME that was
    asked for before this halt may have opened it in between: the later request wins.
    """
    engine.latch.shut_now(request.why)
    trouble = engine.latch.keep()
    engine.venue.cancel_all(engine.t_ms)
    if isinstance(request, rq.Flatten):
        engine.flattening = True
    elif request.origin != rq.WATCHDOG:
        engine.flattening = False
    engine.tell_state(engine.why())
    _begin(engine, request)
    if trouble is not None:
        _note(engine, "alarm", trouble)
    follow(engine)
    return "" if engine.stop is None else engine.stop.view(engine.t_ms).sentence


def _begin(engine: Engine, request: rq.Stopping) -> None:
    """Follow this stop, unless one that asks for the same is running: that one knows which orders
    were under way at first."""
    running, listeners = engine.stop, engine.journal.listeners
    if running is not None and running.happened in listeners:
        if running.sells == engine.selling_off():
            return
        listeners.remove(running.happened)
    latched_ms = _latched_ms(engine, request)
    engine.stop = Stop(
        request, engine.journal.ledger, engine.t_ms, latched_ms, sells=engine.selling_off()
    )
    listeners.append(engine.stop.happened)


def _latched_ms(engine: Engine, request: rq.Stopping) -> float | None:
    """Real milliseconds for which the gate was still open after the question."""
    shut = engine.latch.shut_mono
    if shut is None:
        return None
    return 0.0 if request.asked_mono is None else max(0.0, (shut - request.asked_mono) * 1000)


def _resume(engine: Engine, typed: str) -> str:
    try:
        engine.latch.release(typed, _unmet(engine))
    except UsageError as error:
        return _note(engine, "warn", str(error))
    engine.flattening = False
    if engine.stop is not None and engine.stop.happened in engine.journal.listeners:
        engine.journal.listeners.remove(engine.stop.happened)
    engine.stop = None
    return ""


def unmet(engine: Engine) -> list[str]:
    """What must be true before trading may go on and is not; RESUME is refused with the same."""
    return [*_unmet(engine), *engine.latch.obstacles()]


def _unmet(engine: Engine) -> list[str]:
    """Of these what the engine knows; the latch itself looks at its files."""
    unmet = []
    if not engine.reconciled:
        unmet.append("our account has not been compared with the venue's")
    stop = engine.stop
    if stop is not None and not stop.done(engine.t_ms):
        unmet.append(f"the {stop.grade} is not done ({stop.view(engine.t_ms).sentence})")
    return unmet


def _admit_opens(engine: Engine) -> str:
    """Whatever still forbids opening is told: a breaker whose cause lasts is not reset."""
    engine.reduce_only = False
    engine.flattening = engine.flattening and engine.latch.shut  # closing out is over
    engine.reset()
    if engine.latch.shut:
        return _note(engine, "warn", f"still HALTED: {engine.latch.reason}")
    remains = engine.reducing_because()
    return _note(engine, "warn", f"still REDUCING: {remains}") if remains else ""


def _change_model(engine: Engine, request: rq.FallBack | rq.PickModel) -> str:
    ladder = engine.ladder
    fall: Fall
    try:
        if isinstance(request, rq.PickModel):
            fall = ladder.pick(request.rung)
        else:
            fall = ladder.cycle("operator")
    except IndexError:
        return _note(engine, "warn", "there is no such rung on the model ladder")
    engine.fell(fall)
    return ""


def _roll_back(engine: Engine, succession: Succession | None) -> str:
    if succession is None:
        return _note(engine, "warn", FIXED)
    succession.roll_back("operator")
    return ""


def _teach(
    engine: Engine, challenger: Challenger | None, request: rq.SetLearning | rq.Promote
) -> str:
    if challenger is None:
        return _note(engine, "warn", NO_CHALLENGER)
    match request:
        case rq.SetLearning():
            challenger.switch(request.on, "operator")
        case rq.Promote():
            challenger.promote()
    return ""


def _note(engine: Engine, level: str, text: str) -> str:
    engine.journal.record(engine.t_ms, ev.Noted(level, text))
    return text
