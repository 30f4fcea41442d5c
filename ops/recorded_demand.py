"""Recorded lines of one pool in, its periods out: each line with the part it plays, and what was truly asked for.

Nothing here depends on what anybody ordered, so the twin, the rule and perfect foresight all face the same demand.
As in `streams.demand`, a cancellation voids what the same customer asked for in the same period; what is left of it
is an older sale coming back.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from streams.catalog import PoolSpec
from streams.cleaning import clean_transaction
from streams.errors import InvalidEventError
from streams.events import Transaction

Part = Literal[
    "sale",
    "back",  # a cancellation or return
    "repeat",  # a line that cleaning drops because it was there before
    "dirt",  # breaks a rule of cleaning: sent on as it is
    "foreign",  # a recorded receipt, count or order: not of this world, left out
]


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """One recorded line and the part it plays."""

    line: Transaction
    part: Part
    voided_units: float = 0.0  # of a line coming back: how much of the same period's sales it takes back
    original_id: str = ""  # of a repeat: the event id of the line it repeats


@dataclass(frozen=True, slots=True)
class RecordedPeriod:
    """One period of one pool as it was recorded."""

    start_s: float
    end_s: float
    lines: tuple[RecordedLine, ...]
    demand_units: dict[str, float]  # resource_id -> units asked for and not cancelled within the period
    returned_units: dict[str, float]  # resource_id -> units of older sales that came back, at most


def recorded_periods(
    lines: Iterable[Transaction], spec: PoolSpec, *, from_s: float, until_s: float
) -> list[RecordedPeriod]:
    """Return every whole period of `spec` from the one that starts at `from_s` to the last that ends by `until_s`.

    `lines` are in time order and may hold other pools'. Raises ValueError when `from_s` starts no period.
    """
    if spec.periods.start_of(from_s) != from_s:
        raise ValueError(f"{spec.periods.text(from_s)}: {from_s} is no start of a {spec.period} in {spec.timezone}")
    edges = [from_s]
    while (end_s := spec.periods.shift(edges[-1], 1)) <= until_s:
        edges.append(end_s)
    within: list[list[Transaction]] = [[] for _ in edges[1:]]
    for line in lines:
        if line.pool_id == spec.pool_id and from_s <= line.occurred_at_s < edges[-1]:
            within[bisect_right(edges, line.occurred_at_s) - 1].append(line)
    return [
        _period(start_s, end_s, several, spec)
        for start_s, end_s, several in zip(edges[:-1], edges[1:], within, strict=True)
    ]


def _period(start_s: float, end_s: float, lines: Sequence[Transaction], spec: PoolSpec) -> RecordedPeriod:
    dropping = {feed.id for feed in spec.feeds if feed.repeated_lines == "drop"}
    demand = {resource.id: 0.0 for resource in spec.resources}
    returned = dict(demand)
    asked: dict[tuple[str, str], float] = {}  # (resource, customer) -> units of this period that are not voided
    first: dict[object, str] = {}
    played = []
    for line in lines:
        part = _part(line, spec)
        original_id = None if part == "dirt" else _original(line, first, drop=line.feed_id in dropping)
        if original_id is not None:
            played.append(RecordedLine(line, "repeat", original_id=original_id))
        elif part == "sale":
            _add(asked, line, line.quantity_units)
            demand[line.resource_id] += line.quantity_units
            played.append(RecordedLine(line, part))
        elif part == "back":
            voided = min(-line.quantity_units, asked.get(_buyer(line), 0.0))
            _add(asked, line, -voided)
            demand[line.resource_id] -= voided
            returned[line.resource_id] += -line.quantity_units - voided
            played.append(RecordedLine(line, part, voided_units=voided))
        else:
            played.append(RecordedLine(line, part))
    return RecordedPeriod(start_s, end_s, tuple(played), demand, returned)


def _buyer(line: Transaction) -> tuple[str, str]:
    return (line.resource_id, line.customer_key or "")


def _add(asked: dict[tuple[str, str], float], line: Transaction, units: float) -> None:
    if line.customer_key is not None:  # nobody can tell whose an unnamed customer's cancellation is
        asked[_buyer(line)] = asked.get(_buyer(line), 0.0) + units


def _part(line: Transaction, spec: PoolSpec) -> Part:
    """Return what the line is to a twin. Dirt, by the rules of cleaning, reaches the broker and touches no stock."""
    try:
        clean_transaction(line, spec=spec, now_s=line.occurred_at_s)
    except InvalidEventError:
        return "dirt"
    if line.kind == "sale":
        return "sale"
    return "back" if line.kind in ("cancellation", "return") else "foreign"


def _original(line: Transaction, first: dict[object, str], *, drop: bool) -> str | None:
    """Return the event id of the line that this one repeats, else remember it and return None."""
    known_as: list[object] = [line.event_id]
    if drop and line.document_id is not None:
        told = (line.resource_id, line.kind, line.quantity_units, line.unit_price, line.occurred_at_s)
        known_as.append((line.document_id, told))  # what `streams.pool` tells lines of one document by
    for key in known_as:
        if key in first:
            return first[key]
    for key in known_as:
        first[key] = line.event_id
    return None
