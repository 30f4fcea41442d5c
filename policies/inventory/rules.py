"""A rule's name and parameters in, the rule out, with the ranges in which its parameters are worth trying.

A new rule is one file and one entry here, in alphabetical order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from policies.base import Policy
from policies.inventory.base_stock import BaseStock
from policies.inventory.capped_base_stock import CappedBaseStock
from policies.inventory.constant_order import ConstantOrder
from policies.inventory.myopic import Myopic
from policies.inventory.reorder_point import ReorderPoint
from policies.inventory.service_level import ServiceLevel
from policies.observation import Float32s, Observation


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number of a rule; all are without units, so that one value serves every item."""

    name: str  # of the rule's field
    low: float
    high: float
    default: float


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be tuned."""

    make: Callable[..., Policy[Observation, Float32s]]
    parameters: tuple[Parameter, ...]

    def of(self, values: Mapping[str, Any]) -> Policy[Observation, Float32s]:
        """Return the rule with these values, defaults where there are none.

        A value is a number, or an array of one for each row of what is observed: many candidates at once.
        """
        chosen: dict[str, Any] = {one.name: values.get(one.name, one.default) for one in self.parameters}
        return self.make(**chosen)


FACTOR = Parameter("factor", 0.3, 1.6, 1.0)

RULES: dict[str, Rule] = {
    "base-stock": Rule(BaseStock, (FACTOR,)),
    "capped-base-stock": Rule(CappedBaseStock, (FACTOR, Parameter("cap_periods", 0.6, 4.0, 2.0))),
    "constant-order": Rule(ConstantOrder, (Parameter("share", 0.5, 1.05, 0.9),)),
    "myopic": Rule(Myopic, (Parameter("factor", 0.3, 3.0, 1.0),)),
    "reorder-point": Rule(ReorderPoint, (FACTOR, Parameter("lot_factor", 0.3, 2.5, 1.0))),
    "service-level": Rule(ServiceLevel, (Parameter("level", 0.05, 0.99, 0.95),)),
}
