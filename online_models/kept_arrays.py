"""The arrays that an object keeps in, their bytes as its state out, and back again."""

from collections.abc import Iterable

import numpy as np


def packed(owner: object, names: Iterable[str]) -> tuple[bytes, ...]:
    """Return the bytes of the arrays of these names, in their order."""
    return tuple(getattr(owner, name).tobytes() for name in names)


def unpack(owner: object, names: Iterable[str], state: Iterable[bytes]) -> None:
    """Write what `packed` returned for an object of the same shape into the arrays of `owner`.

    >>> class Pair:
    ...     def __init__(self, first, second):
    ...         self.first, self.second = np.array(first), np.array(second, dtype=np.float32)
    >>> other = Pair([0.0, 0.0], [0.0])
    >>> unpack(other, ("first", "second"), packed(Pair([1.0, 2.0], [3.0]), ("first", "second")))
    >>> other.first.tolist(), other.second.tolist()
    ([1.0, 2.0], [3.0])
    """
    for name, data in zip(names, state, strict=True):
        own = getattr(owner, name)
        own[...] = np.frombuffer(data, own.dtype).reshape(own.shape)
