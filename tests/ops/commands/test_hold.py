"""`headgate hold` on a real broker: the command is on the topic when it returns, and wrong words are told."""

import time
from collections.abc import Sequence

import msgspec
import pytest
import redis

from ops.cli import main
from streams.catalog import Catalog, FeedSpec, PoolSpec, ResourceSpec
from streams.clock import LIVE
from streams.control_view import ControlView
from streams.events import Command, decode_output, encode
from streams.forecast_store import VIEW_KEY
from streams.publishing import publish_catalog
from streams.settings import Settings
from streams.tail import Tail
from streams.topics import COMMANDS
from tests.streams.agents.control_world import DAY_S, view_of

POOL = PoolSpec(
    pool_id="shop", feeds=(FeedSpec(id="till"),), resources=(ResourceSpec(id="mug"), ResourceSpec(id="cup"))
)


@pytest.fixture(scope="module")
def published(settings: Settings) -> Settings:
    """Return settings of a broker that knows the shop."""
    publish_catalog(settings, Catalog(version=1, pools=(POOL,)))
    return settings


def run(settings: Settings, *words: str) -> int:
    """Run the command as typed."""
    return main(["hold", *words, "--broker", settings.broker, "--redis", settings.redis])


def commands(settings: Settings) -> Sequence[Command]:
    """Return all commands so far."""
    with Tail(settings, [COMMANDS.name]) as tail:
        found = [decode_output(record.value or b"") for record in tail.recent(100)]
    return [command for command in found if isinstance(command, Command)]


def test_a_hold_and_its_release(published: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """What the agent folds from the topic is what was typed."""
    assert run(published, "shop", "mug", "--reason", "stocktaking", "--for", "2h") == 0
    assert run(published, "shop", "--release") == 0

    hold, release = commands(published)
    view = ControlView()
    view.apply(hold)
    assert (hold.kind, hold.resource_id, hold.reason) == ("hold", "mug", "stocktaking")
    assert hold.expires_at_s - hold.issued_at_s == pytest.approx(7200.0, abs=60.0)
    assert view.hold("shop", "mug", hold.issued_at_s) == hold
    view.apply(release)
    assert view.hold("shop", "mug", hold.issued_at_s) is None
    assert capsys.readouterr().out.splitlines()[0].startswith("shop/mug held until ")


def test_a_hold_on_a_quiet_pool_lasts_as_long_as_was_said(published: Settings) -> None:
    """Its view is of yesterday, because nothing has happened since; its clock is live."""
    now_s = time.time()
    quiet = msgspec.structs.replace(view_of("shop"), now_s=now_s - DAY_S, run_clock=LIVE)
    with redis.Redis.from_url(published.redis) as client:
        client.hset(VIEW_KEY + "shop", "body", encode(quiet))

    assert run(published, "shop", "cup", "--reason", "stocktaking", "--for", "2h") == 0

    hold = next(command for command in commands(published) if command.resource_id == "cup")
    assert hold.expires_at_s >= now_s + 7200.0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shop"], "say why with --reason"),
        (["shop", "--reason", "x", "--for", "soon"], "--for 'soon' is no length of time"),
        (["shop", "--reason", "x", "--for", "400d"], "up to 366d"),
        (["shp", "--reason", "x"], "pool shp is not in the catalog; known: shop"),
        (["shop", "mugs", "--reason", "x"], "resource mugs is not in pool shop; known: mug, cup"),
    ],
)
def test_wrong_words(published: Settings, capsys: pytest.CaptureFixture[str], words: list[str], told: str) -> None:
    """Nothing is sent, and the message says what would be right."""
    before = len(commands(published))

    assert run(published, *words) == 1

    assert told in capsys.readouterr().err
    assert len(commands(published)) == before


def test_a_missing_broker_points_to_the_kill_switch(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """The one thing that works without Kafka."""
    assert main(["hold", "shop", "--reason", "x", "--broker", "127.0.0.1:1", "--redis", settings.redis]) == 1

    assert "headgate kill" in capsys.readouterr().err
