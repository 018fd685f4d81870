# Sourced by the scripts beside it: find Python, and make an environment from a lock.
# shellcheck shell=bash

fail() { # MESSAGE REMEDY
    echo "error: $1" >&2
    echo "remedy: $2" >&2
    exit 1
}

is_supported() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

find_python() {
    local candidate received
    if [[ -n ${PYTHON:-} ]]; then
        is_supported "$PYTHON" && echo "$PYTHON" && return
        received=$("$PYTHON" --version 2>&1 | head -n 1) || received="it does not run"
        fail "PYTHON=$PYTHON is not Python 3.11, 3.12 or 3.13 ($received)" "set PYTHON to one that is"
    fi
    for candidate in python3 python3.13 python3.12 python3.11; do
        is_supported "$candidate" && echo "$candidate" && return
    done
    received=$(python3 --version 2>&1 | head -n 1) || received="no python3"
    fail "Python 3.11, 3.12 or 3.13 is needed; found $received" \
        "install one, or name it: PYTHON=/path/to/python3.12 ${0##*/}"
}

heartbeat() { # a line every 20 s, so that nobody thinks it hangs; until it is killed
    # The sleep outlives us by seconds: it must not hold the streams of whoever waits for their end.
    while sleep 20 >/dev/null 2>&1; do echo "  … $((SECONDS - $1)) s" >&2; done
}

# Run pip quietly; when it fails, say why in one line and leave its own words in a file.
quiet_pip() { # VENV ARGUMENTS...
    local venv=$1 log=$1/setup.log beat status=0
    local offline='NewConnection|Failed to establish|ConnectTimeout|ReadTimeout|NameResolution'
    offline+='|name resolution|unreachable|Connection refused'
    shift
    heartbeat "$SECONDS" &
    beat=$!
    # shellcheck disable=SC2064 # the number of now is meant
    trap "kill $beat 2>/dev/null || true" EXIT
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input "$@" \
        >"$log" 2>&1 </dev/null || status=$?
    kill "$beat" 2>/dev/null || true
    wait "$beat" 2>/dev/null || true
    trap - EXIT
    ((status == 0)) && return
    if grep -q -i -E "$offline" "$log"; then
        fail "packages could not be fetched: no network, or the package index does not answer" \
            "connect once and start again; what pip said: $log"
    elif grep -q -i 'No space left' "$log"; then
        fail "the disk is full" "free about 3 GB and start again; what pip said: $log"
    elif grep -q 'from versions: none' "$log"; then
        fail "the package index does not answer, or has nothing for Python on $(uname -m)" \
            "64-bit Linux with a network is needed; what pip said: $log"
    fi
    fail "pip failed: $(grep -i '^error' "$log" | head -n 1 | cut -c -300)" "what pip said: $log"
}

fingerprint() { # everything of an environment that cannot change without making it again
    { cat "$1" && "$2" -V && pwd; } | sha256sum
}

# Make VENV from LOCK, or leave it alone where it is already what LOCK says.
ensure_env() { # VENV LOCK WHAT
    local venv=$1 lock=$2 what=$3 python mark started=$SECONDS stamp
    mark=$venv/.made-by-edgeface
    python=$(find_python)
    stamp=$(fingerprint "$lock" "$python")
    if [[ ! -f $mark || $(cat "$mark") != "$stamp" || ! -x $venv/bin/python ]]; then
        if [[ -e $venv && ! -f $mark ]]; then
            fail "$PWD/$venv was not made by these scripts and is left alone" "move it away or remove it"
        fi
        "$python" -c 'import ensurepip, venv' 2>/dev/null ||
            fail "$python has no venv module" \
                "on Debian and Raspberry Pi OS: sudo apt install python3-venv"
        echo "Setting up $venv: $("$python" -V), $what. This happens once." >&2
        rm -rf "$venv"
        mkdir "$venv"
        echo "unfinished" >"$mark"
        "$python" -m venv "$venv"
        # Not compiling takes a third off the time; what is used is compiled at its first import.
        quiet_pip "$venv" install --no-compile --require-hashes --only-binary :all: -r "$lock"
        echo "$stamp" >"$mark"
        rm -f "$venv/.project"
        echo "Set up in $((SECONDS - started)) s." >&2
    fi
    if ! cmp -s pyproject.toml "$venv/.project"; then
        quiet_pip "$venv" install --no-deps --no-build-isolation --editable .
        cp pyproject.toml "$venv/.project"
    fi
}
