"""The numbers behind one order in, one line in plain words out.

>>> facts = Facts(expected_units=31.2, periods=3, period="day", until="4 July", on_hand_units=12, on_order_units=0,
...               cover_ratio=0.953)
>>> explain(24, 24, facts)
'order 24: 31 expected in the 3 days until 4 July, 12 on hand, 0 on order, cover 95 %'
>>> explain(20, 35, facts, rule="pool capacity 100 units").split("; ")[0]
'order 20 (policy asked 35): pool capacity 100 units'
>>> explain(12, 12, facts, fallback="forecast is 3 h too old").split("; ")[0]
'order 12 on the baseline: forecast is 3 h too old'
>>> explain(12, 12, facts, unsure="lead_time is above what it was trained on").split("; ")[0]
'order 12 by the rule: lead_time is above what it was trained on'
"""

import math
from dataclasses import dataclass

_PERIOD_NAMES = {"quarter": "quarter-hour", "hour": "hour", "day": "day"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one resource when its order is decided."""

    expected_units: float  # mean demand over the protection interval
    periods: int  # of the protection interval: lead time + 1
    period: str  # "quarter", "hour" or "day"
    until: str  # when the interval ends, in words: from then on a later order could help
    on_hand_units: float
    on_order_units: float
    cover_ratio: float  # probability that stock, orders and this order meet the interval's demand


def explain(
    order_units: float, proposed_units: float, facts: Facts, *, rule: str = "", fallback: str = "", unsure: str = ""
) -> str:
    """Return one line.

    `rule` says what changed the proposal, `fallback` why the baseline decided, `unsure` why a learned policy left it to
    its rule.
    """
    reasons = [reason for reason in (fallback, unsure, rule) if reason]
    if order_units > 0 or reasons:
        reasons.append(_need(facts))
    else:
        reasons.append(_no_need(facts))
    by = "on the baseline" if fallback else ("by the rule" if unsure else "")
    return f"{_headline(order_units, proposed_units, rule=rule, by=by)}: {'; '.join(reasons)}"


def explain_hold(why: str) -> str:
    """Return the line of an order that is not decided at all.

    >>> explain_hold("stock on hand is not known yet")
    'no order: stock on hand is not known yet'
    """
    return f"no order: {why}"


def explain_cut(
    limit: str, scarce_unit: str, asked_units: float, order_units: float, worths: tuple[float, float]
) -> str:
    """Return what a scarce limit took from a line, and why from this one.

    `worths` are those of the line's last unit and of the pool's line, in lost sales avoided, currency per scarce unit.

    >>> explain_cut("pool budget 500 EUR", "EUR spent", 40, 28, (0.8, 1.2))
    'pool budget 500 EUR: 12 of 40 cut, the last is worth 0.8 in sales per EUR spent, the pool keeps what is worth 1.2'
    """
    last, kept = (number(worth) if abs(worth) >= 0.1 else f"{worth:.2g}" for worth in worths)
    return (
        f"{limit}: {number(asked_units - order_units)} of {number(asked_units)} cut, the last is worth {last} in sales "
        f"per {scarce_unit}, the pool keeps what is worth {kept}"
    )


def number(value: float) -> str:
    """Return `value` as people write it: one decimal below 10, else none.

    >>> number(2.44), number(31.4), number(3.0), number(12345.6), number(float("nan"))
    ('2.4', '31', '3', '12,346', 'no number')
    """
    if not math.isfinite(value):
        return "no number"
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 9.95 else f"{value:,.0f}"


def duration(seconds: float) -> str:
    """Return a length of time in its largest fitting unit.

    >>> duration(40.0), duration(600.0), duration(10_800.0), duration(200_000.0)
    ('40 s', '10 min', '3 h', '2 days')
    """
    for size_s, name in ((86_400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= (2 if name == "days" else 1) * size_s:
            return f"{seconds / size_s:.0f} {name}"
    return f"{seconds:.0f} s"


def _headline(order_units: float, proposed_units: float, *, rule: str, by: str) -> str:
    head = f"order {number(order_units)}" if order_units > 0 else "no order"
    if by:
        head += f" {by}"
    if rule:
        head += f" ({'it' if by else 'policy'} asked {number(proposed_units)})"
    return head


def _need(facts: Facts) -> str:
    name = _PERIOD_NAMES[facts.period]
    interval = f"the {facts.periods} {name}s" if facts.periods > 1 else f"the {name}"
    return (
        f"{number(facts.expected_units)} expected in {interval} until {facts.until}, "
        f"{number(facts.on_hand_units)} on hand, {number(facts.on_order_units)} on order, "
        f"cover {facts.cover_ratio:.0%}".replace("%", " %")
    )


def _no_need(facts: Facts) -> str:
    have = f"{number(facts.on_hand_units)} on hand"
    if facts.on_order_units > 0:
        have += f" and {number(facts.on_order_units)} on order"
    enough = facts.on_hand_units + facts.on_order_units >= facts.expected_units
    verb = ("cover" if facts.on_order_units > 0 else "covers") if enough else "for"
    return (
        f"{have} {verb} the {number(facts.expected_units)} expected until {facts.until} "
        f"(cover {facts.cover_ratio:.0%})".replace("%", " %")
    )
