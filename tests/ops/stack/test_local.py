"""The embedded servers: real, on loopback only, with their own data, and gone when their owner is."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import redis
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from ops.stack.local import LocalStack
from streams.administration import create_topics
from streams.errors import ConfigurationError, UnavailableError
from streams.settings import Settings

OWNER = """
import sys, time
from pathlib import Path
from ops.stack.local import LocalStack
with LocalStack(Path(sys.argv[1])) as stack:
    print(stack.kafka.pid, stack.valkey.pid, flush=True)
    time.sleep(600)
"""


def listening(pid: int) -> set[str]:
    """Return the addresses on which a process accepts connections."""
    return {one.laddr.ip for one in psutil.Process(pid).net_connections() if one.status == psutil.CONN_LISTEN}


def test_both_answer_on_loopback_only(stack: LocalStack, settings: Settings):
    """No other machine can reach them."""
    assert redis.Redis.from_url(settings.redis).ping()
    assert create_topics(settings) == []  # they are there: the fixture made them
    assert {ip.removeprefix("::ffff:") for ip in listening(stack.kafka.pid)} == {"127.0.0.1"}
    assert listening(stack.valkey.pid) == {"127.0.0.1"}


def test_the_settings_point_at_the_servers(stack: LocalStack, tmp_path: Path):
    """Overrides win over what the stack knows."""
    settings = stack.settings(data_dir=tmp_path, partitions=7)

    assert (settings.broker, settings.redis) == (stack.broker, stack.redis)
    assert (settings.data_dir, settings.partitions) == (tmp_path, 7)


def test_a_second_stack_in_the_same_folder_is_refused(stack: LocalStack):
    """Two brokers on one data folder would corrupt it."""
    with pytest.raises(ConfigurationError, match=r"another embedded stack runs in"), LocalStack(stack.folder):
        pass


def test_data_outlive_a_restart_on_other_ports(tmp_path: Path):
    """What `headgate up` keeps is there when it is started again."""
    place = TopicPartition("transactions", 0)
    with LocalStack(tmp_path, persist=True) as first:
        create_topics(first.settings())
        with KafkaProducer(bootstrap_servers=first.broker) as producer:
            producer.send(place.topic, b"kept", partition=0).get(timeout=30)
        redis.Redis.from_url(first.redis).set("kept", "yes")

    with LocalStack(tmp_path, persist=True) as second:
        consumer = KafkaConsumer(bootstrap_servers=second.broker, auto_offset_reset="earliest")
        consumer.assign([place])
        assert next(consumer).value == b"kept"
        consumer.close()
        assert redis.Redis.from_url(second.redis).get("kept") == b"yes"
        second.check()
        second.kafka.signal(signal.SIGKILL)
        assert second.kafka.wait(30)
        with pytest.raises(UnavailableError, match=r"Kafka has died"):
            second.check()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_survives_its_owner(tmp_path: Path, number: signal.Signals):
    """However the owner ends, even by SIGKILL, its servers and their watchers end with it."""
    words = [sys.executable, "-c", OWNER, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as owner:
        assert owner.stdout
        servers = [psutil.Process(int(pid)) for pid in owner.stdout.readline().split()]
        left = [*servers, *(watcher for server in servers for watcher in server.children(recursive=True))]
        assert len(left) == 4
        owner.send_signal(number)

    _gone, alive = psutil.wait_procs(left, timeout=30)
    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
