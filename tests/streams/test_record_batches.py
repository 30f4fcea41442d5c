"""Columns read from Kafka's bytes are what aiokafka's own reader makes of them; broken bytes are refused."""

import contextlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from unittest import mock

import cramjam
import pytest
from aiokafka.consumer import fetcher
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError
from aiokafka.record import memory_records
from aiokafka.record.default_records import (
    DefaultRecordBatchBuilder,
    _DefaultRecordBatchPy,
)
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import record_batches
from streams.records import Stretch
from streams.topics import TRANSACTIONS
from streams.transport import FetchedBytes, InputRecords

PLACE = TopicPartition(TRANSACTIONS.name, 3)
NONE, GZIP, SNAPPY, LZ4, ZSTD = range(5)
APPEND_TIME, CONTROL = 0x08, 0x20
ATTRIBUTES_AT, LAST_DELTA_AT, MAX_MS_AT, COUNT_AT, BODY_AT = 21, 23, 35, 57, 61
MAX_OFFSET_DELTA = 9_000  # offset deltas of one, two and three bytes


@dataclass(frozen=True)
class Written:
    """One record as a producer hands it over."""

    delta: int  # of its offset, to the batch's first
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


texts = st.none() | st.binary(max_size=4) | st.integers(60, 20_000).map(lambda size: b"x" * size)
times_ms = st.integers(-1, 2) | st.integers(0, 1 << 62)
headers = st.lists(st.tuples(st.text(max_size=3), st.none() | st.binary(max_size=3)), max_size=2)


@st.composite
def record_lists(draw: st.DrawFn) -> list[Written]:
    """Return records of one batch; offsets between them may be missing, as after compaction."""
    deltas = draw(st.just(range(draw(st.integers(1, 5)))) | st.sets(st.integers(0, MAX_OFFSET_DELTA), min_size=1))
    return [Written(delta, draw(times_ms), draw(texts), draw(texts), draw(headers)) for delta in sorted(deltas)[:6]]


def packed(records: Sequence[Written], *, base_offset: int = 0, codec: int = NONE, transaction: bool = False) -> bytes:
    """Return a batch as aiokafka's producer builds it and a broker gives it its place."""
    builder = DefaultRecordBatchBuilder(2, codec, transaction, 7 if transaction else -1, 0, 0, 1 << 30)
    for record in records:
        assert builder.append(record.delta, record.timestamp_ms, record.key, record.value, record.headers) is not None
    batch = builder.build()
    struct.pack_into(">q", batch, 0, base_offset)
    return bytes(batch)


def changed(batch: bytes, **places: int) -> bytes:
    """Return a batch as a broker would have changed it: bits set in its attributes, other numbers replaced."""
    own = bytearray(batch)
    own[ATTRIBUTES_AT + 1] |= places.pop("attributes", 0)
    for name, value in places.items():
        form, at = {"last_delta": (">i", LAST_DELTA_AT), "max_ms": (">q", MAX_MS_AT), "count": (">i", COUNT_AT)}[name]
        struct.pack_into(form, own, at, value)
    return sealed(bytes(own))


def sealed(batch: bytes) -> bytes:
    """Return a batch with the length and the checksum of what it holds."""
    return batch[:8] + struct.pack(">i", len(batch) - 12) + batch[12:17] + _crc(batch) + batch[ATTRIBUTES_AT:]


def _crc(batch: bytes) -> bytes:
    return struct.pack(">I", calc_crc32c(batch[ATTRIBUTES_AT:]))


@st.composite
def answers(draw: st.DrawFn) -> list[bytes]:
    """Return batches in the order of their offsets: data, marks of transactions, and what compaction has emptied."""
    batches = []
    at = draw(st.integers(0, 1 << 40))
    for _ in range(draw(st.integers(1, 5))):
        records = draw(record_lists())
        batch = packed(records, base_offset=at, codec=draw(st.integers(NONE, ZSTD)), transaction=draw(st.booleans()))
        gone = draw(st.integers(0, 3))  # offsets whose records compaction took from the batch's end
        last_delta = records[-1].delta + gone
        batch = changed(batch, last_delta=last_delta)
        kind = draw(st.sampled_from(["created", "appended", "mark", "emptied"]))
        if kind == "appended":
            batch = changed(batch, attributes=APPEND_TIME, max_ms=draw(times_ms))
        elif kind == "mark":
            mark = packed([Written(0, 0, b"\0\0\0\0", b"\0\0\0\0\0\0", [])], base_offset=at, transaction=True)
            batch, last_delta = changed(mark, attributes=CONTROL), 0
        elif kind == "emptied":
            batch = sealed(changed(packed(records, base_offset=at), last_delta=last_delta, count=0)[:BODY_AT])
        batches.append(batch)
        at += last_delta + 1 + draw(st.integers(0, 2))
    return batches


def read(data: bytes, fetch_offset: int, *, check_crcs: bool = True) -> tuple[list[tuple[int, float, bytes]], int]:
    """Return what the transport reads of an answer, and where it would fetch next."""
    own = InputRecords(PLACE, FetchedBytes(data), None, fetch_offset, None, None, check_crcs, fetcher.READ_UNCOMMITTED)
    steps: list[Stretch] = list(own)
    ends = [fetch_offset, *(step.end_offset for step in steps)]
    assert [step.start_offset for step in steps] == ends[:-1]  # without a hole
    assert ends[-1] == own.next_fetch_offset
    found = []
    for start_offset, end_offset, records in steps:
        assert not check_crcs or all(start_offset <= offset < end_offset for offset in records.offsets)
        found += zip(records.offsets, records.wall_s, records.values, strict=True)
    return found, own.next_fetch_offset


def expected(data: bytes, first_offset: int, fetch_offset: int) -> tuple[list[tuple[int, float, bytes]], int]:
    """Return what aiokafka reads of it, record by record and in Python, from `fetch_offset` on."""
    with mock.patch.object(memory_records, "DefaultRecordBatch", _DefaultRecordBatchPy):
        batches = memory_records._MemoryRecordsPy(data)
        own = InputRecords.__base__(PLACE, batches, None, first_offset, None, None, True, fetcher.READ_UNCOMMITTED)
        found = [(one.offset, (one.timestamp or 0) / 1000.0, one.value or b"") for one in own]
    return [one for one in found if one[0] >= fetch_offset], max(own.next_fetch_offset, fetch_offset)


@settings(max_examples=300, deadline=None)
@given(batches=answers(), step_max=st.sampled_from([1, 4, 2_000]), data=st.data())
def test_columns_are_what_aiokafka_reads(batches: list[bytes], step_max: int, data: st.DataObject) -> None:
    """All codecs and kinds of time, from any offset and torn at any byte."""
    whole = b"".join(batches)
    torn = whole[: data.draw(st.just(len(whole)) | st.integers(0, len(whole)))]
    first = int.from_bytes(batches[0][:8], "big")
    fetch_offset = first + data.draw(st.integers(0, 3) | st.integers(0, MAX_OFFSET_DELTA))

    with mock.patch.object(record_batches, "STEP_RECORDS_MAX", step_max):
        assert read(torn, fetch_offset) == expected(torn, first, fetch_offset)


@settings(deadline=None)
@given(batches=answers(), data=st.data())
def test_a_flipped_bit_is_refused(batches: list[bytes], data: st.DataObject) -> None:
    """Everything behind the magic is under the checksum, and the text says where it is."""
    number = data.draw(st.integers(0, len(batches) - 1))
    broken = bytearray(batches[number])
    broken[data.draw(st.integers(17, len(broken) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    batches[number] = bytes(broken)
    offset = int.from_bytes(broken[:8], "big")

    with pytest.raises(
        CorruptRecordException, match=rf"transactions/3: the record batch at offset {offset} .*checksum"
    ):
        read(b"".join(batches), 0)


@settings(max_examples=300, deadline=None)
@given(records=record_lists(), data=st.data())
def test_bytes_of_no_meaning_are_refused_or_read_but_never_anything_else(
    records: list[Written], data: st.DataObject
) -> None:
    """Without checksums a broken record may go unnoticed, but it is not read beyond its batch."""
    batch = bytearray(packed(records, codec=data.draw(st.integers(NONE, ZSTD))))
    for _ in range(data.draw(st.integers(1, 3))):
        batch[data.draw(st.integers(BODY_AT, len(batch) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CorruptRecordException):
        found, _ = read(bytes(batch), -(1 << 63), check_crcs=False)
        assert len(found) == len(records)


@pytest.mark.parametrize("count", [-1, 1, 3])
def test_another_count_than_there_are_records_is_refused(count: int) -> None:
    """Two records that are said to be fewer or more."""
    batch = packed([Written(0, 5, None, b"a", []), Written(1, 5, None, b"b", [])])

    with pytest.raises(CorruptRecordException, match=r"offset 0 to 1 is not laid out as Kafka does"):
        read(changed(batch, count=count), 0)


@pytest.mark.parametrize("length", [-(1 << 31), -13, -1, 0, 4, 13, 14, 48])
def test_a_batch_shorter_than_its_header_is_refused(length: int) -> None:
    """Whatever its length says: one that is below zero would lead backwards."""
    batch = packed([Written(0, 5, None, b"a" * 100, [])])

    with pytest.raises(CorruptRecordException, match=r"transactions/3: .*record batch .* bytes"):
        read(batch[:8] + struct.pack(">i", length) + batch[12:], 0)


def test_what_no_codec_has_packed_is_refused() -> None:
    """Number 5 is nobody's; snappy's bytes are not lz4's."""
    plain = packed([Written(0, 5, None, b"a" * 100, [])])

    with pytest.raises(UnsupportedCodecError, match=r"codec 5"):
        read(changed(plain, attributes=5), 0)
    with pytest.raises(CorruptRecordException, match=r"offset 0 cannot be unpacked"):
        read(changed(plain, attributes=LZ4), 0)


def test_snappy_without_javas_frame_is_read() -> None:
    """As librdkafka sends it."""
    plain = packed([Written(0, 5_000, None, b"a" * 100, [])])
    raw = plain[:BODY_AT] + bytes(cramjam.snappy.compress_raw(plain[BODY_AT:]))

    assert read(changed(raw, attributes=SNAPPY), 0) == ([(0, 5.0, b"a" * 100)], 1)


def test_small_batches_are_joined_and_large_ones_stay_alone() -> None:
    """A step is what the fold decodes at once, and has a bound in bytes; its offsets are a range."""
    small = [Written(number, 5, None, b"a", []) for number in range(700)]
    large = [Written(number, 5, None, b"a" * 1_000, []) for number in range(1_100)]
    sizes = [small, small, small, large, small, small, small * 4]
    data = b"".join(
        packed([Written(at, 5, None, one.value, []) for at, one in enumerate(records)], base_offset=10_000 * number)
        for number, records in enumerate(sizes)
    )
    steps = list(record_batches.read(data, "transactions/3", check_crcs=True))

    assert [len(records) for records, _ in steps] == [1_400, 1_800, 1_400, 2_800]
    assert [next_offset for _, next_offset in steps] == [10_700, 31_100, 50_700, 62_800]
    assert isinstance(steps[-1][0].offsets, range)


@pytest.mark.parametrize("magic", [0, 1])
@pytest.mark.parametrize("codec", [NONE, GZIP, SNAPPY])
def test_older_formats_are_read_by_aiokafka(magic: int, codec: int) -> None:
    """Also when batches of today follow; what is broken is refused there too."""
    builder = LegacyRecordBatchBuilder(magic, codec, 1 << 20)
    for offset in range(5):
        builder.append(offset, 5_000 + offset, b"key", None if offset == 3 else b"a" * 100)
    old = bytes(builder.build())
    data = old + packed([Written(0, 9_000, None, b"new", [])], base_offset=5)
    found, next_offset = read(data + old[:-1], 2)
    times_s = [-0.001] * 3 if magic == 0 else [5.002, 5.003, 5.004]

    assert found == [
        *zip(range(2, 5), times_s, [b"a" * 100, b"", b"a" * 100], strict=True),
        (5, 9.0, b"new"),
    ]
    assert next_offset == 6
    with pytest.raises(CorruptRecordException, match=r"transactions/3: .* wrong checksum"):
        read(old[:-1] + bytes([old[-1] ^ 1]), 0)
