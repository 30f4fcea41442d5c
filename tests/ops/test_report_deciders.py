"""The report says which policy decided what, in which part, and how far from the best possible that was."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from ops.journal import FILE, Journal
from ops.report import FORESIGHT, HEADGATE, RULE, build
from ops.report_page import render_page
from ops.report_text import conclusions, render_text
from tests.ops.small_run import recorded, rows_of, small_catalog


def test_who_decided_is_told_with_what_stood_beside(tmp_path: Path) -> None:
    """Each part of each version from when to when, in text, page and JSON; a rule out of range is not the policy."""
    rows = rows_of(1.0)
    starts = sorted({row.period_start_s for row in rows})
    canary: dict[str, Any] = {"role": "canary", "policy": "learned", "policy_version": "c" * 12, "shadow": 3.0}
    unsure: dict[str, Any] = {"role": "rule", "decided_by": "rule", "reason_code": "out-of-range"}
    changes = {("bag", at_s): canary for at_s in starts[10:15]} | {("mug", at_s): unsure for at_s in starts[:3]}
    with Journal(tmp_path / FILE, {}) as writing:
        writing.write(replace(row, **changes.get((row.resource_id, row.period_start_s), {})) for row in rows)

    report = build(tmp_path / FILE, small_catalog(), recorded())

    text, page = render_text(report), render_page(report)
    told = f"2010-06-11 to 2010-06-15 canary: learned {'c' * 12} decided 5 lines; beside 5 of them"
    assert told in " ".join(text.split())
    assert "2010-06-01 to 2010-06-03 rule: base-stock factor=1 decided 3 lines" in text
    assert told in page
    assert report.deciders.by == {"policy": 57, "rule": 3}
    assert report.deciders.roles == {"catalog": 52, "canary": 5, "rule": 3}
    assert "The policy itself decided 57 of 60 lines (95.0%)" in conclusions(report)[2]
    assert len(json.loads(json.dumps(report.as_json()))["policies"]) == 3


def test_the_way_to_foresight_is_told(tmp_path: Path) -> None:
    """How much of what lies between the rule and the least that anybody could have paid Headgate saves."""
    with Journal(tmp_path / FILE, {}) as writing:
        writing.write(rows_of(0.3))
    report = build(tmp_path / FILE, small_catalog(), recorded())
    rule, own, least = (report.total[name].cost for name in (RULE, HEADGATE, FORESIGHT))

    assert f"it goes {(rule - own) / (rule - least):.0%} of the way" in conclusions(report)[1]
