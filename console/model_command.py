"""``trade-console model list | inspect | import``: weights as a person sees them.

Owns the printing; `models.catalog` does the checking.
"""

from __future__ import annotations

import argparse
import sys

import orjson

from engine.errors import ConsoleError
from engine.home import Home
from models.catalog import Inspection, import_model, inspect, list_models
from models.errors import WeightsError


def model_command(options: argparse.Namespace) -> int:
    """Run one of the three. Raises ConsoleError with the sentence of a bad file."""
    try:
        text = _ACTIONS[options.action](options)
    except WeightsError as error:
        raise ConsoleError(str(error)) from None
    sys.stdout.write(text)
    return 0


def _list(options: argparse.Namespace) -> str:
    found = list_models(Home.open().models)
    if options.json:
        return _json(found)
    rows = [f"{m.name:19} {m.architecture:11} {'ready' if m.ready else 'not ready':10} {m.detail}"
            for m in found]  # fmt: skip
    return "\n".join(rows) + "\n"


def _inspect(options: argparse.Namespace) -> str:
    found = inspect(options.path)
    return _json(found) if options.json else _as_text(found)


def _import(options: argparse.Namespace) -> str:
    found = import_model(options.path, Home.open().models, options.slot)
    return _json(found) if options.json else f"installed as {options.slot}\n{_as_text(found)}"


def _json(value: object) -> str:
    return orjson.dumps(
        value, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_INDENT_2
    ).decode()


def _as_text(found: Inspection) -> str:
    trained = "trained" if found.trained else "untrained"
    lines = [
        f"{found.path}",
        f"  {found.architecture}, {found.params:,} parameters, {found.size:,} bytes, {trained}",
        f"  sha256 {found.sha256}",
        f"  stats {found.stats if found.stats is not None else 'no stats file beside it'}",
    ]
    lines += [f"  {t.name:38} {t.shape!s:10} norm {t.norm:.4f}" for t in found.tensors]
    return "\n".join(lines) + "\n"


_ACTIONS = {"list": _list, "inspect": _inspect, "import": _import}
