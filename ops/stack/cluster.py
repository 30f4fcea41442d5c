"""A folder in, several Kafka brokers (KRaft) that replicate to each other on loopback out."""

from collections.abc import Callable
from pathlib import Path

from ops.stack.broker_properties import Membership, new_cluster_id
from ops.stack.kafka import Kafka
from ops.stack.ports import free_ports
from streams.errors import UnavailableError

BROKERS = 3
HEAP_MB = 200
ANSWER_MS_MAX = 10_000


class KafkaCluster:
    """Brokers that are controllers too. One of them may be lost: what is acknowledged is on two."""

    def __init__(
        self, folder: Path, logs: Path, *, brokers: int = BROKERS, progress: Callable[[str], None], mirror: str = ""
    ) -> None:
        copies = str(min(brokers, 3))
        settings = {
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "share.coordinator.state.topic.replication.factor": copies,
            "min.insync.replicas": str(min(brokers, 2)),
            "controlled.shutdown.enable": "true",
            "replica.lag.time.max.ms": "5000",
            "broker.session.timeout.ms": "3000",  # how long a dead leader's partitions wait for the next one
            "broker.heartbeat.interval.ms": "500",
            "controller.quorum.election.timeout.ms": "500",
            "controller.quorum.fetch.timeout.ms": "1500",
        }
        ports = free_ports(2 * brokers)
        identity, controller_ports = new_cluster_id(), tuple(ports[brokers:])
        self.brokers = tuple(
            Kafka(
                folder / str(number),
                logs / f"kafka-{number}.log",
                port=ports[number - 1],
                progress=progress,
                mirror=mirror,
                membership=Membership(number, controller_ports, identity, HEAP_MB, settings),
            )
            for number in range(1, brokers + 1)
        )

    def launch(self) -> None:
        """Start every process."""
        for one in self.brokers:
            one.launch()

    def wait_ready(self) -> None:
        """Return when every broker answers."""
        for one in self.brokers:
            one.wait_ready()

    def stop(self) -> None:
        """End all: each is told at once, then each is waited for."""
        for one in self.brokers:
            one.terminate()
        for one in self.brokers:
            one.stop()

    def leader_of(self, topic: str, partition: int) -> Kafka:
        """Return the broker that leads a partition; raise UnavailableError when none answers or leads."""
        from kafka.admin import KafkaAdminClient  # noqa: PLC0415  slow to import
        from kafka.errors import KafkaError  # noqa: PLC0415

        living = [one.broker for one in self.brokers if one.alive]
        try:
            admin = KafkaAdminClient(bootstrap_servers=living, bootstrap_timeout_ms=ANSWER_MS_MAX)
            try:
                told = admin.describe_topics([topic])[0]["partitions"]
            finally:
                admin.close()
        except KafkaError as error:
            raise UnavailableError(f"none of {living} says who leads {topic}/{partition}: {error}") from error
        leaders = {one["partition_index"]: one["leader_id"] for one in told}
        for one in self.brokers:
            if one.node_id == leaders.get(partition):
                return one
        raise UnavailableError(f"nobody leads {topic}/{partition} at {living}")
