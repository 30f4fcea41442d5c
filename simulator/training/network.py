"""Features in, a network's word per item out: two hidden layers, whose first keeps the stock's part apart.

While a world is played only the stock changes, so that the part of the first layer that sees the prospect is computed
once for as long as the prospect stays.
"""

from collections.abc import Sequence

import torch
from torch.nn.functional import linear, silu

from policies.features import NAMES, STOCK_NAMES

HIDDEN = 64
STOCK_WEIGHT = 3.0

STOCK = len(STOCK_NAMES)


class Network(torch.nn.Module):
    """What is trained by the pathwise gradient and exported; it starts by saying nothing: the target itself."""

    def __init__(self, rng_seed: int, hidden: int = HIDDEN) -> None:
        """Draw the first weights from the seed."""
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(rng_seed)
            self.first = torch.nn.Linear(len(NAMES), hidden)
            self.second = torch.nn.Linear(hidden, hidden)
            self.last = torch.nn.Linear(hidden, 1)
        with torch.no_grad():
            # Of the many columns few change while a world is played: these get more than their share of the weights.
            self.first.weight[:, :STOCK].mul_(STOCK_WEIGHT)
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()

    def forward(self, seen: torch.Tensor) -> torch.Tensor:
        """Return (n, 1) of features (n, len(NAMES))."""
        weights = tuple(self.parameters())
        return said(weights, seen[:, :STOCK], *prepared(weights, seen[:, STOCK:]))[:, None]


Weights = Sequence[torch.Tensor]  # of a Network, in the order of its parameters
Part = tuple[torch.Tensor, torch.Tensor]  # of the first layer: the stock's weights, and what the prospect adds


def prepared(weights: Weights, prospect_columns: torch.Tensor) -> Part:
    """Return the part of the first layer that stays while the stock changes: (STOCK, hidden) and (n, hidden)."""
    return weights[0][:, :STOCK].t(), linear(prospect_columns, weights[0][:, STOCK:], weights[1])


def said(weights: Weights, stock_columns: torch.Tensor, of_stock: torch.Tensor, added: torch.Tensor) -> torch.Tensor:
    """Return the network's word, (n,)."""
    one = silu(torch.addmm(added, stock_columns, of_stock))
    two = silu(linear(one, weights[2], weights[3]))
    return linear(two, weights[4], weights[5])[:, 0]
