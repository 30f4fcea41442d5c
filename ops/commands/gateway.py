"""`headgate gateway`: hand actions over to an HTTP receiver, or show what would be handed over."""

import argparse
import logging
import time
import tomllib
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import msgspec
import redis

from ops.cli import settings_of
from ops.gateway import Gateway, Receiver
from ops.receivers import HttpReceiver, PrintReceiver
from streams.connections import redis_options
from streams.errors import ConfigurationError, UnavailableError
from streams.events import PoolView, decode_output
from streams.forecast_store import VIEW_KEY
from streams.settings import Settings

LIMITS = "gateway-limits.toml"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--to", metavar="URL", help="the receiver; each action is one POST with an Idempotency-Key")
    where.add_argument("--dry-run", action="store_true", help="show what would be handed over, and leave no trace")
    parser.add_argument(
        "--replay", action="store_true", help="pools run on recorded time: take their time from Redis, not the clock"
    )


def run(options: argparse.Namespace) -> int:
    """Run until Ctrl-C."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a broker that is away is told once, by the gateway
    settings = settings_of(options)
    own_limits = read_own_limits(settings.data_dir / LIMITS)
    with ExitStack() as resources:
        receiver: Receiver = PrintReceiver() if options.dry_run else resources.enter_context(HttpReceiver(options.to))
        now_s = recorded_time(settings) if options.replay else lambda _pool_id: time.time()
        gateway = Gateway(settings, receiver, now_s, own_limits=own_limits, dry_run=options.dry_run)
        print(f"gateway: actions of {settings.broker} to {options.to or 'this terminal'}; Ctrl-C ends it")
        try:
            gateway.run()
        except KeyboardInterrupt:
            gateway.stop()
    return 0


def read_own_limits(path: Path) -> Mapping[str, float]:
    """Return the gateway's own limits in `path`, units of one order by "POOL" or "POOL/RESOURCE"; none without it."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Limits).order_units_max
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigurationError(
            f'gateway limits {path}: {error}; it has one table [order_units_max] of "POOL/RESOURCE" = UNITS'
        ) from error


class _Limits(msgspec.Struct, forbid_unknown_fields=True):
    """The file of the gateway's own limits."""

    order_units_max: dict[str, float]


def recorded_time(settings: Settings) -> Callable[[str], float]:
    """Return a function from a pool to its event time, as its worker wrote it last."""
    client: redis.Redis = redis.Redis.from_url(settings.redis, **redis_options(settings))

    def now_s(pool_id: str) -> float:
        try:
            body = client.hget(VIEW_KEY + pool_id, "body")
        except (redis.RedisError, OSError) as error:
            raise UnavailableError(f"Redis does not give the time of pool {pool_id}: {error}") from error
        view = decode_output(body) if isinstance(body, bytes) else None
        if not isinstance(view, PoolView):
            raise UnavailableError(f"Redis has no view of pool {pool_id} yet, so its time is unknown")
        return view.event_time_s(time.time())

    return now_s
