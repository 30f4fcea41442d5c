"""The values of records in, one event or one error for each out: a whole batch in one call where that is safe.

Joined by a line's end and a comma, many records are one JSON array. That array must not say more or less than its
records say one by one: no record holds a line's end, so those are the joints; before each is a `}` and after it
`{"type":`, and no record holds a `[`. A joint can then lie neither inside an array (there is none), nor inside an
object (a key cannot begin with `{`), nor inside a string (the quote after `{` would end it, and `t` cannot follow), so
every joint separates two elements; as many elements as records means one each.
"""

from collections.abc import Sequence

import msgspec

from streams.errors import InvalidEventError
from streams.events import InputEvent, decode_input
from streams.topics import MESSAGE_BYTES_MAX

_HEAD = b'{"type":'
_JOINT = b"}\n," + _HEAD
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


def decode_all(values: Sequence[bytes]) -> Sequence[Decoded]:
    """Return for each value what `decode_one` returns or raises."""
    joined = b"\n,".join(values)
    joints = len(values) - 1
    if (
        joined.count(b"\n") == joints
        and joined.count(_JOINT) == joints
        and joined.startswith(_HEAD)
        and joined.endswith(b"}")
        and b"[" not in joined
        and max(map(len, values)) <= MESSAGE_BYTES_MAX
    ):
        try:
            events = _DECODE_ALL(b"[" + joined + b"]")
        except (msgspec.DecodeError, UnicodeDecodeError):
            events = []  # one of them is none: find out which
        if len(events) == len(values):
            return events
    return [_decoded(value) for value in values]


def _decoded(value: bytes) -> Decoded:
    try:
        return decode_one(value)
    except InvalidEventError as error:
        return error
