"""`headgate kill`: engage or clear the kill switch. Only touches a file, so it works when nothing else does."""

import argparse

from ops.cli import settings_of
from ops.kill_switch import clear, engage, killed


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--reason", help="engage it: every action is rejected from now on, with this reason")
    what.add_argument("--clear", action="store_true", help="let actions through again")


def run(options: argparse.Namespace) -> int:
    """Do it, or say how it stands."""
    data_dir = settings_of(options).data_dir
    if options.reason is not None:
        print(f"kill switch engaged: {engage(data_dir, options.reason)} - no action passes the gateway of {data_dir}")
    elif options.clear:
        print("kill switch cleared" if clear(data_dir) else "kill switch was not engaged")
    else:
        reason = killed(data_dir)
        print(f"kill switch engaged: {reason}" if reason is not None else "kill switch is not engaged")
    return 0
