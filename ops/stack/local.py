"""A folder in, a running Kafka and Valkey on free loopback ports out, until the `with` block ends."""

import fcntl
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from ops.child import Child
from ops.stack.cluster import KafkaCluster
from ops.stack.kafka import Kafka
from ops.stack.valkey import Valkey
from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings, read


class LocalStack:
    """Real servers for a laptop, a demo or a test; several may run side by side.

    `folder` gets kafka/, valkey/ and logs/. With `persist` Valkey keeps its data there too; Kafka always does.
    With `brokers` above 1 Kafka is a cluster, made to be hurt; `kafka_proxied_port`: see `Kafka`, which is alone then.
    """

    def __init__(
        self,
        folder: Path,
        progress: Callable[[str], None] = print,
        *,
        kafka_port: int | None = None,
        redis_port: int | None = None,
        persist: bool = False,
        brokers: int = 1,
        kafka_proxied_port: int | None = None,
    ) -> None:
        self.folder = folder
        logs = folder / "logs"
        self._kafka_ports = (kafka_port, kafka_proxied_port)
        self._brokers = brokers
        self._progress = progress
        self._kafka: Kafka | KafkaCluster | None = None
        self._folder_lock: IO[str] | None = None
        self.redis_server = Valkey(folder / "valkey", logs / "valkey.log", port=redis_port, persist=persist)

    def __enter__(self) -> Self:
        """Start both and return when both answer."""
        self._folder_lock = hold(self.folder)
        try:
            self._kafka = self._made()
            self._kafka.launch()
            self.redis_server.start()
            self._kafka.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def _made(self) -> Kafka | KafkaCluster:
        folder, logs, mirror = self.folder / "kafka", self.folder / "logs", read().maven_mirror
        if self._brokers > 1:
            return KafkaCluster(folder, logs, brokers=self._brokers, progress=self._progress, mirror=mirror)
        port, proxied_port = self._kafka_ports
        return Kafka(
            folder, logs / "kafka.log", port=port, progress=self._progress, mirror=mirror, proxied_port=proxied_port
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both."""
        self.stop()

    def check(self) -> None:
        """Raise UnavailableError when one of them has died; what they held is gone or half written."""
        for child in (*(one.child for one in self.kafka_servers), self.valkey):
            if child.exit_status is not None:
                raise UnavailableError(
                    f"{child.name} has died (exit status {child.exit_status}); its log {child.log} ends:\n"
                    f"{child.log_tail()}"
                )

    def stop(self) -> None:
        """End both processes; calling it twice is harmless."""
        self.redis_server.stop()
        if self._kafka:
            self._kafka.stop()
        if self._folder_lock:
            self._folder_lock.close()

    @property
    def kafka_servers(self) -> tuple[Kafka, ...]:
        """Return every broker, for tests that hurt them."""
        assert self._kafka, "enter the stack first"
        return self._kafka.brokers if isinstance(self._kafka, KafkaCluster) else (self._kafka,)

    @property
    def kafka(self) -> Child:
        """Return Kafka's process, the first one's of a cluster, for tests that hurt it."""
        return self.kafka_servers[0].child

    def leader_of(self, topic: str, partition: int) -> Kafka:
        """Return the broker that leads a partition."""
        assert self._kafka, "enter the stack first"
        return self._kafka.leader_of(topic, partition)

    @property
    def valkey(self) -> Child:
        """Return Valkey's process, for tests that hurt it."""
        return self.redis_server.child

    @property
    def broker(self) -> str:
        """Return Kafka's bootstrap addresses."""
        return ",".join(one.broker for one in self.kafka_servers)

    @property
    def redis(self) -> str:
        """Return Valkey's address."""
        return self.redis_server.url

    def settings(self, **overrides: Any) -> Settings:
        """Return settings that point at these servers and keep their data in the same folder, unless overridden."""
        places: dict[str, Any] = {"broker": self.broker, "redis": self.redis, "data_dir": self.folder}
        return read(**(places | overrides))


def hold(folder: Path) -> IO[str]:
    """Return a file that holds `folder` until it is closed; raise ConfigurationError when another process holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "stack.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise ConfigurationError(
            f"another embedded stack runs in {folder}; end it, use it with --broker and --redis, or choose another "
            "folder with --data-dir"
        ) from error
    return file
