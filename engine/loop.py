"""The event loop of a program that must be able to end: none of its calls is waited for for ever.

Owns what asyncio's own way leaves open. It asks for names in worker threads, and both the loop's
and the interpreter's end wait for these; a name server that does not answer would hold them for
minutes.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


def run(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`, without waiting at the end for calls that are still in a thread."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(Abandoned())
        return runner.run(main)


class Abandoned(ThreadPoolExecutor):
    """Runs each call in a thread of its own that nothing waits for, not even the program's end."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        call = partial(_fulfil, future, partial(fn, *args, **kwargs))
        threading.Thread(target=call, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the base class's signature
        """There is nothing to wait for."""


def _fulfil(future: Future[Any], call: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - whoever waits for the future is told
        future.set_exception(error)
    else:
        future.set_result(result)
