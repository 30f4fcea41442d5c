"""A journal's rows in; which policy decided in which part, from when to when, and what stood beside it, out."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from ops.journal import Lived
from streams.periods import Periods

_ORDER = ("champion", "catalog", "canary", "rule", "baseline", "")  # who is told first


@dataclass(frozen=True, slots=True)
class Served:
    """One policy in one part."""

    role: str
    policy: str  # name and version
    first: str  # period in which it decided for the first time, local date
    last: str
    lines: int
    ordered: float  # units, after the guard, of the lines below
    beside: float | None  # units that the other alias would have ordered on them; None: there was no other
    beside_lines: int  # lines beside which another stood


def served(rows: Sequence[Lived], periods: Periods) -> list[Served]:
    """Return each policy's part; lines that nobody decided are left out."""
    by_part: dict[tuple[str, str], list[Lived]] = {}
    for row in rows:
        if row.policy:
            by_part.setdefault((row.role, f"{row.policy} {row.policy_version}".strip()), []).append(row)
    parts = [_part(role, policy, own, periods) for (role, policy), own in by_part.items()]
    return sorted(parts, key=lambda one: (_ORDER.index(one.role) if one.role in _ORDER else len(_ORDER), one.first))


def line(part: Served) -> str:
    """Return a part in plain words.

    >>> line(Served("canary", "learned 0123456789ab", "2010-07-22", "2010-08-04", 56, 810.0, 790.0, 56))
    '2010-07-22 to 2010-08-04 canary: learned 0123456789ab decided 56 lines; beside 56 of them, which ordered 810, the \
other alias would have ordered 790'
    """
    told = f"{part.first} to {part.last} {part.role or 'policy'}: {part.policy} decided {part.lines:,} lines"
    if part.beside is None:
        return told
    return (
        f"{told}; beside {part.beside_lines:,} of them, which ordered {part.ordered:,.0f}, the other alias would "
        f"have ordered {part.beside:,.0f}"
    )


def _part(role: str, policy: str, rows: Sequence[Lived], periods: Periods) -> Served:
    beside = [row for row in rows if row.shadow is not None]
    starts = [row.period_start_s for row in rows]
    return Served(
        role=role,
        policy=policy,
        first=periods.text(min(starts)),
        last=periods.text(max(starts)),
        lines=len(rows),
        ordered=fsum(row.ordered for row in beside or rows),
        beside=fsum(row.shadow or 0.0 for row in beside) if beside else None,
        beside_lines=len(beside),
    )
