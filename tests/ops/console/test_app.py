"""The web app over a picture: its JSON, its doors, and every metric by name."""

import asyncio
import threading
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.types import ASGIApp

from ops.console import app
from ops.console.lived import LivedSoFar
from ops.console.state import Picture
from streams.metrics import METRICS
from tests.ops.story import HOSTILE_ID, POOLS, played

NAMES = frozenset({"console.internal"})


@pytest.fixture
def picture() -> Picture:
    """Return a picture of the story."""
    picture = played(12)
    for server in ("kafka", "redis"):
        picture.connected(server, ok=True, text=f"connected to {server}", wall_s=1000.0)
    picture.put_data_dir(None, LivedSoFar(0.95, 1.0, 12, 0))
    return picture


@dataclass
class Client:
    """Asks the app itself, without a network."""

    app: ASGIApp

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the answer to one request."""
        return asyncio.run(self._request(method, path, options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        """Return the answer to a GET."""
        return self.request("GET", path, **options)

    async def _request(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8377") as client:
            return await client.request(method, path, **options)


def served(picture: Picture) -> Client:
    """Return a client of the app over `picture`."""
    return Client(app.build_app(picture, NAMES, threading.Event(), lambda: 1000.0))


@pytest.fixture
def client(picture: Picture) -> Client:
    """Return a client of the app over the story's picture."""
    return served(picture)


def test_the_state_is_served(client: Client) -> None:
    """A new page is told pools, items, actions, exceptions and health at once."""
    values = client.get("/api/state").json()

    assert [pool["id"] for pool in values["pools"]] == sorted(pool.pool_id for pool in POOLS)
    row = next(row for row in values["rows"] if row["pool"] == "gifts-a")
    assert row["state"] == "fresh"
    assert row["unit"] == "units"
    assert row["low"] <= row["next"] <= row["high"]
    assert values["header"]["now_text"]
    assert values["health"]["events_per_s"] == 1834.0


def test_sensors_are_pools_like_others(client: Client) -> None:
    """An item without stock has readings, a forecast and its unit, and no cover."""
    row = client.get("/api/series/i94/westbound").json()["row"]

    assert (row["on_hand"], row["cover"], row["order"]) == (None, None, None)
    assert (row["unit"], row["aggregate"]) == ("vehicles/h", "mean")
    assert row["next"] > 0


def test_an_item_with_a_hostile_id_is_reached_and_an_unknown_one_is_not(client: Client) -> None:
    """Ids are foreign: whatever they hold, they are data."""
    assert client.get(f"/api/series/gifts-b/{HOSTILE_ID}").json()["row"]["id"] == HOSTILE_ID
    assert client.get("/api/series/gifts-b/nothing").status_code == 404


def test_actions_are_filtered_and_bounded(client: Client) -> None:
    """Newest first, of one pool if asked for, and never more than the limit."""
    actions = client.get("/api/actions", params={"pool": "gifts-b", "limit": 4}).json()

    assert len(actions) == 4
    assert {action["pool"] for action in actions} == {"gifts-b"}
    assert actions[0]["explanation"]
    assert client.get("/api/actions", params={"limit": "many"}).status_code == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed_through_it(client: Client, method: str) -> None:
    """Only reading is answered."""
    assert client.request(method, "/api/state").status_code == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8377", 200), ("127.0.0.1", 200), ("[::1]:8377", 200), ("10.1.2.3:80", 200), ("console.internal", 200),
     ("elsewhere.example", 421), ("localhost.elsewhere.example", 421), ("", 421), ("[", 421)],
)  # fmt: skip
def test_a_rebound_host_name_is_refused(client: Client, host: str, status: int) -> None:
    """A name that somebody else's DNS points at us gets nothing; addresses and configured names are answered."""
    assert client.get("/api/state", headers={"host": host}).status_code == status


@pytest.mark.parametrize("path", ["/", "/api/state", "/static/console.js", "/metrics", "/nowhere"])
def test_every_answer_shuts_the_page_in(client: Client, path: str) -> None:
    """A strict policy: own scripts only, nothing inline, no frame, no sniffing."""
    headers = client.get(path).headers

    assert "script-src 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"


def test_the_page_names_nothing_outside_and_has_nothing_inline(client: Client) -> None:
    """No address but our own, no inline script or style, and the vendored chart comes with its licence."""
    page = client.get("/").text

    assert "//" not in page.replace("<!doctype html>", "")
    assert "<style" not in page
    assert " style=" not in page
    assert " on" not in page.replace(" on order", "").split("<body>")[0]
    assert "MIT" in client.get("/static/vendor/uplot/LICENSE").text


def test_files_outside_the_static_folder_are_not_served(client: Client) -> None:
    """A path cannot climb out."""
    assert client.get("/static/%2e%2e/app.py").status_code == 404


def test_every_metric_is_rendered_with_a_sample(client: Client) -> None:
    """What `streams.metrics` names is there, of its kind, with its labels."""
    answer = client.get("/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}

    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    for spec in METRICS:
        family = families[spec.name.removesuffix("_total") if spec.kind == "counter" else spec.name]
        assert family.type == spec.kind
        assert family.documentation == spec.meaning
        assert family.samples, spec.name
        assert all(set(sample.labels) == set(spec.labels) for sample in family.samples)


def test_every_metric_is_named_before_anything_has_come() -> None:
    """A scrape of an empty console is valid, and names every metric."""
    text = served(Picture()).get("/metrics").text

    for spec in METRICS:
        assert f"# TYPE {spec.name} {spec.kind}" in text


def test_health_says_which_server_is_not_reached(client: Client, picture: Picture) -> None:
    """For container checks: 200 when both answer, else 503."""
    assert client.get("/health").status_code == 200
    picture.connected("redis", ok=False, text="gone", wall_s=1001.0)
    answer = client.get("/health")

    assert (answer.status_code, answer.json()) == (503, {"kafka": True, "redis": False})
