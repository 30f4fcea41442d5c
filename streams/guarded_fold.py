"""Records of one shard in, effects slice by slice out: passing over what broke the fold before, marking what might.

A record that raises is put on the durable skip list; one that ends the process is found by counting deaths. Either way
the caller drops the shard, and its next owner restores it, replays, and meets the record as a dead letter.
"""

import logging
from collections.abc import Iterator

from streams.attempts import NEAR, NEAR_SKIPS_MAX, Attempts
from streams.effects import Effects
from streams.errors import InvalidEventError
from streams.records import Records
from streams.shard import Shard
from streams.skips import Skip, SkipList

log = logging.getLogger(__name__)


class GuardedFold:
    """Folds for all shards of a process."""

    def __init__(self, skips: SkipList, attempts: Attempts) -> None:
        self._skips = skips
        self._attempts = attempts

    def fold(self, shard: Shard, records: Records) -> Iterator[Effects]:
        """Fold `records`; raises what the fold raises, and the shard is then half changed and of no use."""
        try:
            for part in self._parts(shard, records):
                skip = self._skips.find(shard.topic, shard.partition, part.offsets[0])
                yield from self._marked(shard, part) if skip is None else self._pass_over(shard, part, skip)
        except MemoryError:
            raise  # no fault of the record's
        except Exception as error:
            self._note(Skip(shard.topic, shard.partition, shard.next_offset - 1, type(error).__name__))
            raise

    def _note(self, skip: Skip) -> None:
        """Have the record passed over after the restart, unless so many near it were that the fault must be ours."""
        near = self._skips.between(skip.topic, skip.partition, skip.offset - NEAR, skip.offset + NEAR)
        place = f"{skip.topic}/{skip.partition}/{skip.offset}"
        if len(near) >= NEAR_SKIPS_MAX:
            log.critical(
                "folding %s raised %s, and %d records near it were passed over before: that is not the records' fault, "
                "so none is passed over any more and the worker stops here until it is mended",
                *(place, skip.message, len(near)),
            )
            return
        self._skips.add(skip)
        log.error("folding %s failed; it will be passed over after the restart", place, exc_info=True)  # noqa: LOG014  in a handler: see `fold`

    def _parts(self, shard: Shard, records: Records) -> Iterator[Records]:
        """Return `records` whole, or one by one when one of them is on the skip list or may be deadly."""
        if not records:
            return
        span = (shard.topic, shard.partition, records.offsets[0], records.offsets[-1])
        if self._skips.any_in(*span) or self._attempts.is_suspect(*span):
            for offset in records.offsets:
                yield records.after(offset).before(offset + 1)
        else:
            yield records

    def _marked(self, shard: Shard, part: Records) -> Iterator[Effects]:
        """Fold `part`, its place on disk while the fold runs, so that a death in it is counted."""
        slices = shard.fold(part)
        while True:
            first = max(part.offsets[0], shard.next_offset)
            with self._attempts.folding(shard.topic, shard.partition, first, part.offsets[-1]):
                effects = next(slices, None)
            if effects is None:
                return
            yield effects

    @staticmethod
    def _pass_over(shard: Shard, part: Records, skip: Skip) -> Iterator[Effects]:
        error = InvalidEventError("poison", skip.reason())
        yield shard.park(part.values[0], error, offset=skip.offset, wall_s=part.wall_s[0])
