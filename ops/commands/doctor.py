"""`headgate doctor`: one line for each thing examined; exit status 1 when something has to be mended."""

import argparse

from rich.console import Console

from ops.cli import settings_of
from ops.examination import examine

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def configure(_parser: argparse.ArgumentParser) -> None:
    """Add nothing: the common options suffice."""


def run(options: argparse.Namespace) -> int:
    """Print the findings as they come."""
    console = Console(soft_wrap=True, highlight=False)
    failed = 0
    for finding in examine(settings_of(options)):
        failed += finding.level == "fail"
        console.print(f"{finding.level:4}", style=STYLES[finding.level], end="  ")
        console.print(f"{finding.what:16} {finding.text}", markup=False)
    console.print(f"{failed} things to mend" if failed else "nothing to mend")
    return 1 if failed else 0
