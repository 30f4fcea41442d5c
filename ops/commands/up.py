"""`headgate up`: an embedded Kafka and Valkey that keep their data, and workers if asked for, until Ctrl-C."""

import argparse
import time
from dataclasses import replace
from pathlib import Path

from ops.cli import settings_of
from ops.stack.local import LocalStack
from ops.stack.ports import answers
from ops.supervisor import Supervisor, interrupt_on_terminate
from streams.administration import create_topics
from streams.errors import ConfigurationError
from streams.settings import Settings

KAFKA_PORT = 9092  # the settings' defaults, so that other commands find these servers without being told
REDIS_PORT = 6379
CHECK_S = 0.2  # a dead worker is noticed within that
WORKERS_MAX = 64


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--folder", type=Path, help="where the servers keep their data; default: the data folder")
    parser.add_argument("--kafka-port", type=int, help=f"default {KAFKA_PORT}, or a free one when that is taken")
    parser.add_argument("--redis-port", type=int, help=f"default {REDIS_PORT}, or a free one when that is taken")
    parser.add_argument("--workers", type=int, default=0, help="stream workers to run beside them; default 0")


def run(options: argparse.Namespace) -> int:
    """Keep the stack running; return when interrupted."""
    interrupt_on_terminate()
    if not 0 <= options.workers <= WORKERS_MAX:
        raise ConfigurationError(f"--workers {options.workers}: 0 to {WORKERS_MAX} can run beside the servers")
    settings = settings_of(options)
    folder = options.folder or settings.data_dir
    stack = LocalStack(
        folder,
        kafka_port=options.kafka_port or _preferred(KAFKA_PORT),
        redis_port=options.redis_port or _preferred(REDIS_PORT),
        persist=True,
    )
    with stack, Supervisor(folder / "logs") as supervisor:
        settings = replace(settings, broker=stack.broker, redis=stack.redis)
        created = create_topics(settings)
        for number in range(options.workers):
            name = f"worker-{number}"
            supervisor.start(name, ["worker"], replace(settings, worker_id=name))
        print(announcement(settings, folder, len(created), options.workers), flush=True)
        while True:
            time.sleep(CHECK_S)
            stack.check()
            supervisor.check()


def _preferred(port: int) -> int | None:
    return None if answers(port) else port


def announcement(settings: Settings, folder: Path, created: int, workers: int) -> str:
    """Return what to type in another terminal."""
    return "\n".join(
        (
            f"Kafka   {settings.broker}   ({created} topics created)",
            f"Valkey  {settings.redis}",
            f"{workers} workers; data and logs in {folder}",
            "In another terminal:",
            f"  export HEADGATE_BROKER={settings.broker}",
            f"  export HEADGATE_REDIS={settings.redis}",
            f"  export HEADGATE_DATA_DIR={settings.data_dir.absolute()}",
            "Ctrl-C ends all of it; the data stays.",
        )
    )
