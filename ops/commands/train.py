"""`headgate train inventory`: an algorithm, a length and a seed in; a table, an ONNX network and its manifest out."""

import argparse
import time
from pathlib import Path

from ops.cli import settings_of
from ops.supervisor import interrupt_on_terminate
from ops.training_shown import Bar, report
from policies import trained_files
from simulator.inventory.toml_section import WorldFileError
from simulator.inventory.world import Setting
from simulator.inventory.world_file import read
from streams.errors import ConfigurationError
from streams.keys import seal_key

ALGORITHMS = ("improvement", "pathwise", "ppo", "sac")
EXTRA_ABSENT = (
    "training needs torch and stable-baselines3 ({error}); install the extra: pip install 'headgate[train]', or "
    "pip install -e '.[train]' in a clone"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what to train, how, how long, from which seed, and where to put it."""
    parser.add_argument("family", choices=["inventory"], help="the simulated world to train in")
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="pathwise", help="how to learn; default pathwise")
    parser.add_argument("--steps", type=int, help="item-periods to learn from; the default depends on the algorithm")
    parser.add_argument("--budget-s", type=float, metavar="S", help="CPU seconds to learn for, in place of --steps")
    parser.add_argument("--world", type=Path, metavar="FILE", help="a world in TOML to learn and be judged in")
    parser.add_argument("--seed", type=int, default=1, help="of everything the training draws; default 1")
    parser.add_argument("--patience", type=int, default=8, help="evaluations without a better one; 0 never stops early")
    parser.add_argument("--out", type=Path, help="folder for the policy; default DATA_DIR/policies/inventory/VERSION")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint of the same training")
    parser.add_argument("--tensorboard", type=Path, metavar="DIR", help="write what TensorBoard shows there")
    parser.add_argument("--quiet", action="store_true", help="no progress, only the table")


def run(options: argparse.Namespace) -> int:
    """Train, compare, print the table and write the policy; 0 whether or not it beat the rules."""
    _require_lengths(options)
    try:  # only here: nothing but this command needs torch
        from simulator.training import checkpoints  # noqa: PLC0415
        from simulator.training.algorithms import course_of  # noqa: PLC0415
        from simulator.training.inventory import Hooks, judging_for, train_inventory  # noqa: PLC0415
    except ImportError as error:
        raise ConfigurationError(EXTRA_ABSENT.format(error=error)) from error
    interrupt_on_terminate()
    settings = settings_of(options)
    key = seal_key(settings)
    kept = settings.data_dir / "training" / f"{options.family}-{options.algorithm}.checkpoint"
    course = course_of(options.algorithm, options.steps, options.budget_s, options.seed, options.patience)
    judging = judging_for(options.algorithm, None if options.world is None else _world(options.world))
    with Bar(quiet=options.quiet) as bar:
        hooks = Hooks(
            tell=bar.tell,
            progress=bar.progress,
            cpu_s=time.process_time,
            keep=lambda checkpoint: checkpoints.save(kept, checkpoint, key),
            resume=checkpoints.load(kept, key) if options.resume else None,
            figures=options.tensorboard,
        )
        try:
            manifest, network = train_inventory(course, judging, hooks)
        except KeyboardInterrupt:
            bar.tell(
                f"stopped; --resume goes on from {kept}" if kept.exists() else "stopped before the first checkpoint"
            )
            raise
    if options.out is None:
        folder = trained_files.add(settings.data_dir, manifest, network, key)
    else:
        folder = options.out
        trained_files.write(folder, manifest, network, key)
    kept.unlink(missing_ok=True)
    print("\n".join(report(manifest)))
    print(f"written to {folder}, sealed with this installation's key")
    if options.out is None:
        print(f"nothing is served by it yet: headgate policy promote {manifest.short_version}")
    return 0


def _world(path: Path) -> Setting:
    try:
        return read(path)
    except WorldFileError as error:
        raise ConfigurationError(str(error)) from error


def _require_lengths(options: argparse.Namespace) -> None:
    for name, value, least in (
        ("--steps", options.steps, 1),
        ("--budget-s", options.budget_s, 1.0),
        ("--patience", options.patience, 0),
    ):
        if value is not None and not value >= least:
            raise ConfigurationError(f"{name} {value}: at least {least} is needed")
