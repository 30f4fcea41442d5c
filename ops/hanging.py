"""A line's head and its text in, lines no wider than the terminal out: what was written for people is never cut."""

import shutil
import textwrap

TEXT_COLUMNS_MIN = 24  # a narrower column would be a word a line; the terminal breaks the line then
NO_TERMINAL = (100_000, 24)  # a pipe or a file takes the whole line


def columns() -> int:
    """Return the width of the terminal; without one, room for everything."""
    return shutil.get_terminal_size(NO_TERMINAL).columns


def hanging(head: str, text: str, width: int) -> str:
    """Return `head` with `text` behind it, broken below itself where it would pass `width`.

    >>> print(hanging("roll  ", "order 24: 31 expected, 12 on hand", 30))
    roll  order 24: 31 expected,
          12 on hand
    """
    room = width - len(head)
    if room < TEXT_COLUMNS_MIN or len(text) <= room:
        return (head + text).rstrip()
    return head + f"\n{' ' * len(head)}".join(textwrap.wrap(text, room))
