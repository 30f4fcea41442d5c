"""The last rows of numbers of one thing, in order of event time: rows in, columns out; never more than its limit."""

from array import array
from bisect import bisect_left
from math import isnan, nan


class Track:
    """Rows `(at_s, numbers...)` sorted by `at_s`; a row of a known `at_s` replaces it, so replays change nothing."""

    __slots__ = ("_columns", "_limit", "at_s")

    def __init__(self, columns: int, limit: int) -> None:
        self.at_s = array("d")
        self._columns = tuple(array("d") for _ in range(columns))
        self._limit = limit

    def __len__(self) -> int:
        return len(self.at_s)

    def put(self, at_s: float, *numbers: float | None) -> None:
        """Keep one row; None is "not known". The oldest row goes when there are too many.

        >>> track = Track(1, limit=2)
        >>> for at_s, number in ((3.0, 30.0), (1.0, 10.0), (2.0, 20.0), (3.0, None)):
        ...     track.put(at_s, number)
        >>> track.rows()
        [[2.0, 20.0], [3.0, None]]
        """
        place = bisect_left(self.at_s, at_s)
        known = place < len(self.at_s) and self.at_s[place] == at_s
        if not known:
            self.at_s.insert(place, at_s)
        for column, number in zip(self._columns, numbers, strict=True):
            value = nan if number is None else number
            if known:
                column[place] = value
            else:
                column.insert(place, value)
        if len(self.at_s) > self._limit:
            for column in (self.at_s, *self._columns):
                del column[0]

    def column(self, index: int, last: int) -> list[float | None]:
        """Return the last values of one column, oldest first."""
        return [None if isnan(number) else number for number in self._columns[index][-last:]]

    def rows(self) -> list[list[float | None]]:
        """Return every row as `[at_s, numbers...]`, oldest first."""
        columns = [self.column(index, self._limit) for index in range(len(self._columns))]
        return [list(row) for row in zip(self.at_s, *columns, strict=True)]
