"""The console's picture in, a live summary in the terminal out: repainted where there is a terminal, else lines."""

import sys
import threading
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ops.console.entries import Decided
from ops.console.rows import local_text, zone_and_period
from ops.console.state import Picture

REPAINT_S = 0.5
LINE_S = 5.0
ACTIONS_SHOWN = 3
RULES_SHOWN = 4
POOLS_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the summary says, taken from the picture at one moment."""

    pools: tuple[tuple[str, str], ...]  # name and event time
    speed: float | None  # seconds of event time in a second
    events_per_s: float
    events_total: int
    lag: int
    memory_bytes: int
    workers: int
    buckets: int
    actions: int  # that the console has read
    last_actions: tuple[str, ...]
    outcomes: tuple[tuple[str, int], ...]
    dead: tuple[tuple[str, int], ...]
    fill_ratio: float | None
    timeouts: int
    trouble: tuple[str, ...]  # connections that are broken


def snapshot(picture: Picture) -> Snapshot:
    """Return what the summary says of `picture`."""
    with picture.lock:
        workers = picture.workers.values()
        parts = [part for worker in workers for part in worker.partitions]
        shown = sorted((pool for pool in picture.pools.values() if pool.view), key=lambda pool: pool.pool_id)
        placed = [one for one in picture.actions if one.line.order_units > 0]
        speeds = [pool.speed for pool in shown if pool.speed is not None]
        lived = picture.lived
        return Snapshot(
            pools=tuple(
                (pool.pool_id, local_text(pool.view.now_s, *zone_and_period(pool.spec))) for pool in shown if pool.view
            ),
            speed=max(speeds, default=None),
            events_per_s=sum(worker.events_per_s for worker in workers),
            events_total=sum(part.events_total for part in parts),
            lag=sum(max(0, part.end_offset - part.next_offset) for part in parts),
            memory_bytes=sum(worker.rss_bytes for worker in workers),
            workers=len(picture.workers),
            buckets=picture.buckets_read,
            actions=picture.actions_read,
            last_actions=tuple(_action_text(one) for one in reversed(placed[-ACTIONS_SHOWN:])),
            outcomes=tuple(sorted(picture.outcomes_by_status.items())),
            dead=tuple(sorted(picture.dead_by_rule.items(), key=lambda item: -item[1])[:RULES_SHOWN]),
            fill_ratio=lived.fill_ratio if lived else None,
            timeouts=lived.timeouts if lived else 0,
            trouble=tuple(one.text for one in picture.connections.values() if not one.ok),
        )


def _action_text(decided: Decided) -> str:
    status = decided.outcome.status if decided.outcome else "pending"
    return f"{decided.line.action_id}  {decided.line.explanation or decided.line.reason_code}  [{status}]"


def line(seen: Snapshot, console_address: str) -> str:
    """Return the summary as one plain line."""
    when = seen.pools[0][1] if seen.pools else "waiting for the first bucket"
    parts = [
        when,
        f"{seen.events_per_s:,.0f} events/s",
        f"lag {seen.lag:,}",
        f"{seen.buckets:,} buckets",
        f"{seen.actions:,} actions",
    ]
    if seen.fill_ratio is not None:
        parts.append(f"fill {seen.fill_ratio:.1%}")
    if seen.dead:
        parts.append(f"dead letters {sum(count for _, count in seen.dead):,}")
    if seen.workers:
        parts.append(f"{seen.memory_bytes / 1_048_576:.0f} MB")
    parts.extend(seen.trouble)
    if seen.last_actions:
        parts.append(seen.last_actions[0])
    return " | ".join([*parts, console_address])


def panel(seen: Snapshot, console_address: str) -> RenderableType:
    """Return the summary as a panel; ids and reasons go in as text, never as markup."""
    grid = Table.grid(padding=(0, 2), expand=True)
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(ratio=1, overflow="fold")
    grid.add_row("event time", Text(_times(seen)))
    grid.add_row("stream", f"{seen.events_per_s:,.0f} events/s, {seen.events_total:,} in all, lag {seen.lag:,}")
    grid.add_row("worker", f"{seen.workers} running, {seen.memory_bytes / 1_048_576:.0f} MB")
    grid.add_row("buckets", f"{seen.buckets:,} closed")
    grid.add_row("actions", Text(_counts(f"{seen.actions:,}", seen.outcomes)))
    if seen.fill_ratio is not None:
        timeouts = f", {seen.timeouts} ticks unanswered" if seen.timeouts else ""
        grid.add_row("fill so far", f"{seen.fill_ratio:.1%} of what was asked for was sold{timeouts}")
    grid.add_row("dead letters", Text(_counts(f"{sum(count for _, count in seen.dead):,}", seen.dead)))
    last = [Text(one, overflow="ellipsis", no_wrap=True) for one in seen.last_actions]
    trouble = [Text(one, style="bold red") for one in seen.trouble]
    title = Text.assemble(("Headgate ", "bold"), (console_address, "cyan"))
    return Panel(Group(grid, *last, *trouble), title=title, title_align="left", border_style="dim")


def _times(seen: Snapshot) -> str:
    if not seen.pools:
        return "waiting for the first bucket"
    same = {when for _, when in seen.pools}
    if len(same) == 1:
        return same.pop()
    return ", ".join(f"{name} {when}" for name, when in seen.pools[:POOLS_SHOWN])


def _counts(total: str, named: tuple[tuple[str, int], ...]) -> str:
    return f"{total} ({', '.join(f'{name} {count:,}' for name, count in named)})" if named else total


def run(state: Picture, stop: threading.Event, console_address: str) -> None:
    """Show the summary until `stop` is set."""
    screen = Console()
    if not screen.is_terminal:
        while not stop.wait(LINE_S):
            print(line(snapshot(state), console_address), file=sys.stdout, flush=True)
        return
    with Live(panel(snapshot(state), console_address), console=screen, auto_refresh=False) as live:
        while not stop.wait(REPAINT_S):
            live.update(panel(snapshot(state), console_address), refresh=True)
