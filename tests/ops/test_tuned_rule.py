"""What tuning found is remembered for the same pools and past only."""

from pathlib import Path

import msgspec

from ops import tuned_rule
from tests.streams.pools import START_S, sale, shop


def test_the_same_past_is_tuned_once(tmp_path: Path) -> None:
    """What was written is read again under its digest, and under no other."""
    path = tmp_path / tuned_rule.FILE
    digest = tuned_rule.digest_of([shop()], [sale(START_S, 2.0)])
    tuned_rule.write(path, digest, {0.6: 10.0, 0.7: 9.0})

    assert tuned_rule.read(path, digest) == {0.6: 10.0, 0.7: 9.0}
    assert tuned_rule.read(path, tuned_rule.digest_of([shop()], [sale(START_S, 3.0)])) is None
    dearer = msgspec.structs.replace(shop(), budget=5.0)
    assert tuned_rule.read(path, tuned_rule.digest_of([dearer], [sale(START_S, 2.0)])) is None


def test_a_torn_or_missing_file_is_tuned_again(tmp_path: Path) -> None:
    """Nothing that cannot be read is believed."""
    path = tmp_path / tuned_rule.FILE
    assert tuned_rule.read(path, "x") is None
    path.write_bytes(b'{"digest": "x", "tri')
    assert tuned_rule.read(path, "x") is None
