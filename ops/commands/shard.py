"""`headgate shard`: list the snapshots of this data folder, or drop one and start that partition anew."""

import argparse

from ops.cli import settings_of
from streams.errors import ConfigurationError
from streams.keys import seal_key
from streams.shard import Shard
from streams.snapshots import DiskSnapshots


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the words of the command."""
    parser.add_argument("action", choices=["list", "reset"])
    parser.add_argument("place", nargs="?", help="TOPIC/PARTITION, for reset")
    parser.add_argument("--accept-loss", action="store_true", help="say that what only the snapshot knows may go")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    settings = settings_of(options)
    folder = settings.data_dir / "snapshots"
    if not folder.is_dir():
        raise ConfigurationError(f"{folder}: no snapshots there; name the data folder with --data-dir")
    store = DiskSnapshots(folder, seal_key(settings))
    if options.action == "list":
        for topic, partition in store.places():
            _show(store, topic, partition)
        return 0
    topic, _, number = (options.place or "").partition("/")
    if not topic or not number.isdigit():
        raise ConfigurationError("reset takes a place such as transactions/0")
    if not options.accept_loss:
        raise ConfigurationError(
            f"resetting {options.place} forgets stock and models that the log no longer tells; "
            "stop the workers, then say --accept-loss"
        )
    store.forget(topic, int(number))
    print(f"{options.place}: snapshots dropped; the next worker starts at the log's beginning")
    return 0


def _show(store: DiskSnapshots, topic: str, partition: int) -> None:
    loaded = store.load(topic, partition)
    for line in loaded.damage:
        print(line)
    if loaded.state is not None:
        next_offset, pools = Shard.describe(loaded.state)
        print(f"{topic}/{partition}: reads on at {next_offset}; pools {', '.join(pools) or 'none'}")
