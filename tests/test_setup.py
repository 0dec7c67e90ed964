"""`make` on machines that are not like this one."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.setup_machine import ROOT, Machine

SCRIPTS = (ROOT / ".ci" / "environment.sh", ROOT / ".ci" / "run")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def sentences(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said on stderr, without make's own closing line."""
    return [line for line in done.stderr.splitlines() if not line.startswith("make")]


@pytest.mark.parametrize("version", ["2.7.18", "3.6.15", "3.9.6", "3.10.13", "3.15.0"])
def test_a_python_that_will_not_do_gets_one_sentence_with_the_cure(
    machine: Machine, version: str
) -> None:
    machine.python("python3", version)
    done = machine.make("demo")
    assert done.returncode != 0
    (sentence,) = sentences(done)
    assert f"python3 is {version}, and Python 3.11 to 3.14 is needed" in sentence
    assert "make PYTHON=" in sentence
    assert not machine.stamp.parent.exists()


def test_a_machine_without_python_gets_one_sentence(machine: Machine) -> None:
    (sentence,) = sentences(machine.set_up())
    assert "python3 does not run" in sentence


def test_a_newer_python_beside_an_old_python3_is_found(machine: Machine) -> None:
    machine.python("python3", "3.9.6")
    newer = machine.python("python3.12", "3.12.1")
    assert machine.set_up().returncode == 0
    assert f"{newer} -m venv .venv" in machine.calls


def test_a_shim_without_a_python_behind_it_is_passed_over(machine: Machine) -> None:
    machine.python("python3", "3.9.6")
    machine.command("python3.13", "echo 'command not found' >&2; exit 127")
    machine.python("python3.11", "3.11.7")
    assert machine.set_up().returncode == 0
    assert machine.stamp.read_text().endswith("\n3.11.7\n")


def test_the_named_python_is_used_and_no_other(machine: Machine, tmp_path: Path) -> None:
    machine.python("python3", "3.11.7")
    named = machine.python("mine", "3.13.0").rename(tmp_path / "my python")
    assert machine.set_up(f"PYTHON={named}").returncode == 0
    assert machine.stamp.read_text().endswith("\n3.13.0\n")


def test_a_named_python_that_is_too_old_is_not_replaced_by_another(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    machine.python("mine", "3.8.18")
    (sentence,) = sentences(machine.set_up("PYTHON=mine"))
    assert "mine is 3.8.18" in sentence
    assert machine.times_made == 0


def test_a_made_environment_is_left_alone_and_costs_no_words(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    machine.set_up()
    again = machine.set_up()
    assert machine.times_made == 1
    assert (again.stdout, again.stderr) == ("", "")


def test_each_step_is_one_line(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    done = machine.set_up()
    assert [line[:13] for line in done.stdout.splitlines()] == [
        "set-up: 1/3 m",
        "set-up: 2/3 i",
        "set-up: 3/3 i",
        "set-up: done",
    ]
    assert done.stderr == ""


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_other_pins_make_another_environment(machine: Machine, file: str) -> None:
    machine.python("python3", "3.11.7")
    machine.set_up()
    with (machine.checkout / file).open("a") as pins:
        pins.write("# changed\n")
    machine.set_up()
    machine.set_up()
    assert machine.times_made == 2


def test_a_moved_checkout_makes_its_environment_again(machine: Machine) -> None:
    """Console scripts carry the absolute path of the Python they were made for."""
    machine.python("python3", "3.11.7")
    machine.set_up()
    machine.checkout = machine.checkout.rename(machine.checkout.with_name("moved"))
    machine.set_up()
    assert machine.times_made == 2


def test_an_environment_whose_python_went_away_is_made_again(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    machine.set_up()
    (machine.checkout / ".venv" / "bin" / "python").unlink()
    machine.set_up()
    assert machine.times_made == 2


def test_asking_for_another_python_makes_another_environment(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    machine.set_up()
    machine.python("python3.13", "3.13.0")
    machine.set_up()
    assert machine.times_made == 1
    machine.set_up("PYTHON=python3.13")
    assert machine.times_made == 2


def test_a_failed_install_says_so_and_does_not_look_finished(machine: Machine) -> None:
    machine.python("python3", "3.11.7", pip="echo 'ERROR: no route' >&2; exit 1")
    done = machine.make("test")
    assert done.returncode != 0
    reason, sentence = sentences(done)
    assert reason == "ERROR: no route"
    assert "could not install the build backend; the reason is above" in sentence
    assert "needs the network" in sentence
    assert not machine.stamp.exists()


def test_a_killed_set_up_is_begun_again_from_nothing(machine: Machine) -> None:
    machine.python("python3", "3.11.7", pip="kill -9 $PPID")
    assert machine.set_up().returncode != 0
    assert machine.stamp.parent.is_dir()
    assert not machine.stamp.exists()
    leftover = machine.stamp.parent / "leftover"
    leftover.touch()
    machine.python("python3", "3.11.7")
    assert machine.set_up().returncode == 0
    assert machine.stamp.is_file()
    assert not leftover.exists()


def test_a_set_up_that_is_killed_while_it_replaces_an_old_one_is_begun_again(
    machine: Machine,
) -> None:
    machine.python("python3", "3.11.7")
    machine.set_up()
    with (machine.checkout / "constraints.txt").open("a") as pins:
        pins.write("# changed\n")
    machine.python("python3", "3.11.7", pip="kill -9 $PPID")
    machine.set_up()
    assert not machine.stamp.exists()


def test_an_environment_that_is_half_removed_does_not_look_finished(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    machine.python("python3.13", "3.13.0")
    machine.set_up()
    real = shutil.which("rm")
    machine.command("rm", f'case $1 in -rf) kill -9 $PPID; exit 1 ;; esac; exec {real} "$@"')
    machine.set_up("PYTHON=python3.13")
    assert machine.stamp.parent.is_dir()
    assert not machine.stamp.exists()


def test_a_folder_that_is_no_environment_is_never_removed(machine: Machine) -> None:
    machine.python("python3", "3.11.7")
    letters = machine.checkout / "letters"
    letters.mkdir()
    (letters / "dear.txt").write_text("keep me")
    done = machine.set_up("VENV=letters")
    (sentence,) = sentences(done)
    assert done.returncode != 0
    assert "letters exists and is no Python environment" in sentence
    assert (letters / "dear.txt").read_text() == "keep me"


def test_uv_is_used_where_it_is_and_told_the_pythons_path(machine: Machine) -> None:
    """By a bare name uv may pick another Python of that name than the shell does."""
    python = machine.python("python3", "3.11.7")
    machine.uv(python)
    assert machine.set_up().returncode == 0
    said = [call for call in machine.calls if call.startswith("uv ")]
    assert said[0].endswith(f"--python {python} .venv")
    assert all("--constraint constraints.txt" in call for call in said[1:])
    assert not any("-m pip" in call for call in machine.calls)


@pytest.mark.parametrize(
    ("chip", "release", "words"),
    [("x86_64", "15.1", "Apple silicon"), ("arm64", "13.6.1", "macOS 13.6.1")],
)
def test_a_mac_that_mlx_does_not_know_is_told_so(
    machine: Machine, chip: str, release: str, words: str
) -> None:
    machine.command("uname", "echo Darwin")
    machine.command("sw_vers", f"echo {release}")
    machine.python("python3", "3.13.0", machine=chip)
    (sentence,) = sentences(machine.set_up())
    assert words in sentence
    assert machine.times_made == 0


def test_a_recent_mac_is_set_up(machine: Machine) -> None:
    machine.command("uname", "echo Darwin")
    machine.command("sw_vers", "echo 26.1")
    machine.python("python3", "3.13.0", machine="arm64")
    assert machine.set_up().returncode == 0


def test_plain_make_lists_every_target(machine: Machine) -> None:
    listed = re.findall(r"^make (\w+)", machine.make().stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert listed == phony.group(1).split()


def test_the_makefile_needs_nothing_newer_than_make_3_81() -> None:
    text = (ROOT / "Makefile").read_text()
    newer = (
        r"\.ONESHELL|\.SHELLFLAGS|::=|!=|&:|\$\((file|guile|let|intcmp) |\.RECIPEPREFIX|undefine"
    )
    assert re.findall(newer, text) == []


def test_the_scripts_use_only_what_every_unix_has() -> None:
    """GNU options that BSD tools lack, and what bash learned after 3.2."""
    foreign = (
        r"sed -i|readlink -f|realpath|grep -\w*P|sort -V|stat -c|date -d|mktemp -\w*p|cp --|ls --"
        r"|mapfile|readarray|declare -A|\$\{\w+(\^\^|,,)|&>>|\|&|\bcoproc\b|wait -n"
    )
    for script in SCRIPTS:
        assert re.findall(foreign, script.read_text()) == [], script.name


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_the_scripts_parse(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    for script in SCRIPTS[:1] if shell != "bash" else SCRIPTS:
        subprocess.run([shell, "-n", str(script)], check=True)


def pins() -> dict[str, list[Requirement]]:
    """The lines of constraints.txt by package."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            pin = Requirement(line)
            found.setdefault(canonicalize_name(pin.name), []).append(pin)
    return found


def test_every_pin_is_one_exact_version() -> None:
    for name, lines in pins().items():
        assert len(lines) == 1, name
        assert re.fullmatch(r"==[\w.]+", str(lines[0].specifier)), name


def declared() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    asked = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    return [Requirement(line) for line in (*asked, *(line for e in extras.values() for line in e))]


def test_every_declared_dependency_is_pinned_within_its_bounds() -> None:
    pinned = pins()
    for asked in declared():
        (pin,) = pinned[canonicalize_name(asked.name)]
        version = str(pin.specifier).removeprefix("==")
        assert asked.specifier.contains(version), f"{asked} is pinned to {version}"


@pytest.mark.parametrize(("platform", "backend"), [("linux", "mlx-cpu"), ("darwin", "mlx-metal")])
def test_each_platform_has_the_pin_of_its_mlx_backend(platform: str, backend: str) -> None:
    chosen = [
        name
        for name, (pin,) in pins().items()
        if name.startswith("mlx-")
        and (pin.marker is None or pin.marker.evaluate({"sys_platform": platform}))
    ]
    assert chosen == [backend]


def test_mlx_and_its_backends_are_one_version() -> None:
    versions = {str(pin.specifier) for name, (pin,) in pins().items() if name.startswith("mlx")}
    assert len(versions) == 1
