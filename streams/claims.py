"""The first decision of a pool and tick wins: a payload in, the one that won out, sent or to be sent.

A tick can be decided twice, by a worker that died after deciding or by two that both think they own the pool. The
claim is taken before anything is sent, and whoever lost sends what won, as it is stored: readers see one decision.
Once it is on the topic `actions` the topic tells, and the claim is kept only for those who decide at the same moment:
payloads of weeks would fill Redis. `MemoryClaims` is held to the same tests.
"""

from typing import Any, Protocol

import redis.asyncio

from streams.redis_answers import answered, raise_first

CLAIM_KEY = "headgate:claim:"  # + tick_id: the payload as it is sent
CLAIM_TTL_S = 14 * 86_400  # of one that was not sent: twice the retention of the topic `ticks`, no tick comes after
SENT_TTL_S = 600  # of one that was: far longer than an agent decides without looking at the topic


class Claims(Protocol):
    """Keeps the first payload of each tick. Raises UnavailableError when it cannot say which that is."""

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        """Return the payload that won: `payload`, or the one that was there before.

        Ticks are claimed one after the other: the claim of another one says that the one before is sent, or given up.
        """
        ...


class MemoryClaims:
    """The in-memory twin of `RedisClaims`."""

    def __init__(self) -> None:
        self._payloads: dict[str, bytes] = {}

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        """See `Claims`."""
        return self._payloads.setdefault(tick_id, payload)


class RedisClaims:
    """`Claims` in Redis or Valkey: one SET NX GET, which is atomic."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._client: Any = client
        self._last: str | None = None  # the tick claimed last

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        """See `Claims`."""
        async with answered(self._client, f"Redis does not take the claim of {tick_id}"):
            async with self._client.pipeline(transaction=False) as pipeline:
                pipeline.set(CLAIM_KEY + tick_id, payload, nx=True, get=True, ex=CLAIM_TTL_S)
                if self._last not in (None, tick_id):
                    pipeline.expire(f"{CLAIM_KEY}{self._last}", SENT_TTL_S)
                answers = await pipeline.execute(raise_on_error=False)
            raise_first(answers)
        self._last = tick_id
        return payload if answers[0] is None else bytes(answers[0])
