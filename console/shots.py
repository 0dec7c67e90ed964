"""``python -m console.shots [FOLDER]``: the pictures of the README, from the running app.

Every picture is the real app over the real embedded market at one instant of a seeded run. SVG
and PNG are byte-stable for one seed on one machine: ids are fixed, fonts are local, and memory and
timing figures are pinned (`console.standing`).
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from console.app import ConsoleApp
from console.terminal import Color, choose_color
from engine.errors import ConsoleError, UsageError
from engine.requests import EnginePort

SEED = 7
MARKET_MS = 1_290_000
"""Market time of the pictures after the start of the run: in the second window."""

BEAT_S = 0.2
"""Age of the engine's beat on every picture."""

FONTS = "'DejaVu Sans Mono', Menlo, Consolas, 'Liberation Mono', monospace"
"""Monospaced fonts of Linux, macOS and Windows; a README may load none from the web."""

CELL = 12.2
"""Width of a cell of Rich's SVG, in its units; the height is twice that."""

DEJAVU_ADVANCE = 1233 / 2048
"""Width of a character of DejaVu Sans Mono as a part of its size."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One picture."""

    name: str
    """File name without its ending."""
    size: tuple[int, int]
    """Columns and lines."""
    keys: tuple[str, ...] = ()
    """Pressed in this order before the picture is taken."""
    learns: bool = False
    """Whether a challenger learns beside the champion; drawing it takes half a minute."""


SCENES = (
    Scene("dashboard-wide", (160, 48)),
    Scene("dashboard-80x24", (80, 24)),
    Scene("halted", (120, 36), ("ctrl+x",)),
    Scene("safety", (120, 36), ("ctrl+x", "s")),
    Scene("fallback", (120, 36), ("M",)),
    Scene("arming", (120, 36), ("p",)),
    # At this size charts are block glyphs; DejaVu Sans Mono, the font of the PNGs, has no braille.
    Scene("learning", (100, 30), ("n",), learns=True),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw every scene into the folder named, else into ``screenshots``."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        folder = _folder(words)
        choose_color(Color.TRUE, os.environ)
        for scene in SCENES:
            with seeded_engine(scene) as engine:
                svg = asyncio.run(draw(scene, engine))
            save(svg, folder / scene.name)
            sys.stdout.write(f"{folder / scene.name}.svg and .png\n")
    except ConsoleError as error:
        sys.stderr.write(f"trade-console: {error}\n")
        return error.exit_code
    return 0


def _folder(words: Sequence[str]) -> Path:
    if len(words) > 1 or any(word.startswith("-") for word in words):
        raise UsageError("usage: python -m console.shots [FOLDER]")
    return Path(words[0] if words else "screenshots")


def seeded_engine(scene: Scene) -> AbstractContextManager[EnginePort]:
    """The engine of a picture, standing still at the same instant each time."""
    from console.standing import learning_engine, standing_engine

    return (learning_engine if scene.learns else standing_engine)(SEED, MARKET_MS)


async def draw(scene: Scene, engine: EnginePort) -> str:
    """The app's screen as SVG after the keys of `scene`."""
    app = ConsoleApp(engine, clock=lambda: engine.latest().beat_mono + BEAT_S)
    async with app.run_test(size=scene.size) as pilot:
        await pilot.pause()
        for key in scene.keys:
            await pilot.press(key)
        app.poll()
        await pilot.pause()
        return stable(app.export_screenshot())


def stable(svg: str) -> str:
    """`svg` with fixed ids and local fonts."""
    svg = re.sub(r"terminal-\d+", "terminal", svg)
    svg = re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: [^;]+;", f"font-family: {FONTS};", svg)


def save(svg: str, stem: Path) -> None:
    """Write `stem` as SVG and PNG. Raises ConsoleError where one of them cannot be made."""
    try:
        stem.parent.mkdir(parents=True, exist_ok=True)
        stem.with_suffix(".svg").write_text(svg, "utf-8")
        stem.with_suffix(".png").write_bytes(_png(svg))
    except OSError as error:
        raise ConsoleError(f"{stem}: cannot be written ({error}); name another folder") from None


def _png(svg: str) -> bytes:
    try:
        import cairosvg
    except (ImportError, OSError) as error:  # OSError: the package is there, libcairo is not
        raise ConsoleError(
            f"PNG needs cairosvg and the cairo library ({error}); the SVG was written"
        ) from None
    png: bytes = cairosvg.svg2png(bytestring=_for_cairo(svg).encode(), scale=12 / CELL)
    return png


def _for_cairo(svg: str) -> str:
    """`svg` for cairosvg, which takes one family, not a list, and stretches text by its ink alone.

    At this size a character is as wide as a cell, so that nothing needs stretching; and `_png`
    scales the cell to 12 x 24 whole pixels, since cairo rounds the width of a character to one.
    """
    one_font = re.sub(r' textLength="[^"]*"', "", svg.replace(FONTS, "DejaVu Sans Mono"))
    return one_font.replace("font-size: 20px", f"font-size: {CELL / DEJAVU_ADVANCE:.4f}px")


if __name__ == "__main__":
    sys.exit(main())
