"""`python -m benchmarks.demo [--quick] [--json FILE]`: how soon the demo acts, what it takes, what it leaves behind.

Starts `headgate demo` as a user does, in an empty data folder, with the downloads of an earlier run. The time to the
first action is from the command to the first action that the console shows. Memory is the sum of what each process
holds (resident set, so shared pages count more than once). Ctrl-C has to leave no process and no port.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import psutil

from benchmarks.figures import Figure, options, tell

RUN_S = 90.0
QUICK_RUN_S = 5.0  # after the first action
FIRST_S_MAX = 120.0
END_S_MAX = 30.0


def first_action(address: str) -> bool:
    """Return whether the console shows an action."""
    try:
        with urllib.request.urlopen(f"{address}/api/actions", timeout=2.0) as answer:  # noqa: S310  our own address
            return bool(json.load(answer))
    except OSError:
        return False


def family(root: psutil.Process) -> list[psutil.Process]:
    """Return the demo and everything it started."""
    return [one for one in (root, *root.children(recursive=True)) if one.status() != psutil.STATUS_ZOMBIE]


def resident_mb(processes: list[psutil.Process], words: str = "") -> float:
    """Return the resident memory of the processes whose command line has `words`, in MB."""
    return sum(one.memory_info().rss for one in processes if words in " ".join(one.cmdline())) / 1e6


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def measure(folder: Path, run_s: float) -> list[Figure]:
    """Run the demo once in `folder` and return what was measured."""
    port = free_port()
    words = ["demo", "--no-browser", "--port", str(port), "--data-dir", str(folder)]
    started_s = time.monotonic()
    with (folder / "demo.txt").open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.cli", *words], stdout=out, stderr=out, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        while not first_action(address):
            if process.poll() is not None or time.monotonic() - started_s > FIRST_S_MAX:
                raise SystemExit(f"no action: {(folder / 'demo.txt').read_text()[-2000:]}")
            time.sleep(0.2)
        first_s = time.monotonic() - started_s
        time.sleep(run_s)
        everyone = family(psutil.Process(process.pid))
        ports = {one.laddr.port for who in everyone for one in who.net_connections() if one.status == "LISTEN"}
        whole_mb, worker_mb = resident_mb(everyone), resident_mb(everyone, "ops.cli worker")
        end_s = ended(process)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    left = [one for one in everyone if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    return [
        Figure("from the command to the first action, warm downloads", first_s, "s", 30.0),
        Figure("memory of the whole demo", whole_mb, "MB", 1500.0),
        Figure("memory of the worker", worker_mb, "MB", 300.0),
        Figure("from Ctrl-C to the end, report included", end_s, "s", END_S_MAX),
        Figure("processes left behind", len(left), "", 0),
        Figure("ports left behind", sum(map(answers, ports)), "", 0),
    ]


def ended(process: "subprocess.Popen[bytes]") -> float:
    """Press Ctrl-C and return how long it took."""
    pressed_s = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    process.wait(2 * END_S_MAX)
    return time.monotonic() - pressed_s


def answers(port: int) -> bool:
    """Return whether somebody listens on a loopback port."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def main() -> int:
    """Measure and tell."""
    chosen = options(__doc__ or "").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return tell(measure(Path(folder), QUICK_RUN_S if chosen.quick else RUN_S), chosen.json)


if __name__ == "__main__":
    sys.exit(main())
