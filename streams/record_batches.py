"""One partition's part of a Kafka answer in, its records as columns out, without an object for each of them.

Source of the layout: Kafka's documentation, "Message Format", record batches of magic 2. A loop finds where each record
begins, which only the length of the one before it says; every other field is read of all records at once. Batches of
older formats are left to aiokafka's classes.
"""

import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, groupby
from typing import Any, NamedTuple

import cramjam
import numpy as np
import numpy.typing as npt
from aiokafka.codec import gzip_decode, lz4_decode, snappy_decode, zstd_decode
from aiokafka.errors import CorruptRecordException, UnsupportedCodecError
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from streams.records import Records
from streams.values import Int64s, Values

STEP_RECORDS_MAX = 2_000  # as many as the fold decodes at once; a batch that holds more is a step of its own
STEP_BYTES_MAX = 1_000_000  # of decompressed batches, after which no other is joined to them

Uint8s = npt.NDArray[np.uint8]
_HEADER = struct.Struct(">qiibIhiqqqhii")
_LENGTH_TO, _MAGIC_AT, _SUMMED_FROM = 12, 16, 21  # places in a batch; a length counts what follows it
_CODEC, _APPEND_TIME, _CONTROL = 0x07, 0x08, 0x20  # bits of its attributes
_CODECS: dict[int, Callable[[bytes], bytes]] = {1: gzip_decode, 2: snappy_decode, 3: lz4_decode, 4: zstd_decode}
_BROKEN = (cramjam.DecompressionError, struct.error, zlib.error, EOFError, OSError)  # what codecs raise
_VARINT_BYTES_MAX = 10
_NO_SIGN = (1 << 63) - 1


class Header(NamedTuple):
    """What stands before the records of a batch."""

    base_offset: int
    length: int
    leader_epoch: int
    magic: int
    checksum: int
    attributes: int
    last_offset_delta: int
    first_ms: int  # Unix milliseconds, of the first record
    max_ms: int  # Unix milliseconds; of all records, where the topic has append times
    producer_id: int
    producer_epoch: int
    base_sequence: int
    record_count: int

    @property
    def next_offset(self) -> int:
        """Return the offset after the batch, also when compaction took its last record."""
        return self.base_offset + self.last_offset_delta + 1


Opened = tuple[Header, bytes]  # its records, decompressed


def read(data: bytes, place: str, *, check_crcs: bool) -> Iterator[tuple[Records, int]]:
    """Yield the records of `data`, about 2,000 at once or none, and the offset after them.

    Transactions are not waited for; their marks are left out. A batch that is cut off at the end is not read. Raise
    CorruptRecordException, which names `place` and offset, for a batch that nobody can have written.
    """
    for old, batches in groupby(_batches(data, place), key=_is_old):
        yield from (_read_old if old else _read_new)(batches, place, check_crcs=check_crcs)


def _batches(data: bytes, place: str) -> Iterator[bytes]:
    at = 0
    while at + _MAGIC_AT < len(data):
        base_offset, length = struct.unpack_from(">qi", data, at)
        if length <= _MAGIC_AT - _LENGTH_TO:
            raise CorruptRecordException(f"{place}: the record batch at offset {base_offset} has {length} bytes")
        end = at + _LENGTH_TO + length
        if end > len(data):
            return
        yield data[at:end]
        at = end


def _is_old(batch: bytes) -> bool:
    return batch[_MAGIC_AT] < 2


def _read_new(batches: Iterable[bytes], place: str, *, check_crcs: bool) -> Iterator[tuple[Records, int]]:
    step: list[Opened] = []
    for batch in batches:
        opened = _opened(batch, place, check_crcs=check_crcs)
        if step and _full(step, opened[0]):
            yield _joined(step, place)
            step = []
        step.append(opened)
    yield _joined(step, place)


def _opened(batch: bytes, place: str, *, check_crcs: bool) -> tuple[Header, bytes]:
    """Return the header and the decompressed records of a batch; of a transaction's mark no records."""
    if len(batch) < _HEADER.size:
        raise CorruptRecordException(f"{place}: a record batch of {len(batch)} bytes is shorter than its header")
    header = Header._make(_HEADER.unpack_from(batch))
    name = f"{place}: the record batch at offset {header.base_offset}"
    if check_crcs and calc_crc32c(memoryview(batch)[_SUMMED_FROM:]) != header.checksum:
        raise CorruptRecordException(f"{name} is not what was written: its checksum is wrong")
    if header.attributes & _CONTROL:
        return header._replace(record_count=0), b""
    body, codec = batch[_HEADER.size :], header.attributes & _CODEC
    if not codec:
        return header, body
    if codec not in _CODECS:
        raise UnsupportedCodecError(f"{name} is packed by codec {codec}, which Kafka does not have")
    try:
        return header, _CODECS[codec](body)
    except _BROKEN as error:
        raise CorruptRecordException(f"{name} cannot be unpacked: {error}") from error


def _full(step: Sequence[Opened], coming: Header) -> bool:
    records = sum(header.record_count for header, _ in step) + coming.record_count
    return records > STEP_RECORDS_MAX or sum(len(body) for _, body in step) > STEP_BYTES_MAX


def _joined(step: Sequence[Opened], place: str) -> tuple[Records, int]:
    """Return the records of batches that follow each other, and the offset after them."""
    headers = [header for header, _ in step]
    body = b"".join(own for _, own in step)
    try:
        begins = _begins(body, headers, accumulate(len(own) for _, own in step))
        return _records(body, headers, begins), headers[-1].next_offset
    except (IndexError, ValueError) as error:
        raise CorruptRecordException(
            f"{place}: a record batch from offset {headers[0].base_offset} to {headers[-1].next_offset - 1} "
            f"is not laid out as Kafka does: {error}"
        ) from error


def _records(body: bytes, headers: Sequence[Header], begins: Sequence[int]) -> Records:
    if len(begins) == 1:
        return Records.of(())
    view = np.frombuffer(body, np.uint8)
    deltas_ms, deltas, starts, stops = _fields(view, np.array(begins, np.int64))
    offsets = np.repeat([one.base_offset for one in headers], [one.record_count for one in headers]) + deltas
    first, last = int(offsets[0]), int(offsets[-1])
    return Records(
        range(first, last + 1) if last - first + 1 == len(offsets) else offsets.tolist(),
        _walls_s(headers, deltas_ms),
        Values(body, starts, stops),
    )


def _begins(body: bytes, headers: Sequence[Header], ends: Iterable[int]) -> list[int]:
    """Return where each record begins, with its length, and where the last one ends; batches reach to `ends`."""
    begins: list[int] = []
    begin, at = begins.append, 0
    for header, end in zip(headers, ends, strict=True):
        for _ in range(header.record_count):
            begin(at)
            low = body[at]
            if low < 0x80:  # a length is written doubled, 7 bits a byte, the lowest first
                at += 1 + (low >> 1)
            elif (high := body[at + 1]) < 0x80:
                at += 2 + ((low & 0x7F | high << 7) >> 1)
            else:
                at = _after(body, at)
        if at != end:
            raise ValueError(f"{header.record_count} records at {header.base_offset} have {at - end:+d} bytes too many")
    begin(at)
    return begins


def _after(body: bytes, at: int) -> int:
    """Return where a record ends whose length at `at` takes three bytes or more."""
    length = shift = 0
    while body[at] >= 0x80 and shift < 7 * _VARINT_BYTES_MAX:
        length |= (body[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return at + 1 + ((length | body[at] << shift) >> 1)


def _fields(body: Uint8s, begins: Int64s) -> tuple[Int64s, Int64s, Int64s, Int64s]:
    """Return of all records the time and the offset since their batch's, and from where to where the value reaches."""
    lengths, at = _varints(body, begins[:-1])
    ends = at + lengths
    deltas_ms, at = _varints(body, at + 1)  # after a byte of attributes that means nothing yet
    deltas, at = _varints(body, at)
    key_lengths, at = _varints(body, at)
    value_lengths, starts = _varints(body, at + np.maximum(key_lengths, 0))  # -1: there is none
    if (ends != begins[1:]).any() or (value_lengths >= ends - starts).any():
        raise ValueError("a record is longer than it says")
    return deltas_ms, deltas, starts, starts + np.maximum(value_lengths, 0)


def _varints(body: Uint8s, at: Int64s) -> tuple[Int64s, Int64s]:
    """Return the signed numbers of variable length that stand at `at`, and the places after them."""
    byte = body[at]
    value, at = (byte & 0x7F).astype(np.int64), at + 1
    going = (byte >= 0x80).nonzero()[0]
    for shift in range(7, 7 * _VARINT_BYTES_MAX, 7):
        if not len(going):
            break
        byte = body[at[going]]
        value[going] |= (byte & 0x7F).astype(np.int64) << shift
        at[going] += 1
        going = going[byte >= 0x80]
    return (value >> 1 & _NO_SIGN) ^ -(value & 1), at


def _walls_s(headers: Sequence[Header], deltas_ms: Int64s) -> list[float]:
    walls_s: list[float] = []
    for header in headers:
        if header.attributes & _APPEND_TIME:
            walls_s += [header.max_ms / 1000.0] * header.record_count
        else:
            own_ms = header.first_ms + deltas_ms[len(walls_s) : len(walls_s) + header.record_count]
            walls_s += (own_ms / 1000.0).tolist()
    return walls_s


def _read_old(batches: Iterable[bytes], place: str, *, check_crcs: bool) -> Iterator[tuple[Records, int]]:
    """Read what is older than magic 2, where a batch is one record unless it is packed."""
    records: list[Any] = []
    next_offset = 0
    for data in batches:
        batch = MemoryRecords(data).next_batch()  # one by one: aiokafka takes all for as old as the first
        next_offset = batch.next_offset
        if check_crcs and not batch.validate_crc():
            raise CorruptRecordException(
                f"{place}: the records up to offset {next_offset - 1} are not what was written: wrong checksum"
            )
        records += batch
        if records:  # a packed one may say where it begins
            next_offset = max(next_offset, records[-1].offset + 1)
        if len(records) >= STEP_RECORDS_MAX:
            yield Records.of(records), next_offset
            records = []
    yield Records.of(records), next_offset
