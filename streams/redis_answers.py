"""A question to Redis in; its answer within a bound, or an `UnavailableError` that says what to do, out.

Redis is a rebuildable view, so no failure of it is more than a pause: a full one, one that is loading, one that has
become a replica, one that hangs. Each is told apart for the people who have to mend it. Nothing here retries for
long: the caller knows whether what it wants is still worth it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    TimeoutError,  # noqa: A004  the library's name; it is no kind of the built-in one
)

from streams.errors import UnavailableError

ANSWER_S_MAX = 4.0  # for one question, its one new connection included; the socket's own bound is below

_FULL = (
    "it is full: raise its `maxmemory` (CONFIG SET maxmemory; INFO memory says what it is) or declare fewer pools or "
    "shorter horizons; all goes on but what is read from Redis, which is written once there is room"
)
_ADVICE: tuple[tuple[type[Exception], str], ...] = (  # the first that fits
    (OutOfMemoryError, _FULL),
    (ReadOnlyError, "it is a replica, as after a failover: connections are made anew; name the primary with --redis"),
    (BusyLoadingError, "it is loading its data and is asked again"),
    (AuthenticationError, "set HEADGATE_REDIS_USERNAME and HEADGATE_REDIS_PASSWORD"),
    (NoPermissionError, "its ACL has to allow EVALSHA, GET, HGET, HMGET, HSET, INFO, SADD, SCRIPT LOAD and SET"),
    (TimeoutError, f"it is slow or hangs: asked again, {ANSWER_S_MAX:.0f} s at most each time"),
)


@asynccontextmanager
async def answered(client: Any, question: str) -> AsyncIterator[None]:
    """Bound the block to `ANSWER_S_MAX`; raise UnavailableError, which begins with `question`, when Redis fails."""
    try:
        async with asyncio.timeout(ANSWER_S_MAX):
            yield
    except (RedisError, OSError) as error:
        if isinstance(error, ReadOnlyError):  # the name leads to the new primary once it is looked up again
            await client.connection_pool.disconnect(inuse_connections=False)
        raise UnavailableError(f"{question}: {_words(error)}") from error


def raise_first(answers: Iterable[Any]) -> None:
    """Raise the first error among the answers of a pipeline; each of them is no more than its own command's."""
    for answer in answers:
        if isinstance(answer, Exception):
            raise answer


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and not str(error):  # our own bound
        return f"no answer within {ANSWER_S_MAX:.0f} s"
    for kind, advice in _ADVICE:
        if isinstance(error, kind):
            return f"{error}; {advice}"
    if str(error).startswith("MISCONF"):
        return f"{error}; it cannot save its data and refuses changes: its own log says why"
    return str(error)
