"""A report in, a table for the terminal out."""

from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table

from ops.comparison import Arm
from ops.report import FORESIGHT, HEADGATE, RULE, Report

WIDTH_CHARACTERS = 110
MODELS = "Models that changed while they ran"
POLICY_RATIO_MIN = 0.8  # of the lines the policy itself should have decided


def render_text(report: Report, *, width: int = WIDTH_CHARACTERS) -> str:
    """Return the report as plain text, at most `width` characters wide."""
    out = StringIO()
    console = Console(file=out, width=width, color_system=None, highlight=False)
    console.print(f"Headgate from {report.first} to {report.last}: {report.periods} periods, {report.items} items")
    console.print(_table(report))
    for line in (*conclusions(report), *footing(report)):
        console.print(line)
    for line in (f"{MODELS}:", *report.models) if report.models else ():
        console.print(line, markup=False)
    return out.getvalue().rstrip("\n")


def cells(report: Report, name: str, arms: dict[str, Arm]) -> tuple[str, ...]:
    """Return the row of one way to decide: name, costs, service, stock, orders."""
    one, least = arms[name], arms[FORESIGHT].cost
    beside = f"{one.cost / least:.2f} x" if least > 0 else "-"
    return (
        f"{name} (x {report.factor:g})" if name == RULE else name,
        f"{one.cost:,.0f}",
        beside,
        f"{one.holding:,.0f}",
        f"{one.lost:,.0f}",
        f"{one.fill_ratio:.1%}",
        f"{one.mean_stock:,.0f}",
        f"{one.orders:,}",
    )


def headings(report: Report) -> tuple[str, ...]:
    """Return what the cells of `cells` are called."""
    money = report.currency
    return ("", f"cost {money}", "of foresight", "holding", "lost sales", "fill rate", "mean stock", "orders")


def conclusions(report: Report) -> list[str]:
    """Return in plain words what the figures say."""
    gap, who = report.difference, report.deciders
    money = report.currency
    sure = "cheaper" if gap.high < 0 else ("dearer" if gap.low > 0 else "not told apart from the rule")
    told = (
        f"Headgate minus rule: {gap.mean:+,.1f} {money} a week ({gap.ratio:+.1%}), 95 % interval {gap.low:+,.1f} to "
        f"{gap.high:+,.1f} over {gap.weeks} weeks: {sure}."
    )
    share = (
        f"The policy itself decided {who.policy_ratio:.1%} of {who.lines:,} lines, {who.unchanged_ratio:.1%} unchanged "
        f"by the guard; {who.timeouts} ticks timed out."
    )
    if who.policy_ratio < POLICY_RATIO_MIN:
        others = ", ".join(f"{name} {count:,}" for name, count in who.by.items() if name != "policy")
        share += f" That is less than {POLICY_RATIO_MIN:.0%}: {others}."
    return [told, share]


def footing(report: Report) -> list[str]:
    """Return what was served, what the others are, and where the costs come from."""
    tried = ", ".join(f"{factor:g}: {cost:,.0f}" for factor, cost in report.tried.items())
    served = ", ".join(f"{_short(name)} ({count:,} lines)" for name, count in report.policies.items())
    reasons = ", ".join(f"{name} {count:,}" for name, count in report.deciders.reasons.items())
    return [
        f"Served: {served}. Lines by reason: {reasons}.",
        f"Rule alone: base-stock, its factor tuned before {report.first} (factor: cost there - {tried}).",
        "Perfect foresight: the least that anybody could have paid who knew all demand (a linear programme).",
        f"Costs: {report.note}" if report.note else "",
    ]


def _table(report: Report) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, heading in enumerate(headings(report)):
        table.add_column(heading, justify="left" if place == 0 else "right", no_wrap=True)
    names = (HEADGATE, RULE, FORESIGHT)
    for name in names:
        table.add_row(*cells(report, name, report.total))
    for pool_id, arms in report.pools.items():
        table.add_section()
        table.add_row(pool_id)
        for name in names:
            first, *rest = cells(report, name, arms)
            table.add_row(f"  {first}", *rest)
    return table


def _short(name: str) -> str:
    """Return a policy's name with a digest cut to what tells it from others.

    >>> _short("learned 77eea670e63b663410bf54134fa996cafc35ea3ff92f09c4121c5a1ad024ba5b")
    'learned 77eea670e63b'
    """
    return " ".join(word[:12] if len(word) == 64 else word for word in name.split())
