"""The words of a `headgate` command in, the command line that runs it in a process of its own out."""

import sys
from collections.abc import Sequence


def command_line(words: Sequence[str]) -> list[str]:
    """Return what to execute for `headgate WORDS` with this very Python."""
    return [sys.executable, "-m", "ops.cli", *words]
