"""`headgate demo`: everything on recorded data, embedded, until Ctrl-C."""

import argparse
import os
import sys
import time

from ops import demo
from ops.cli import settings_of
from ops.commands.twin import day, pace
from ops.supervisor import interrupt_on_terminate
from streams.errors import ConfigurationError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--periods-per-second", type=pace, default=2.0, help="days of the shop a second; 0: all it can")
    parser.add_argument(
        "--until", type=day, metavar="DATE", help="end the shop's days before this one, e.g. 2010-10-01"
    )
    parser.add_argument("--no-traffic", action="store_true", help="leave out the motorway")
    parser.add_argument("--no-browser", action="store_true", help="do not open the console in a browser")
    parser.add_argument("--port", type=int, help="the console's port; 0: any free one")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    interrupt_on_terminate()
    if (options.broker is None) != (options.redis is None):
        raise ConfigurationError("name both --broker and --redis, or neither for embedded ones")
    told = demo.Options(
        periods_per_second=options.periods_per_second,
        until=options.until and options.until.isoformat(),
        traffic=not options.no_traffic,
        browser=not options.no_browser and sys.stdout.isatty() and bool(os.environ.get("DISPLAY")),
        embedded=options.broker is None,
    )
    settings = settings_of(options, console_port=options.port)
    return demo.run(settings, told, lambda text: print(text, flush=True), time.time)
