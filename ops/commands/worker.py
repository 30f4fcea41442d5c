"""`headgate worker`: run one stream worker until it is told to end."""

import argparse
import time

from ops.cli import settings_of
from streams.worker import run as run_worker


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--worker-id", help="stable and unique per worker slot; default HEADGATE_WORKER_ID")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    return run_worker(settings_of(options, worker_id=options.worker_id), time.time)
