"""Settings in, client options out: TLS and SASL or ACL for kafka-python, aiokafka, Faust and redis-py alike."""

import ssl
from typing import Any

import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from streams.settings import Settings

REDIS_S_MAX = 2.0  # until a Redis that does not connect or answer is called silent: slow is not worth waiting for


def tls_context(settings: Settings) -> ssl.SSLContext | None:
    """Return the TLS context of Kafka connections, or None when they are plain."""
    if not settings.kafka_encrypted:
        return None
    context = ssl.create_default_context(cafile=settings.kafka_ca_file or None)
    if settings.kafka_cert_file:
        context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file or None)
    return context


def kafka_options(settings: Settings) -> dict[str, Any]:
    """Return what every kafka-python and aiokafka client is built with."""
    options: dict[str, Any] = {"bootstrap_servers": settings.broker.split(",")}
    context = tls_context(settings)
    encrypted = "SSL" if context else "PLAINTEXT"
    options["security_protocol"] = f"SASL_{encrypted}" if settings.kafka_sasl_mechanism else encrypted
    if context:
        options["ssl_context"] = context
    if settings.kafka_sasl_mechanism:
        options["sasl_mechanism"] = settings.kafka_sasl_mechanism
        options["sasl_plain_username"] = settings.kafka_username
        options["sasl_plain_password"] = settings.kafka_password
    return options


def redis_options(settings: Settings) -> dict[str, Any]:
    """Return the keyword arguments of `redis.Redis.from_url(settings.redis, **options)`, sync and asyncio alike."""
    options: dict[str, Any] = {"socket_timeout": REDIS_S_MAX, "socket_connect_timeout": REDIS_S_MAX}
    if settings.redis_username:
        options["username"] = settings.redis_username
    if settings.redis_password:
        options["password"] = settings.redis_password
    if settings.redis_ca_file:
        options["ssl_ca_certs"] = settings.redis_ca_file
    return options


def redis_client(settings: Settings) -> redis.asyncio.Redis:
    """Return a worker's client. A connection that broke is made anew once; whoever asks decides on more."""
    return redis.asyncio.Redis.from_url(settings.redis, **redis_options(settings), retry=Retry(NoBackoff(), 1))
