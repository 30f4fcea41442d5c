"""What one folded record wants done in the world: collected by the fold, carried out by the agent."""

from dataclasses import dataclass, field

from streams.events import BucketClosed, DeadLetter, Tick
from streams.model_events import ModelChanged


@dataclass(slots=True)
class Effects:
    """The effects of one record, in the order they are to be carried out: views, then everything else."""

    closed: list[BucketClosed] = field(default_factory=list)  # -> topic forecasts
    changed: list[ModelChanged] = field(default_factory=list)  # -> topic forecasts, after those
    ticks: list[Tick] = field(default_factory=list)  # -> topic ticks, once the pool's view is written
    dead: list[DeadLetter] = field(default_factory=list)  # -> topic dead-letters
    touched: set[str] = field(default_factory=set)  # pools whose view has changed
