"""A real Kafka and a real Valkey for each test module that asks for them, on free ports, in a temporary folder."""

from collections.abc import Iterator
from multiprocessing import resource_tracker

import pytest

from ops.stack.local import LocalStack
from streams.administration import create_topics
from streams.settings import Settings

LONGEST_FIRST = (
    "tests/benchmarks/test_smoke.py",
    "tests/test_guards.py",
    "tests/streams/test_poison.py",
    "tests/benchmarks/test_stream.py",
    "tests/simulation/test_bugs.py",
    "tests/ops/commands/test_migrate.py",
    "tests/streams/test_restart.py",
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """Yield servers that nobody else uses; they end with the module."""
    with LocalStack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture(scope="module")
def settings(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Return settings that point at `stack`, with every topic created and a data folder of their own."""
    settings = stack.settings(data_dir=tmp_path_factory.mktemp("data"))
    create_topics(settings)
    return settings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest: where files run side by side, one begun last is what all wait for."""
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


def pytest_sessionfinish() -> None:
    """End the process that multiprocessing keeps beside us, and wait for it: the session leaves nothing behind."""
    resource_tracker._resource_tracker._stop()
