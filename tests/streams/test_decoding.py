"""A batch decoded at once says what its records say one by one, however they would join."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.decoding import decode_all, decode_one
from streams.errors import InvalidEventError
from streams.values import Values

joints = st.sampled_from(
    [
        b'{"type":"heartbeat.v1","pool_id":"a","feed_id":"f","complete_until_s":1.0}',
        b'{"type":"heartbeat.v1","pool_id":"a","feed_id":"f","complete_until_s":1.0},{"type":"clock.v1"}',
        b'{"type":"heartbeat.v1","x":"}',
        b'{"type":"},{"type":"clock.v1"}',
        b'{"type":"heartbeat.v1","x":[{}',
        b'{"type":"clock.v1"}],"pool_id":"a","feed_id":"f","complete_until_s":1.0}',
        b'{"type":"heartbeat.v1","x":{}',
        b'{"type":"heartbeat.v1","pool_id":"\\}',
        b'{"type":"unreadable.v1","event_id":"[1]","pool_id":"a","feed_id":"f","reason":"r"}',
        b'{"type":"clock.v1"}\n',
        b"",
    ]
)


@settings(max_examples=500, deadline=None)
@given(
    values=st.lists(joints, min_size=1, max_size=6),
    gaps=st.lists(st.sampled_from([b"  ", b"[{", b'"}],', b'{"type":', b"\0\n\xff\0\0"]), min_size=7, max_size=7),
)
def test_records_that_would_join_into_others_are_told_apart(values: list[bytes], gaps: list[bytes]) -> None:
    """Two broken records must not make a whole one, and none may swallow its neighbour or what lies between."""
    alone: list[object] = []
    for value in values:
        try:
            alone.append(decode_one(value))
        except InvalidEventError as error:
            alone.append(str(error))

    together = [str(one) if isinstance(one, InvalidEventError) else one for one in decode_all(_laid_out(values, gaps))]

    assert together == alone


def _laid_out(values: list[bytes], gaps: list[bytes]) -> Values:
    """Return values with a gap before each and after the last, as they lie in a batch."""
    starts, body = [], b""
    for gap, value in zip(gaps, values, strict=False):
        starts.append(len(body + gap))
        body += gap + value
    stops = [start + len(value) for start, value in zip(starts, values, strict=True)]
    return Values(body + gaps[-1], np.array(starts), np.array(stops))
