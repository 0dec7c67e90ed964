"""The colours of the console and the roles they play.

Every colour is exact among the 256 of a terminal over SSH (a test converts each), blue and
orange stay apart for colour-blind eyes, and no state is told by a colour alone: each role is
always worn by a word, a sign or a shape too. Screen code names roles, never colours.
"""

from __future__ import annotations

from rich.style import Style
from textual.theme import Theme

BACKGROUND = "#121212"
SURFACE = "#1c1c1c"
RAISED = "#303030"
LINE = "#444444"
FAINT_GREY = "#626262"
LABEL_GREY = "#8a8a8a"
INK = "#d7d7ff"
WHITE = "#ffffff"
BLUE = "#5fafff"
ORANGE = "#ff875f"
AMBER = "#ffd75f"
RED = "#ff5f5f"

PALETTE = (
    BACKGROUND, SURFACE, RAISED, LINE, FAINT_GREY, LABEL_GREY, INK, WHITE, BLUE, ORANGE, AMBER, RED
)  # fmt: skip

PLAIN = Style.parse(INK)
"""Values."""
STRONG = Style.parse(f"bold {WHITE}")
"""The few values that are read first."""
LABEL = Style.parse(LABEL_GREY)
"""Names of values."""
FAINT = Style.parse(FAINT_GREY)
"""Rules, centre lines, and values so near zero that they say nothing."""
GAIN = Style.parse(BLUE)
"""Up, positive, good."""
LOSS = Style.parse(ORANGE)
"""Down, negative."""
WARN = Style.parse(AMBER)
"""Needs a look: late, stale, denied, untrained."""
ALARM = Style.parse(f"bold {RED}")
"""Needs a hand: dead, halted, over a limit."""
PAPER_BADGE = Style.parse(f"bold reverse {BLUE}")
LIVE_BADGE = Style.parse(f"bold reverse {RED}")
WARN_BADGE = Style.parse(f"bold reverse {AMBER}")
ALARM_BADGE = Style.parse(f"bold reverse {RED}")
TITLE_GROUND = Style.parse(f"on {RAISED}")
"""Ground of a title line."""
KEY = Style.parse(f"bold {AMBER}")
"""A key that can be pressed."""

DEAD_BAND = 0.05
"""Signed inputs in [-1, 1] smaller than this are drawn faint."""

CONSOLE_THEME = Theme(
    name="console",
    primary=BLUE,
    secondary=LABEL_GREY,
    accent=AMBER,
    foreground=INK,
    background=BACKGROUND,
    surface=SURFACE,
    panel=SURFACE,
    success=BLUE,
    warning=AMBER,
    error=RED,
    dark=True,
    text_alpha=1.0,
    variables={
        "line": LINE,
        "border": LINE,
        "border-blurred": LINE,
        "footer-key-foreground": AMBER,
        "block-cursor-background": LINE,
        "block-cursor-foreground": WHITE,
        "block-cursor-blurred-background": SURFACE,
        "input-selection-background": LINE,
        "scrollbar": LINE,
        "scrollbar-hover": LABEL_GREY,
        "scrollbar-active": LABEL_GREY,
        "scrollbar-background": BACKGROUND,
        "scrollbar-background-hover": BACKGROUND,
        "scrollbar-background-active": BACKGROUND,
        "scrollbar-corner-color": BACKGROUND,
    },
)


def by_sign(value: float | None, dead_band: float = 0.0) -> Style:
    """The style of a signed value: gain, loss, or faint where it is unknown or next to zero."""
    if value is None or abs(value) <= dead_band:
        return FAINT if dead_band else PLAIN
    return GAIN if value > 0 else LOSS
