"""The terminal summary, rendered from a picture."""

import io
import threading

from rich.console import Console

from ops import summary
from ops.console.lived import LivedSoFar
from ops.console.state import Picture
from tests.ops.story import played

ADDRESS = "http://127.0.0.1:8377"


def rendered(picture: Picture) -> str:
    """Return the panel as text."""
    screen = Console(width=120, file=io.StringIO())
    screen.print(summary.panel(summary.snapshot(picture), ADDRESS))
    assert isinstance(screen.file, io.StringIO)
    return screen.file.getvalue()


def test_the_panel_says_what_the_picture_knows() -> None:
    """Event time, rates, actions with reasons, dead letters, memory, fill and the address stand in it."""
    picture = played(12)
    picture.put_data_dir(None, LivedSoFar(0.9512, 10.0, 12, 3))
    text = rendered(picture)

    for expected in (ADDRESS, "1,834 events/s", "lag 39", "212 MB", "non-product 3", "95.1%", "3 ticks unanswered"):
        assert expected in text
    assert "expected over the" in text  # the reason of an order


def test_an_empty_picture_waits_and_says_what_it_has_not_reached() -> None:
    """Before anything has come the summary is calm, and names the servers it waits for."""
    text = rendered(Picture())

    assert "waiting for the first bucket" in text
    assert "Kafka: connecting" in text


def test_foreign_text_is_no_markup() -> None:
    """Square brackets in an id or reason stay as they are: rich does not read them."""
    picture = played(9)
    seen = summary.snapshot(picture)
    hostile = summary.Snapshot(
        **{field: getattr(seen, field) for field in seen.__slots__} | {"last_actions": ("[red]x[/red]",)}
    )
    screen = Console(width=120, file=io.StringIO())
    screen.print(summary.panel(hostile, ADDRESS))

    assert isinstance(screen.file, io.StringIO)
    assert "[red]x[/red]" in screen.file.getvalue()


def test_the_line_is_one_line() -> None:
    """Where there is no terminal the summary is one line with the newest reason and the address."""
    text = summary.line(summary.snapshot(played(12)), ADDRESS)

    assert "\n" not in text
    assert ADDRESS in text
    assert "expected over the" in text


def test_it_stops_when_told() -> None:
    """The loop ends at once when the event is set already."""
    stop = threading.Event()
    stop.set()
    summary.run(Picture(), stop, ADDRESS)
