"""The snapshots that people's commands work on: settings in, the newest whole state of every partition out.

Both places are asked, this data folder and Kafka; the commands stop or change what workers own, so these have to end
first.
"""

import time
from collections.abc import Callable

from kafka.admin import KafkaAdminClient

from ops.topic_health import administrator
from streams.errors import ConfigurationError
from streams.keys import seal_key
from streams.settings import Settings
from streams.snapshot_reader import SnapshotReader
from streams.snapshot_topic import TopicSnapshots
from streams.snapshots import DiskSnapshots, Generation, Loaded, head_of
from streams.topics import WORKER_GROUP

LEAVING_S_MAX = 10.0  # a static member's session outlives it by 6 s

Place = tuple[str, int]  # (topic, partition)


def key_of(settings: Settings) -> bytes:
    """Return the key of the snapshots that are there; raise ConfigurationError rather than make one."""
    if not settings.seal_hmac_key and not (settings.data_dir / "keys" / "seal.key").exists():
        raise ConfigurationError(
            f"{settings.data_dir}: no worker has kept snapshots there; name the data folder with --data-dir, or their "
            "key in HEADGATE_SEAL_HMAC_KEY"
        )
    return seal_key(settings)


def disk_of(settings: Settings) -> DiskSnapshots:
    """Return the snapshots in the data folder; it is made when it is not there."""
    return DiskSnapshots(settings.data_dir / "snapshots", key_of(settings))


def topic_of(settings: Settings, wall_s: Callable[[], float]) -> TopicSnapshots:
    """Return the snapshots in Kafka; `wall_s` dates what is written."""
    return TopicSnapshots(settings, key_of(settings), wall_s)


async def kept(settings: Settings) -> dict[Place, list[Generation]]:
    """Return every snapshot of every partition, newest first, in both places."""
    disk = disk_of(settings)
    async with SnapshotReader(settings, key_of(settings)) as reader:
        found = {}
        for place in sorted({*disk.places(), *reader.known}):
            both = [*disk.generations(*place), *(await reader.generations(*place))]
            found[place] = sorted(both, key=lambda one: one.rank, reverse=True)
        return {place: generations for place, generations in found.items() if generations}


async def newest_states(settings: Settings) -> dict[Place, Loaded]:
    """Return what a worker would take each partition over from."""
    disk = disk_of(settings)
    async with SnapshotReader(settings, key_of(settings)) as reader:
        found = {}
        for place in sorted({*disk.places(), *reader.known}):
            near = disk.load(*place)
            far = await reader.newest(*place, above=None if near.state is None else head_of(near.state).rank)
            found[place] = Loaded(far.state or near.state, far.damage + near.damage)
        return found


def check_stopped(settings: Settings) -> None:
    """Raise ConfigurationError unless every worker has ended: what they own cannot be changed under them."""
    with administrator(settings) as admin:
        until_s = time.monotonic() + LEAVING_S_MAX
        while members := _members(admin):
            if time.monotonic() > until_s:
                raise ConfigurationError(f"{members} workers are running; stop them first, then say this again")
            time.sleep(0.5)


def _members(admin: KafkaAdminClient) -> int:
    if all(group["group_id"] != WORKER_GROUP for group in admin.list_groups()):
        return 0  # and a broker that never had a group has no coordinator to ask
    described = admin.describe_groups([WORKER_GROUP])
    return len(described.get(WORKER_GROUP, {}).get("members", ()))
