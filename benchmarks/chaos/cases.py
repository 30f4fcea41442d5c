"""A running stage in, one fault done to it out: every case of the chaos run, in the order of the table.

A fault function returns since when recovery counts: the moment of the fault, or, where the fault is an outage of a
length that we chose, the moment when it ended.
"""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec

from benchmarks.chaos.stage import Setting, Stage

SESSION_S = 6.0  # streams/worker.py: a worker unheard for so long loses its partitions
OUTAGE_S = 4.0
SNAPSHOT_BYTES_MAX = 2_000  # smaller than any snapshot
HANGING = "benchmarks.chaos.hanging_worker"


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of fault."""

    name: str
    what: str  # one sentence for the table
    setting: Setting
    fault: Callable[[Stage], float]
    weight: int = 1  # its share of all faults
    needs: str = ""  # a module without which it cannot pass yet

    @property
    def ready(self) -> bool:
        """Return whether what it tests is there."""
        return not self.needs or find_spec(self.needs) is not None


def kill_worker(stage: Stage) -> float:
    """SIGKILL the only worker; another one is started at once."""
    at_s = time.time()
    stage.fleet.kill("worker-0")
    return at_s


def kill_one_of_two(stage: Stage) -> float:
    """SIGKILL one of two workers, and start it again only after the other has taken over."""
    at_s = time.time()
    stage.fleet.kill("worker-1", again=False)
    stage.await_output(at_s, 4 * SESSION_S)
    stage.fleet.start("worker-1")
    return at_s


def stop_and_continue(stage: Stage) -> float:
    """SIGSTOP one of two workers for longer than its session, then let it go on as a zombie."""
    at_s = time.time()
    stage.fleet.signal("worker-1", signal.SIGSTOP)
    stage.await_output(at_s, 4 * SESSION_S)
    time.sleep(max(at_s + SESSION_S + 2.0 - time.time(), 0.0))
    stage.fleet.signal("worker-1", signal.SIGCONT)
    return at_s


def add_and_remove(stage: Stage) -> float:
    """Add a worker under load, or let the added one leave in good order."""
    at_s = time.time()
    if "worker-1" in stage.fleet.names():
        stage.fleet.leave("worker-1")
        return at_s
    stage.fleet.start("worker-1")
    return at_s


def flush_redis(stage: Stage) -> float:
    """FLUSHALL: Redis is there, and empty."""
    at_s = time.time()
    stage.flush_redis()
    return at_s


def kill_redis(stage: Stage) -> float:
    """SIGKILL Redis, and start it again, empty."""
    stage.kill_redis()
    time.sleep(1.0)
    stage.start_redis()
    return time.time()


def kill_broker(stage: Stage) -> float:
    """SIGKILL the only broker, and start it again on what its disk has."""
    stage.kill_broker()
    stage.start_broker()
    return time.time()


def kill_leader(stage: Stage) -> float:
    """SIGKILL whichever of three brokers leads the first input partition; the next fault starts it again first."""
    stage.start_broker()
    at_s = time.time()
    stage.kill_broker()
    stage.await_output(at_s, 60.0)
    return at_s


def reset_kafka(stage: Stage) -> float:
    """Reset every connection between workers and the broker."""
    at_s = time.time()
    stage.kafka_proxy.reset()
    return at_s


def swallow_kafka(stage: Stage) -> float:
    """Swallow everything between workers and the broker for a while, no connection closed."""
    stage.kafka_proxy.swallow()
    time.sleep(OUTAGE_S)
    stage.kafka_proxy.heal()
    return time.time()


def reset_redis(stage: Stage) -> float:
    """Reset every connection between workers and Redis."""
    at_s = time.time()
    stage.redis_proxy.reset()
    return at_s


def swallow_redis(stage: Stage) -> float:
    """Swallow everything between workers and Redis for a while."""
    stage.redis_proxy.swallow()
    time.sleep(OUTAGE_S)
    stage.redis_proxy.heal()
    return time.time()


def slow_redis(stage: Stage) -> float:
    """Let each answer of Redis take 300 ms longer for a while."""
    stage.redis_proxy.slow(0.3)
    time.sleep(OUTAGE_S)
    stage.redis_proxy.heal()
    return time.time()


def fill_disk(stage: Stage) -> float:
    """Let no file grow past 2 kB for a while: snapshots cannot be written."""
    stage.fleet.limit_files(SNAPSHOT_BYTES_MAX)
    time.sleep(OUTAGE_S)
    stage.fleet.limit_files(None)
    return time.time()


def send_garbage(stage: Stage) -> float:
    """Send ten bad records with every ninety good ones for a while."""
    at_s = time.time()
    stage.load.ask("garbage", ratio=1 / 9)
    time.sleep(OUTAGE_S)
    stage.load.ask("garbage", ratio=0.0)
    return at_s


def hang_loop(stage: Stage) -> float:
    """Block the event loop of the only worker for good: its watchdog has to end it."""
    at_s = time.time()
    stage.fleet.signal("worker-0", signal.SIGVTALRM)
    return at_s


ONE, TWO = Setting(), Setting(workers=2)
PROXIED, CLUSTER = Setting(proxied=True), Setting(brokers=3)
CASES = (
    Case("SIGKILL", "the only worker is killed, another starts at once", ONE, kill_worker, 4),
    Case("garbage", "10 % of the records are bad for 4 s", ONE, send_garbage),
    Case("Redis flushed", "FLUSHALL", ONE, flush_redis, 2),
    Case("Redis killed", "SIGKILL, down for 1 s, back empty", ONE, kill_redis, 2),
    Case("no space", "no file may grow past 2 kB for 4 s", ONE, fill_disk),
    Case("broker killed", "the only broker is killed and started again", ONE, kill_broker, 2),
    Case("two workers, one killed", "and started again after the takeover", TWO, kill_one_of_two, 2),
    Case("zombie", "SIGSTOP for longer than the session, then SIGCONT", TWO, stop_and_continue),
    Case("scaling", "a second worker joins, or leaves", ONE, add_and_remove, 2),
    Case("Kafka resets", "all connections to the broker are reset", PROXIED, reset_kafka, 2),
    Case("Kafka black hole", "nothing passes to or from the broker for 4 s", PROXIED, swallow_kafka),
    Case("Redis resets", "all connections to Redis are reset", PROXIED, reset_redis, 2),
    Case("Redis black hole", "nothing passes to or from Redis for 4 s", PROXIED, swallow_redis),
    Case("Redis slow", "each answer takes 300 ms longer for 4 s", PROXIED, slow_redis),
    Case("leader killed", "of three brokers the leader is killed, and started again", CLUSTER, kill_leader, 2),
    Case("hung loop", "the event loop blocks for good", Setting(module=HANGING), hang_loop, 1, "streams.watchdog"),
)  # fmt: skip
QUICK = ("SIGKILL", "garbage", "Redis flushed")
