"""Every topic once: its name, key, partitions and retention; and the partition a pool lives in.

Input topics use `LogAppendTime`: time is in the log, so a replayed log decides as it did (see `streams.clock`).
"""

from dataclasses import dataclass

from kafka.partitioner.default import murmur2

DAY_MS = 86_400_000
WORKER_GROUP = "headgate"  # the consumer group of all workers
MESSAGE_BYTES_MAX = 262_144  # larger events go to the dead letters unread; larger batches are refused by the broker


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How one topic is created. `retention_ms` -1 keeps for ever; `partitions` 0 takes the setting."""

    name: str
    meaning: str
    key: str
    messages: tuple[str, ...]  # tags of streams.events
    partitions: int
    retention_ms: int
    log_append_time: bool = False
    compacted: bool = False
    segment_bytes: int | None = None  # compaction passes over the newest segment; None: the broker's default

    @property
    def config(self) -> dict[str, str]:
        """Return the broker's settings for this topic."""
        segments = {} if self.segment_bytes is None else {"segment.bytes": str(self.segment_bytes)}
        return segments | {
            "cleanup.policy": "compact" if self.compacted else "delete",
            "retention.ms": str(self.retention_ms),
            "message.timestamp.type": "LogAppendTime" if self.log_append_time else "CreateTime",
            "max.message.bytes": str(4 * MESSAGE_BYTES_MAX),
        }


_INPUT = (
    "transaction.v1", "reading.v1", "covariate.v1", "unreadable.v1", "heartbeat.v1", "clock.v1", "catalog.v1",
    "model-reset.v1",
)  # fmt: skip

TRANSACTIONS = TopicSpec(
    "transactions", "sales, returns, receipts and counts of pools of stock", "pool_id", _INPUT, 0, 14 * DAY_MS, True
)
READINGS = TopicSpec("readings", "measurements of pools of sensors", "pool_id", _INPUT, 0, 14 * DAY_MS, True)
FORECASTS = TopicSpec(
    "forecasts",
    "closed buckets with what came and what is forecast",
    "pool_id",
    ("forecast.v1", "model-changed.v1"),
    0,
    7 * DAY_MS,
)
TICKS = TopicSpec("ticks", "decide now: one pool, one period", "pool_id", ("tick.v1",), 0, 7 * DAY_MS)
ACTIONS = TopicSpec("actions", "decisions, one record a tick", "pool_id", ("allocation.v1",), 0, -1)
OUTCOMES = TopicSpec("outcomes", "what became of each action", "pool_id", ("outcome.v1",), 0, -1)
COMMANDS = TopicSpec("commands", "what operators order", "pool_id", ("command.v1",), 1, -1)
DEAD_LETTERS = TopicSpec(
    "dead-letters",
    "messages that broke a rule, by place and rule",
    "topic/partition/offset",
    ("dead-letter.v1",),
    1,
    30 * DAY_MS,
)
CATALOG = TopicSpec("catalog", "the newest declaration of each pool", "pool_id", ("catalog.v1",), 1, -1, compacted=True)
POLICIES = TopicSpec(
    "policies",
    "who is champion and who challenger, and the trained policies that they name",
    "family, or family/version",
    ("policy.v1", "policy-aliases.v1"),
    1,
    -1,
    compacted=True,
    segment_bytes=16 * 1024 * 1024,  # it is read whole by every worker that starts
)
SNAPSHOTS = TopicSpec(
    "snapshots",
    "sealed states of shards in chunks, binary",
    "topic/partition/epoch/next_offset/chunk",
    (),
    0,
    -1,
    compacted=True,
    segment_bytes=64 * 1024 * 1024,
)
SNAPSHOT_INDEX = TopicSpec(
    "snapshot-index",
    "where the chunks of each snapshot lie, and its seal",
    "topic/partition/epoch/next_offset",
    (),
    1,
    -1,
    compacted=True,
    segment_bytes=1024 * 1024,  # it is read whole before a partition is taken over
)

TOPICS = (
    ACTIONS, CATALOG, COMMANDS, DEAD_LETTERS, FORECASTS, OUTCOMES, POLICIES, READINGS, SNAPSHOT_INDEX, SNAPSHOTS,
    TICKS, TRANSACTIONS,
)  # fmt: skip
INPUT_TOPICS = (READINGS, TRANSACTIONS)


def partition_of(pool_id: str, partitions: int) -> int:
    """Return the partition of `pool_id` as Java, kafka-python and aiokafka place it (murmur2).

    librdkafka places by CRC32 unless told otherwise; the shard refuses what it misplaced (`wrong-partition`).

    >>> partition_of("gifts-a", 4) in range(4)
    True
    """
    return int((murmur2(pool_id.encode()) & 0x7FFFFFFF) % partitions)
