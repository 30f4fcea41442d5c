"""A folder in, a running Kafka and Valkey on free loopback ports out, until the `with` block ends."""

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ops.child import Child
from ops.stack.kafka import Kafka
from ops.stack.valkey import Valkey
from streams.settings import Settings, read


class LocalStack:
    """Real servers for a laptop, a demo or a test; several may run side by side.

    `folder` gets kafka/, valkey/ and logs/. With `persist` Valkey keeps its data there too; Kafka always does.
    """

    def __init__(
        self,
        folder: Path,
        progress: Callable[[str], None] = print,
        *,
        kafka_port: int | None = None,
        redis_port: int | None = None,
        persist: bool = False,
    ) -> None:
        self.folder = folder
        logs = folder / "logs"
        self._kafka_at = (folder / "kafka", logs / "kafka.log", kafka_port)
        self._progress = progress
        self._kafka: Kafka | None = None
        self._valkey = Valkey(folder / "valkey", logs / "valkey.log", port=redis_port, persist=persist)

    def __enter__(self) -> Self:
        """Start both and return when both answer."""
        folder, log, port = self._kafka_at
        mirror = read().maven_mirror
        try:
            self._kafka = Kafka(folder, log, port=port, progress=self._progress, mirror=mirror)
            self._kafka.launch()
            self._valkey.start()
            self._kafka.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop both."""
        self.stop()

    def stop(self) -> None:
        """End both processes; calling it twice is harmless."""
        self._valkey.stop()
        if self._kafka:
            self._kafka.stop()

    @property
    def kafka(self) -> Child:
        """Return Kafka's process, for tests that hurt it."""
        assert self._kafka, "enter the stack first"
        return self._kafka.child

    @property
    def valkey(self) -> Child:
        """Return Valkey's process, for tests that hurt it."""
        return self._valkey.child

    @property
    def broker(self) -> str:
        """Return Kafka's bootstrap address."""
        assert self._kafka, "enter the stack first"
        return self._kafka.broker

    @property
    def redis(self) -> str:
        """Return Valkey's address."""
        return self._valkey.url

    def settings(self, **overrides: Any) -> Settings:
        """Return settings that point at these servers and keep their data in the same folder, unless overridden."""
        places: dict[str, Any] = {"broker": self.broker, "redis": self.redis, "data_dir": self.folder}
        return read(**(places | overrides))
