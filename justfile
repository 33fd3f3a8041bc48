# Every command of the project. `just` alone lists them.

set positional-arguments

_list:
    @just --list --unsorted

# Try Balagh with a sample catalogue and sample people: just demo [--port 8000] [--data demo-data]
demo *ARGS: _env
    @exec .venv/bin/balagh demo "$@"

# In the order of the folders: the browser's files, few and long, must not come last.
# Everything CI runs: the checks, then the tests. Arguments go to pytest.
test *ARGS: check _browser
    .venv/bin/pytest -n 3 --dist loadfile --no-loadscope-reorder "$@"

# Kill workers and PostgreSQL as often as docs/faults.md counts; the tests do it a few times only.
faults *ARGS: _env
    BALAGH_TEST_FAULTS=all .venv/bin/pytest -s tests/faults "$@"

# Style, types and the layers, without running anything.
check: _env
    .venv/bin/ruff format --check .
    .venv/bin/ruff check .
    .venv/bin/mypy
    .venv/bin/lint-imports

# Submissions per second beside pgbench with the same SQL; `just bench weak-link`: a slow phone's way.
bench *ARGS: _env
    .venv/bin/python -m benchmarks "$@"

# Bring the database that the environment names to the newest schema.
migrate: _env
    @.venv/bin/balagh migrate

# Write again the documents that are made from the code.
docs: _env
    @.venv/bin/python -m balagh.settings.document > docs/settings.md
    @.venv/bin/python -m balagh.reports.lifecycle > docs/lifecycle.md
    @.venv/bin/python -m balagh.reports.clocks > docs/deadlines.md
    @.venv/bin/python -m balagh.notices.moments > docs/moments.md

# Draw the icons for home screens again from the mark.
icons: _env
    @.venv/bin/python -m tools.icons

# Pin every dependency anew, with hashes; pyproject.toml says which.
lock:
    uv pip compile pyproject.toml -o requirements.lock {{ lock_options }}
    uv pip compile pyproject.toml --extra dev -o requirements-dev.lock -c requirements.lock {{ lock_options }}

lock_options := "--upgrade --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header"

# Makes .venv, and again only when what belongs in it has changed.
_env:
    #!/usr/bin/env sh
    set -eu
    if cat requirements-dev.lock pyproject.toml | cmp -s - .venv/made-from; then exit 0; fi
    if ! command -v uv >/dev/null; then
        echo "Balagh's commands need uv: pip install uv" >&2
        exit 1
    fi
    echo "Installing Balagh into .venv …" >&2
    uv venv --quiet --allow-existing --python '>=3.11' .venv
    uv pip sync --quiet --require-hashes --python .venv/bin/python requirements-dev.lock
    uv pip install --quiet --no-deps --no-build-isolation --python .venv/bin/python --editable .
    cat requirements-dev.lock pyproject.toml > .venv/made-from

# The browser tests drive Chromium; Debian and its children have it as a package.
_browser:
    #!/usr/bin/env sh
    set -eu
    if command -v chromium-headless-shell >/dev/null; then exit 0; fi
    if ! command -v apt-get >/dev/null; then
        if command -v chromium >/dev/null; then exit 0; fi
        echo "The browser tests need Chromium, as \`chromium\` on the path." >&2
        exit 1
    fi
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            if command -v chromium >/dev/null; then exit 0; fi
            echo "The browser tests need Chromium: as root, apt-get install chromium fonts-noto-core" >&2
            exit 1
        fi
        as_root=sudo
    fi
    echo "Installing Chromium from the system's packages …" >&2
    install() {
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            "$@" fonts-noto-core >/dev/null
    }
    $as_root apt-get -o Acquire::Retries=0 -o Acquire::http::Timeout=15 update -qq || true
    # The shell without windows needs less of the machine; where there is none, the browser does.
    install chromium-headless-shell || command -v chromium >/dev/null || install chromium
