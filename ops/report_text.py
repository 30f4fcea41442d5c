"""A report in, a table for the terminal out."""

from io import StringIO

from rich import box
from rich.console import Console
from rich.table import Table

from ops import served
from ops.comparison import Arm
from ops.report import FORESIGHT, HEADGATE, RULE, Report

WIDTH_CHARACTERS = 110
POLICIES = "Who decided, on the running stream"
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
    for heading, lines in ((POLICIES, who_decided(report)), (MODELS, report.models)):
        for line in (f"{heading}:", *lines) if lines else ():
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
    rule, least, own = (report.total[name].cost for name in (RULE, FORESIGHT, HEADGATE))
    far = (
        f"Perfect foresight would have paid {least:,.0f} {money}, Headgate {own:,.0f}: it goes "
        f"{_closed(rule, own, least)} of the way from the rule to it."
    )
    share = (
        f"The policy itself decided {who.by.get('policy', 0):,} of {who.lines:,} lines ({who.policy_ratio:.1%}), "
        f"{who.unchanged_ratio:.1%} unchanged by the guard; {who.timeouts} ticks timed out."
    )
    if who.policy_ratio < POLICY_RATIO_MIN:
        others = ", ".join(f"{name} {count:,}" for name, count in who.by.items() if name != "policy")
        share += f" That is less than {POLICY_RATIO_MIN:.0%}: {others}."
    return [told, far, share]


def footing(report: Report) -> list[str]:
    """Return what was served, what the others are, and where the costs come from."""
    tried = ", ".join(f"{factor:g}: {cost:,.0f}" for factor, cost in report.tried.items())
    reasons = ", ".join(f"{name} {count:,}" for name, count in report.deciders.reasons.items())
    return [
        f"Lines by reason: {reasons}.",
        f"Rule alone: base-stock, its factor tuned before {report.first} (factor: cost there - {tried}).",
        "Perfect foresight: the least that anybody could have paid who knew all demand (a linear programme).",
        f"Costs: {report.note}" if report.note else "",
    ]


def who_decided(report: Report) -> list[str]:
    """Return which policy decided in which part, and when."""
    return [served.line(one) for one in report.policies]


def _closed(rule: float, own: float, least: float) -> str:
    """Return the share of the way from the rule's cost to the least; below 0 it went the other way."""
    return f"{(rule - own) / (rule - least):.0%}" if rule > least else "none"


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
