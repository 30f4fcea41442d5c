"""In the demo the learned policy itself decides, not its rule, the baseline or nobody: its champion on its own data."""

from collections import Counter
from datetime import date

from ops.commands.twin import CATALOG, CONTROL_FROM, DATA, midnight_s
from ops.comparison import deciders
from ops.counterfactual import learn, live
from ops.report_text import POLICY_RATIO_MIN
from ops.shipped import shipped
from ops.twin_actor import actor
from policies.registry import load_policy
from streams.catalog import load
from streams.feeds.retail import read_retail

UNTIL = date(2010, 8, 15)  # six weeks of all pools and items; the rest of the year is the same loop


def test_the_policy_itself_decides_nearly_all_of_the_demo() -> None:
    """At least 80 % of the lines, as the report counts them; what is out of range would be its rule's."""
    catalog = load(shipped(CATALOG))
    lines = read_retail(shipped(DATA), catalog, b"0" * 32)
    champion = load_policy("champion", data_dir=None)
    rows = []
    for spec in (pool for pool in catalog.pools if pool.controlled):
        span = {"control_from_s": midnight_s(CONTROL_FROM, catalog), "until_s": midnight_s(UNTIL, catalog)}
        rows += live(actor(spec, lines, **span), learn(actor(spec, lines, **span)).at_start, champion)

    who = deciders(rows)
    assert who.lines == 40 * 45
    assert who.policy_ratio >= POLICY_RATIO_MIN, Counter(row.reason_code for row in rows)
    assert {row.policy for row in rows if row.decided_by == "policy"} == {champion.name}
