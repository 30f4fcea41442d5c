"""`headgate hold`: stop or free the orders of a pool or resource; recommendations go on meanwhile."""

import argparse
import getpass
import re
import time
import uuid

import redis
from kafka import KafkaProducer
from kafka.errors import KafkaError

from ops.cli import settings_of
from ops.pool_specs import PoolSpecs
from streams.connections import kafka_options, redis_options
from streams.errors import ConfigurationError, UnavailableError
from streams.events import Command, PoolView, decode_output, encode
from streams.forecast_store import VIEW_KEY
from streams.periods import utc_text
from streams.settings import Settings
from streams.topics import COMMANDS

_UNITS_S = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
HOLD_S_MAX = 366 * 86_400.0
REASON_CHARACTERS_MAX = 200
ACKNOWLEDGE_S = 30.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("pool", help="the pool's id")
    parser.add_argument("resource", nargs="?", help="one resource of it; default: the whole pool")
    parser.add_argument("--reason", default="", help="why; shown with every order that is held")
    parser.add_argument("--for", dest="duration", default="1d", help="how long, in the pool's time: 90m, 2h, 3d")
    parser.add_argument("--release", action="store_true", help="end the hold; for a pool also those of its resources")


def run(options: argparse.Namespace) -> int:
    """Send the command and return when Kafka has it: from then on it binds every decision."""
    settings = settings_of(options)
    if not options.release and not options.reason.strip():
        raise ConfigurationError("say why with --reason; it is shown with every order that is held")
    duration_s = seconds_of(options.duration)
    _check(settings, options.pool, options.resource)
    now_s = pool_time_s(settings, options.pool)
    command = Command(
        command_id=uuid.uuid4().hex,
        kind="release" if options.release else "hold",
        pool_id=options.pool,
        resource_id=options.resource,
        reason=options.reason.strip()[:REASON_CHARACTERS_MAX],
        operator=getpass.getuser(),
        issued_at_s=time.time(),
        expires_at_s=now_s + duration_s,
    )
    _send(settings, command)
    what = f"{command.pool_id}/{command.resource_id}" if command.resource_id else f"all of {command.pool_id}"
    print(f"{what} released" if options.release else f"{what} held until {utc_text(command.expires_at_s)}")
    return 0


def seconds_of(text: str) -> float:
    """Return a length of time in seconds.

    >>> seconds_of("90m"), seconds_of("2h"), seconds_of("1.5d")
    (5400.0, 7200.0, 129600.0)
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([mhd])", text.strip())
    seconds = float(found[1]) * _UNITS_S[found[2]] if found else 0.0
    if not 0 < seconds <= HOLD_S_MAX:
        raise ConfigurationError(f"--for {text!r} is no length of time up to 366d; it looks like 90m, 2h or 3d")
    return seconds


def pool_time_s(settings: Settings, pool_id: str) -> float:
    """Return the pool's event time as its worker wrote it last; the wall clock when Redis cannot tell."""
    try:
        with redis.Redis.from_url(settings.redis, **redis_options(settings)) as client:
            body = client.hget(VIEW_KEY + pool_id, "body")
    except (redis.RedisError, OSError):
        return time.time()
    view = decode_output(body) if isinstance(body, bytes) else None
    return view.event_time_s(time.time()) if isinstance(view, PoolView) else time.time()


def _check(settings: Settings, pool_id: str, resource_id: str | None) -> None:
    try:
        with PoolSpecs(settings) as specs:
            spec = specs.get(pool_id)
            known = specs.pool_ids()
    except (KafkaError, OSError) as error:
        raise _unavailable(settings, error) from error
    if spec is None:
        raise ConfigurationError(f"pool {pool_id} is not in the catalog; known: {', '.join(known) or 'none'}")
    if resource_id is not None and spec.resource(resource_id) is None:
        there = ", ".join(resource.id for resource in spec.resources)
        raise ConfigurationError(f"resource {resource_id} is not in pool {pool_id}; known: {there}")


def _send(settings: Settings, command: Command) -> None:
    try:
        producer = KafkaProducer(
            **kafka_options(settings), client_id="headgate-hold", acks="all", bootstrap_timeout_ms=5_000
        )
        try:
            sent = producer.send(COMMANDS.name, key=command.pool_id.encode(), value=encode(command))
            sent.get(timeout=ACKNOWLEDGE_S)
        finally:
            producer.close()
    except (KafkaError, OSError) as error:
        raise _unavailable(settings, error) from error


def _unavailable(settings: Settings, error: Exception) -> UnavailableError:
    return UnavailableError(
        f"no Kafka broker answers at {settings.broker} ({error}); `headgate kill` stops everything without Kafka"
    )
