"""The vocabulary on the wire: one frozen Struct per message, and the two functions that read and write them.

Every message is JSON with its `type` (name and version) first. Producers are strict; readers ignore unknown fields, so
that versions can be rolled. Input messages are keyed by `pool_id`: what is decided together stays in order.
"""

from typing import Literal

import msgspec

from streams.catalog import PoolSpec
from streams.clock import RunClock
from streams.health_events import WorkerHealth
from streams.model_events import ModelChanged, ModelReset
from streams.policy_events import PolicyAliases, PolicyFile

Quantity = Literal["flow_vehicles_per_h", "count_vehicles", "occupancy_ratio", "speed_km_per_h", "count_units"]
Role = Literal["", "champion", "canary", "rule", "catalog", "baseline"]
TransactionKind = Literal["sale", "cancellation", "return", "receipt", "count", "order_accepted"]


class Transaction(msgspec.Struct, frozen=True, kw_only=True, tag="transaction.v1", gc=False):
    """Something that moved demand or stock of one resource.

    A `sale` has a positive quantity; a `cancellation` or `return` is negative, as tills write it; a `count` is
    the stock found; a `receipt` and an `order_accepted` carry the `action_id` they belong to.
    """

    event_id: str = ""  # empty: the shard names it topic/partition/offset
    pool_id: str
    resource_id: str
    feed_id: str
    kind: TransactionKind
    quantity_units: float
    occurred_at_s: float  # when it happened, not when Kafka received it
    document_id: str | None = None  # the invoice or delivery note: equal lines of one document can be told
    unit_price: float | None = None  # currency per unit
    customer_key: str | None = None  # keyed HMAC of the customer's identifier, never the identifier
    action_id: str | None = None
    due_at_s: float | None = None  # of an accepted order: start of the period in which it arrives


class SensorReading(msgspec.Struct, frozen=True, kw_only=True, tag="reading.v1", gc=False):
    """One measurement."""

    event_id: str = ""  # empty: the shard names it topic/partition/offset
    pool_id: str
    resource_id: str
    feed_id: str
    quantity: Quantity  # names its unit
    value: float  # in the unit that `quantity` ends with
    observed_at_s: float  # when the device measured


class Covariate(msgspec.Struct, frozen=True, kw_only=True, tag="covariate.v1", gc=False):
    """Something that explains demand: weather, a price change, mentions. Copied to each pool it concerns."""

    event_id: str = ""  # empty: the shard names it topic/partition/offset
    pool_id: str
    feed_id: str
    name: str
    value: float
    observed_at_s: float


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, tag="unreadable.v1"):
    """A row that a feed could not read, sent in its place so that it ends in the dead letters, not in silence."""

    event_id: str  # file and line
    pool_id: str
    feed_id: str
    reason: str  # what is wrong with which column, without the cells of other columns


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag="heartbeat.v1", gc=False):
    """A feed's promise: all its events of this pool before `complete_until_s` have been sent."""

    pool_id: str
    feed_id: str
    complete_until_s: float


class Clock(msgspec.Struct, frozen=True, kw_only=True, tag="clock.v1"):
    """The pacemaker's beat in one partition: moves the log's time on while all is quiet, and sets the run clock.

    `scope` names the pools whose clock this is ("" = all pools of the partition): a twin and a live feed can
    share a partition.
    """

    run_clock: RunClock
    scope: tuple[str, ...] = ()


InputEvent = Transaction | SensorReading | Covariate | Unreadable | Heartbeat | Clock | PoolSpec | ModelReset


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """The place in the log up to which something is known: everything below `next_offset` was folded."""

    topic: str
    partition: int
    epoch: int  # names log and fold; `headgate migrate` and `headgate shard reset` raise it
    next_offset: int


class SeriesForecast(msgspec.Struct, frozen=True, kw_only=True):
    """The forecast of one series as readers get it. Periods follow one another from `Tick.period_start_s` on."""

    model: str
    version: str
    as_of_s: float  # end of the last bucket learnt, event time
    expires_at_s: float  # event time after which it is stale
    error: float  # discounted mean absolute one-step error, units per period
    buckets_learnt: int
    mean: tuple[float, ...]  # (horizon,) units per period
    quantiles: tuple[tuple[float, ...], ...]  # (horizon, len(QUANTILE_LEVELS))
    lead_quantiles: tuple[float, ...]  # (len(QUANTILE_LEVELS),) units over lead_time_periods + 1 periods


class OnOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An accepted order that has not arrived."""

    action_id: str
    units: float
    due_at_s: float


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """Ledger and forecast of one resource, as of the view's cut."""

    resource_id: str
    on_hand_units: float | None  # None for what has no stock, e.g. a traffic count
    on_order: tuple[OnOrder, ...]
    last_value: float | None  # demand of the last closed bucket; None when it was missing
    last_forecast: float | None  # what the one-step mean had said of it
    recent_mean: float  # mean demand of the last closed buckets, at most 28
    recent_std: float  # and its standard deviation
    forecast: SeriesForecast | None


class PoolView(msgspec.Struct, frozen=True, kw_only=True, tag="view.v1"):
    """The newest state of a pool: one Redis key, written by compare-and-set on (epoch, next_offset)."""

    pool_id: str
    cut: Cut
    now_s: float  # the run's event time at the cut
    watermark_s: float
    period_start_s: float  # start of the period now open: the first one that the forecasts are about
    series: tuple[SeriesView, ...]
    unknown_resources: tuple[tuple[str, int], ...]  # (resource_id, events), bounded
    feeds: tuple[tuple[str, float, bool], ...]  # (feed_id, complete_until_s, heard)
    counters: dict[str, int]  # cleaned, late, duplicate, dead:RULE ... since the log's start
    run_clock: RunClock | None = None  # a quiet pool's view is not written again: its time is told by its clock

    def event_time_s(self, wall_s: float) -> float:
        """Return the pool's event time at wall time `wall_s`."""
        return max(self.now_s, self.run_clock.now_s(wall_s)) if self.run_clock else self.now_s


class BucketClosed(msgspec.Struct, frozen=True, kw_only=True, tag="forecast.v1"):
    """One closed bucket with what came, what had been said, and what is said now. Topic `forecasts`."""

    pool_id: str
    resource_id: str
    period_start_s: float  # of the closed bucket
    value: float | None  # None: missing
    censored: bool
    said_mean: float | None  # the one-step forecast made before it
    said_quantiles: tuple[float, ...] | None  # (len(QUANTILE_LEVELS),)
    forecast: SeriesForecast | None
    cut: Cut


class Tick(msgspec.Struct, frozen=True, kw_only=True, tag="tick.v1"):
    """Decide now: one pool, one period. Topic `ticks`. The same tick may come twice; it is decided once."""

    tick_id: str  # "POOL/PERIOD", e.g. "gifts-a/2010-07-01"
    pool_id: str
    period_start_s: float
    valid_until_s: float  # event time
    now_s: float  # the run's event time when it was cut
    run_clock: RunClock  # so that the reader can tell how late it is
    missing: bool  # the bucket before it was closed by silence
    cut: Cut


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, tag="dead-letter.v1"):
    """A message that broke a rule: where it lies and why. The payload is kept only if the reader may see it."""

    topic: str
    partition: int
    offset: int
    rule: str
    message: str
    pool_id: str | None
    event_id: str | None
    at_s: float  # log-append time
    size_bytes: int


class ActionLine(msgspec.Struct, frozen=True, kw_only=True):
    """What is decided for one resource."""

    action_id: str  # "POOL/RESOURCE/PERIOD": sent twice it acts once
    resource_id: str
    order_units: float
    proposed_units: float  # what the policy asked for before the guard
    reason_code: str  # "policy", the guard's rule that changed it, or why another decided (`streams.decide`)
    explanation: str  # one line in plain words
    arrives_at_s: float  # start of the period in which it is to arrive
    role: Role = ""  # in which part its policy decided it; "" before there were roles
    policy: str = ""  # who decided it, where that is not the allocation's policy
    policy_version: str = ""  # and which of that name
    shadow_units: float | None = None  # what the other alias would have ordered in its place, guarded; None: no other


class Allocation(msgspec.Struct, frozen=True, kw_only=True, tag="allocation.v1"):
    """The decision of one tick: all its actions together, because they share a limit. Topic `actions`."""

    tick_id: str
    pool_id: str
    period_start_s: float
    decided_at_s: float  # event time
    valid_until_s: float  # event time
    policy: str
    policy_version: str
    forecast_model: str
    forecast_as_of_s: float | None
    decided_by: Literal["policy", "baseline", "hold"]
    cut: Cut
    lines: tuple[ActionLine, ...]
    role: Role = (
        ""  # in which part its policy decided: "champion", or "catalog" when the pool names one; lines may differ
    )
    aliases_revision: int | None = None  # of champion and challenger when it was decided; None: they were not asked
    challenger: str = ""  # name and version of the policy that stood beside: canary or shadow; "": none
    challenger_failed: str = ""  # why the challenger did not speak


class Outcome(msgspec.Struct, frozen=True, kw_only=True, tag="outcome.v1"):
    """What became of an action. Topic `outcomes`."""

    action_id: str
    tick_id: str
    pool_id: str
    resource_id: str
    status: Literal["applied", "clamped", "rejected", "expired", "overridden"]
    applied_units: float
    reason: str
    at_s: float  # event time


class Command(msgspec.Struct, frozen=True, kw_only=True, tag="command.v1"):
    """What an operator orders. Topic `commands`."""

    command_id: str
    kind: Literal["hold", "release"]
    pool_id: str
    resource_id: str | None  # None: the whole pool
    reason: str
    operator: str
    issued_at_s: float  # wall time
    expires_at_s: float  # event time


OutputMessage = (
    BucketClosed
    | Tick
    | DeadLetter
    | Allocation
    | Outcome
    | Command
    | PoolView
    | WorkerHealth
    | ModelChanged
    | PolicyFile
    | PolicyAliases
)

_ENCODER = msgspec.json.Encoder()
_INPUT_DECODER: msgspec.json.Decoder[InputEvent] = msgspec.json.Decoder(InputEvent)
_OUTPUT_DECODER: msgspec.json.Decoder[OutputMessage] = msgspec.json.Decoder(OutputMessage)


def encode(message: msgspec.Struct) -> bytes:
    """Return `message` as JSON bytes. msgspec writes NaN and infinities as null, which readers refuse."""
    return _ENCODER.encode(message)


def decode_input(data: bytes) -> InputEvent:
    """Return the input event in `data`; raise msgspec.DecodeError or msgspec.ValidationError when it is none."""
    return _INPUT_DECODER.decode(data)


def decode_output(data: bytes) -> OutputMessage:
    """Return the output message in `data`; raise msgspec.DecodeError or msgspec.ValidationError when it is none."""
    return _OUTPUT_DECODER.decode(data)
