"""Shares become whole packs as if one line after the other were asked whether one more still fits."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from policies.scarcity import _rounded


@given(seed=st.integers(0, 2**32 - 1), pools=st.integers(1, 4), lines=st.integers(1, 12), same=st.booleans())
def test_all_at_once_is_one_after_the_other(seed: int, pools: int, lines: int, *, same: bool):
    """By largest remainder, skipping what does not fit, in pools of any sizes, packs and uses."""
    rng = np.random.default_rng(seed)
    pack = rng.choice([1.0, 1.0, 3.0], (pools, lines))
    order = np.floor(rng.integers(0, 20, (pools, lines)) / pack) * pack
    use = np.ones((pools, lines)) if same else rng.integers(1, 9, (pools, lines)) / 2.0
    limit = np.floor((order * use).sum(axis=1) * rng.uniform(0.0, 1.0, pools))
    wanted = order * rng.uniform(0.0, 1.0, (pools, lines))
    wanted *= np.minimum(limit / np.maximum((wanted * use).sum(axis=1), 1e-9), 1.0)[:, np.newaxis]

    expected = np.maximum(np.floor((wanted - 1e-9 * (1.0 + wanted)) / pack), 0.0) * pack
    for pool in range(pools):
        for line in np.argsort((expected - wanted)[pool] / pack[pool], kind="stable"):
            more = expected[pool].copy()
            more[line] += pack[pool, line]
            if more[line] <= order[pool, line] and (more * use[pool]).sum() <= limit[pool]:
                expected[pool] = more

    np.testing.assert_array_equal(_rounded(wanted, order, use, limit, pack), expected)
