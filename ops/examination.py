"""Settings in, findings out: what is installed, reachable and wrong, each with what to do about it."""

import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

import redis
from packaging.requirements import Requirement
from redis.exceptions import RedisError

from online_models.compiled import loops
from ops.stack import jars, valkey
from ops.stack.kafka import MEMORY_BYTES_MIN, java
from ops.stack.launch import DISK_BYTES_MIN, memory_available_bytes
from ops.topic_health import administrator, differences
from policies.errors import PolicyFileError
from policies.registry import CHALLENGER, POLICIES, load_policy, standing
from streams.connections import redis_options
from streams.errors import HeadgateError
from streams.keys import seal_key
from streams.settings import Settings

PYTHON_MIN = (3, 11)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    level: Literal["ok", "warn", "fail"]
    what: str
    text: str  # what was found; for warn and fail also what to do


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield the findings, quick ones first; a check that breaks is a finding too."""
    for check in (python, packages, models, embedded, room, key_files, policies, kafka, valkey_or_redis, console_port):
        try:
            yield from check(settings)
        except HeadgateError as error:
            yield Finding("fail", check.__name__.replace("_", " "), str(error))


def python(_settings: Settings) -> Iterator[Finding]:
    """Yield whether this Python is new enough."""
    version = sys.version.split()[0]
    if sys.version_info < PYTHON_MIN:
        yield Finding("fail", "python", f"{version} is too old; install Python 3.11 or later and run ./start again")
    else:
        yield Finding("ok", "python", f"{version}, {sys.executable}")


def packages(_settings: Settings) -> Iterator[Finding]:
    """Yield how the installed packages compare with what Headgate asks for."""
    try:
        asked = [Requirement(text) for text in metadata.requires("headgate") or []]
    except metadata.PackageNotFoundError:
        yield Finding("warn", "packages", "headgate itself is not installed here; run ./start, or pip install -e .")
        return
    held = []
    for requirement in asked:
        if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
            continue
        found = _package(requirement)
        if found.level == "ok":
            held.append(found.text)
        else:
            yield found
    yield Finding("ok", "packages", ", ".join(held))
    yield _training()


def models(_settings: Settings) -> Iterator[Finding]:
    """Yield whether the loops of the models are compiled; they say the same either way."""
    slow = [name for name, is_compiled in loops().items() if not is_compiled]
    if slow:
        mend = "install a C compiler and Python's headers (Debian: gcc, python3-dev), then rm -r .venv and ./start"
        yield Finding(
            "warn", "models", f"{len(slow)} of {len(loops())} loops run as Python, some 40 times slower; {mend}"
        )
    else:
        yield Finding("ok", "models", f"{len(loops())} loops, all compiled")


def _package(requirement: Requirement) -> Finding:
    mend = "run ./start, or install requirements/run.lock"
    try:
        version = metadata.version(requirement.name)
    except metadata.PackageNotFoundError:
        return Finding("fail", "packages", f"{requirement.name} is absent; {mend}")
    if not requirement.specifier.contains(version, prereleases=True):
        return Finding("fail", "packages", f"{requirement.name} {version} is not {requirement.specifier}; {mend}")
    return Finding("ok", "packages", f"{requirement.name} {version}")


def _training() -> Finding:
    try:
        return Finding("ok", "training", f"torch {metadata.version('torch')}")
    except metadata.PackageNotFoundError:
        return Finding("ok", "training", "torch is not installed; only `headgate train` needs it (extra `train`)")


def embedded(_settings: Settings) -> Iterator[Finding]:
    """Yield whether the embedded servers can run here."""
    command = [str(java()), "-version"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        yield Finding("fail", "java", f"{command[0]} does not run ({error}); use --broker with a broker of your own")
    else:
        yield Finding("ok", "java", done.stderr.splitlines()[0])
    folder = jars.cache_folder()
    pinned = jars.pinned()
    missing = [jar for jar in pinned if not (folder / "jars" / jar.file_name).exists()]
    text = f"{len(pinned)} jars in {folder}"
    if missing:
        size_mb = sum(jar.size_bytes for jar in missing) / 1e6
        text = f"{len(missing)} of {len(pinned)} jars ({size_mb:.0f} MB) will be downloaded by the first start"
    yield Finding("ok", "embedded Kafka", f"{jars.KAFKA_VERSION}: {text}")
    yield Finding("ok", "embedded Valkey", str(valkey.binary()))


def room(settings: Settings) -> Iterator[Finding]:
    """Yield whether memory and disk suffice for the embedded servers."""
    memory_bytes = memory_available_bytes()
    mend = f"the embedded servers need {MEMORY_BYTES_MIN / 1e6:.0f} MB: end something, or use --broker and --redis"
    text = f"{memory_bytes / 1e9:.1f} GB available"
    short = memory_bytes < MEMORY_BYTES_MIN
    yield Finding("fail" if short else "ok", "memory", f"{text}; {mend}" if short else text)
    folder = _existing(settings.data_dir)
    disk_bytes = shutil.disk_usage(folder).free
    text = f"{disk_bytes / 1e9:.1f} GB free under {folder}"
    short = disk_bytes < DISK_BYTES_MIN
    yield Finding(
        "fail" if short else "ok", "disk", f"{text}; free some, or name another --data-dir" if short else text
    )


def _existing(folder: Path) -> Path:
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())


def key_files(settings: Settings) -> Iterator[Finding]:
    """Yield whether the keys in the data folder are closed to others."""
    keys = sorted(settings.data_dir.rglob("*.key")) if settings.data_dir.is_dir() else []
    for path in keys:
        mode = stat.S_IMODE(path.stat().st_mode)
        if path.is_file() and mode & 0o077:
            yield Finding("fail", "key files", f"{path} has mode {mode:o}, others can read it; run: chmod 600 {path}")
    yield Finding("ok", "key files", f"{len(keys)} in {settings.data_dir}; HMAC keys are made when first needed")


def policies(settings: Settings) -> Iterator[Finding]:
    """Yield whether every policy loads, its manifest and checksum included."""
    trained_here = (settings.data_dir / "policies").is_dir()  # only those are sealed; looking must not make a key
    key = seal_key(settings) if trained_here else None
    try:
        known = standing(settings.data_dir, key)
    except PolicyFileError as error:
        yield Finding("fail", "policies", str(error))
        return
    for name in (*POLICIES, CHALLENGER) if known.challenger else POLICIES:
        try:
            policy = load_policy(name, data_dir=settings.data_dir, seal_key=key)
        except PolicyFileError as error:
            yield Finding("fail", "policies", f"{name}: {error}")
        else:
            yield Finding("ok", "policies", f"{name} serves {policy.name} {policy.version}")


def kafka(settings: Settings) -> Iterator[Finding]:
    """Yield whether the broker answers and its topics are as declared."""
    user = f" as {settings.kafka_username}" if settings.kafka_username else ""
    how = f"{'TLS' if settings.kafka_encrypted else 'no TLS'}, {settings.kafka_sasl_mechanism or 'no SASL'}{user}"
    with administrator(settings) as admin:
        brokers = admin.describe_cluster()["brokers"]
    yield Finding("ok", "kafka", f"{len(brokers)} brokers at {settings.broker} ({how})")
    found = differences(settings)
    for text in found:
        absent = text.endswith("absent")
        mend = "run `headgate topics create`" if absent else "change it with Kafka's tools, or migrate"
        yield Finding("warn" if absent else "fail", "topics", f"{text}; {mend}")
    if not found:
        yield Finding("ok", "topics", "all there, as declared")


def valkey_or_redis(settings: Settings) -> Iterator[Finding]:
    """Yield whether Redis answers and will not throw views away."""
    client = redis.Redis.from_url(settings.redis, **redis_options(settings))
    try:
        info = client.info()
    except RedisError as error:
        yield Finding(
            "fail",
            "redis",
            f"{settings.redis} does not answer ({type(error).__name__}: {error}); start one with `headgate up`, or "
            "name another with --redis (password: HEADGATE_REDIS_PASSWORD)",
        )
        return
    finally:
        client.close()
    name = "Valkey" if "valkey_version" in info else "Redis"
    version = info.get("valkey_version") or info["redis_version"]
    secure = "TLS" if settings.redis.startswith("rediss://") else "no TLS"
    yield Finding("ok", "redis", f"{name} {version} at {settings.redis} ({secure})")
    eviction = info.get("maxmemory_policy", "noeviction")
    if eviction != "noeviction":
        yield Finding("warn", "redis", f"maxmemory-policy is {eviction}: views may vanish; set it to noeviction")


def console_port(settings: Settings) -> Iterator[Finding]:
    """Yield whether the console's port is free, or who knows what answers there."""
    if settings.console_port == 0:
        return
    try:
        socket.create_server((settings.console_host, settings.console_port)).close()
    except OSError:
        text = f"port {settings.console_port} is in use: the console runs, or set HEADGATE_CONSOLE_PORT"
        yield Finding("warn", "console", text)
    else:
        yield Finding("ok", "console", f"port {settings.console_port} is free")
