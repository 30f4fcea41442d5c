"""The network behind `policies/inventory/streaming.py`: features of demand, terms and stock in, an order out.

Between them stands what the trade knows: order up to a level, count an outstanding order as far as it may still come,
never order more than a cap. Level, cap and a correction are what is learnt, for each period anew.
"""

import torch
from torch import Tensor, nn

from policies.inventory import demand_memory
from policies.inventory.streaming import AGES, TERM_COUNT

HIDDEN = 56  # two members of it stay under 200 kB
FEATURES = len(demand_memory.NAMES)
LOG_MIN, LOG_MAX = -4.0, 3.0  # of level and cap in periods of demand
CAP_FIRST = 3.0  # periods of demand, before anything is learnt


class Member(nn.Module):
    """One network: a recurrent memory of demand and a head that orders."""

    def __init__(self) -> None:
        """Begin as base-stock at the mean demand of the lead time."""
        super().__init__()
        self.memory = nn.GRU(FEATURES, HIDDEN, batch_first=True)
        self.known = nn.Linear(FEATURES + HIDDEN, HIDDEN)
        self.stock = nn.Linear(TERM_COUNT + 1 + AGES, HIDDEN, bias=False)
        self.mixed = nn.Linear(HIDDEN, HIDDEN)
        self.last = nn.Linear(HIDDEN, 3)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()

    def know(self, seen: Tensor) -> Tensor:
        """Return (n, periods, HIDDEN) what is known after each period of `seen` (n, periods, FEATURES)."""
        held, _ = self.memory(seen)
        known: Tensor = self.known(torch.cat([seen, held], -1))
        return known

    def remember(self, seen: Tensor, held: Tensor) -> Tensor:
        """Return (n, HIDDEN) after one more period: one step of `memory`, which torch does not export.

        Source: the equations of `torch.nn.GRU`, from Cho et al. 2014, arXiv 1406.1078.
        """
        of_seen, of_held, seen_bias, held_bias = self.memory.all_weights[0]
        asked = nn.functional.linear(seen, of_seen, seen_bias)
        kept = nn.functional.linear(held, of_held, held_bias)
        reset_asked, update_asked, new_asked = asked.chunk(3, -1)
        reset_kept, update_kept, new_kept = kept.chunk(3, -1)
        update = torch.sigmoid(update_asked + update_kept)
        new = torch.tanh(new_asked + torch.sigmoid(reset_asked + reset_kept) * new_kept)
        return (1.0 - update) * new + update * held

    def order(self, known: Tensor, terms: Tensor, stock: Tensor) -> Tensor:
        """Return (n,) what to order in periods of demand, >= 0; `stock` (n, 1 + AGES) in the same unit."""
        mixed = nn.functional.silu(known + self.stock(torch.cat([terms, torch.log1p(stock)], -1)))
        level, cap, correction = self.last(mixed + nn.functional.silu(self.mixed(mixed))).unbind(-1)
        periods = 1.0 + AGES * terms[:, 2]  # from an order to the end of its first period
        wanted = periods * torch.exp(level.clamp(LOG_MIN, LOG_MAX)) + correction
        missing = wanted - (stock * _may_come(terms[:, 3:])).sum(-1)
        return torch.minimum(torch.relu(missing), CAP_FIRST * torch.exp(cap.clamp(LOG_MIN, LOG_MAX)))


class Remember(nn.Module):
    """The half that takes demand in, for all members side by side."""

    def __init__(self, members: nn.ModuleList) -> None:
        """Share the members' layers."""
        super().__init__()
        self.members = members

    def forward(self, seen: Tensor, held: Tensor) -> Tensor:
        """Return (n, members * HIDDEN) what is held after one more period."""
        parts = held.chunk(len(self.members), -1)
        return torch.cat([one.remember(seen, part) for one, part in zip(self.members, parts, strict=True)], -1)  # type: ignore[operator]  # nn.Module types what it holds as Tensor too


class Order(nn.Module):
    """The half that orders: the members' mean."""

    def __init__(self, members: nn.ModuleList) -> None:
        """Share the members' layers."""
        super().__init__()
        self.members = members

    def forward(self, seen: Tensor, held: Tensor, terms: Tensor, stock: Tensor) -> Tensor:
        """Return (n, 1) what to order in periods of demand."""
        parts = held.chunk(len(self.members), -1)
        orders = [
            one.order(one.known(torch.cat([seen, part], -1)), terms, stock)  # type: ignore[operator]  # as above
            for one, part in zip(self.members, parts, strict=True)
        ]
        return torch.stack(orders, -1).mean(-1, keepdim=True)


def _may_come(law: Tensor) -> Tensor:
    """Return (n, 1 + AGES) weights: 1 for what is on hand, the chance that an order of that age still arrives.

    `law` (n, AGES + 2) as in `Terms`; an order of age k has not come within k - 1 periods.
    """
    late = torch.stack([law[:, age : AGES + 1].sum(-1) for age in range(1, AGES + 1)], -1)
    return torch.cat([torch.ones_like(law[:, :1]), late / (late + law[:, -1:]).clamp(min=1e-9)], -1)
