"""`python -m benchmarks.demo [--quick] [--json FILE]`: how soon the demo acts, what it takes, what it leaves behind.

Starts `headgate demo` as a user does, in an empty data folder, with the downloads of an earlier run. The time to the
first action is from the command to the first action that the console shows. From then on days are counted that the
console shows actions of: a demo that stands still at its first day has failed. Memory is the sum of what each process
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
POLL_S = 0.2
DAYS_MIN = 5
DAYS_S_MAX = 60.0  # from the first action to the one of the fifth day; at the demo's pace 2 s
FIRST_S_MAX = 120.0
END_S_MAX = 30.0
GONE_S_MAX = 150.0  # until a demo that was told to end is killed; others may use the machine


def acted_days(address: str) -> set[float]:
    """Return the starts of the days, Unix seconds, that the newest actions of the console are of."""
    try:
        with urllib.request.urlopen(f"{address}/api/actions?limit=300", timeout=2.0) as answer:  # noqa: S310  our own
            return {action["period_s"] for action in json.load(answer)}
    except OSError:
        return set()


def first_action_s(address: str, process: "subprocess.Popen[bytes]", said: Path) -> float:
    """Return how many seconds the console takes from now to show an action; end with the demo's words if it does not.

    `said` is the file that the demo writes to.
    """
    started_s = time.monotonic()
    while not acted_days(address):
        if process.poll() is not None or time.monotonic() - started_s > FIRST_S_MAX:
            raise SystemExit(f"no action: {said.read_text()[-2000:]}")
        time.sleep(POLL_S)
    return time.monotonic() - started_s


def days_a_minute(address: str, run_s: float, said: Path) -> float:
    """Watch for `run_s`, and on until `DAYS_MIN` days have actions; return how many days a minute of watching has.

    Ends with what the demo wrote to the file `said` when the shop stands still.
    """
    started_s = time.monotonic()
    days = acted_days(address)
    while (watched_s := time.monotonic() - started_s) < run_s or len(days) < DAYS_MIN:
        if len(days) < DAYS_MIN and watched_s > DAYS_S_MAX:
            raise SystemExit(
                f"the shop stands still: {watched_s:.0f} s after the first action the console shows actions of "
                f"{len(days)} days, not of {DAYS_MIN}; the demo said: {said.read_text()[-2000:]}"
            )
        time.sleep(POLL_S)
        days |= acted_days(address)
    return 60.0 * len(days) / watched_s


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
    said = folder / "demo.txt"
    with said.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "ops.cli", *words], stdout=out, stderr=out, start_new_session=True
        )
    try:
        address = f"http://127.0.0.1:{port}"
        first_s = first_action_s(address, process, said)
        days = days_a_minute(address, run_s, said)
        everyone = family(psutil.Process(process.pid))
        ports = {one.laddr.port for who in everyone for one in who.net_connections() if one.status == "LISTEN"}
        whole_mb, worker_mb = resident_mb(everyone), resident_mb(everyone, "ops.cli worker")
        end_s = ended(process, said)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    left = [one for one in everyone if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
    return [
        Figure("from the command to the first action, warm downloads", first_s, "s", 30.0),
        Figure("days of the shop lived in a minute, from the first action", days, "", 60.0, at_least=True),
        Figure("memory of the whole demo", whole_mb, "MB", 1500.0),
        Figure("memory of the worker", worker_mb, "MB", 300.0),
        Figure("from Ctrl-C to the end, report included", end_s, "s", END_S_MAX),
        Figure("processes left behind", len(left), "", 0),
        Figure("ports left behind", sum(map(answers, ports)), "", 0),
    ]


def ended(process: "subprocess.Popen[bytes]", said: Path) -> float:
    """Press Ctrl-C and return how many seconds the demo took to end; if it does not, end with its words in `said`."""
    pressed_s = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(GONE_S_MAX)
    except subprocess.TimeoutExpired:
        text = said.read_text()[-2000:]
        raise SystemExit(f"{GONE_S_MAX:.0f} s after Ctrl-C the demo still runs; it said: {text}") from None
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
