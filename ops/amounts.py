"""A change as people type it in, "x1.5", "+20%", "-2" or "5", a function of what it was before out."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from streams.errors import ConfigurationError

_FORM = re.compile(r"(?P<sign>[x*+-]?)(?P<number>\d+(?:\.\d+)?)(?P<percent>%?)")


@dataclass(frozen=True, slots=True)
class Amount:
    """A factor, a step or a new value."""

    kind: Literal["times", "plus", "set"]
    value: float

    def of(self, before: float) -> float:
        """Return what becomes of `before`.

        >>> parse("x1.5", "--demand").of(4.0), parse("+20%", "--demand").of(10.0), parse("-10%", "--demand").of(10.0)
        (6.0, 12.0, 9.0)
        >>> parse("+2", "--lead-time").of(3.0), parse("5", "--lead-time").of(3.0), parse("50%", "--demand").of(8.0)
        (5.0, 5.0, 4.0)
        """
        return {"times": before * self.value, "plus": before + self.value, "set": self.value}[self.kind]


def parse(text: str, option: str) -> Amount:
    """Return the change in `text`; raise ConfigurationError naming the forms that there are."""
    found = _FORM.fullmatch(text.strip().replace("\N{MINUS SIGN}", "-"))
    if found is None or (found["sign"] in ("x", "*") and found["percent"]):
        raise ConfigurationError(f"{option} {text!r} is none of x1.5, +20%, -10%, +2, -2 and 5")
    number = float(found["number"])
    if found["percent"]:
        signed = {"+": 1 + number / 100, "-": 1 - number / 100, "": number / 100}[found["sign"]]
        return Amount("times", max(signed, 0.0))
    if found["sign"] in ("x", "*"):
        return Amount("times", number)
    if found["sign"]:
        return Amount("plus", math.copysign(number, -1.0 if found["sign"] == "-" else 1.0))
    return Amount("set", number)
