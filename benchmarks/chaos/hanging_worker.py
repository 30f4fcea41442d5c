"""`python -m benchmarks.chaos.hanging_worker worker`: a worker whose event loop hangs for good on SIGVTALRM."""

import signal
import sys
import time
from types import FrameType

from ops.cli import main

HANG_S = 3600.0


def hang(_number: int, _frame: FrameType | None) -> None:
    """Block the thread that the event loop runs in."""
    time.sleep(HANG_S)


if __name__ == "__main__":
    signal.signal(signal.SIGVTALRM, hang)
    sys.exit(main())
