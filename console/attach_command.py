"""``trade-console attach``: the screen of an engine that runs in another process.

Owns nothing but the difference: leaving it leaves the engine as it is, and asks nothing. The
screen is `console.app`'s, over `engine.control.remote`.
"""

from __future__ import annotations

import argparse

from engine.clock import SystemClock
from engine.control.client import ControlError
from engine.control.remote import RemoteEngine
from engine.errors import ConsoleError
from engine.home import Home
from engine.lock import holder


def attach_command(options: argparse.Namespace) -> int:
    """Show the running engine until the screen is left. Returns the exit code."""
    home = Home.find()
    remote = RemoteEngine(home, SystemClock())
    try:
        with remote:
            return _shown(remote, home, options)
    except ControlError as error:
        if holder(home.lock_file) is None:
            raise ConsoleError("no engine runs in this home; trade-console starts one") from None
        raise ConsoleError(f"an engine runs in this home, but {error}") from None


def _shown(remote: RemoteEngine, home: Home, options: argparse.Namespace) -> int:
    from console.terminal import prepare

    prepare(options.color)  # before Textual is imported, which reads its environment then
    from console.attached import AttachedApp
    from console.screen import Wishes, show

    wishes = Wishes(home.shots, privacy=options.privacy, mouse=options.mouse)
    return show(remote, wishes, app_of=AttachedApp).code
