"""The environment in, one frozen `Settings` out: the only place that reads it, once, at the edge.

Secrets come from the environment and are shown by no `repr`, log or error.
"""

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from streams.errors import ConfigurationError

PREFIX = "HEADGATE_"
PORT_MAX = 65_535
LIMITS = (
    ("partitions", 1, 1024),
    ("replication", 1, 16),
    ("snapshot_interval_s", 0.05, 3600.0),
    ("snapshot_topic_interval_s", 0.05, 86_400.0),
    ("loop_late_s_max", 1.0, 3600.0),
    ("progress_late_s_max", 1.0, 3600.0),
    ("commit_late_s_max", 1.0, 3600.0),
    ("console_port", 0, PORT_MAX),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a process needs to know. Each field is read from HEADGATE_ and its name in capitals."""

    broker: str = "127.0.0.1:9092"  # bootstrap servers, comma separated
    kafka_tls: bool = False  # encrypt and verify; implied by kafka_ca_file
    kafka_ca_file: str = ""  # PEM of the authority that signed the brokers; empty: the system's
    kafka_cert_file: str = ""  # PEM of this client, for mutual TLS
    kafka_key_file: str = ""  # its key
    kafka_sasl_mechanism: str = ""  # PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512; empty: no SASL
    kafka_username: str = ""
    kafka_password: str = field(default="", repr=False)
    redis: str = "redis://127.0.0.1:6379/0"  # rediss:// for TLS; no user or password in it
    redis_ca_file: str = ""
    redis_username: str = ""  # ACL user
    redis_password: str = field(default="", repr=False)
    data_dir: Path = Path(".headgate")  # snapshots, gateway journal, keys, logs
    partitions: int = 4  # of each input topic; murmur2(pool_id) decides, so changing it later is a migration
    replication: int = 1  # copies of each topic
    worker_id: str = "worker-0"  # stable and unique per worker slot: static membership
    customer_hmac_key: str = field(default="", repr=False)  # hex; empty: generated once in data_dir with mode 0600
    seal_hmac_key: str = field(default="", repr=False)  # hex; seals snapshots and trained policies; as above
    snapshot_interval_s: float = 4.0  # how much replay a crash costs; large states are sealed less often
    snapshot_topic_interval_s: float = 30.0  # the same where the disk is lost too: another machine takes over
    loop_late_s_max: float = (
        30.0  # a worker whose event loop stands still longer ends; one record may close 2,000 series
    )
    progress_late_s_max: float = 120.0  # as above: a partition that stands while its broker has more; rebalances pass
    commit_late_s_max: float = 120.0  # as above: a commit or snapshot that does not end; a slow disk needs its time
    console_host: str = "127.0.0.1"  # servers bind to loopback unless told
    console_port: int = 8377  # 0: any free one
    console_names: str = ""  # further host names it answers to, comma separated (loopback and addresses: always)
    maven_mirror: str = ""  # where the Kafka jars come from instead of the default repository

    def __post_init__(self) -> None:
        """Refuse what cannot work, and a password that would cross a network in the clear."""
        for server in self.broker.split(","):
            if not _is_server(server):
                raise ConfigurationError(f"HEADGATE_BROKER has {server!r}; it takes host:port[,host:port]")
        for name, low, high in LIMITS:
            if not low <= getattr(self, name) <= high:
                raise ConfigurationError(
                    f"{PREFIX}{name.upper()} is {getattr(self, name)}; it lies between {low} and {high}"
                )
        if self.kafka_password and not self.kafka_encrypted:
            for host in (server.rsplit(":", 1)[0] for server in self.broker.split(",")):
                if not is_loopback(host):
                    raise ConfigurationError(
                        f"HEADGATE_KAFKA_PASSWORD would go to {host} without TLS; set HEADGATE_KAFKA_TLS=1"
                    )
        address = urlsplit(self.redis)
        if address.scheme not in ("redis", "rediss") or not address.hostname:
            raise ConfigurationError("HEADGATE_REDIS has to look like redis://host:6379/0, or rediss:// with TLS")
        if address.password or address.username:
            raise ConfigurationError(
                "HEADGATE_REDIS carries a password; put it into HEADGATE_REDIS_USERNAME and HEADGATE_REDIS_PASSWORD"
            )
        if self.redis_password and address.scheme != "rediss" and not is_loopback(address.hostname):
            raise ConfigurationError(
                f"HEADGATE_REDIS_PASSWORD would go to {address.hostname} without TLS; use rediss://"
            )

    @property
    def kafka_encrypted(self) -> bool:
        """Return whether Kafka connections use TLS."""
        return self.kafka_tls or bool(self.kafka_ca_file or self.kafka_cert_file)

    def environment(self) -> dict[str, str]:
        """Return the variables that give a child process these settings, secrets included."""
        return {PREFIX + one.name.upper(): _text(getattr(self, one.name)) for one in fields(self)}


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine.

    >>> is_loopback("127.0.0.1"), is_loopback("[::1]"), is_loopback("kafka.example.org")
    (True, True, False)
    """
    bare = host.strip("[]")
    if bare == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:
        return False


def _is_server(text: str) -> bool:
    host, _, port = text.strip().rpartition(":")
    return bool(host) and port.isdecimal() and 1 <= int(port) <= PORT_MAX


def read(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Return the settings in `environment` (default: the process's own), with `overrides` that are not None on top.

    Raises ConfigurationError naming the variable: an unknown one too, because a typo is a setting not applied.
    """
    source = os.environ if environment is None else environment
    known = {PREFIX + one.name.upper(): one for one in fields(Settings)}
    values: dict[str, Any] = {}
    for name, text in source.items():
        if not name.startswith(PREFIX):
            continue
        if name not in known:
            raise ConfigurationError(f"{name} is no setting; known: {', '.join(sorted(known))}")
        values[known[name].name] = _value(name, text, known[name].type)
    return Settings(**values | {name: value for name, value in overrides.items() if value is not None})


def _value(name: str, text: str, kind: Any) -> Any:
    if kind is bool:
        if text.lower() not in ("", "0", "1", "true", "false", "yes", "no"):
            raise ConfigurationError(f"{name} is {text!r}; it takes 1 or 0")
        return text.lower() in ("1", "true", "yes")
    try:
        return kind(text)
    except ValueError as error:
        shown = "its value" if "PASSWORD" in name or "KEY" in name else repr(text)
        raise ConfigurationError(f"{name}: {shown} is no {kind.__name__}") from error


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)
