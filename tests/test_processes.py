"""Programs side by side, with real processes: what dies comes back, and nothing is left behind."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from balagh import processes
from balagh.processes import Child, ChildFailedError, PortError, check_port, mortal, supervise

SLEEPS = "import time; time.sleep(600)"
# With a child of its own, as a web server has its workers; lives for so many seconds itself.
HAS_CHILD = (
    "import subprocess, sys, time\n"
    "inner = 'import time; time.sleep(600)'\n"
    "subprocess.Popen([sys.executable, '-c', inner, sys.argv[1]])\n"
    "time.sleep({lives})"
)
DEAF = (
    "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    "pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
)
# Says when it is ready by making its file.
POLITE = (
    "import signal, sys, time, pathlib\n"
    "def end(*_):\n"
    "    time.sleep(0.5); pathlib.Path(sys.argv[1]).write_text('finished'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, end)\n"
    "pathlib.Path(sys.argv[1]).touch()\n"
    "time.sleep(600)"
)
# A program of ours that runs two others, to be killed from outside.
SUPERVISOR = textwrap.dedent("""
    import asyncio, os, sys
    from balagh.processes import Child, supervise
    children = [
        Child(f"child {n}", [sys.executable, "-c", program, argument], os.environ)
        for n, (program, argument) in enumerate(zip(sys.argv[2::2], sys.argv[3::2]))
    ]
    async def started():
        print("started", flush=True)
    asyncio.run(supervise(children, started, grace=float(sys.argv[1])))
    print("ended", flush=True)
""")


def run_supervisor(*children: str, grace: float = 5) -> subprocess.Popen[str]:
    """Each child is a program and its argument."""
    running = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(grace), *children, "end"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    assert running.stdout
    assert running.stdout.readline() == "started\n"
    return running


def with_argument(argument: str) -> list[int]:
    """Processes that have the argument, whoever their parent is; ours not counted."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            arguments = (folder / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        except OSError:
            continue
        if argument.encode() == arguments[-1]:
            found.append(int(folder.name))
    return found


def until_there(file: Path) -> None:
    while not file.exists():
        time.sleep(0.02)


def until_gone(argument: str, within: float = 10) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if not with_argument(argument):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_lets_them_finish_and_leaves_nothing(
    number: signal.Signals, tmp_path: Path
) -> None:
    done, inner = tmp_path / "done", tmp_path / "inner"
    running = run_supervisor(POLITE, str(done), HAS_CHILD.format(lives=600), str(inner))
    until_there(done)
    while len(with_argument(str(inner))) < 2:
        time.sleep(0.05)
    running.send_signal(number)
    assert running.communicate(timeout=10)[0] == "ended\n"
    assert running.returncode == 0
    assert done.read_text() == "finished"
    assert until_gone(str(done))
    assert until_gone(str(inner))


def test_a_signal_that_was_lost_before_is_heard(tmp_path: Path) -> None:
    """What is raised in a destructor is thrown away, wherever the signal came from."""
    program = textwrap.dedent("""
        import asyncio, os, signal, sys
        from balagh.processes import Child, stop_as_by_interrupt, supervise
        class Ending:
            def __del__(self):
                signal.raise_signal(signal.SIGTERM)
        stop_as_by_interrupt()
        Ending()
        print("went on", flush=True)
        started = [sys.executable, "-c", "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"]
        asyncio.run(supervise([Child("child", [*started, sys.argv[1]], os.environ)]))
    """)
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "begun")],
        capture_output=True, text=True, timeout=30, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.stdout == "went on\n"
    assert done.returncode == -signal.SIGINT, done.stderr
    assert not (tmp_path / "begun").exists()


def test_the_deaf_are_killed_when_the_grace_is_over(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    running = run_supervisor(DEAF, str(ready), grace=1)
    until_there(ready)
    began = time.monotonic()
    running.terminate()
    running.communicate(timeout=10)
    assert time.monotonic() - began > 0.9
    assert until_gone(str(ready))


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    running = run_supervisor(DEAF, str(ready), grace=60)
    until_there(ready)
    running.send_signal(signal.SIGINT)
    time.sleep(0.3)
    running.send_signal(signal.SIGINT)
    assert running.communicate(timeout=10)[0] == "ended\n"
    assert until_gone(str(ready))


def test_they_end_with_us_when_we_are_killed(tmp_path: Path) -> None:
    running = run_supervisor(SLEEPS, str(tmp_path))
    while not with_argument(str(tmp_path)):
        time.sleep(0.05)
    running.kill()
    running.communicate(timeout=10)
    assert until_gone(str(tmp_path))


def test_nobody_is_started_by_one_who_is_gone(tmp_path: Path) -> None:
    """Killed between starting a child and the kernel's promise to tell it."""
    marks = tmp_path / "started"
    program = [sys.executable, "-c", "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()"]
    ours, gone = os.getpid(), subprocess.Popen(["true"])
    gone.wait()
    assert subprocess.run(mortal([*program, str(marks)], parent=gone.pid), check=False).returncode
    assert not marks.exists()
    subprocess.run(mortal([*program, str(marks)], parent=ours), check=True)
    assert marks.exists()


def _child(program: str, *arguments: str, name: str = "child") -> Child:
    return Child(name, [sys.executable, "-c", program, *arguments], os.environ)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PAUSES", (0.01, 0.05))


async def test_who_dies_is_started_again_and_its_leftovers_are_ended(
    tmp_path: Path, impatient: None
) -> None:
    marker = str(tmp_path)
    task = asyncio.create_task(supervise([_child(HAS_CHILD.format(lives=0.4), marker)]))
    seen: set[int] = set()
    while len(seen) < 6:
        assert not task.done()
        alive = with_argument(marker)
        assert len(alive) <= 2
        seen.update(alive)
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert until_gone(marker)


async def test_who_keeps_dying_ends_everything_with_a_sentence(
    tmp_path: Path, impatient: None
) -> None:
    dies = "import sys; sys.exit(3)"
    children = [_child(SLEEPS, str(tmp_path), name="other"), _child(dies, name="web")]
    with pytest.raises(ChildFailedError, match=r"^web stopped 5 times in a row .* code 3\)"):
        await supervise(children)
    assert until_gone(str(tmp_path))


@pytest.mark.parametrize("end", ["sys.exit(75)", "os.kill(os.getpid(), 9)"])
async def test_who_waits_for_something_or_is_killed_is_started_again_for_as_long_as_it_takes(
    tmp_path: Path, impatient: None, end: str
) -> None:
    marks = tmp_path / "marks"
    waits = f"import os, sys; open(sys.argv[1], 'ab', 0).write(b'.'); {end}"
    task = asyncio.create_task(supervise([_child(waits, str(marks))]))
    while not marks.exists() or len(marks.read_text()) < 2 * processes.DEATHS:
        assert not task.done()
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_fails_while_starting_ends_everything(tmp_path: Path) -> None:
    async def started() -> None:
        await asyncio.sleep(0.2)
        raise RuntimeError("no answer")

    with pytest.raises(RuntimeError, match="no answer"):
        await supervise([_child(SLEEPS, str(tmp_path))], started)
    assert until_gone(str(tmp_path))


async def test_a_program_that_is_not_there(impatient: None) -> None:
    with pytest.raises((ChildFailedError, FileNotFoundError)):
        await supervise([Child("web", ["/no/such/program"], os.environ)])


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        ("127.0.0.1", "another program listens there already"),
        ("192.0.2.1", "Cannot assign requested address"),
        ("no.such.host.invalid", "."),
    ],
)
def test_a_port_that_cannot_be_had(host: str, reason: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortError, match=f"cannot listen on {host} port {port}: ") as raised:
            check_port(host, port)
        assert reason in str(raised.value)
    check_port("127.0.0.1", port)
    check_port("127.0.0.1", processes.free_port())
