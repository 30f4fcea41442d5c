"""Three real brokers: what is acknowledged survives the one that led."""

import time
from pathlib import Path

import pytest

from ops.stack.local import LocalStack
from streams.administration import create_topics, end_offsets
from streams.errors import UnavailableError
from streams.events import Heartbeat
from streams.feeds.sender import EventSender
from streams.topics import TRANSACTIONS

DEADLINE_S = 90.0


def other_leader(stack: LocalStack, node_id: int) -> int:
    """Return who leads the first input partition now that the broker `node_id` does not."""
    until_s = time.monotonic() + DEADLINE_S
    while time.monotonic() < until_s:
        try:
            leader = stack.leader_of(TRANSACTIONS.name, 0).node_id
        except UnavailableError:
            leader = node_id
        if leader != node_id:
            return leader
        time.sleep(0.2)
    raise AssertionError(f"broker {node_id} still leads")


@pytest.mark.timeout(300)
def test_a_leader_is_killed_another_leads_and_the_first_comes_back(tmp_path: Path) -> None:
    """Nothing acknowledged is gone, and the killed broker serves again at its old address."""
    with LocalStack(tmp_path, lambda _: None, brokers=3) as stack:
        settings = stack.settings(partitions=1, replication=3)
        create_topics(settings)
        with EventSender(settings) as sender:
            for number in range(50):
                event = Heartbeat(pool_id="shop", feed_id="till", complete_until_s=1e9 + number)
                sender.send(TRANSACTIONS.name, "shop", event)
        leader = stack.leader_of(TRANSACTIONS.name, 0)
        address = leader.broker
        leader.kill()

        assert other_leader(stack, leader.node_id) != leader.node_id
        assert end_offsets(settings, [TRANSACTIONS.name]) == {(TRANSACTIONS.name, 0): 50}
        leader.launch()
        leader.wait_ready()
        assert (leader.alive, leader.broker) == (True, address)
