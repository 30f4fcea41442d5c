"""A batch decoded at once says what its records say one by one, however they would join."""

from hypothesis import given, settings
from hypothesis import strategies as st

from streams.decoding import decode_all, decode_one
from streams.errors import InvalidEventError

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
@given(values=st.lists(joints, min_size=1, max_size=6))
def test_records_that_would_join_into_others_are_told_apart(values: list[bytes]) -> None:
    """Two broken records must not make a whole one, and none may swallow its neighbour."""
    alone: list[object] = []
    for value in values:
        try:
            alone.append(decode_one(value))
        except InvalidEventError as error:
            alone.append(str(error))

    together = [str(one) if isinstance(one, InvalidEventError) else one for one in decode_all(values)]

    assert together == alone
