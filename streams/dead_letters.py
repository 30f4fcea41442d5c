"""Dead letters in, tables for people and redriven records out.

A dead letter says where a bad record lies and which rule it broke, never what it held. A redrive reads the record
at that place and appends the same bytes, under the same key, to the same partition: the event keeps its id, so
however often it is redriven it counts once. It makes sense after the cause is gone, e.g. the catalog was corrected.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from streams.connections import kafka_options
from streams.errors import ConfigurationError, UnavailableError
from streams.events import DeadLetter, decode_output
from streams.settings import Settings
from streams.tail import BOOTSTRAP_MS_MAX, Record, Tail
from streams.topics import DEAD_LETTERS, INPUT_TOPICS, MESSAGE_BYTES_MAX

# What can pass the second time though its bytes are the same: the catalog, the ledger or the time has changed.
CURABLE: dict[str, str] = {
    "future": "its time may have come",
    "on-order-limit": "orders may have arrived",
    "out-of-range": "the catalog may allow more",
    "unknown-feed": "the catalog may declare the feed",
    "unknown-pool": "the catalog may declare the pool",
    "unknown-resource": "the catalog may have the resource",
    "wrong-topic": "the catalog may place the pool here",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies.

    >>> Place.parse("transactions/2/17")
    Place(topic='transactions', partition=2, offset=17)
    """

    topic: str
    partition: int
    offset: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return the place written as topic/partition/offset; raise ConfigurationError when it is none."""
        topic, _, rest = text.partition("/")
        partition, _, offset = rest.partition("/")
        known = [spec.name for spec in INPUT_TOPICS]
        if topic not in known or not (partition.isascii() and partition.isdigit()) or not offset.isdigit():
            raise ConfigurationError(
                f"--place {text!r}: wanted topic/partition/offset with a topic of {', '.join(known)}, "
                "e.g. transactions/2/17"
            )
        return cls(topic, int(partition), int(offset))

    def __str__(self) -> str:
        """Return the place as people write it."""
        return f"{self.topic}/{self.partition}/{self.offset}"


@dataclass(slots=True)
class Redriven:
    """What became of a redrive."""

    sent: list[Place] = field(default_factory=list)  # appended again, or would be in a dry run
    gone: list[Place] = field(default_factory=list)  # no longer in the log: too old
    hopeless: list[tuple[Place, str]] = field(default_factory=list)  # (place, rule): would break it again


def letters(tail: Tail, last: int) -> list[DeadLetter]:
    """Return the newest dead letters, oldest first; at most `last`."""
    return decoded(tail.recent(last))


def decoded(records: Iterable[Record]) -> list[DeadLetter]:
    """Return the dead letters among `records`; what is none is passed over."""
    found: list[DeadLetter] = []
    for record in records:
        try:
            letter = decode_output(record.value or b"")
        except msgspec.DecodeError:  # a newer version's, or somebody else's: nothing to redrive
            continue
        if isinstance(letter, DeadLetter):
            found.append(letter)
    return found


def chosen(found: Sequence[DeadLetter], *, rule: str | None = None, place: Place | None = None) -> list[DeadLetter]:
    """Return the letters that match, each place once: a replay may have written the same letter twice."""
    unique = {place_of(letter): letter for letter in found}
    return [
        letter
        for here, letter in unique.items()
        if (rule is None or letter.rule == rule) and (place is None or here == place)
    ]


def place_of(letter: DeadLetter) -> Place:
    """Return where the record that the letter is about lies."""
    return Place(letter.topic, letter.partition, letter.offset)


def redrive(
    settings: Settings, wanted: Sequence[DeadLetter], *, dry_run: bool = False, force: bool = False
) -> Redriven:
    """Append the records of `wanted` again, in the order of the log; raise UnavailableError when Kafka does not answer.

    Letters of a rule outside `CURABLE` are left alone unless `force`: their bytes would break it again.
    """
    outcome = Redriven()
    again: list[Record] = []
    with Tail(settings, [spec.name for spec in INPUT_TOPICS]) as tail:
        for letter in sorted(wanted, key=lambda one: (one.topic, one.partition, one.offset)):
            here = place_of(letter)
            if letter.rule not in CURABLE and not force:
                outcome.hopeless.append((here, letter.rule))
                continue
            record = tail.at(here.topic, here.partition, here.offset)
            if record is None or record.value is None:
                outcome.gone.append(here)
                continue
            outcome.sent.append(here)
            again.append(record)
    if again and not dry_run:
        _append(settings, again)
    return outcome


def _append(settings: Settings, records: Sequence[Record]) -> None:
    """Append `records` to their own partitions; return when the broker has all of them."""
    try:
        producer = KafkaProducer(
            **kafka_options(settings),
            client_id="headgate-redrive",
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            max_request_size=4 * MESSAGE_BYTES_MAX,
            delivery_timeout_ms=60_000,
            request_timeout_ms=10_000,
            bootstrap_timeout_ms=BOOTSTRAP_MS_MAX,
            metrics_enabled=False,
        )
    except (KafkaError, OSError) as error:
        raise _unavailable(settings, error) from error
    try:
        futures = [producer.send(one.topic, key=one.key, value=one.value, partition=one.partition) for one in records]
        producer.flush(timeout=70.0)
        for future in futures:
            future.get(timeout=1.0)
    except (KafkaError, OSError) as error:
        raise _unavailable(settings, error) from error
    finally:
        producer.close(timeout=1.0)


def _unavailable(settings: Settings, error: BaseException) -> UnavailableError:
    return UnavailableError(
        f"Kafka at {settings.broker} did not take the records ({type(error).__name__}: {error}); redrive again: "
        "what did arrive counts once"
    )


def newest(settings: Settings, last: int) -> list[DeadLetter]:
    """Return the newest dead letters of the broker in `settings`, oldest first; at most `last`."""
    with Tail(settings, [DEAD_LETTERS.name]) as tail:
        return letters(tail, last)
