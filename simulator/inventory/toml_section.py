"""A table of a TOML file in, checked values out; what is wrong is told with its key, its limit and what was meant."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from simulator.inventory.chance import Amount, Each, Range


class WorldFileError(ValueError):
    """A file does not describe a world; the text says which key, and what would be right."""


class Section:
    """One table; every key is asked for once, and `end` refuses what nobody asked for."""

    def __init__(self, name: str, table: Any, items: int = 1) -> None:
        """Take the table called `name`, "" for the file itself, of a pool of `items`."""
        if not isinstance(table, dict):
            raise WorldFileError(f"[{name}] has to be a table, not {table!r}")
        self._name = name
        self._table = table
        self._items = items
        self._asked: list[str] = []

    def section(self, name: str, items: int) -> "Section":
        """Return the table `name`, an empty one when the file has none."""
        return Section(name, self._take(name, {}), items)

    def word(self, key: str, default: str, known: Iterable[str]) -> str:
        """Return one of the `known` words."""
        value = self._take(key, default)
        if value not in known:
            close = get_close_matches(str(value), list(known), n=1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise self.error(key, f"{value!r} is none of {', '.join(map(repr, known))}{meant}")
        return str(value)

    def text(self, key: str) -> str:
        """Return a string that has to be there."""
        value = self._take(key, None)
        if not isinstance(value, str) or not value:
            raise self.error(key, f"{value!r} is no text")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"{value!r} is neither true nor false")
        return value

    def number(self, key: str, default: float, low: float = 0.0, high: float = float("inf")) -> float:
        """Return a number within its limits."""
        return self._number(key, self._take(key, default), low, high)

    def whole(self, key: str, default: int, low: int = 0, high: int = 100_000) -> int:
        """Return a whole number within its limits."""
        return self._whole(key, self._take(key, default), low, high)

    def numbers(self, key: str, low: float = 0.0) -> tuple[float, ...]:
        """Return a list of numbers; empty when the file has none."""
        value = self._take(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"{value!r} is no list of numbers")
        return tuple(self._number(key, one, low, float("inf")) for one in value)

    def wholes(self, key: str, default: tuple[int, int], low: int, high: int) -> tuple[int, int]:
        """Return a range of two whole numbers, both ends in it."""
        value = self._take(key, list(default))
        if not isinstance(value, list) or len(value) != 2:
            raise self.error(key, f"{value!r} is no range [low, high]")
        first, last = (self._whole(key, one, low, high) for one in value)
        if first > last:
            raise self.error(key, f"the range {value!r} ends before it begins")
        return first, last

    def amount(self, key: str, default: Amount, low: float = 0.0, high: float = float("inf")) -> Amount:
        """Return a number, a range [low, high] from which each item draws, or { each = [...] }, one for each item."""
        value = self._take(key, None)
        if value is None:
            return default
        if isinstance(value, dict):
            return Each(tuple(self._number(key, one, low, high) for one in self._each(key, value)))
        if not isinstance(value, list):
            return self._number(key, value, low, high)
        if len(value) != 2:
            raise self.error(key, f"{value!r} is no range [low, high]; a value for each item is {{ each = {value!r} }}")
        first, last = (self._number(key, one, low, high) for one in value)
        if first > last:
            raise self.error(key, f"the range {value!r} ends before it begins")
        return Range(first, last)

    def lead_time(self, key: str, default: int, high: int) -> int | tuple[int, int] | Each:
        """Return a whole number, a range of them, or { each = [...] }."""
        value = self._take(key, default)
        if isinstance(value, dict):
            return Each(tuple(float(self._whole(key, one, 0, high)) for one in self._each(key, value)))
        if isinstance(value, list):
            return self.wholes(key, (default, default), 0, high)
        return self._whole(key, value, 0, high)

    def has(self, key: str) -> bool:
        """Return whether the file says something of `key`."""
        return key in self._table

    def end(self) -> None:
        """Refuse keys that nobody asked for."""
        for key in self._table:
            if key not in self._asked:
                close = get_close_matches(key, self._asked, n=1)
                meant = f"did you mean {close[0]!r}?" if close else f"it takes {', '.join(self._asked)}"
                raise self.error(key, f"is not known here; {meant}")

    def error(self, key: str, what: str) -> WorldFileError:
        """Return the error of a key."""
        return WorldFileError(f"{key}: {what}" if not self._name else f"[{self._name}] {key}: {what}")

    def _take(self, key: str, default: Any) -> Any:
        if key not in self._asked:
            self._asked.append(key)
        return self._table.get(key, default)

    def _each(self, key: str, value: dict[str, Any]) -> list[Any]:
        each = value.get("each")
        if set(value) != {"each"} or not isinstance(each, list):
            raise self.error(key, f"{value!r} is no table {{ each = [...] }}")
        if len(each) != self._items:
            raise self.error(key, f"{len(each)} values for {self._items} items; one for each is needed")
        return each

    def _number(self, key: str, value: Any, low: float, high: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(key, f"{value!r} is no number")
        if not low <= value <= high:
            raise self.error(key, f"{value!r} is outside [{low:g}, {high:g}]")
        return float(value)

    def _whole(self, key: str, value: Any, low: int, high: int) -> int:
        number = self._number(key, value, low, high)
        if number != int(number):
            raise self.error(key, f"{value!r} is no whole number")
        return int(number)
