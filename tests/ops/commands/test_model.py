"""`headgate model` on a real broker: the order is in the pool's own partition when it returns, wrong words are told."""

import msgspec
import pytest

from ops.cli import main
from streams.catalog import Catalog, FeedSpec, PoolSpec, ResourceSpec
from streams.events import decode_input
from streams.model_events import ModelReset
from streams.publishing import publish_catalog
from streams.settings import Settings
from streams.tail import Tail
from streams.topics import CATALOG, TRANSACTIONS, partition_of

POOL = PoolSpec(pool_id="kiosk", feeds=(FeedSpec(id="till"),), resources=(ResourceSpec(id="mug"),))

SHUT = msgspec.structs.replace(POOL, pool_id="stall", closed=("sunday",))


@pytest.fixture(scope="module")
def published(settings: Settings) -> Settings:
    """Return settings of a broker that knows the kiosk."""
    publish_catalog(settings, Catalog(version=1, pools=(POOL, SHUT)))
    return settings


def run(settings: Settings, *words: str) -> int:
    """Run the command as typed."""
    return main(["model", *words, "--broker", settings.broker, "--redis", settings.redis])


def test_a_reset_is_an_event_of_the_pool(published: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    """It lies where the pool's worker folds it, with who ordered it and why."""
    assert run(published, "reset", "kiosk", "--reason", "the shop has moved") == 0

    with Tail(published, [TRANSACTIONS.name]) as tail:
        found = [(record.partition, decode_input(record.value or b"")) for record in tail.recent(100)]
    orders = [(place, one) for place, one in found if isinstance(one, ModelReset)]
    assert [(place, one.pool_id, one.reason) for place, one in orders] == [
        (partition_of("kiosk", published.partitions), "kiosk", "the shop has moved")
    ]
    assert orders[0][1].operator
    assert "kiosk begins to learn mixture anew" in capsys.readouterr().out


def test_a_switch_declares_the_pool_with_another_family(
    published: Settings, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    """To its worker and to all readers; all else that the pool says stays."""
    assert run(published, "switch", "kiosk", "--to", "smoothing") == 0

    for topic in (TRANSACTIONS.name, CATALOG.name):
        with Tail(published, [topic]) as tail:
            found = [decode_input(record.value or b"") for record in tail.recent(100)]
        newest = [one for one in found if isinstance(one, PoolSpec) and one.pool_id == "kiosk"][-1]
        assert newest == msgspec.structs.replace(POOL, forecast="smoothing")
    assert "kiosk begins to learn smoothing" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("reset", "kiosk"), "--reason"),
        (("reset", "kiosc", "--reason", "x"), "pool kiosc is not in the catalog; known:"),
        (("switch", "kiosk"), "--to has to name a family"),
        (("switch", "kiosk", "--to", "tea-leaves"), "not tea-leaves; known:"),
        (("switch", "stall", "--to", "smoothing"), "pool stall: forecast 'smoothing' learns no sums over closed days"),
        (("switch", "kiosc", "--to", "smoothing"), "pool kiosc is not in the catalog; known:"),
    ],
)
def test_wrong_words_are_told(
    published: Settings, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    """With the known ones, and nothing is sent."""
    assert run(published, *words) != 0
    assert said in capsys.readouterr().err
