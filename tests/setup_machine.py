"""A make-believe machine to set the project up on: a copy of the set-up files and a PATH of fakes.

Nothing is installed and no network is touched. Every fake writes down how it was called.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

TOOLS = ("awk", "cat", "cksum", "cp", "dirname", "env", "make", "mkdir", "mv", "rm", "rmdir", "sed")
"""What POSIX promises and the set-up uses; all that is on the machine besides python3."""

PYTHON = """#!/bin/sh
echo "$0 $*" >>"{log}"
case "$1 $2" in
"-c "*platform.machine*) echo "{machine}" ;;
"-c "*) echo "{version}" ;;
"-m venv") mkdir -p "$3/bin" && : >"$3/pyvenv.cfg" && cp "$0" "$3/bin/python" ;;
"-m pip") {pip} ;;
esac
"""

UV = """#!/bin/sh
echo "uv $*" >>"{log}"
case $1 in
venv) for folder; do :; done; "{python}" -m venv "$folder" ;;
esac
"""


class Machine:
    """A checkout and the commands around it."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "a checkout"
        self.bin = folder / "bin"
        self.log = folder / "calls"
        self.log.touch()
        self.bin.mkdir()
        self.checkout.mkdir()
        shutil.copytree(ROOT / ".ci", self.checkout / ".ci")
        for name in ("Makefile", "pyproject.toml", "constraints.txt"):
            shutil.copy(ROOT / name, self.checkout)
        for tool in ("sh", *TOOLS):
            (self.bin / tool).symlink_to(shutil.which(tool) or f"/usr/bin/{tool}")
        self.command("uname", "echo Linux")

    @property
    def stamp(self) -> Path:
        return self.checkout / ".venv" / "made-from"

    @property
    def calls(self) -> list[str]:
        return self.log.read_text().splitlines()

    @property
    def times_made(self) -> int:
        return sum("-m venv" in call for call in self.calls)

    def command(self, name: str, script: str) -> Path:
        path = self.bin / name
        path.unlink(missing_ok=True)  # never write through a link to the real tool
        path.write_text(script if script.startswith("#!") else f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def python(
        self, name: str, version: str, *, pip: str = "exit 0", machine: str = "x86_64"
    ) -> Path:
        """Put a Python on PATH; `pip` is what its pip does, in shell."""
        return self.command(
            name, PYTHON.format(log=self.log, version=version, pip=pip, machine=machine)
        )

    def uv(self, python: Path) -> Path:
        return self.command("uv", UV.format(log=self.log, python=python))

    def set_up(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.make("environment", *arguments)

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", *arguments],
            cwd=self.checkout,
            env={"PATH": str(self.bin), "HOME": os.devnull},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
