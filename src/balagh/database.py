"""Engine, pool, transactions. PostgreSQL everywhere: tests and production run the same SQL."""

import os
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

import asyncpg
from piccolo.engine.postgres import PostgresEngine
from piccolo.engine.postgres import PostgresTransaction as PostgresTransaction

# Milliseconds. A statement that runs longer is a fault, not patience.
_SERVER_SETTINGS = {
    "statement_timeout": "10000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
    "application_name": "balagh",
}


class DatabaseAwayError(ConnectionError):
    """No connection could be made."""


# What says that the database is not there now, and nothing about the statement.
AWAY = (
    DatabaseAwayError, asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError, asyncpg.CannotConnectNowError,
)  # fmt: skip

_Made = TypeVar("_Made")

_held: ContextVar[asyncpg.Connection | None] = ContextVar("held_connection", default=None)


@cache
def engine() -> PostgresEngine:
    """The process's engine. Its address comes from ``BALAGH_DATABASE_URL``, which the command line
    sets before anything connects (to the embedded server's socket when nobody named a server)."""
    url = os.environ.get("BALAGH_DATABASE_URL", "postgresql:///balagh")
    return PostgresEngine(config={"dsn": url, "server_settings": _SERVER_SETTINGS})


@asynccontextmanager
async def pool(size: int = 10, *, least: int = 1) -> AsyncIterator[None]:
    """Keeps a pool of at most ``size`` connections open for as long as the block runs.

    ``least``: so many are opened at once, and an error is raised when that fails; with 0 the block
    begins although the database is away."""
    await engine().start_connection_pool(min_size=least, max_size=size, reset=_as_it_is)
    try:
        yield
    finally:
        await engine().close_connection_pool()


async def _as_it_is(_connection: object) -> None:
    """Given back as it is: nothing we do changes a connection's state (no SET, LISTEN, cursors or
    session locks), and the usual reset is a round trip to the server after every statement."""


@asynccontextmanager
async def one_connection() -> AsyncIterator[None]:
    """The statements of the block share a connection, which costs half of taking one for each.

    For a few statements in a row: nothing slow (a file's inspection, a form that is still on its
    way) belongs in the block, and no ``gather``.
    """
    async with _connection() as connection:
        before = _held.set(connection)
        try:
            yield
        finally:
            _held.reset(before)


@asynccontextmanager
async def _connection() -> AsyncIterator[asyncpg.Connection]:
    open_pool = engine().pool
    if open_pool is None:
        connection = await _made(asyncpg.connect(**engine().config))
        try:
            yield connection
        finally:
            await connection.close()
        return
    connection = await _made(open_pool.acquire())
    try:
        yield connection
    finally:
        await open_pool.release(connection)


async def _made(connecting: Awaitable[_Made]) -> _Made:
    try:
        return await connecting
    except OSError as error:
        raise DatabaseAwayError(str(error)) from error


async def fetch(sql: str, *arguments: object) -> list[asyncpg.Record]:
    """Runs one statement with ``$1``-style arguments and returns its rows.

    For the few statements that say more than the ORM can (the submission, the lists). JSONB comes
    back as ``str``. Inside ``transaction()`` it uses that transaction's connection.
    """
    running = engine().current_transaction.get()
    held = running.connection if running else _held.get()
    if held is not None:
        return await _rows(held, sql, arguments)
    async with _connection() as connection:
        return await _rows(connection, sql, arguments)


async def _rows(
    connection: asyncpg.Connection, sql: str, arguments: Sequence[object]
) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
    return rows


async def fetch_one(sql: str, *arguments: object) -> asyncpg.Record | None:
    """As ``fetch``, the first row or none."""
    rows = await fetch(sql, *arguments)
    return rows[0] if rows else None


@asynccontextmanager
async def transaction() -> AsyncIterator[Any]:
    """``async with transaction():`` commits at the end, rolls back on an exception. Yields
    Piccolo's transaction, which can be rolled back.

    Do not nest (Piccolo makes the inner one a no-op) and do not ``gather`` inside.
    """
    async with AsyncExitStack() as stack:
        yield await _made(stack.enter_async_context(engine().transaction()))


def placeholders(values: Sequence[object], start: int = 1) -> str:
    """``$1, $2, …`` for that many values."""
    return ", ".join(f"${n}" for n in range(start, start + len(values)))
