"""What is deployed in containers names commands and metrics that exist."""

import json
import re
from pathlib import Path

from ops.cli import COMMANDS
from ops.console.doors import known_host
from ops.stack.jars import KAFKA_VERSION
from streams.metrics import METRICS

ROOT = Path(__file__).resolve().parent.parent
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


def test_every_panel_of_the_dashboard_shows_a_metric_that_we_have():
    """A renamed metric would leave an empty panel; a metric that no panel shows is not watched."""
    dashboard = json.loads((ROOT / "deploy" / "grafana" / "headgate.json").read_text(encoding="utf-8"))
    shown = {
        name
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"headgate_\w+", target["expr"])
    }

    assert shown == {metric.name for metric in METRICS}


def test_every_role_is_a_command():
    """The first word of each of our services is one of `headgate`'s commands."""
    roles = re.findall(r"<<: \*headgate\n    command: \[?(\w+)", COMPOSE)

    assert {"console", "feed", "gateway", "topics", "worker"} == set(roles)
    assert set(roles) <= set(COMMANDS)


def test_whatever_runs_for_long_is_started_again():
    """A worker that its watchdog ends, say; only what is done when it ends says otherwise."""
    sections = re.split(r"\n(?=  [a-z][\w-]*:)", COMPOSE.partition("\nservices:\n")[2].partition("\nvolumes:\n")[0])
    policies = {}
    for section in sections:
        found = re.search(r"\n    restart: (\S+)", section)
        inherited = "unless-stopped" if "<<: *headgate" in section else None
        policies[section.strip().partition(":")[0]] = found[1] if found else inherited

    assert policies.pop("setup") == "on-failure"
    assert policies.pop("feed") == '"no"'
    assert {"worker-0", "worker-1", "kafka", "valkey", "gateway", "console"} <= set(policies)
    assert set(policies.values()) == {"unless-stopped"}
    assert "restart: unless-stopped" in COMPOSE.partition("\nservices:\n")[0]


def test_containers_run_the_kafka_that_was_tested():
    """One version, embedded and in containers."""
    assert f"image: apache/kafka:{KAFKA_VERSION}\n" in COMPOSE


def test_prometheus_is_let_in_by_the_name_it_uses():
    """The console refuses host names that were not configured, and a refused scrape is an empty dashboard."""
    targets = re.findall(r'targets: \["([^"]+)"\]', (ROOT / "deploy" / "prometheus.yml").read_text(encoding="utf-8"))
    names = re.findall(r"HEADGATE_CONSOLE_NAMES: (\S+)", COMPOSE)

    assert targets
    assert all(known_host(target, names) for target in targets)
