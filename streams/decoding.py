"""The values of records in, one event or one error for each out: a whole batch in one call where that is safe.

Joined by commas, many records are one JSON array. That array must not say more or less than its records say one by
one: each begins with `{"type":` and ends with `}`, and no record holds a `[`. A joint can then lie neither inside an
array (there is none), nor inside an object (a key cannot begin with `{`), nor inside a string (the quote after `{`
would end it, and `t` cannot follow), so every joint separates two elements; as many elements as records means one each.
"""

from collections.abc import Sequence

import msgspec

from streams.errors import InvalidEventError
from streams.events import InputEvent, decode_input
from streams.topics import MESSAGE_BYTES_MAX

_HEAD, _TAIL = b'{"type":', b"}"
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
    if (
        len(values) > 1
        and {value[: len(_HEAD)] for value in values} == {_HEAD}
        and {value[-1:] for value in values} == {_TAIL}
        and max(map(len, values)) <= MESSAGE_BYTES_MAX
    ):
        joined = b",".join(values)
        if b"[" not in joined:
            try:
                events = _DECODE_ALL(b"[" + joined + b"]")
            except (msgspec.DecodeError, UnicodeDecodeError):
                return [_decoded(value) for value in values]  # one of them is none: find out which
            if len(events) == len(values):
                return events
    return [_decoded(value) for value in values]


def _decoded(value: bytes) -> Decoded:
    try:
        return decode_one(value)
    except InvalidEventError as error:
        return error
