# Makes the Python environment that every make target runs in; at once done where it is there.
#
#   sh .ci/environment.sh FOLDER      (PYTHON=/path/to/python3 picks the interpreter)
#
# The stamp inside FOLDER is written last and says what FOLDER was made from. An environment that
# was interrupted, moved, or made from other pins lacks it or disagrees, and is made again from
# nothing. POSIX shell only: it runs under dash and under the bash 3.2 that macOS ships.
set -eu

cd "$(dirname "$0")/.."
venv=$1
stamp=$venv/made-from

# A shell that points Python or pip elsewhere would install elsewhere.
unset PYTHONHOME PYTHONPATH PIP_PREFIX PIP_TARGET PIP_USER

say() { printf 'set-up: %s\n' "$*"; }

stop() {
    printf 'set-up: %s\n' "$*" >&2
    exit 1
}

# "3.11.7", or nothing for a command that is absent or a shim with no Python behind it.
version_of() {
    "$1" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null || :
}

# The Pythons for which every pin has a wheel; the last one moves when mlx does.
supported() {
    case $1 in
    3.11.* | 3.12.* | 3.13.* | 3.14.*) return 0 ;;
    *) return 1 ;;
    esac
}

made_from() {
    pwd -P
    printf '%s\n' "$venv"
    cat pyproject.toml constraints.txt .ci/environment.sh | cksum
}

up_to_date() {
    [ -f "$stamp" ] || return 1
    [ "$(sed 4d "$stamp")" = "$(made_from)" ] || return 1
    made_with=$(sed -n 4p "$stamp")
    [ "$(version_of "$venv/bin/python")" = "$made_with" ] || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$made_with" ]
}

# Sets `python` and `version`, or says in one sentence why there is none.
choose_python() {
    if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else
        set -- python3 python3.13 python3.12 python3.11 python3.14
    fi
    for python in "$@"; do
        version=$(version_of "$python")
        if supported "$version"; then
            # The path: uv reads a bare name as a wish, and may grant it with another Python.
            python=$(command -v "$python")
            return
        fi
    done
    found=$(version_of "$1")
    if [ -n "$found" ]; then found="is $found"; else found="does not run"; fi
    stop "$1 $found, and Python 3.11 to 3.14 is needed:" \
        "install one (macOS: brew install python@3.13; Linux: your package manager;" \
        "either: python.org) or name one with make PYTHON=/path/to/python3.13"
}

# mlx has no wheel for these; pip would only say that no version matches.
refuse_old_macs() {
    [ "$(uname -s)" = Darwin ] || return 0
    machine=$("$python" -c 'import platform; print(platform.machine())')
    [ "$machine" = arm64 ] ||
        stop "$python is built for $machine and mlx needs a Mac with Apple silicon and a native" \
            "(arm64) Python; name one with make PYTHON=/opt/homebrew/bin/python3.13"
    release=$(sw_vers -productVersion)
    [ "${release%%.*}" -ge 14 ] ||
        stop "this is macOS $release and mlx needs macOS 14 or newer: update the system"
}

# Only what is plainly an environment is ever removed.
remove_old() {
    if [ ! -e "$venv" ] || rmdir "$venv" 2>/dev/null; then return; fi
    [ -f "$venv/pyvenv.cfg" ] ||
        stop "$venv exists and is no Python environment: remove it, or name another folder" \
            "with make VENV=folder"
    rm -f "$stamp"
    rm -rf "$venv"
}

make_empty() {
    if [ -n "$uv" ]; then "$uv" venv --quiet --no-project --python "$python" "$venv"; else
        "$python" -m venv "$venv"
    fi
}

install() {
    if [ -n "$uv" ]; then
        "$uv" pip install --quiet --python "$venv/bin/python" --constraint constraints.txt "$@"
    else
        "$venv/bin/python" -m pip install -qq --disable-pip-version-check --no-input \
            --constraint constraints.txt "$@"
    fi
}

if up_to_date; then exit 0; fi
choose_python
refuse_old_macs
remove_old
uv=$(command -v uv || :)
if [ -n "$uv" ]; then installer=uv; else installer=pip; fi

say "1/3 making $venv with Python $version and $installer"
make_empty || stop "could not make $venv; Debian and Ubuntu keep what it takes in the package" \
    "python3-venv; install that, or uv, and run the same command again"
say "2/3 installing the build backend"
install hatchling editables || stop "could not install the build backend; the reason is above" \
    "(the first set-up needs the network)"
say "3/3 installing the console and its tools, about 80 MB the first time"
# Without isolation the backend is the pinned one just installed, whichever pip this is.
install --no-build-isolation --editable '.[dev]' ||
    stop "could not install the packages; the reason is above. mlx has wheels for macOS 14" \
        "on Apple silicon and for Linux with glibc 2.35, or newer"
{ made_from && version_of "$venv/bin/python"; } >"$stamp.new"
mv "$stamp.new" "$stamp"
say "done"
