"""The console as a person gets it: a real broker, a real Valkey, a real Chromium."""

import asyncio
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis.asyncio
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, expect, sync_playwright

from ops.console.serving import Running, running
from ops.stack.ports import LOOPBACK, free_ports
from ops.stack.valkey import Valkey
from streams.connections import redis_options
from streams.events import PoolView
from streams.feeds.sender import EventSender
from streams.forecast_store import RedisForecastStore
from streams.settings import Settings
from tests.ops.story import HOSTILE_ID, POOLS, Message, Story, hostile_series, prologue, worker_health

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_MS = 30_000  # until something counts as not coming; nothing asserts on time

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine; apt-get install chromium"),
]


class Stream:
    """Sends the story's messages to the topics and its views to Valkey, as a worker and a control agent do."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.stories = {spec.pool_id: Story(spec) for spec in POOLS}

    def send(self, messages: list[Message], views: list[PoolView]) -> None:
        """Send, and return when all is acknowledged."""
        with EventSender(self._settings) as sender:
            for topic, key, message in messages:
                sender.send(topic, key, message)
            sender.flush()
        thread = threading.Thread(target=asyncio.run, args=(self._write(views),))  # Playwright's loop owns this one
        thread.start()
        thread.join()

    async def _write(self, views: list[PoolView]) -> None:
        client = redis.asyncio.Redis.from_url(self._settings.redis, **redis_options(self._settings))
        store = RedisForecastStore(client)
        await store.write(views)
        await store.write_health(worker_health(time.time()))
        await client.aclose()

    def play(self, pool_id: str, periods: int) -> None:
        """Live through some periods of one pool."""
        messages: list[Message] = []
        extra = (hostile_series(),) if pool_id == "gifts-b" else ()
        views: list[PoolView] = []
        for _ in range(periods):
            told, view = self.stories[pool_id].step(extra)
            messages += told
            views.append(view)
        self.send(messages, views[-1:])


@pytest.fixture(scope="module")
def stream(settings: Settings) -> Stream:
    """Return a stream whose servers are fresh."""
    return Stream(settings)


@pytest.fixture(scope="module")
def console(settings: Settings) -> Iterator[Running]:
    """Serve a console over the module's servers."""
    with running(replace(settings, console_port=0), time.time) as console:
        yield console


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


class Watched:
    """A page, with all it asks for and complains of."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page: Page = browser.new_page(viewport={"width": 1440, "height": 900})
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._take)
        self.page.on("pageerror", self._fail)
        self.page.goto(address)

    def _take(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _fail(self, error: Error) -> None:
        self.complaints.append(str(error))


@pytest.fixture
def watched(browser: Browser, console: Running) -> Iterator[Watched]:
    """Open the page; afterwards it has left its origin never and complained of nothing."""
    watched = Watched(browser, console.address)
    yield watched
    watched.page.close()
    origin = urlsplit(console.address).netloc
    assert {urlsplit(url).netloc for url in watched.requests} == {origin}
    assert watched.complaints == []


def test_an_empty_console_waits(watched: Watched) -> None:
    """Before anything was published the page is calm and says what it waits for."""
    page = watched.page

    expect(page.locator("#empty")).to_contain_text("Waiting for the first bucket", timeout=WAIT_MS)
    expect(page.locator("#connections li.ok")).to_have_count(2, timeout=WAIT_MS)
    expect(page.locator("#banner")).to_be_hidden()


def test_items_actions_and_exceptions_are_shown(stream: Stream, watched: Watched) -> None:
    """The page that stands open shows everything that is published, without a reload."""
    stream.send(prologue(time.time()), [])
    for pool_id in stream.stories:
        stream.play(pool_id, 14)
    page = watched.page

    expect(page.locator(".pool")).to_have_count(len(POOLS), timeout=WAIT_MS)
    for name in ("LUNCH BAG CARS BLUE", "Westbound"):
        expect(page.get_by_role("button", name=name)).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("#actions .why").first).to_contain_text("expected over the", timeout=WAIT_MS)
    expect(page.locator("#attention")).to_contain_text("supplier strike", timeout=WAIT_MS)
    expect(page.locator("#health")).to_contain_text("non-product", timeout=WAIT_MS)
    expect(page.locator("#demand-chart canvas")).to_have_count(1, timeout=WAIT_MS)


def test_an_update_moves_the_page_without_a_reload(stream: Stream, watched: Watched) -> None:
    """One more closed period changes event time, the item's figures and its chart in the page that is open."""
    page = watched.page
    expect(page.locator("#detail-sub")).to_contain_text("periods learnt", timeout=WAIT_MS)
    page.evaluate("window.untouched = true")
    before = page.locator("#event-time").inner_text()
    learnt = page.locator("#detail-sub").inner_text()

    for pool_id in stream.stories:
        stream.play(pool_id, 1)

    expect(page.locator("#event-time")).not_to_have_text(before, timeout=WAIT_MS)
    expect(page.locator("#detail-sub")).not_to_have_text(learnt, timeout=WAIT_MS)
    assert page.evaluate("window.untouched") is True


def test_a_hostile_id_is_text(watched: Watched) -> None:
    """Markup in an id stays the words it is: no element, no script."""
    page = watched.page

    expect(page.locator(".pool .item b", has_text=HOSTILE_ID)).to_be_visible(timeout=WAIT_MS)
    page.locator(".pool .item button", has_text=HOSTILE_ID).click()
    expect(page.locator("#detail-title")).to_have_text(HOSTILE_ID, timeout=WAIT_MS)
    expect(page.locator("#health")).to_contain_text(HOSTILE_ID, timeout=WAIT_MS)
    assert page.locator("img[src='x']").count() == 0
    assert page.title() == "Headgate"


def test_the_page_serves_keyboard_and_phone(watched: Watched) -> None:
    """An item is chosen by keyboard, and at a phone's width nothing reaches over the edge."""
    page = watched.page
    button = page.get_by_role("button", name="Eastbound")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#detail-title")).to_have_text("Eastbound", timeout=WAIT_MS)
    expect(button).to_have_attribute("aria-pressed", "true", timeout=WAIT_MS)

    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#demand-chart canvas")).to_be_visible(timeout=WAIT_MS)
    overflow = "document.documentElement.scrollWidth - innerWidth"
    for _ in range(100):  # until the charts have been drawn anew
        if page.evaluate(overflow) <= 0:
            break
        page.wait_for_timeout(100)
    assert page.evaluate(overflow) <= 0


def test_a_lost_redis_is_told_and_its_return_too(settings: Settings, browser: Browser, tmp_path: Path) -> None:
    """While Redis is away the page says so and shows what the topics tell; its return needs no reload."""
    port = free_ports(1)[0]
    away = replace(settings, redis=f"redis://{LOOPBACK}:{port}/0", console_port=0)
    valkey = Valkey(tmp_path, tmp_path / "log", port=port)
    with running(away, time.time) as console:
        page = browser.new_page()
        page.goto(console.address)
        expect(page.locator("#banner")).to_contain_text("no Redis answers", timeout=WAIT_MS)
        expect(page.get_by_role("button", name="Westbound")).to_be_visible(timeout=WAIT_MS)
        valkey.start()
        try:
            expect(page.locator("#banner")).to_be_hidden(timeout=WAIT_MS)
        finally:
            valkey.stop()
        page.close()
