"""`headgate worker` whose fold breaks at events named for it: one raises, one ends the process, one hangs, once."""

import os
import signal
import sys
from pathlib import Path

from ops.cli import main
from streams.events import Transaction
from streams.ledger import Ledger

RAISES, ENDS, HANGS = "event-that-raises", "event-that-ends-the-process", "event-that-hangs-once"

whole = Ledger.apply


def fragile(ledger: Ledger, event: Transaction) -> None:
    """Change the ledger, then break: the state is half changed."""
    whole(ledger, event)
    if event.event_id == RAISES:
        raise KeyError(event.event_id)
    if event.event_id == ENDS:
        os.kill(os.getpid(), signal.SIGKILL)
    if event.event_id == HANGS and not (hung := Path(sys.argv[1])).exists():
        hung.touch()
        while True:
            pass


if __name__ == "__main__":
    Ledger.apply = fragile  # type: ignore[method-assign]
    sys.exit(main(["worker"]))
