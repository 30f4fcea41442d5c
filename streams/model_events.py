"""What is ordered of a pool's models, and what became of them."""

from typing import Literal

import msgspec

ChangeKind = Literal["begun", "switched", "rolled-back", "returned"]


class ModelReset(msgspec.Struct, frozen=True, kw_only=True, tag="model-reset.v1"):
    """An operator's order to learn a pool's model anew; the one that serves goes on until the new one can."""

    event_id: str
    pool_id: str
    reason: str
    operator: str


class ModelChanged(msgspec.Struct, frozen=True, kw_only=True, tag="model-changed.v1"):
    """A pool has begun a model, or what serves it or one of its series has changed. Topic `forecasts`."""

    pool_id: str
    resource_id: str | None  # None: all of the pool
    kind: ChangeKind
    model: str  # that begins to learn, or serves from now on
    version: str
    reason: str
    at_s: float  # event time
