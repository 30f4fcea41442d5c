"""The models of one pool: the one that serves, and the next one while it learns beside it.

Switching to another family, resetting and a new horizon begin a model that knows nothing. It learns beside the one that
serves and takes over once it speaks of every series that is spoken of now, so that no tick is ever without a forecast.
"""

from collections.abc import Sequence

import msgspec

from online_models import registry
from online_models.base import Forecast, PoolBucket, PoolForecaster, Slot
from online_models.forecaster import STATE_VERSION
from online_models.plan import TRUSTED
from online_models.watched import Watched
from streams.catalog import PoolSpec
from streams.model_events import ChangeKind, ModelChanged
from streams.periods import SLOTS_PER_WEEK

LEARNT_WEEKS_MAX = 2  # a new model takes over then, although some series never sold anything that it could learn from


class Shape(msgspec.Struct, frozen=True):
    """What a forecaster is made for."""

    family: str
    slots_per_week: int
    horizon_periods: int
    lead_periods: dict[str, int]  # by resource, in the order of the forecaster's series

    @classmethod
    def of(cls, spec: PoolSpec) -> "Shape":
        """Return what `spec` asks for."""
        leads = {one.id: min(one.lead_time_periods + 1, spec.horizon_periods) for one in spec.resources}
        return cls(spec.forecast, SLOTS_PER_WEEK[spec.period], spec.horizon_periods, leads)

    def forecaster(self) -> PoolForecaster:
        """Return a forecaster that knows nothing."""
        return registry.create_pool(
            self.family,
            slots_per_week=self.slots_per_week,
            horizon_periods=self.horizon_periods,
            lead_periods=list(self.lead_periods.values()),
        )


class ModelState(msgspec.Struct):
    """Everything a `Model` is, as plain values."""

    shape: Shape
    generation: int
    learnt: int
    reason: str
    forecaster: bytes


class Model:
    """One generation of a pool's forecaster."""

    __slots__ = ("forecaster", "generation", "learnt", "reason", "shape")

    def __init__(self, shape: Shape, generation: int, reason: str) -> None:
        self.shape = shape
        self.generation = generation  # counts the models that the pool has begun
        self.reason = reason  # why it was begun
        self.learnt = 0  # buckets
        self.forecaster = shape.forecaster()

    @classmethod
    def restore(cls, state: ModelState) -> "Model":
        """Return the model that `state()` was taken of; raise ValueError when this version cannot go on with it."""
        model = cls(state.shape, state.generation, state.reason)
        model.learnt = state.learnt
        model.forecaster = registry.restore_pool(state.shape.family, state.forecaster)
        return model

    def state(self) -> ModelState:
        """Return everything as plain values; the forecaster as its own bytes."""
        return ModelState(self.shape, self.generation, self.learnt, self.reason, self.forecaster.state())

    def move_to(self, shape: Shape) -> None:
        """Go on with the series of `shape`, of the same family and horizon: those that stay keep what is known."""
        before = list(self.shape.lead_periods)
        places = [before.index(name) if name in self.shape.lead_periods else None for name in shape.lead_periods]
        forecaster = shape.forecaster()
        forecaster.adopt(self.forecaster, places)
        self.shape, self.forecaster = shape, forecaster

    @property
    def version(self) -> str:
        """Return the version of the code's states and the model's number in its pool."""
        return f"{STATE_VERSION}.{self.generation}"


class PoolModelsState(msgspec.Struct):
    """Everything a `PoolModels` is, as plain values."""

    serving: ModelState
    following: ModelState | None


class PoolModels:
    """The model that serves a pool and the one that will."""

    def __init__(self, serving: Model, following: Model | None = None) -> None:
        self.serving = serving
        self.following = following

    @classmethod
    def new(cls, spec: PoolSpec) -> "PoolModels":
        """Return the models of a pool that has seen nothing."""
        return cls(Model(Shape.of(spec), 1, "the pool was declared"))

    @classmethod
    def restore(cls, state: PoolModelsState) -> "PoolModels":
        """Return the models that `state()` was taken of; raise ValueError when this version cannot go on with them."""
        return cls(Model.restore(state.serving), Model.restore(state.following) if state.following else None)

    def state(self) -> PoolModelsState:
        """Return everything as plain values."""
        return PoolModelsState(self.serving.state(), self.following.state() if self.following else None)

    def declare(self, spec: PoolSpec) -> ChangeKind | None:
        """Take over a newer declaration; return "begun" when that begins a model."""
        wanted = Shape.of(spec)
        newest = self.following or self.serving
        for model in (self.serving, self.following):
            if model is not None and model.shape.lead_periods != wanted.lead_periods:
                model.move_to(msgspec.structs.replace(model.shape, lead_periods=wanted.lead_periods))
        if newest.shape == wanted:
            return None
        if self.serving.shape == wanted:
            self.following = None  # called back before it could serve
            return None
        return self._begin(wanted, f"the catalog asks for {wanted.family}, {wanted.horizon_periods} periods ahead")

    def reset(self, reason: str) -> ChangeKind:
        """Begin to learn anew what the catalog asks for."""
        return self._begin((self.following or self.serving).shape, reason)

    def learn(self, bucket: PoolBucket) -> None:
        """Learn the pool's next closed bucket."""
        for model in (self.serving, self.following):
            if model is not None:
                model.forecaster.learn(bucket)
                model.learnt += 1

    def forecast(self, slots: Sequence[Slot]) -> tuple[list[Forecast | None], bool]:
        """Return what is said of the next `len(slots)` periods of each series, and whether the next model took over."""
        said = self.serving.forecaster.forecast(slots)
        if self.following is None:
            return said, False
        said_next = self.following.forecaster.forecast(slots)
        if not self._is_grown(self.following, said, said_next):
            return said, False
        self.serving, self.following = self.following, None
        return said_next, True

    def speaker(self, place: int) -> str:
        """Return the family that speaks for the series at `place`."""
        forecaster = self.serving.forecaster
        is_simple = isinstance(forecaster, Watched) and forecaster.is_simple(place)
        return registry.SIMPLE if is_simple else self.serving.shape.family

    def changed(self, kind: ChangeKind, model: Model, *, pool_id: str, at_s: float) -> ModelChanged:
        """Return what is told of a change of the whole pool."""
        return ModelChanged(
            pool_id=pool_id, resource_id=None, kind=kind, model=model.shape.family, version=model.version,
            reason=model.reason, at_s=at_s,
        )  # fmt: skip

    def watch_changes(self, *, pool_id: str, at_s: float) -> list[ModelChanged]:
        """Return what is told of series that the last bucket has rolled back or returned."""
        forecaster, names = self.serving.forecaster, list(self.serving.shape.lead_periods)
        if not isinstance(forecaster, Watched):
            return []
        return [
            ModelChanged(
                pool_id=pool_id, resource_id=names[change.place],
                kind="rolled-back" if change.rolled_back else "returned",
                model=self.speaker(change.place), version=self.serving.version, reason=change.reason, at_s=at_s,
            )
            for change in forecaster.changes
        ]  # fmt: skip

    def _begin(self, shape: Shape, reason: str) -> ChangeKind:
        model = Model(shape, (self.following or self.serving).generation + 1, reason)
        if self.serving.learnt:
            self.following = model
        else:
            self.serving, self.following = model, None  # nothing is lost by it
        return "begun"

    def _is_grown(self, model: Model, said: Sequence[Forecast | None], said_next: Sequence[Forecast | None]) -> bool:
        """Return whether a model that learns may serve."""
        if model.learnt >= LEARNT_WEEKS_MAX * model.shape.slots_per_week + TRUSTED:
            return True
        speaks = all(new is not None for old, new in zip(said, said_next, strict=True) if old is not None)
        return speaks and (model.learnt >= TRUSTED or all(old is None for old in said))
