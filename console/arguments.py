"""The command line: every command, option and default, and nothing that acts on them.

Owns the parsing. A wrong argument ends here with exit code 2 and one sentence that says how to
mend it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from console.examples import (
    BENCH_EXAMPLES,
    DOCTOR_EXAMPLES,
    EVALUATE_EXAMPLES,
    KEYS_EXAMPLES,
    MODEL_EXAMPLES,
    RECORD_EXAMPLES,
    REPLAY_EXAMPLES,
    RUN_EXAMPLES,
    TRAIN_EXAMPLES,
)
from console.parser import Commands, Parser, add_command
from console.shell_arguments import add_shells
from console.values import as_count, as_folder, as_minutes, as_seed, as_speed, as_whole


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options of one command line; exits with code 2 and one sentence if it is wrong."""
    parser = _build()
    options = parser.parse_args(argv)
    if options.command == "run" and options.path is not None:
        _refuse_market_options(parser, options)
    elif options.command == "run":
        _refuse_unfit(parser, options)
    return options


def _refuse_market_options(parser: Parser, options: argparse.Namespace) -> None:
    """Options before the word `replay` are its own too, except those of a running market."""
    for name in ("feed", "windows", "fresh", "record", "out"):
        if getattr(options, name):
            parser.error(f"--{name} is about a running market and does not go with replay")


def _refuse_unfit(parser: Parser, options: argparse.Namespace) -> None:
    """What the embedded market cannot be asked for, and what a live one cannot."""
    live = options.feed != "sim"
    if live and options.speed is not None:
        parser.error("--speed does not go with live data, which come when they come")
    if not live and (options.record or options.out):
        parser.error("--record is about live data; --seed gives the embedded market again")
    if options.out and not options.record:
        parser.error("--out says where to record; add --record")


def _build() -> Parser:
    parser = _parser("trade-console", _ABOUT, RUN_EXAMPLES)
    parser.set_defaults(command="run", path=None, **_RUN_DEFAULTS)
    parser.add_argument("--version", action="version", version=_version())
    parser.add_argument(
        "--feed",
        choices=["live", "sim"],
        help="where the market comes from: the venues' public data, or the embedded one, which"
        " needs no network (live)",
    )
    parser.add_argument(
        "--windows",
        type=as_count,
        metavar="N",
        help="stop after N whole windows (embedded market without a screen: 4)",
    )
    parser.add_argument(
        "--fresh", action="store_true", help="begin a new event log instead of going on"
    )
    parser.add_argument(
        "--record", action="store_true", help="write down what the venues send, to be replayed"
    )
    parser.add_argument("--out", type=as_folder, metavar="DIR", help="where to record (the home)")
    _add_run_options(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_replay(commands)
    _add_record(commands)
    _add_evaluate(commands)
    _add_train(commands)
    _add_model(commands)
    _add_doctor(commands)
    _add_bench(commands)
    _add_keys(commands)
    add_shells(commands)
    return parser


_ABOUT = (
    "Trade Polymarket's 15-minute up/down markets with the Phase 5 policy, on paper, "
    "from a terminal."
)


def _parser(prog: str, about: str, examples: str) -> Parser:
    return Parser(
        prog=prog,
        description=about,
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


_RUN_DEFAULTS = {
    "speed": None,
    "seed": 7,
    "model": None,
    "rule": None,
    "learn": None,
    "headless": False,
    "json": False,
    "privacy": False,
    "mouse": False,
    "color": "auto",
}
"""What holds where an option is not given. Kept apart from the options themselves: a subcommand's
own default would quietly undo what was given before the subcommand's name."""


def _add_run_options(parser: Parser) -> None:
    unset = argparse.SUPPRESS
    parser.add_argument(
        "--speed",
        type=as_speed,
        default=unset,
        metavar="N",
        help="market seconds per real second, or max (screen: 1, replay 20; headless: max)",
    )
    parser.add_argument(
        "--seed", type=as_seed, default=unset, metavar="S", help="seed of every random draw (7)"
    )
    parser.add_argument(
        "--model",
        type=Path,
        default=unset,
        metavar="PATH",
        help="weights for the first rung (.safetensors)",
    )
    parser.add_argument(
        "--rule",
        choices=["greedy", "sample"],
        default=unset,
        help="take the most likely action, or draw it (settings: decision_rule)",
    )
    parser.add_argument(
        "--learn",
        action=argparse.BooleanOptionalAction,
        default=unset,
        help="let a challenger learn beside the model that decides (on; in a replay off)",
    )
    for name, meaning in (
        ("--headless", "without a screen"),
        ("--json", "print the summary as one JSON object"),
        ("--privacy", "begin with dollar amounts hidden"),
        ("--mouse", "let the mouse select and scroll"),
    ):
        parser.add_argument(name, action="store_true", default=unset, help=meaning)
    parser.add_argument(
        "--color",
        choices=["auto", "true", "256", "16", "none"],
        default=unset,
        help="colours of the terminal (auto)",
    )


def _add_replay(commands: Commands) -> None:
    about = "Trade a recorded market on paper, with the same engine and costs."
    parser = add_command(commands, "replay", about, REPLAY_EXAMPLES)
    parser.add_argument("path", type=Path, help="a recording (.jsonl.gz), or a session's folder")
    parser.set_defaults(command="run")
    _add_run_options(parser)


def _add_record(commands: Commands) -> None:
    about = "Write down what the venues send, without trading; `replay` and `evaluate` read it."
    parser = add_command(commands, "record", about, RECORD_EXAMPLES)
    parser.set_defaults(command="record")
    unset = argparse.SUPPRESS  # what was given before the word `record` holds
    parser.add_argument(
        "--out", type=as_folder, default=unset, metavar="DIR", help="where to record (the home)"
    )
    parser.add_argument("--minutes", type=as_minutes, metavar="M", help="how long (until Ctrl-C)")


def _add_evaluate(commands: Commands) -> None:
    about = (
        "Compare weights, frozen and learning, and fixed rules on the same tape, with every cost."
    )
    parser = add_command(commands, "evaluate", about, EVALUATE_EXAMPLES)
    parser.set_defaults(command="evaluate")
    unset = argparse.SUPPRESS  # what was given before the word `evaluate` holds
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH", help="recordings")
    parser.add_argument("--feed", choices=["sim"], default=unset, help="the embedded market")
    parser.add_argument(
        "--windows", type=as_count, default=unset, metavar="N", help="its window slots (40)"
    )
    parser.add_argument(
        "--models", type=Path, nargs="+", metavar="FILE", help="weights (those shipped)"
    )
    parser.add_argument(
        "--frozen", action="store_true", help="leave out the arms that learn, and their placebos"
    )
    parser.add_argument(
        "--reference", metavar="ARM", help="what every arm is compared with (always-hold)"
    )
    parser.add_argument(
        "--seed", type=as_seed, default=unset, metavar="S", help="seed of every random draw (7)"
    )
    parser.add_argument("--json", action="store_true", default=unset, help="print as JSON")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every arm's slots")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the running results")


def _add_train(commands: Commands) -> None:
    about = "Train weights offline, on many markets at once. Ctrl-C keeps them; again goes on."
    parser = add_command(commands, "train", about, TRAIN_EXAMPLES)
    parser.set_defaults(command="train")
    unset = argparse.SUPPRESS  # what was given before the word `train` holds
    parser.add_argument("paths", type=Path, nargs="*", metavar="PATH", help="recordings")
    parser.add_argument(
        "--feed", choices=["sim"], default=unset, help="the embedded market (without a PATH: it)"
    )
    parser.add_argument(
        "--windows", type=as_count, default=unset, metavar="N", help="its slots in a segment (1)"
    )
    parser.add_argument(
        "--architecture", choices=["phase5", "pre_phase5"], help="what to train (phase5)"
    )
    parser.add_argument(
        "--from", dest="start", type=Path, metavar="FILE", help="weights to begin with (seeded)"
    )
    parser.add_argument(
        "--out", type=as_folder, metavar="FOLDER", help="where to keep it (the home)"
    )
    parser.add_argument("--iterations", type=as_whole, metavar="N", help="how many in all (100)")
    parser.add_argument("--minutes", type=as_minutes, metavar="M", help="how long this time")
    parser.add_argument(
        "--segments", type=as_whole, default=4, metavar="N", help="markets of an iteration (4)"
    )
    parser.add_argument(
        "--minibatch", type=as_whole, default=512, metavar="N", help="rows of a gradient step (512)"
    )
    parser.add_argument("--profile", choices=["phase5", "long_horizon"], help="of the learner")
    for name, kind, meaning in (
        ("--actor-lr", float, "Adam's step for the actor (the profile's)"),
        ("--critic-lr", float, "Adam's step for the critic (the profile's)"),
        ("--epochs", int, "passes over an iteration's rows (the profile's)"),
    ):
        parser.add_argument(name, type=kind, metavar="X", help=meaning)
    parser.add_argument(
        "--workers", type=as_whole, metavar="W", help="processes; changes no result (the cores)"
    )
    parser.add_argument(
        "--seed", type=as_seed, default=unset, metavar="S", help="seed of every random draw (7)"
    )
    parser.add_argument("--json", action="store_true", default=unset, help="print as JSON")


def _add_model(commands: Commands) -> None:
    about = "See, check and install the weights that may decide."
    parser = add_command(commands, "model", about, MODEL_EXAMPLES)
    parser.set_defaults(command="model")
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|inspect|import")
    listing = add_command(actions, "list", "The rungs of the model ladder.", MODEL_EXAMPLES)
    inspect = add_command(actions, "inspect", "What a weights file holds.", MODEL_EXAMPLES)
    importing = add_command(actions, "import", "Check a file and install it.", MODEL_EXAMPLES)
    for sub in (listing, inspect, importing):
        sub.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    for sub in (inspect, importing):
        sub.add_argument("path", type=Path, help="a .safetensors file or its folder")
    importing.add_argument(
        "--slot",
        choices=["champion", "checkpoint", "pre_phase5"],
        default="champion",
        help="which rung it becomes (champion)",
    )


def _add_doctor(commands: Commands) -> None:
    about = "Check this machine, the configuration and every venue; advice for what is not well."
    parser = add_command(commands, "doctor", about, DOCTOR_EXAMPLES)
    parser.set_defaults(command="doctor")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")


def _add_bench(commands: Commands) -> None:
    about = "Measure how fast this machine decides, learns, reads a feed and replays."
    parser = add_command(commands, "bench", about, BENCH_EXAMPLES)
    parser.set_defaults(command="bench")
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")


def _add_keys(commands: Commands) -> None:
    parser = add_command(commands, "keys", "Every key of the console.", KEYS_EXAMPLES)
    parser.add_argument("--markdown", action="store_true", help="as a Markdown table")
    parser.set_defaults(command="keys")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"trade-console {version('trade-console')}"
    except PackageNotFoundError:
        return "trade-console (not installed)"
