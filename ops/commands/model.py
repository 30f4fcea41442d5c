"""`headgate model`: learn a pool's model anew, or another one, without an hour in which nothing is forecast."""

import argparse
import getpass
import uuid

import msgspec
from kafka.errors import KafkaError

from online_models.registry import FAMILIES
from ops.cli import settings_of
from ops.pool_specs import PoolSpecs
from streams.catalog import PoolSpec, validate_pool
from streams.errors import ConfigurationError, UnavailableError
from streams.feeds.sender import EventSender
from streams.model_events import ModelReset
from streams.publishing import publish_pools
from streams.settings import Settings

REASON_CHARACTERS_MAX = 200


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser.add_argument(
        "action", choices=["reset", "switch"], help="begin to learn anew, or another family; the old model serves on"
    )
    parser.add_argument("pool", help="the pool's id")
    parser.add_argument("--reason", default="", help="of a reset: why; told with the model")
    parser.add_argument("--to", metavar="FAMILY", help=f"of a switch: one of {', '.join(FAMILIES)}")


def run(options: argparse.Namespace) -> int:
    """Send the order and return when Kafka has it: the pool's worker folds it like any event."""
    settings = settings_of(options)
    return _switch(settings, options.pool, options.to) if options.action == "switch" else _reset(settings, options)


def _reset(settings: Settings, options: argparse.Namespace) -> int:
    reason = options.reason.strip()[:REASON_CHARACTERS_MAX]
    if not reason:
        raise ConfigurationError("say why with --reason; it is told with the new model")
    spec = _spec(settings, options.pool)
    order = ModelReset(event_id=uuid.uuid4().hex, pool_id=spec.pool_id, reason=reason, operator=getpass.getuser())
    with EventSender(settings) as sender:
        sender.send(spec.topic, spec.pool_id, order)
        sender.flush()
    print(f"{spec.pool_id} begins to learn {spec.forecast} anew; what serves now goes on until that knows enough")
    return 0


def _switch(settings: Settings, pool_id: str, family: str | None) -> int:
    """Declare the pool as it is with another family; the next catalog that is published says again what it says."""
    if family not in FAMILIES:
        raise ConfigurationError(f"--to has to name a family, not {family}; known: {', '.join(FAMILIES)}")
    spec = msgspec.structs.replace(_spec(settings, pool_id), forecast=family)
    validate_pool(spec, f"pool {spec.pool_id}")
    publish_pools(settings, (spec,))
    print(
        f"{spec.pool_id} begins to learn {family}; what serves now goes on until that knows enough. Say so in the "
        "catalog's file too: it declares the pool again when it is published"
    )
    return 0


def _spec(settings: Settings, pool_id: str) -> PoolSpec:
    """Return the pool's declaration; raise ConfigurationError naming the known ones."""
    try:
        with PoolSpecs(settings) as specs:
            spec, known = specs.get(pool_id), specs.pool_ids()
    except (KafkaError, OSError) as error:
        raise UnavailableError(f"no Kafka broker answers at {settings.broker} ({error})") from error
    if spec is None:
        raise ConfigurationError(f"pool {pool_id} is not in the catalog; known: {', '.join(known) or 'none'}")
    return spec
