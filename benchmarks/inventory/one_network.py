"""Ranges of instances in, one network for all of them, and its gaps on the 32 instances of the bed out.

It learns for TRAINING_SECONDS of one core from instances drawn over continuous ranges (`drawn_instances.Reach`), is
exported, and decides through the code that serves live stock; what it costs is evaluated exactly, its orders whole.
Developed on instances with other means and costs.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from time import process_time

import numpy as np
import torch

from benchmarks.figures import Figure
from benchmarks.inventory import learning
from benchmarks.inventory.drawn_instances import Reach, training_bed
from benchmarks.inventory.learning import Learning, kept
from benchmarks.inventory.zipkin import quick_bed
from policies import features
from policies.inventory.learned import Learned, session
from policies.inventory.ranges import Ranges
from simulator.inventory.stationary import evaluate_exactly
from simulator.inventory.zipkin_bed import BedInstance, zipkin_bed
from simulator.training.export import export, weights_digest
from simulator.training.known_instances import order_rule
from simulator.training.network import Network
from simulator.training.own_network import RULE
from simulator.training.pathwise import Course, learn

SECONDS_MAX = 600.0  # allowed
TRAINING_SECONDS = 540.0
MEAN_MUST, MEAN_GOAL, WORST_MUST, WORST_GOAL = 0.30, 0.05, 1.0, 0.2  # % above the optimum
REACH = Reach()
COURSE = Course(learnt_periods=24, following_periods=22, rate=1e-2)
INSTANCES, ROWS, HIDDEN, SEED = 8192, 1024, 64, 1

configure = learning.configure


@dataclass(frozen=True, slots=True)
class One:
    """The network for all, as trained and as served."""

    network: Network
    policy: Learned
    course: str
    seconds: float  # of one core, to learn
    steps: int


def figures(options: argparse.Namespace) -> list[Figure]:
    """Learn once, or take what is kept, and evaluate every instance; for a smoke run two others, after a moment."""
    one = network_of(options)
    bed = quick_bed() if options.quick else [each for each in zipkin_bed() if options.only in each.name]
    found = [_result(each, one, options) for each in bed]
    gaps = 100.0 * np.array([each.gap_ratio for each in found])
    limits = (None,) * 4 if options.quick else (MEAN_MUST, MEAN_GOAL, WORST_MUST, WORST_GOAL)
    return [
        *(Figure(f"one-network: {each.name}", 100.0 * each.gap_ratio, "%") for each in found),
        Figure(
            f"one-network: mean gap of {len(found)} instances, evaluated exactly", float(gaps.mean()), "%", *limits[:2]
        ),
        Figure("one-network: worst gap", float(gaps.max()), "%", *limits[2:]),
        Figure("one-network: learning, one core", one.seconds, "s", SECONDS_MAX),
    ]


def network_of(options: argparse.Namespace) -> One:
    """Return the network in the folder `options.keep` if it was trained in the same way, else train it now."""
    seconds = 5.0 if options.quick else TRAINING_SECONDS
    course = f"{asdict(COURSE)}, {asdict(REACH)}, {INSTANCES} x {ROWS} rows, {HIDDEN} hidden, seed {SEED}, {seconds} s"
    folder = None if options.keep is None else options.keep / "network"
    if folder is None or not _is_there(folder, course):
        network, ranges, taken_s, steps = _learnt(seconds)
        onnx = export(network, np.random.default_rng(SEED), len(features.NAMES))
        if folder is None:
            return One(network, _served(onnx, network, ranges), course, taken_s, steps)
        _write(folder, network, onnx, {"course": course, "ranges": ranges, "seconds": taken_s, "steps": steps})
    return _read(folder)


def course_of(one: One) -> str:
    """Return all that a result of the network depends on."""
    return f"{one.course}, version {one.policy.version}"


def _result(each: BedInstance, one: One, options: argparse.Namespace) -> Learning:
    def work() -> Learning:
        cost = evaluate_exactly(each.world, order_rule(one.policy.decide, each.world)).cost
        return Learning(each.name, course_of(one), cost, 0.0, each.published_cost, one.seconds, one.steps)

    return kept(options.keep, each.name, course_of(one), work)


def _learnt(seconds: float) -> tuple[Network, Ranges, float, int]:
    torch.set_num_threads(1)
    started, steps = process_time(), 0
    rng = np.random.default_rng(SEED)
    bed, network = training_bed(rng, INSTANCES, ROWS, REACH), Network(SEED, HIDDEN)

    def share(step: int) -> float:
        nonlocal steps
        steps = step
        return (process_time() - started) / seconds

    ranges = learn(network, bed, COURSE, rng, share)
    return network, ranges, process_time() - started, steps


def _is_there(folder: Path, course: str) -> bool:
    about = folder / "about.json"
    return about.exists() and json.loads(about.read_text(encoding="utf-8"))["course"] == course


def _write(folder: Path, network: Network, onnx: bytes, about: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "policy.onnx").write_bytes(onnx)
    weights = {name: value.tolist() for name, value in network.state_dict().items()}
    (folder / "weights.json").write_text(json.dumps(weights), encoding="utf-8")
    (folder / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _read(folder: Path) -> One:
    about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
    weights = json.loads((folder / "weights.json").read_text(encoding="utf-8"))
    network = Network(SEED, HIDDEN)
    network.load_state_dict({name: torch.tensor(value) for name, value in weights.items()})
    ranges = tuple((low, high) for low, high in about["ranges"])
    policy = _served((folder / "policy.onnx").read_bytes(), network, ranges)
    return One(network, policy, about["course"], about["seconds"], about["steps"])


def _served(onnx: bytes, network: Network, ranges: Ranges) -> Learned:
    version = weights_digest(network)[:12]
    return Learned(session(onnx, "memory"), RULE, version, head="orders", ranges=ranges)
