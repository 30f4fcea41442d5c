"""The console's picture in; the words that switch the motorway's model on the running stream, and back, out.

An operator would type the same: `headgate model switch`. The model that is asked for learns beside the one that serves
and takes over when it speaks, so that no hour is without a forecast. The shop's pools are left alone: a model that
begins anew would be dearer for weeks, and the demo's report is about their costs.
"""

from datetime import UTC, datetime

from online_models.registry import DEFAULT
from ops.console.state import Picture
from streams.model_events import ModelChanged

POOL = "i94"
OTHER = "river-linear"  # what the demo switches to
FIRST_S = datetime(2018, 7, 2, tzinfo=UTC).timestamp()  # event time: some hours after its feed has gone live
STAY_S = 12 * 3600.0  # event time that the other model serves before the default is asked for again


class Switching:
    """Remembers how far the demonstration is."""

    def __init__(self) -> None:
        self._asked = 0
        self._told: set[ModelChanged] = set()

    def words(self, picture: Picture) -> tuple[str, ...] | None:
        """Return what is to be typed now, once each."""
        with picture.lock:
            pool = picture.pools.get(POOL)
            now_s = pool.view.period_start_s if pool is not None and pool.view is not None else 0.0
        served = [one.at_s for one in changes_of(picture, POOL) if one.kind == "switched" and one.model == OTHER]
        if self._asked == 0 and now_s >= FIRST_S:
            self._asked = 1
            return ("model", "switch", POOL, "--to", OTHER)
        if self._asked == 1 and served and now_s >= served[-1] + STAY_S:
            self._asked = 2
            return ("model", "switch", POOL, "--to", DEFAULT)
        return None

    def news(self, picture: Picture) -> list[ModelChanged]:
        """Return the changes of whole pools that were not returned before."""
        new = [one for one in all_changes(picture) if one.resource_id is None and one not in self._told]
        self._told.update(new)
        return new


def changes_of(picture: Picture, pool_id: str) -> list[ModelChanged]:
    """Return what became of the models of a pool, oldest first."""
    with picture.lock:
        pool = picture.pools.get(pool_id)
        return list(pool.models) if pool is not None else []


def all_changes(picture: Picture) -> list[ModelChanged]:
    """Return what became of the models of every pool, pool by pool."""
    with picture.lock:
        return [one for pool_id in sorted(picture.pools) for one in picture.pools[pool_id].models]
