"""Dead letters are found, and what they are about is appended again with the same bytes, against a real broker."""

import pytest
from kafka import KafkaProducer

from ops import cli
from streams import dead_letters
from streams.administration import end_offsets
from streams.connections import kafka_options
from streams.dead_letters import Place
from streams.errors import ConfigurationError
from streams.events import DeadLetter, Transaction, encode
from streams.settings import Settings
from streams.tail import Tail
from streams.topics import DEAD_LETTERS, TRANSACTIONS

PARTITION = 2
SECRET = "hmac-of-a-customer"


def _sale(number: int) -> bytes:
    return encode(
        Transaction(
            event_id=f"e{number}",
            pool_id="shop",
            resource_id="POST",
            feed_id="till",
            kind="sale",
            quantity_units=1.0,
            occurred_at_s=float(number),
            customer_key=SECRET,
        )
    )


def _letter(offset: int, rule: str) -> DeadLetter:
    return DeadLetter(
        topic=TRANSACTIONS.name,
        partition=PARTITION,
        offset=offset,
        rule=rule,
        message=f"broke {rule}",
        pool_id="shop",
        event_id=f"e{offset}",
        at_s=1_277_985_600.0,
        size_bytes=200,
    )


@pytest.fixture(scope="module")
def parked(settings: Settings) -> Settings:
    """Write three events and a letter about each; one letter twice, as a replay would, and one about a lost place."""
    letters = [
        _letter(0, "unknown-resource"),
        _letter(1, "negative-quantity"),
        _letter(2, "unknown-resource"),
        _letter(2, "unknown-resource"),
        _letter(900, "unknown-resource"),
    ]
    producer = KafkaProducer(**kafka_options(settings))
    for number in range(3):
        producer.send(TRANSACTIONS.name, key=b"shop", value=_sale(number), partition=PARTITION).get(timeout=10)
    for letter in letters:
        place = str(dead_letters.place_of(letter)).encode()
        producer.send(DEAD_LETTERS.name, key=place, value=encode(letter)).get(timeout=10)
    producer.send(DEAD_LETTERS.name, value=b"no letter").get(timeout=10)
    producer.close()
    return settings


def _end(settings: Settings) -> int:
    return end_offsets(settings, [TRANSACTIONS.name])[TRANSACTIONS.name, PARTITION]


def _headgate(settings: Settings, *words: str) -> int:
    return cli.main(["dead-letters", "--broker", settings.broker, *words])


def test_the_list_shows_place_and_rule_but_no_payload(parked: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Each place once, with its rule and message; what the event held stays in the input topic."""
    assert _headgate(parked, "list") == 0

    shown = capsys.readouterr().out
    assert shown.count("transactions/2/2 ") == 1
    assert "broke negative-quantity" in shown
    assert "4 shown: unknown-resource 3, negative-quantity 1" in shown
    assert SECRET not in shown


def test_the_list_can_be_narrowed_to_a_rule(parked: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the letters of the rule are shown."""
    assert _headgate(parked, "list", "--rule", "negative-quantity") == 0

    assert "1 shown: negative-quantity 1" in capsys.readouterr().out


def test_a_dry_run_sends_nothing(parked: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is still there and what is too old, and the log's end stays where it was."""
    before = _end(parked)

    assert _headgate(parked, "redrive", "--rule", "unknown-resource", "--dry-run") == 0

    shown = capsys.readouterr().out
    assert "2 still there: would be appended again (transactions/2/0, transactions/2/2)" in shown
    assert "1 too old: no longer in the log (transactions/2/900)" in shown
    assert _end(parked) == before


def test_a_redrive_appends_the_same_bytes_to_the_same_partition(parked: Settings) -> None:
    """Key, value and partition are the original's, so the event keeps its id and counts once."""
    before = _end(parked)

    assert _headgate(parked, "redrive", "--rule", "unknown-resource") == 0

    with Tail(parked, [TRANSACTIONS.name]) as tail:
        again = tail.recent(2)
    assert [(one.key, one.value, one.partition) for one in again] == [
        (b"shop", _sale(0), PARTITION),
        (b"shop", _sale(2), PARTITION),
    ]
    assert _end(parked) == before + 2


def test_what_would_break_again_is_left_alone_unless_forced(
    parked: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A negative quantity stays negative: it is sent again only by force."""
    before = _end(parked)

    assert _headgate(parked, "redrive", "--place", "transactions/2/1") == 1
    assert "1 left alone: the same bytes break negative-quantity again" in capsys.readouterr().out
    assert _end(parked) == before
    assert _headgate(parked, "redrive", "--place", "transactions/2/1", "--force") == 0
    assert _end(parked) == before + 1


def test_a_place_without_letter_is_told(parked: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is sent for a place that nobody complained about."""
    assert _headgate(parked, "redrive", "--place", "transactions/0/5") == 1

    assert "no dead letter at transactions/0/5" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "transactions", "transactions/x/1", "transactions/1/-1", "actions/0/1"])
def test_a_place_has_to_be_an_input_topic_partition_and_offset(text: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ConfigurationError, match="transactions/2/17"):
        Place.parse(text)
