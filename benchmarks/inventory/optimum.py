"""The 32 instances of the lost-sales bed in; how far our optima are from the published ones, and the bounds, out."""

import argparse
from time import process_time

from benchmarks.figures import Figure
from simulator.inventory.optimum import solve
from simulator.inventory.zipkin_bed import zipkin_bed

DIGITS_MUST = 1e-5  # one of the last published digit: some were cut and not rounded


def figures(options: argparse.Namespace) -> list[Figure]:
    """Solve them all, or for a smoke run those with lead times up to 2; then once more within wider limits."""
    bed = [one for one in zipkin_bed() if not options.quick or one.world.lead_time_periods <= 2]
    started = process_time()
    found = [solve(one.world) for one in bed]
    took_s = process_time() - started
    wider = [
        abs(solve(one.world, best.limits.wider()).cost - best.cost)
        for one, best in zip(bed, found, strict=True)
        if one.world.lead_time_periods <= 3  # the longest take minutes within wider limits
    ]
    apart = [abs(best.cost - one.published_cost) for one, best in zip(bed, found, strict=True)]
    return [
        Figure("optimum: instances", len(bed), ""),
        Figure("optimum: worst difference to the published cost, millionths", 1e6 * max(apart), "", 1e6 * DIGITS_MUST),
        Figure(
            "optimum: widest proven bounds, millionths",
            1e6 * max(best.upper_bound - best.lower_bound for best in found),
            "",
            1e6 * DIGITS_MUST,
        ),
        Figure(
            "optimum: worst change within limits a third wider, millionths", 1e6 * max(wider), "", 1e6 * DIGITS_MUST
        ),
        Figure("optimum: time for all of them, one core", took_s, "s"),
    ]
