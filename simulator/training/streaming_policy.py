"""`python -m simulator.training.streaming_policy FOLDER [--steps N] [--members N] [--seed N]`: trained anew, written.

The folder holds what `policies.inventory.streaming_files.load` reads; what ships was made by this command as it stands.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from policies.inventory import streaming_files
from policies.inventory.streaming import AGES, HELD, HELD_NEXT, ORDER, SEEN, STOCK, TERM_COUNT, TERMS
from simulator.training.onnx_graph import exported
from simulator.training.streaming import Course, train
from simulator.training.streaming_network import FEATURES, HIDDEN, Order, Remember

PARITY_SEED = 80_003


def train_streaming(course: Course, folder: Path, progress: Callable[[str], None]) -> str:
    """Train, prove the export equal to torch, write to `folder`; return the digest of the manifest."""
    members = train(course, progress)
    rng, held = np.random.default_rng(PARITY_SEED), HIDDEN * len(members)
    remember = exported(Remember(members), {SEEN: FEATURES, HELD: held}, HELD_NEXT, rng)
    inputs = {SEEN: FEATURES, HELD: held, TERMS: TERM_COUNT, STOCK: 1 + AGES}
    order = exported(Order(members), inputs, ORDER, rng)
    training = {"algorithm": "pathwise gradient", **asdict(course), "torch": str(torch.__version__)}
    training["onnx"] = version("onnx")
    manifest, digest = streaming_files.write(folder, remember, order, held, training)
    progress(f"version {manifest.version[:12]} written to {folder}; sha256 of its manifest: {digest}")
    return digest


def main(arguments: Sequence[str] | None = None) -> int:
    """Train as asked, telling how it goes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    usual = Course()
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--steps", type=int, default=usual.steps, help="of each member")
    parser.add_argument("--items", type=int, default=usual.items, help="a step, a multiple of three")
    parser.add_argument("--members", type=int, default=usual.members, help="networks whose mean decides")
    parser.add_argument("--seed", type=int, default=usual.seed, help="of the first member; the next have the next")
    chosen = parser.parse_args(arguments)
    course = Course(steps=chosen.steps, items=chosen.items, members=chosen.members, seed=chosen.seed)
    train_streaming(course, chosen.folder, _tell)
    return 0


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
