"""The machine-readable vocabulary tells what is really on the wire, and docs/ holds its newest form."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from streams import events, schema
from streams.catalog import FeedSpec, PoolSpec, ResourceSpec
from streams.clock import RunClock
from streams.events import encode
from streams.health_events import PartitionHealth, WorkerHealth
from streams.model_events import ModelChanged, ModelReset
from streams.policy_events import PolicyAliases, PolicyFile
from streams.topics import TOPICS

DOCS = Path(__file__).parents[2] / "docs"
CUT = events.Cut(topic="transactions", partition=1, epoch=1, next_offset=17)
CLOCK = RunClock(event_origin_s=1.0, wall_origin_s=2.0, speed_up=1.0)
FORECAST = events.SeriesForecast(
    model="river-linear",
    version="1",
    as_of_s=1.0,
    expires_at_s=2.0,
    error=0.5,
    buckets_learnt=9,
    mean=(1.0,),
    quantiles=((0.0, 1.0),),
    lead_quantiles=(0.0, 3.0),
)
SERIES = events.SeriesView(
    resource_id="mug",
    on_hand_units=None,
    on_order=(events.OnOrder(action_id="a", units=1.0, due_at_s=3.0),),
    last_value=None,
    last_forecast=1.0,
    recent_mean=1.0,
    recent_std=0.0,
    forecast=FORECAST,
)
LINE = events.ActionLine(
    action_id="shop/mug/2010-07-01",
    resource_id="mug",
    order_units=24.0,
    proposed_units=30.0,
    reason_code="capacity",
    explanation="order 24",
    arrives_at_s=9.0,
)
HEALTH = PartitionHealth(
    topic="readings",
    partition=0,
    next_offset=3,
    end_offset=5,
    events_total=3,
    snapshot_offset=2,
    snapshot_age_s=None,
)

EXAMPLES: list[msgspec.Struct] = [
    events.Transaction(
        event_id="1",
        pool_id="shop",
        resource_id="mug",
        feed_id="till",
        kind="sale",
        quantity_units=2.0,
        occurred_at_s=1.5,
    ),
    events.SensorReading(
        event_id="2",
        pool_id="i94",
        resource_id="westbound",
        feed_id="loop",
        quantity="flow_vehicles_per_h",
        value=120.0,
        observed_at_s=1.0,
    ),
    events.Covariate(event_id="3", pool_id="i94", feed_id="met", name="rain_mm", value=0.5, observed_at_s=1.0),
    events.Heartbeat(pool_id="shop", feed_id="till", complete_until_s=10.0),
    events.Unreadable(event_id="sales.csv:7", pool_id="shop", feed_id="till", reason="sales.csv:7: no number"),
    events.Clock(run_clock=CLOCK, scope=("shop",)),
    PoolSpec(pool_id="shop", feeds=(FeedSpec(id="till"),), resources=(ResourceSpec(id="mug"),)),
    events.PoolView(
        pool_id="shop",
        cut=CUT,
        now_s=1.0,
        watermark_s=1.0,
        period_start_s=0.0,
        series=(SERIES,),
        unknown_resources=(("POST", 3),),
        feeds=(("till", 1.0, True),),
        counters={"cleaned": 4},
        run_clock=CLOCK,
    ),
    events.BucketClosed(
        pool_id="shop",
        resource_id="mug",
        period_start_s=0.0,
        value=2.0,
        censored=False,
        said_mean=None,
        said_quantiles=None,
        forecast=FORECAST,
        cut=CUT,
    ),
    events.Tick(
        tick_id="shop/2010-07-01",
        pool_id="shop",
        period_start_s=0.0,
        valid_until_s=1.0,
        now_s=0.5,
        run_clock=CLOCK,
        missing=False,
        cut=CUT,
    ),
    events.DeadLetter(
        topic="transactions",
        partition=0,
        offset=7,
        rule="future",
        message="too far ahead",
        pool_id=None,
        event_id=None,
        at_s=1.0,
        size_bytes=99,
    ),
    events.Allocation(
        tick_id="shop/2010-07-01",
        pool_id="shop",
        period_start_s=0.0,
        decided_at_s=0.5,
        valid_until_s=1.0,
        policy="base-stock",
        policy_version="1",
        forecast_model="river-linear",
        forecast_as_of_s=None,
        decided_by="policy",
        cut=CUT,
        lines=(LINE,),
    ),
    events.Outcome(
        action_id="shop/mug/2010-07-01",
        tick_id="shop/2010-07-01",
        pool_id="shop",
        resource_id="mug",
        status="applied",
        applied_units=24.0,
        reason="",
        at_s=1.0,
    ),
    events.Command(
        command_id="c1",
        kind="hold",
        pool_id="shop",
        resource_id=None,
        reason="stock take",
        operator="ada",
        issued_at_s=1.0,
        expires_at_s=2.0,
    ),
    WorkerHealth(
        worker_id="w0",
        at_s=1.0,
        events_per_s=10.0,
        rss_bytes=1,
        partitions=(HEALTH,),
        counters={},
        decision_p50_s=None,
        decision_p99_s=None,
    ),
    PolicyFile(family="inventory", version="c" * 12, manifest=msgspec.Raw(b"{}"), network=b"onnx", seal="ab"),
    PolicyAliases(family="inventory", revision=3, aliases=msgspec.Raw(b'{"champion":"c"}'), seal="ab"),
    ModelReset(event_id="a", pool_id="shop", reason="a promotion", operator="kim"),
    ModelChanged(
        pool_id="shop",
        resource_id="mug",
        kind="rolled-back",
        model="seasonal-naive",
        version="3.1",
        reason="b",
        at_s=1.0,
    ),
]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    """Return a validator of docs/schema.json as it is shipped."""
    return jsonschema.Draft202012Validator(json.loads((DOCS / "schema.json").read_text(encoding="utf-8")))


def test_every_message_has_an_example() -> None:
    """A message added to the vocabulary needs an example here."""
    assert {type(example) for example in EXAMPLES} == set(schema.messages())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: schema.tag_of(type(example)))
def test_encoded_messages_keep_the_schema(example: msgspec.Struct, validator: jsonschema.Draft202012Validator) -> None:
    """What `encode` writes passes the shipped schema; without a required field, or with a bool for it, it fails."""
    written = json.loads(encode(example))

    validator.validate(written)
    required = next(field.encode_name for field in msgspec.structs.fields(example) if field.required)
    assert not validator.is_valid({name: value for name, value in written.items() if name != required})
    assert not validator.is_valid(written | {required: True})
    assert not validator.is_valid(written | {"type": "nobody.v9"})


@pytest.mark.parametrize(
    ("name", "document"), [("schema.json", schema.json_schema()), ("asyncapi.json", schema.asyncapi())]
)
def test_docs_are_up_to_date(name: str, document: dict[str, Any]) -> None:
    """The shipped file is what the code says now; if not, run `headgate schema --out docs`."""
    assert (DOCS / name).read_text(encoding="utf-8") == schema.text(document), "run: headgate schema --out docs"


def test_the_json_schema_is_one() -> None:
    """The document itself keeps the draft it names."""
    jsonschema.Draft202012Validator.check_schema(schema.json_schema())


def test_every_topic_is_a_channel_and_every_reference_leads_somewhere() -> None:
    """Channels have the topics' names, keys and retention; no reference dangles."""
    document = schema.asyncapi()

    assert set(document["channels"]) == {spec.name for spec in TOPICS}
    for spec in TOPICS:
        channel = document["channels"][spec.name]
        assert set(channel["messages"]) == set(spec.messages)
        assert channel["x-key"] == spec.key
        assert channel["bindings"]["kafka"]["topicConfiguration"]["retention.ms"] == spec.retention_ms
    for reference in _references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def test_fields_carry_their_comment() -> None:
    """Units and meaning stand beside a field in the source, and so in the schema."""
    described = schema.json_schema()["$defs"]["Transaction"]["properties"]["occurred_at_s"]["description"]

    assert described == "when it happened, not when Kafka received it"


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for one in value.values() for found in _references(one)]
    return [found for one in value for found in _references(one)] if isinstance(value, list) else []
