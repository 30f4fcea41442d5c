"""`headgate doctor`: healthy where all is well, and one line with what to do for each thing that is not."""

from dataclasses import replace
from pathlib import Path

import pytest

from ops.cli import main
from ops.examination import examine, kafka, key_files, valkey_or_redis
from ops.stack.local import LocalStack
from streams.settings import Settings


def test_nothing_is_wrong_with_a_running_stack(settings: Settings, stack: LocalStack):
    """Every check says ok, but for what this machine's installation lacks."""
    found = [finding for finding in examine(settings) if finding.what not in ("packages", "console")]

    assert [finding for finding in found if finding.level != "ok"] == []
    assert {"kafka", "topics", "redis", "memory", "disk", "policies", "java"} <= {finding.what for finding in found}


def test_servers_that_do_not_answer_are_named_with_exit_status_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    """A wrong address is found, and the other checks still run."""
    monkeypatch.setattr("ops.topic_health.ANSWER_MS_MAX", 300)
    words = ["--broker", "127.0.0.1:1", "--redis", "redis://127.0.0.1:1/0", "--data-dir", str(tmp_path)]

    assert main(["doctor", *words]) == 1

    said = capsys.readouterr().out
    assert "no Kafka broker answers at 127.0.0.1:1" in said
    assert "redis://127.0.0.1:1/0 does not answer" in said
    assert "HEADGATE_REDIS_PASSWORD" in said


def test_a_key_file_that_others_can_read_is_a_failure(settings: Settings):
    """The message is the command that mends it."""
    path = settings.data_dir / "keys" / "seal.key"
    path.parent.mkdir(exist_ok=True)
    path.write_text("00" * 32)
    path.chmod(0o644)

    found = [finding.text for finding in key_files(settings) if finding.level == "fail"]

    assert found == [f"{path} has mode 644, others can read it; run: chmod 600 {path}"]
    path.unlink()


def test_topics_that_differ_from_the_settings_are_failures(settings: Settings):
    """Partitions cannot be changed without a migration."""
    found = [finding.text for finding in kafka(replace(settings, partitions=5)) if finding.level == "fail"]

    assert "topic transactions has 4 partitions, declared are 5; change it with Kafka's tools, or migrate" in found


def test_a_redis_that_evicts_is_a_warning(settings: Settings):
    """A view that vanishes is a missing forecast."""
    import redis  # noqa: PLC0415

    client = redis.Redis.from_url(settings.redis)
    client.config_set("maxmemory-policy", "allkeys-lru")

    levels = [finding.level for finding in valkey_or_redis(settings)]

    client.config_set("maxmemory-policy", "noeviction")
    client.close()
    assert levels == ["ok", "warn"]
