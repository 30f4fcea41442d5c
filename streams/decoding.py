"""The values of records in, one event or one error for each out: a whole batch in one call where that is safe.

Where they lie one after the other, values with commas between them are one JSON array. That array must not say more or
less than its values say one by one: each of them ends with `}` and begins with `{"type":`, and none holds a `[`. What
lies between two can then be neither inside an array (there is none), nor inside an object (a key cannot begin with
`{`), nor inside a string (the quote after `{` would end it, and `t` cannot follow), so it separates two elements; as
many elements as values means one each.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from streams.errors import InvalidEventError
from streams.events import InputEvent, decode_input
from streams.topics import MESSAGE_BYTES_MAX
from streams.values import Int64s, Values

_HEAD = np.frombuffer(b'{"type":', np.uint8)
_SPACE, _COMMA, _OPENING, _CLOSING, _END = b" ,[]}"
_DECODE_ALL = msgspec.json.Decoder(list[InputEvent]).decode

Decoded = InputEvent | InvalidEventError


def decode_one(value: bytes) -> InputEvent:
    """Return the event in `value`; raise InvalidEventError when it is none, or is too large."""
    if len(value) > MESSAGE_BYTES_MAX:
        raise InvalidEventError("oversize", f"{len(value)} bytes; an event has at most {MESSAGE_BYTES_MAX}")
    try:
        return decode_input(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidEventError("malformed", f"no event of this vocabulary: {error}") from error


def decode_all(values: Values) -> Sequence[Decoded]:
    """Return for each value what `decode_one` returns or raises."""
    text = _as_array(values)
    if text is not None:
        try:
            events = _DECODE_ALL(text.data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            events = []  # one of them is none: find out which
        if len(events) == len(values):
            return events
    return [_decoded(value) for value in values]


def _as_array(values: Values) -> npt.NDArray[np.uint8] | None:
    """Return the JSON array whose elements are `values`, or None where it might say something else."""
    if not len(values):
        return None
    first, last = int(values.starts[0]), int(values.stops[-1])
    starts, stops = values.starts - (first - 1), values.stops - (first - 1)
    sizes = stops - starts
    if sizes.min() <= len(_HEAD) or sizes.max() > MESSAGE_BYTES_MAX:
        return None
    text = np.empty(last - first + 2, np.uint8)
    text[1:-1] = np.frombuffer(values.body, np.uint8, last - first, first)
    if (text[stops - 1] != _END).any() or (sliding_window_view(text, len(_HEAD))[starts] != _HEAD).any():
        return None
    text[_between(stops[:-1], starts[1:])] = _SPACE
    text[starts[1:] - 1] = _COMMA
    text[0] = text[-1] = _CLOSING
    if (text == _OPENING).any():
        return None
    text[0] = _OPENING
    return text


def _between(froms: Int64s, tos: Int64s) -> Int64s:
    """Return all places from each of `froms` up to its one of `tos`."""
    sizes = tos - froms
    before = sizes.cumsum() - sizes  # how many places those of earlier gaps are
    places: Int64s = np.arange(sizes.sum()) + np.repeat(froms - before, sizes)
    return places


def _decoded(value: bytes) -> Decoded:
    try:
        return decode_one(value)
    except InvalidEventError as error:
        return error
