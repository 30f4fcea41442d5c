"""`headgate console`: serve the operators' page until Ctrl-C."""

import argparse
import threading
import time
from dataclasses import replace

from ops.cli import settings_of
from ops.console.serving import running


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--host", help="address to listen on; default HEADGATE_CONSOLE_HOST, else loopback")
    parser.add_argument("--port", type=int, help="port; 0 takes any free one; default HEADGATE_CONSOLE_PORT, else 8377")


def run(options: argparse.Namespace) -> int:
    """Serve until interrupted."""
    settings = settings_of(options)
    settings = replace(
        settings,
        console_host=settings.console_host if options.host is None else options.host,
        console_port=settings.console_port if options.port is None else options.port,
    )
    with running(settings, time.time) as console:
        print(f"console: {console.address}" + (f" ({console.note})" if console.note else ""), flush=True)
        threading.Event().wait()
    return 0
