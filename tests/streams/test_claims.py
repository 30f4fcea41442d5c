"""Both stores of claims keep the same promises; Redis with a real Valkey."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import redis.asyncio

from ops.stack.local import LocalStack
from streams.claims import CLAIM_KEY, CLAIM_TTL_S, SENT_TTL_S, Claims, MemoryClaims, RedisClaims
from streams.connections import redis_options
from streams.errors import UnavailableError
from streams.settings import Settings

Check = Callable[[Claims], Coroutine[Any, Any, None]]


def on_memory(check: Check, _settings: Settings) -> None:
    """Run `check` on the in-memory store."""
    asyncio.run(check(MemoryClaims()))


def on_redis(check: Check, settings: Settings) -> None:
    """Run `check` on an empty Valkey."""

    async def run() -> None:
        async with redis.asyncio.Redis.from_url(settings.redis, **redis_options(settings)) as client:
            await client.flushdb()
            await check(RedisClaims(client))

    asyncio.run(run())


stores = pytest.mark.parametrize("on", [on_memory, on_redis])


@stores
def test_the_first_payload_wins(on: Callable[[Check, Settings], None], settings: Settings) -> None:
    """The second one gets the first, also when it asks again; another tick is another claim."""

    async def check(claims: Claims) -> None:
        assert await claims.claim("shop/1", b"first \x00\xff") == b"first \x00\xff"
        assert await claims.claim("shop/1", b"second") == b"first \x00\xff"
        assert await claims.claim("shop/1", b"first \x00\xff") == b"first \x00\xff"
        assert await claims.claim("shop/2", b"second") == b"second"

    on(check, settings)


@stores
def test_of_many_at_once_one_wins(on: Callable[[Check, Settings], None], settings: Settings) -> None:
    """All get the same answer, and it is one of theirs."""

    async def check(claims: Claims) -> None:
        payloads = [f"payload {number}".encode() for number in range(20)]

        answers = await asyncio.gather(*(claims.claim("shop/1", payload) for payload in payloads))

        assert len(set(answers)) == 1
        assert answers[0] in payloads

    on(check, settings)


def test_a_claim_outlives_every_tick_until_it_is_sent(settings: Settings) -> None:
    """Then it is kept for minutes only, so that Redis does not fill up; asking for it again sends nothing early."""

    async def check(claims: Claims) -> None:
        async with redis.asyncio.Redis.from_url(settings.redis) as client:
            for _ in range(2):
                await claims.claim("shop/1", b"payload")
                assert SENT_TTL_S < await client.ttl(CLAIM_KEY + "shop/1") <= CLAIM_TTL_S
            await claims.claim("shop/2", b"payload")
            assert 0 < await client.ttl(CLAIM_KEY + "shop/1") <= SENT_TTL_S
            assert await client.ttl(CLAIM_KEY + "shop/2") > SENT_TTL_S

    on_redis(check, settings)


def test_a_silent_redis_is_unavailable(settings: Settings, stack: LocalStack) -> None:
    """The caller is told to try again, not that it has won."""

    async def check() -> None:
        address = stack.redis.replace(stack.redis.rsplit(":", 1)[1], "1/0")  # nobody listens on port 1
        async with redis.asyncio.Redis.from_url(address) as client:
            with pytest.raises(UnavailableError, match="claim of shop/1"):
                await RedisClaims(client).claim("shop/1", b"payload")

    asyncio.run(check())
