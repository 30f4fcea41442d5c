"""Settings: typos are told, secrets are not shown, and no password crosses a network in the clear."""

import pytest

from streams.connections import kafka_options, redis_options, tls_context
from streams.errors import ConfigurationError
from streams.settings import Settings, read


def test_a_child_gets_the_same_settings() -> None:
    """What `environment` writes, `read` reads."""
    settings = read({}, broker="localhost:9", partitions=2, kafka_tls=True, redis_password="s3cret")

    assert read(settings.environment()) == settings


def test_an_unknown_variable_is_a_typo() -> None:
    """A setting that is not applied is worse than an error."""
    with pytest.raises(ConfigurationError, match="HEADGATE_BROKR is no setting"):
        read({"HEADGATE_BROKR": "x"})


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("HEADGATE_BROKER", "", "HEADGATE_BROKER has '';"),
        ("HEADGATE_BROKER", "kafka-1:9092,kafka-2", "host:port"),
        ("HEADGATE_BROKER", "kafka:http", "host:port"),
        ("HEADGATE_BROKER", "kafka:99999", "host:port"),
        ("HEADGATE_CONSOLE_PORT", "99999", "between 0 and 65535"),
        ("HEADGATE_PARTITIONS", "0", "between 1 and 1024"),
        ("HEADGATE_PARTITIONS", "many", "HEADGATE_PARTITIONS"),
        ("HEADGATE_SNAPSHOT_INTERVAL_S", "nan", "between 0.05"),
        ("HEADGATE_KAFKA_TLS", "perhaps", "takes 1 or 0"),
        ("HEADGATE_REDIS", "localhost", "redis://"),
        ("HEADGATE_REDIS", "redis://:pw@localhost/0", "HEADGATE_REDIS_PASSWORD"),
    ],
)
def test_a_wrong_value_names_its_variable(variable: str, value: str, words: str) -> None:
    """The message says which variable and what it takes."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        read({variable: value})
    assert ":pw@" not in str(caught.value)


@pytest.mark.parametrize(
    "environment",
    [
        {"HEADGATE_BROKER": "kafka.example.org:9092", "HEADGATE_KAFKA_PASSWORD": "pw-1"},
        {"HEADGATE_BROKER": "127.0.0.1:1,kafka.example.org:9092", "HEADGATE_KAFKA_PASSWORD": "pw-1"},
        {"HEADGATE_REDIS": "redis://cache.example.org:6379/0", "HEADGATE_REDIS_PASSWORD": "pw-1"},
    ],
)
def test_a_password_without_tls_goes_to_loopback_only(environment: dict[str, str]) -> None:
    """Anything else is refused, without showing the password."""
    with pytest.raises(ConfigurationError, match="without TLS") as caught:
        read(environment)
    assert "pw-1" not in str(caught.value)


def test_tls_and_sasl_reach_the_clients() -> None:
    """One set of options serves kafka-python and aiokafka; Redis gets its ACL user."""
    settings = read(
        {
            "HEADGATE_BROKER": "kafka.example.org:9093",
            "HEADGATE_KAFKA_TLS": "1",
            "HEADGATE_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
            "HEADGATE_KAFKA_USERNAME": "worker",
            "HEADGATE_KAFKA_PASSWORD": "pw-1",
            "HEADGATE_REDIS": "rediss://cache.example.org:6380/0",
            "HEADGATE_REDIS_USERNAME": "worker",
            "HEADGATE_REDIS_PASSWORD": "pw-2",
        }
    )
    options = kafka_options(settings)

    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert tls_context(settings) is not None
    assert redis_options(settings)["username"] == "worker"
    assert "pw-" not in repr(settings)


def test_plain_loopback_needs_nothing() -> None:
    """The defaults are an embedded stack."""
    assert kafka_options(Settings())["security_protocol"] == "PLAINTEXT"
