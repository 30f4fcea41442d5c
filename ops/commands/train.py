"""`headgate train inventory`: steps and a seed in; a table, an ONNX network and its sealed manifest out."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ops.cli import settings_of
from policies import trained_files
from policies.errors import PolicyFileError
from policies.manifest import Manifest, Result
from streams.errors import ConfigurationError
from streams.keys import seal_key

STEPS = 4_000_000
EXTRA_ABSENT = (
    "training needs torch and stable-baselines3 ({error}); install the extra: pip install 'headgate[train]', or "
    "pip install -e '.[train]' in a clone"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what to train, how long, from which seed, and where to put it."""
    parser.add_argument("family", choices=["inventory"], help="the simulated world to train in")
    parser.add_argument("--steps", type=int, default=STEPS, help=f"item-periods to learn from; default {STEPS:,}")
    parser.add_argument("--seed", type=int, default=1, help="of everything the training draws; default 1")
    parser.add_argument("--out", type=Path, help="folder for the policy; default DATA_DIR/policies/inventory/VERSION")


def run(options: argparse.Namespace) -> int:
    """Train, compare, print the table and write the policy; 0 whether or not it beat the rules."""
    if options.steps < 1:
        raise ConfigurationError(f"--steps {options.steps}: at least 1 is needed")
    try:  # only here: nothing but this command needs torch
        from simulator.training.inventory import Judging, train_inventory  # noqa: PLC0415
        from simulator.training.ppo import Course  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(EXTRA_ABSENT.format(error=error)) from error
    settings = settings_of(options)
    key = seal_key(settings)
    try:
        manifest, network = train_inventory(Course(options.steps, options.seed), Judging(), _tell)
    except PolicyFileError as error:
        raise ConfigurationError(str(error)) from error
    if options.out is None:
        folder = trained_files.add(settings.data_dir, manifest, network, key)
    else:
        folder = options.out
        trained_files.write(folder, manifest, network, key)
    print("\n".join(report(manifest)))
    print(f"written to {folder}, sealed with this installation's key")
    if options.out is None:
        print(f"nothing is served by it yet: headgate policy promote {manifest.short_version}")
    return 0


def report(manifest: Manifest) -> Sequence[str]:
    """Return the lines of the table and of the promotion record.

    Costs are per pool and period; the difference is to the better rule on the same worlds, with its 95 % interval.
    """
    head = f"{'policy':<20}{'cost':>10}{'fill':>8}{'stock':>9}   difference to the best rule"
    verdict = (
        "the learned policy beat the best rule: it may become champion"
        if manifest.is_proven
        else f"the learned policy did not beat the best rule, {manifest.champion}: it may run as a shadow"
    )
    return [head, *(_row(row) for row in manifest.evaluation), verdict]


def _row(row: Result) -> str:
    difference = f"{row.difference_ratio:+7.1%} [{row.difference_low_ratio:+.1%}, {row.difference_high_ratio:+.1%}]"
    return f"{row.policy:<20}{row.cost_per_period:>10.2f}{row.fill_ratio:>8.1%}{row.stock_units:>9.0f}   {difference}"


def _tell(text: str) -> None:
    print(text, flush=True)
