"""A pipe and a command in, that command running in this process; it cannot outlive the process that holds the pipe.

Run as `python -I -S lifeline.py READ_END PROGRAM ARGUMENT...` by `ops.child`. A fork of this process waits on the
pipe: nobody writes to it, so it ends when the starter closes it or dies, even by SIGKILL. Then the fork kills its
process group, which is the program and whatever that has started. (Linux's parent-death signal would need no
fork, but it fires when the *thread* that started the program ends, and other systems have nothing like it.)
"""

import os
import signal
import sys


def main() -> None:
    """Leave a watcher behind, then become the program."""
    lifeline, command = int(sys.argv[1]), sys.argv[2:]
    if os.fork() == 0:
        watch(lifeline)
    os.close(lifeline)
    try:
        os.execvp(command[0], command)  # noqa: S606  that is its whole purpose
    except OSError as error:
        sys.stderr.write(f"cannot run {command[0]}: {error}\n")
        sys.exit(127)


def watch(lifeline: int) -> None:
    """Wait for the end of the pipe, then kill this process group, oneself included."""
    for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(name, signal.SIG_IGN)
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
