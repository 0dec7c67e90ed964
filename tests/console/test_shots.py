"""The pictures: one seed, one set of bytes; nothing from the web; sentences for what is missing."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from console.shots import SCENES, Scene, draw, main, save, stable
from engine.errors import ConsoleError
from tests.console.fakes import FakeEngine

SMALL = Scene("small", (80, 24), ("p",))


def has_cairo() -> bool:
    try:
        import cairosvg  # noqa: F401 only whether it can be imported
    except (ImportError, OSError):
        return False
    return True


async def test_a_scene_is_drawn_the_same_twice() -> None:
    assert await draw(SMALL, FakeEngine()) == await draw(SMALL, FakeEngine())


async def test_a_picture_shows_what_its_keys_opened() -> None:
    svg = (await draw(SMALL, FakeEngine())).replace("&#160;", " ")
    assert "stays in PAPER" in svg


async def test_a_picture_loads_no_font() -> None:
    svg = await draw(SMALL, FakeEngine())
    assert "@font-face" not in svg
    assert "url(http" not in svg
    assert "Fira" not in svg


def test_ids_do_not_depend_on_the_content() -> None:
    assert stable('<g id="terminal-123-r1" clip="url(#terminal-123-line-0)">') == (
        '<g id="terminal-r1" clip="url(#terminal-line-0)">'
    )


def test_every_picture_of_the_readme_has_a_scene() -> None:
    names = [scene.name for scene in SCENES]
    assert names == [
        "dashboard-wide",
        "dashboard-80x24",
        "halted",
        "safety",
        "fallback",
        "arming",
        "learning",
    ]


async def test_a_picture_becomes_a_png(tmp_path: Path) -> None:
    if not has_cairo():
        pytest.skip("cairosvg or the cairo library is not installed")
    save(await draw(SMALL, FakeEngine()), tmp_path / "new" / "small")
    assert (tmp_path / "new" / "small.png").read_bytes().startswith(b"\x89PNG")


def test_without_cairo_the_svg_is_kept_and_the_lack_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(ConsoleError, match="PNG needs cairosvg"):
        save("<svg/>", tmp_path / "small")
    assert (tmp_path / "small.svg").read_text() == "<svg/>"


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConsoleError, match="cannot be written"):
        save("<svg/>", tmp_path / "file" / "small")


def test_an_option_is_not_taken_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 2
    assert "python -m console.shots [FOLDER]" in capsys.readouterr().err
