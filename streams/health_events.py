"""What a worker says of itself, as it stands in Redis."""

import msgspec


class PartitionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How far one shard is."""

    topic: str
    partition: int
    next_offset: int
    end_offset: int  # newest known end of the log: lag is the difference
    events_total: int  # folded by this process
    snapshot_offset: int  # what a crash now would replay from
    snapshot_age_s: float | None  # wall time; None before the first


class WorkerHealth(msgspec.Struct, frozen=True, kw_only=True, tag="health.v1"):
    """What a worker says of itself each second: a Redis key that expires."""

    worker_id: str
    at_s: float  # wall time
    events_per_s: float
    rss_bytes: int
    partitions: tuple[PartitionHealth, ...]
    counters: dict[str, int]  # "dead:RULE", "late", "buckets:closed|missing", "decisions:policy|baseline|hold" ...
    decision_p50_s: float | None
    decision_p99_s: float | None
