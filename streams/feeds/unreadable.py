"""A row that is no event, as a message that shows where it lies: it ends in the dead letters, not in silence."""

import msgspec

TEXT_MAX = 60


class Unreadable(msgspec.Struct, frozen=True, kw_only=True, tag="unreadable.v1"):
    """Sent in place of an event that could not be read. Shards know no such type, so they park it."""

    event_id: str  # file and line
    pool_id: str
    feed_id: str
    reason: str  # what is wrong with which column, without the cells of other columns


def shown(cell: object) -> str:
    """Return a cell's text for a message, bounded.

    >>> shown("x" * 100)[-4:]
    "...'"
    """
    text = str(cell)
    return repr(text if len(text) <= TEXT_MAX else text[:TEXT_MAX] + "...")
