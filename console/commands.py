"""The command table: every key the console knows, once.

Bindings, footer, palette, help screen, ``trade-console keys`` and the README's table are all
derived from `COMMANDS`; a test fails when one of them disagrees. Nothing here acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from textual.binding import Binding


class Group(StrEnum):
    """Headings of the help screen, in its order."""

    STOP = "Stop"
    TRADE = "Trade"
    MODEL = "Model"
    LOOK = "Look"
    PROGRAM = "Program"


@dataclass(frozen=True, slots=True)
class Command:
    """One thing a person can ask for."""

    id: str
    """Stable name, for the keymap and the tests: ``engine.halt``."""
    keys: str
    """Textual key names, comma-separated."""
    action: str
    """Textual action of the App, with its argument: ``select_asset(1)``."""
    label: str
    """One or two words for the footer."""
    help: str
    """One sentence for the palette, the help screen and the README."""
    group: Group
    in_footer: bool = False
    always: bool = False
    """Works under every modal, input and the palette; its key must not be printable."""

    def binding(self) -> Binding:
        return Binding(
            self.keys,
            self.action,
            self.label,
            id=self.id,
            show=self.in_footer,
            priority=self.always,
            tooltip=self.help,
        )


COMMANDS: tuple[Command, ...] = (
    Command("engine.halt", "ctrl+x", "halt", "Halt", "Shut the order gate at once and cancel what rests; positions stay.", Group.STOP, in_footer=True, always=True),
    Command("engine.flatten", "ctrl+f", "flatten", "Flatten", "Halt, then sell every position; asks for the typed word.", Group.STOP, in_footer=True),
    Command("engine.reduce", "e", "reduce_only", "Reduce", "Reduce-only on, or off with every breaker whose cause is gone; exits pass either way.", Group.STOP, in_footer=True),
    Command("engine.resume", "r", "resume", "Resume", "Leave HALTED; lists what halted it and asks for the typed word.", Group.STOP, in_footer=True),
    Command("engine.arm", "p", "paper_live", "Paper/live", "Open the arming dialog: what live trading still lacks.", Group.TRADE, in_footer=True),
    Command("model.pick", "m", "pick_model", "Model", "Pick a rung of the model ladder.", Group.MODEL, in_footer=True),
    Command("model.fall", "M", "fall_back", "Fall back", "Fall one rung: champion, checkpoint, pre-Phase-5, HOLD, champion.", Group.MODEL),
    Command("learn.switch", "N", "switch_learning", "Learn", "Learning on or off; the champion goes on deciding either way.", Group.MODEL),
    Command("learn.promote", "P", "promote", "Promote", "Make the challenger the champion; lists the criteria, refuses unless all are met.", Group.MODEL),
    Command("learn.back", "R", "roll_back", "Roll back", "Bring back the champion before the last promotion; shows which, and asks.", Group.MODEL),
    Command("asset.1", "1", "select_asset(1)", "BTC", "Select BTC.", Group.LOOK),
    Command("asset.2", "2", "select_asset(2)", "ETH", "Select ETH.", Group.LOOK),
    Command("asset.3", "3", "select_asset(3)", "SOL", "Select SOL.", Group.LOOK),
    Command("asset.4", "4", "select_asset(4)", "XRP", "Select XRP.", Group.LOOK),
    Command("asset.next", "tab,j", "next_asset", "Next asset", "Select the next asset.", Group.LOOK),
    Command("asset.previous", "shift+tab,k", "previous_asset", "Previous asset", "Select the asset before.", Group.LOOK),
    Command("view.dashboard", "d", "view('dashboard')", "Dashboard", "All four assets.", Group.LOOK),
    Command("view.asset", "a", "view('asset')", "Asset", "The selected asset alone, every feature named.", Group.LOOK),
    Command("view.book", "b", "view('book')", "Book", "Order book of the selected asset.", Group.LOOK),
    Command("view.trades", "t", "view('trades')", "Trades", "Fills with price, fee and PnL.", Group.LOOK),
    Command("view.curve", "g", "view('curve')", "PnL", "Session PnL curve, executable beside mid, and the limits.", Group.LOOK),
    Command("view.learning", "n", "view('learning')", "Learning", "What the challenger learns, its updates, and champion against challenger.", Group.LOOK),
    Command("view.feeds", "f", "view('feeds')", "Feeds", "Every connection: state, age, rate, latency, reconnects, last error.", Group.LOOK),
    Command("view.safety", "s", "view('safety')", "Safety", "What stops trading and what proves it: a stop's evidence, breakers, tasks, drill, alerts.", Group.LOOK),
    Command("view.log", "l", "view('log')", "Log", "The event log.", Group.LOOK),
    Command("view.freeze", "space", "freeze", "Freeze", "Freeze the display; the engine goes on.", Group.LOOK, in_footer=True),
    Command("view.privacy", "dollar_sign", "privacy", "Privacy", "Hide every dollar amount.", Group.LOOK),
    Command("app.help", "question_mark,f1", "help", "Help", "Every key and what the words mean.", Group.PROGRAM, in_footer=True),
    Command("app.bell", "B", "switch_bell", "Bell", "Ring the terminal's bell at an alarm, or leave it silent.", Group.PROGRAM),
    Command("app.palette", "ctrl+p", "command_palette", "Palette", "Find a command by name.", Group.PROGRAM),
    Command("app.screenshot", "ctrl+s", "save_shot", "Screenshot", "Save the screen as SVG, amounts masked if privacy is on.", Group.PROGRAM),
    Command("app.quit", "q,ctrl+q,ctrl+c", "quit", "Quit", "Leave; asks what happens to open positions.", Group.PROGRAM, in_footer=True),
)  # fmt: skip


def bindings() -> list[Binding]:
    """Textual bindings of the whole table."""
    return [command.binding() for command in COMMANDS]
