"""The embedded server, with the real thing: starts anywhere, survives a crash, ends with us."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from balagh.embedded import EmbeddedError, EmbeddedServer, FolderInUseError, claim

_RUN_UNTIL_KILLED = """
import sys, time
from pathlib import Path
from balagh.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), durable=False)
server.start()
print((server.data / "postmaster.pid").read_text().split()[0], flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="balagh-embedded-") as path:
        yield Path(path)


async def _answer(server: EmbeddedServer, sql: str, database: str = "postgres") -> object:
    connection = await asyncpg.connect(server.url(database))
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def _gone(process: int, within: float = 20) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(") ", 1)[1].startswith("Z"):
                return True
        except OSError:
            return True
        time.sleep(0.05)
    return False


async def test_keeps_its_data_when_the_folder_is_moved(folder: Path) -> None:
    first = EmbeddedServer(folder / "before", durable=False)
    first.start()
    first.start()
    first.create_database("balagh")
    first.create_database("balagh")
    await _answer(first, "CREATE TABLE kept AS SELECT 7 AS n", "balagh")
    first.stop()
    first.stop()
    assert not first.running()
    (folder / "before").rename(folder / "after")
    second = EmbeddedServer(folder / "after", durable=False)
    second.start()
    try:
        assert await _answer(second, "SELECT n FROM kept", "balagh") == 7
        assert await _answer(second, "SELECT 'بلاغ' < 'طلب'") is True
        assert await _answer(second, "SHOW listen_addresses") == ""
    finally:
        second.destroy()
    assert not second.data.exists()


@pytest.mark.parametrize("name", ["long " * 24, "comma, 'quote' and بلاغ", "a?b=c&d#e%20"])
async def test_runs_under_any_path(folder: Path, name: str) -> None:
    server = EmbeddedServer(folder / name.strip(), durable=False)
    server.start()
    try:
        assert await _answer(server, "SELECT 1") == 1
        assert server.socket_folder.stat().st_mode & 0o077 == 0
    finally:
        server.destroy()
    assert not server.socket_folder.exists()


def test_refuses_a_socket_folder_that_somebody_else_prepared(folder: Path) -> None:
    server = EmbeddedServer(folder / ("x" * 120), durable=False)
    server.socket_folder.mkdir()
    try:
        if os.geteuid() != 0:
            return  # Only root can prepare it so.
        os.chown(server.socket_folder, 1, 1)
        with pytest.raises(EmbeddedError, match="another user"):
            server.start()
    finally:
        shutil.rmtree(server.socket_folder)


async def test_starts_after_a_crash_though_its_number_is_somebody_elses_now(folder: Path) -> None:
    server = EmbeddedServer(folder)
    server.start()
    number = int((server.data / "postmaster.pid").read_text().split()[0])
    await _answer(server, "CREATE TABLE kept (n int)")
    os.kill(number, signal.SIGKILL)
    server.stop()
    lock = server.data / "postmaster.pid"
    assert lock.exists()
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    again = EmbeddedServer(folder)
    again.start()
    try:
        assert await _answer(again, "SELECT count(*) FROM kept") == 0
    finally:
        again.destroy()


async def test_ends_with_us_when_we_are_killed_and_starts_again(folder: Path) -> None:
    with subprocess.Popen(  # noqa: ASYNC220 - nothing else runs here
        [sys.executable, "-c", _RUN_UNTIL_KILLED, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as program:
        assert program.stdout
        number = int(program.stdout.readline())
        os.kill(program.pid, signal.SIGKILL)
    server = EmbeddedServer(folder, durable=False)
    server.start()  # at once: waits for the other to be gone
    try:
        assert _gone(number)
        assert await _answer(server, "SELECT 1") == 1
    finally:
        server.destroy()


def test_a_cluster_made_half_way_is_made_anew(folder: Path) -> None:
    (folder / "postgresql.making" / "base").mkdir(parents=True)
    server = EmbeddedServer(folder, durable=False)
    server.start()
    try:
        assert server.running()
        assert not (folder / "postgresql.making").exists()
    finally:
        server.destroy()


def test_says_why_it_does_not_start(folder: Path) -> None:
    server = EmbeddedServer(folder, durable=False)
    server.start()
    server.stop()
    (server.data / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match="pg_control"):
        server.start()


def test_runs_for_a_user_who_is_not_root(folder: Path) -> None:
    """As root we try it as ``nobody`` in a folder of theirs; otherwise all tests here say it."""
    if os.geteuid() != 0:
        return
    folder.chmod(0o755)
    home = folder / "home"
    home.mkdir()
    os.chown(home, 65534, 65534)
    script = (
        "import sys; from pathlib import Path; from balagh.embedded import EmbeddedServer\n"
        "server = EmbeddedServer(Path(sys.argv[1]), durable=False)\n"
        "server.start(); server.create_database('balagh'); print(server.running())\n"
        "server.stop(); print(server.running())"
    )
    # Only the right to pass through the folders that hold Python, which may be root's.
    passing = "+dac_read_search"
    done = subprocess.run(
        ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", f"--inh-caps={passing}",
         f"--ambient-caps={passing}", sys.executable, "-c", script, str(home)],
        capture_output=True, text=True, check=False, cwd="/",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout.split() == ["True", "False"], done.stderr


def test_one_balagh_to_a_folder(folder: Path) -> None:
    with (
        claim(folder),
        pytest.raises(FolderInUseError, match=f"process {os.getpid()}"),
        claim(folder),
    ):
        pytest.fail("claimed twice")
    with claim(folder):
        pass
