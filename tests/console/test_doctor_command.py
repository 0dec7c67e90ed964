from __future__ import annotations

import io
import json

import pytest

from console import doctor_command
from console.__main__ import main
from console.doctor_command import COLORS, Paint, paint_for, report
from engine.doctor.examine import Subject
from engine.doctor.findings import Finding, amiss, fine

WELL = [fine("machine: memory", "8,000 MB free"), fine("okx: requests", "answered in 90 ms")]
ILL = [*WELL, amiss("okx: candles' stream", "refused", "nothing can mend that")]


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the doctor finds; a test may change it."""
    found = list(WELL)

    def examined(_: Subject) -> list[Finding]:
        return found

    monkeypatch.setattr(doctor_command, "examine", examined)
    return found


@pytest.mark.usefixtures("findings")
def test_a_healthy_machine_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert "2 checks, none amiss" in capsys.readouterr().out


def test_anything_amiss_exits_with_1_and_is_told(
    findings: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    findings[:] = ILL
    assert main(["doctor"]) == 1
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.splitlines()[-1] == "3 checks, 1 amiss"


def test_json_is_exactly_the_list_of_findings(
    findings: list[Finding], capsys: pytest.CaptureFixture[str]
) -> None:
    findings[:] = ILL
    assert main(["doctor", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [list(one) for one in told] == [["check", "ok", "detail", "advice"]] * 3
    assert [Finding(**one) for one in told] == ILL


def test_advice_stands_below_what_is_amiss_and_words_carry_the_state() -> None:
    assert report(ILL, Paint()) == (
        "machine\n"
        "  ok  memory           8,000 MB free\n"
        "\n"
        "okx\n"
        "  ok  requests         answered in 90 ms\n"
        "  --  candles' stream  refused\n"
        "                       > nothing can mend that\n"
        "\n"
        "3 checks, 1 amiss\n"
    )


@pytest.mark.parametrize(
    ("environ", "paint"),
    [
        ({"TERM": "xterm"}, COLORS),
        ({"TERM": "xterm", "NO_COLOR": ""}, COLORS),
        ({"TERM": "xterm", "NO_COLOR": "1"}, Paint()),
        ({"TERM": "dumb"}, Paint()),
        ({}, Paint()),
    ],
)
def test_colours_obey_the_terminal_and_no_color(environ: dict[str, str], paint: Paint) -> None:
    assert paint_for(environ) == paint


def test_a_pipe_gets_no_colour(
    findings: list[Finding], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    findings[:] = ILL
    monkeypatch.setenv("TERM", "xterm")
    main(["doctor"])
    assert "\x1b" not in capsys.readouterr().out


def test_a_locale_that_cannot_show_a_letter_still_gets_the_report(
    findings: list[Finding], monkeypatch: pytest.MonkeyPatch
) -> None:
    findings[:] = [fine("home: folders", "/srv/Zoë/…")]
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    assert main(["doctor"]) == 0
    out.seek(0)
    assert "Zo?" in out.read()
