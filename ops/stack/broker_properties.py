"""A broker's place in its cluster in, its `server.properties` out."""

import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops.stack.ports import LOOPBACK

HEAP_MB = 256
SETTINGS = {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",  # topics are declared in streams/topics.py
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "message.max.bytes": "1572864",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "num.replica.fetchers": "1",
    "background.threads": "2",
    "num.recovery.threads.per.data.dir": "1",
    "log.cleaner.dedupe.buffer.size": "4194304",  # 128 MB of heap by default, for compacted topics of millions of keys
    "log.cleaner.io.buffer.size": "131072",
    "log.index.size.max.bytes": "1048576",  # 10 MB are mapped for each partition by default
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "offsets.topic.segment.bytes": "10485760",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "transaction.state.log.segment.bytes": "10485760",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "metadata.log.segment.bytes": "16777216",
    "controlled.shutdown.enable": "false",  # nobody to hand over to
    "queued.max.requests": "100",
    "producer.id.expiration.ms": "86400000",
}


def new_cluster_id() -> str:
    """Return an id that no other cluster has."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Membership:
    """A broker's place in its cluster. What is not the same for a broker that is alone is set by `KafkaCluster`."""

    node_id: int = 1
    controller_ports: tuple[int, ...] = ()  # of every member, by node id; empty: alone, on any free port
    cluster_id: str = field(default_factory=new_cluster_id)
    heap_mb: int = HEAP_MB
    settings: Mapping[str, str] = field(default_factory=dict)  # on top of `SETTINGS`


def write_properties(folder: Path, port: int, controller_ports: Sequence[int], member: Membership) -> Path:
    """Write the file of a broker that listens on `port`, and return where it is."""
    listener = f"PLAINTEXT://{LOOPBACK}:{port}"
    own_controller = f"CONTROLLER://{LOOPBACK}:{controller_ports[member.node_id - 1]}"
    voters = (f"{number}@{LOOPBACK}:{voter_port}" for number, voter_port in enumerate(controller_ports, start=1))
    settings = SETTINGS | {
        "node.id": str(member.node_id),
        "listeners": f"{listener},{own_controller}",
        "advertised.listeners": listener,
        "controller.quorum.voters": ",".join(voters),
        "log.dirs": str((folder / "data").absolute()),
        **member.settings,
    }
    path = folder / "server.properties"
    path.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    return path


def add_proxied_listener(properties: Path, inner_port: int, proxied_port: int) -> None:
    """Have the broker listen on `inner_port` too, and send those who come that way to `proxied_port`."""
    settings = dict(line.split("=", 1) for line in properties.read_text().splitlines())
    settings["listeners"] += f",PROXIED://{LOOPBACK}:{inner_port}"
    settings["advertised.listeners"] += f",PROXIED://{LOOPBACK}:{proxied_port}"
    settings["listener.security.protocol.map"] += ",PROXIED:PLAINTEXT"
    properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
