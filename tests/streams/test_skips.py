"""The skip list: durable, whole after a torn write, and quick to say that there is nothing to skip."""

from pathlib import Path

from streams.skips import Skip, SkipList


def test_a_range_is_asked_for_at_once(tmp_path: Path) -> None:
    """Both ends belong to the range, and partitions do not answer for each other."""
    skips = SkipList(tmp_path / "skips.jsonl")
    for offset in (50, 10, 30):
        skips.add(Skip("readings", 1, offset, "KeyError"))

    asked = [(0, 9), (10, 10), (11, 29), (20, 30), (31, 49), (0, 99), (51, 99)]
    assert [skips.any_in("readings", 1, *one) for one in asked] == [False, True, False, True, False, True, False]
    assert [skip.offset for skip in skips.between("readings", 1, 10, 49)] == [10, 30]
    assert not skips.any_in("readings", 2, 0, 99)
    skips.forget("readings", 1)
    assert not skips.any_in("readings", 1, 0, 99)


def test_a_torn_line_takes_no_other_with_it(tmp_path: Path) -> None:
    """A crash in the middle of a line loses that line; what is written next begins on its own."""
    path = tmp_path / "skips.jsonl"
    SkipList(path).add(Skip("readings", 1, 1, "KeyError"))
    path.write_bytes(path.read_bytes() + b'{"topic":"readings","par')

    SkipList(path).add(Skip("readings", 1, 3, "KeyError"))

    assert [skip.offset for skip in SkipList(path).between("readings", 1, 0, 9)] == [1, 3]


def test_a_list_of_the_version_before_is_read(tmp_path: Path) -> None:
    """Lines without a count of deaths are records that raised."""
    path = tmp_path / "skips.jsonl"
    path.write_bytes(b'{"topic":"readings","partition":1,"offset":7,"message":"KeyError"}\n')

    skip = SkipList(path).find("readings", 1, 7)

    assert skip is not None
    assert skip.reason() == "folding it raised KeyError; it was passed over"
