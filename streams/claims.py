"""The first decision of a pool and tick wins: a payload in, the one that won out, sent or to be sent.

A tick can be decided twice, by a worker that died after deciding or by two that both think they own the pool. The
claim is taken before anything is sent, and whoever lost sends what won, as it is stored: readers see one decision.
`MemoryClaims` is held to the same tests.
"""

from typing import Any, Protocol

import redis.asyncio

from streams.redis_answers import answered

CLAIM_KEY = "headgate:claim:"  # + tick_id: the payload as it is sent
CLAIM_TTL_S = 14 * 86_400  # twice the retention of the topic `ticks`: no tick comes again after that


class Claims(Protocol):
    """Keeps the first payload of each tick. Raises UnavailableError when it cannot say which that is."""

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        """Return the payload that won: `payload`, or the one that was there before."""
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

    async def claim(self, tick_id: str, payload: bytes) -> bytes:
        """See `Claims`."""
        async with answered(self._client, f"Redis does not take the claim of {tick_id}"):
            held = await self._client.set(CLAIM_KEY + tick_id, payload, nx=True, get=True, ex=CLAIM_TTL_S)
        return payload if held is None else bytes(held)
