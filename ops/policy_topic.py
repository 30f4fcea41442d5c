"""What was promoted, read from Kafka and told to every worker: the compacted topic `policies`, files before aliases."""

from collections.abc import Iterable, Mapping

import msgspec
from kafka import KafkaProducer
from kafka.errors import KafkaError

from policies import aliases as alias_files
from policies import trained_files
from policies.aliases import Aliases
from policies.trained_files import Trained
from streams.connections import kafka_options
from streams.control_view import ControlView
from streams.errors import ConfigurationError, UnavailableError
from streams.events import decode_output, encode
from streams.policy_events import FAMILY, PolicyAliases, PolicyFile, file_key
from streams.settings import Settings
from streams.tail import Tail
from streams.topics import MESSAGE_BYTES_MAX, POLICIES

RECORDS_MAX = 1000  # newest of the topic that are read; compaction keeps four or five, and what is newer than it
FILE_BYTES_MAX = 3 * MESSAGE_BYTES_MAX  # of one policy in Kafka; a topic takes batches of four
ACKNOWLEDGE_S = 30.0


def read(settings: Settings) -> tuple[ControlView, set[str]]:
    """Return a view that knows the topic's policies and aliases, and the versions on the topic; it only reads.

    Raises UnavailableError when no broker answers, ConfigurationError when there is no such topic yet.
    """
    view, versions = ControlView(), set[str]()
    with Tail(settings, [POLICIES.name]) as tail:
        for record in tail.recent(RECORDS_MAX):
            version = (record.key or b"").decode(errors="replace").removeprefix(file_key(FAMILY, ""))
            try:
                message = decode_output(record.value or b"")
            except msgspec.MsgspecError:  # forgotten, or a newer headgate's
                versions.discard(version)
                continue
            if isinstance(message, PolicyFile | PolicyAliases):
                view.apply(message)
            if isinstance(message, PolicyFile):
                versions.add(version)
    return view, versions


def publish(
    settings: Settings, aliases: Aliases, files: Iterable[Trained], forgotten: Iterable[str], key: bytes
) -> None:
    """Tell every worker of `aliases`, after the files that they need and before those that nobody needs are forgotten.

    Raises UnavailableError when Kafka does not take them, ConfigurationError when a network is too large for it.
    """
    messages: list[tuple[str, bytes | None]] = [_file(one, key) for one in files]
    body = msgspec.json.encode(aliases)
    told = PolicyAliases(
        family=FAMILY, revision=aliases.revision, aliases=msgspec.Raw(body), seal=alias_files.seal(key, body)
    )
    messages.append((FAMILY, encode(told)))
    messages += [(file_key(FAMILY, version), None) for version in forgotten]
    try:
        producer = KafkaProducer(
            **kafka_options(settings),
            client_id="headgate-policy",
            acks="all",
            enable_idempotence=True,  # in this order, whatever is retried
            max_request_size=4 * MESSAGE_BYTES_MAX,
            bootstrap_timeout_ms=5_000,
        )
        try:
            for sent in [producer.send(POLICIES.name, key=name.encode(), value=value) for name, value in messages]:
                sent.get(timeout=ACKNOWLEDGE_S)
        finally:
            producer.close()
    except (KafkaError, OSError) as error:
        raise UnavailableError(
            f"Kafka at {settings.broker} did not take the policy ({error}); nothing has changed for its workers"
        ) from error


def needed(aliases: Aliases, known: Mapping[str, object] | set[str]) -> tuple[list[str], list[str]]:
    """Return the versions that `aliases` may need and the topic does not have, and those that it has for nothing.

    >>> needed(Aliases(champion="b", previous="base-stock@a", challenger="b"), {"a", "c"})
    (['b'], ['c'])
    """
    wanted = list(dict.fromkeys(alias_files.version_of(one) for one in aliases.references))
    return [one for one in wanted if one not in known], sorted(one for one in known if one not in wanted)


def _file(trained: Trained, key: bytes) -> tuple[str, bytes]:
    text = msgspec.json.encode(trained.manifest)
    version = trained.manifest.short_version
    message = encode(
        PolicyFile(
            family=FAMILY,
            version=version,
            manifest=msgspec.Raw(text),
            network=trained.network,
            seal=trained_files.seal(key, text, trained.network),
        )
    )
    if len(message) > FILE_BYTES_MAX:
        raise ConfigurationError(
            f"policy {version} has {len(message):,} bytes as a message, Kafka is given at most {FILE_BYTES_MAX:,}: "
            "train a smaller network"
        )
    return file_key(FAMILY, version), message
