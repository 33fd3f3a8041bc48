"""The command as people run it: a process, its output, its exit status, and what it leaves."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from balagh.directory.sheets import SAMPLE
from balagh.processes import free_port

LEAST = {
    "BALAGH_SECRET_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "BALAGH_OIDC_ISSUER": "https://id.invalid",
    "BALAGH_OIDC_CLIENT_ID": "balagh",
}
COMMAND = [sys.executable, "-m", "balagh.cli"]


def environment(**settings: object) -> dict[str, str]:
    """Only the settings given, without the prefix; and where Python finds Balagh."""
    rest = {name: text for name, text in os.environ.items() if not name.startswith("BALAGH_")}
    own = {f"BALAGH_{name.upper()}": str(value) for name, value in settings.items()}
    return {**rest, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **own}


def balagh(*arguments: str | Path, **settings: object) -> subprocess.CompletedProcess[str]:
    environ = {**environment(), **LEAST, **environment(**settings)}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize(
    "arguments", [[], ["serve"], ["demo"], ["catalogue"], ["catalogue", "import"], ["staff", "add"]]
)
def test_every_command_explains_itself(arguments: list[str]) -> None:
    done = balagh(*arguments, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(" ".join(["usage: balagh", *arguments]))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["demo", "--port", "0"], "a port is a whole number from 1 to 65535"),
        (["demo", "--port", "٨٠٠٠"], "a port is a whole number from 1 to 65535"),
        (["catalogue", "import"], "required: DIR"),
        (["doctor", "--audit-head", "15"], "a head is written NUMBER:HASH"),
    ],
)
def test_bad_arguments(arguments: list[str], said: str) -> None:
    done = balagh(*arguments)
    assert done.returncode == 2
    assert said in done.stderr


@pytest.mark.parametrize("command", ["serve", "migrate", "doctor"])
def test_a_bad_setting_is_one_sentence(command: str) -> None:
    done = balagh(command, smtp_port="mail")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "balagh: BALAGH_SMTP_PORT must be a whole number from 1 to 65535 (it is 'mail').\n"
    )


def test_a_database_that_is_not_there_is_one_sentence() -> None:
    url = f"postgresql://balagh:hush@127.0.0.1:{free_port()}/balagh"
    done = balagh("migrate", database_url=url)
    assert done.returncode == 1
    assert re.fullmatch(r"balagh: the database cannot be used: .*\n", done.stderr)
    assert "hush" not in done.stderr


def test_the_schema_and_the_catalogue(tmp_path: Path) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    assert re.fullmatch(r"Applied [0-9T:-]+.*\.\n", balagh("migrate", data=data).stdout)
    done = balagh("migrate", data=data)
    assert (done.stdout, done.stderr) == ("The database is up to date.\n", "")

    dry = balagh("catalogue", "import", SAMPLE, "--dry-run", data=data)
    wet = balagh("catalogue", "import", SAMPLE, data=data)
    assert re.search(
        r"services.csv: \d{3} added, 0 changed, 0 deactivated, 0 unchanged", wet.stdout
    )
    assert dry.stdout == wet.stdout + "Nothing was changed: this was a dry run.\n"
    assert balagh("catalogue", "export", out, data=data).returncode == 0
    again = balagh("catalogue", "import", out, data=data)
    assert "added" in again.stdout
    assert not re.search(r"[1-9]\d* (added|changed|deactivated)", again.stdout)

    services = out / "services.csv"
    lines = services.read_text("utf-8").splitlines()
    services.write_text("\n".join([*lines[:4], lines[4].removesuffix("yes") + "maybe", *lines[5:]]))
    broken = balagh("catalogue", "import", out, data=data)
    assert broken.returncode == 1
    assert broken.stderr.startswith("services.csv:5: active: ")
    assert broken.stderr.endswith("Nothing was changed.\n")
    missing = balagh("catalogue", "import", tmp_path / "nowhere", data=data)
    assert missing.returncode == 1
    assert missing.stderr.startswith("balagh: No such file or directory: ")


def test_the_first_administrator(tmp_path: Path) -> None:
    data = tmp_path / "data"
    balagh("migrate", data=data)
    names = ("--name-ar", "عبير المطيري", "--name-en", "Abeer Almutairi")
    who = ("--role", "administrator", "--email", "abeer@example.sa", *names)
    made = balagh("staff", "add", *who, data=data, public_url="https://balagh.example.sa")
    assert made.returncode == 0, made.stderr
    assert re.search(
        r"^https://balagh\.example\.sa/staff/invitation/[\w-]{43}$", made.stdout, re.MULTILINE
    )
    again = balagh("staff", "add", *who, data=data)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == "balagh: abeer@example.sa has an active account already\n"
    listed = balagh("staff", "list", data=data)
    assert listed.stdout == "invited\tadministrator\t-\tabeer@example.sa\tAbeer Almutairi\n"
    last = balagh("staff", "deactivate", "Abeer@example.sa", data=data)
    assert last.returncode == 1
    assert "the only active administrator" in last.stderr
    officer = ("--role", "agency_officer", "--email", "fahd@example.sa", *names)
    assert "--agency goes with" in balagh("staff", "add", *officer, data=data).stderr
    nowhere = balagh("staff", "add", *officer, "--agency", "nowhere", data=data)
    assert "no agency nowhere" in nowhere.stderr
    other = ("--role", "administrator", "--email", "b@example.sa", *names)
    assert balagh("staff", "add", *other, data=data).returncode == 0
    gone = balagh("staff", "deactivate", "abeer@example.sa", data=data)
    assert gone.stdout == "abeer@example.sa can no longer sign in.\n"


def test_the_doctor_says_what_is_well_and_what_to_do(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        sms_url = f"http://127.0.0.1:{gateway.getsockname()[1]}/"
        first = balagh(
            *("doctor",),
            data=data,
            sms_url=sms_url,
            smtp_port=free_port(),
            public_url="http://a.sa",
        )
    assert first.returncode == 1
    found = dict(re.findall(r"^(?:ok|trouble) +([^:]+): (.*)$", first.stdout, re.MULTILINE))
    verdicts = dict(re.findall(r"^(ok|trouble) +([^:]+):", first.stdout, re.MULTILINE))
    assert verdicts.keys() == {"ok", "trouble"}
    assert found["database"].startswith("PostgreSQL ")
    assert found["schema"].startswith("lacks 2026-")
    assert found["public address"] == "http://a.sa is not encrypted"
    assert found["SMS"].endswith(" answers")
    assert found["clock"].startswith("agrees")
    assert "trouble  e-mail: localhost port" in first.stdout
    assert "trouble  sign-in: https://id.invalid" in first.stdout
    assert "Run `balagh migrate`." in first.stdout
    balagh("migrate", data=data)
    migrated = balagh("doctor", "--audit-head", f"3:{64 * 'a'}", data=data).stdout
    assert "ok       schema: up to date" in migrated
    assert "trouble  audit log: ends at entry 0, although entry 3 was noted" in migrated


class Running:
    """A command that runs until told to stop, and what it has said so far."""

    def __init__(self, process: subprocess.Popen[str], port: int, data: Path, log: Path) -> None:
        self.process = process
        self.port = port
        self.data = data
        self.log = log

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def until(self, said: str, within: float = 90) -> None:
        end = time.monotonic() + within
        while said not in self.log.read_text("utf-8"):
            assert self.process.poll() is None, self.log.read_text("utf-8")
            assert time.monotonic() < end, self.log.read_text("utf-8")
            time.sleep(0.1)

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)

    def left(self, within: float = 15) -> list[str]:
        """Command lines of processes that still name the data folder or the port."""
        marks = (str(self.data).encode(), f"--port\0{self.port}\0".encode())
        end = time.monotonic() + within
        while True:
            found = []
            for file in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = file.read_bytes()
                except OSError:
                    continue
                if any(mark in line for mark in marks):
                    found.append(line.replace(b"\0", b" ").decode())
            if not found or time.monotonic() > end:
                return found
            time.sleep(0.1)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(command: str, data: Path, **settings: object) -> Running:
        port = free_port()
        arguments = [*COMMAND, command]
        environ = environment()
        if command == "demo":
            arguments += ["--port", str(port), "--data", str(data)]
        else:
            environ = {**environ, **LEAST, **environment(port=port, data=data, **settings)}
        log = tmp_path / f"{command}-{port}.log"
        with log.open("w") as out:
            process = subprocess.Popen(
                arguments, env=environ, stdout=out, stderr=out, text=True, start_new_session=True
            )
        started.append(Running(process, port, data, log))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        assert running.left() == []


def test_the_demonstration_comes_up_and_leaves_nothing(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    data = tmp_path / "data"
    demo = start("demo", data)
    demo.until("Balagh is ready:  http://localhost:")
    assert demo.get("/health")[0] == 200
    assert 'dir="rtl"' in demo.get("/")[1]
    assert demo.get("/demo/outbox")[0] == 200
    key = (data / "secret-key").read_text()
    assert (data / "secret-key").stat().st_mode & 0o777 == 0o600

    folder = balagh("demo", "--port", str(free_port()), "--data", data)
    assert folder.returncode == 1
    assert re.fullmatch(
        r"balagh: The data folder .* is in use by another Balagh.*\n", folder.stderr
    )
    port = balagh("demo", "--port", str(demo.port), "--data", tmp_path / "other")
    assert port.returncode == 1
    assert "another program listens there already" in port.stderr
    assert not (tmp_path / "other").exists()

    assert demo.stop(signal.SIGINT) == 0
    assert demo.log.read_text("utf-8").endswith("Stopped.\n")
    assert demo.left(within=0) == []

    # What was there is there again, also after the hardest end.
    again = start("demo", data)
    again.until("Balagh is ready")
    assert (data / "secret-key").read_text() == key
    again.process.kill()
    again.process.wait()
    assert again.left() == []


def test_the_portal_serves_without_anything_of_the_demonstration(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    portal = start("serve", tmp_path / "data")
    portal.until("Balagh is ready")
    assert portal.get("/health")[0] == 200
    for path in ("/demo/outbox", "/demo/sign-in", "/demo"):
        assert portal.get(path)[0] == 404, path
    assert portal.stop(signal.SIGTERM) == 0
    assert portal.left(within=0) == []


def test_stopping_while_it_starts_leaves_nothing(
    start: Callable[..., Running], tmp_path: Path
) -> None:
    for pause in (0.3, 1.0, 1.6, 2.2):
        portal = start("serve", tmp_path / "data")
        time.sleep(pause)
        assert portal.stop(signal.SIGTERM) in (0, 130, -signal.SIGTERM)
        assert portal.left() == []
