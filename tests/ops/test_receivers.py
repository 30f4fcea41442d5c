"""What the HTTP receiver makes of each answer."""

from collections.abc import Callable

import httpx
import pytest

from ops.receivers import HttpReceiver, PrintReceiver, UncertainError
from streams.errors import ConfigurationError, UnavailableError
from tests.ops.allocations import allocation

Answer = Callable[[httpx.Request], httpx.Response]


ONE = allocation(a=5.0)


def receiver(answer: Answer) -> HttpReceiver:
    """Return a receiver whose requests are answered in this process."""
    return HttpReceiver("http://shop.example/orders", transport=httpx.MockTransport(answer))


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, '{"reason": "on the truck"}', ("applied", 5.0, "on the truck")),
        (202, "", ("applied", 5.0, "accepted by the receiver")),
        (200, "OK", ("applied", 5.0, "accepted by the receiver")),
        (200, '{"applied_units": 3}', ("overridden", 3.0, "accepted by the receiver")),
        (409, '{"reason": "no such product"}', ("rejected", 0.0, "the receiver answered 409: no such product")),
        (302, "", ("rejected", 0.0, "the receiver answered 302")),
        (410, "", ("expired", 0.0, "the receiver says it has expired")),
    ],
)
def test_each_answer(status: int, body: str, expected: tuple[str, float, str]) -> None:
    """Any 2xx is applied, 410 expired, everything final rejected."""
    (result,) = receiver(lambda _: httpx.Response(status, text=body)).accept(ONE, ONE.lines)

    assert (result.status, result.applied_units, result.reason) == expected


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_answers_that_leave_it_open(status: int) -> None:
    """They are tried again under the same id."""
    with pytest.raises(UncertainError, match=str(status)):
        receiver(lambda _: httpx.Response(status)).accept(ONE, ONE.lines)


def test_what_never_arrived_is_told_from_what_may_have() -> None:
    """A refused connection did not act; a lost answer may have."""

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    def lose(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    with pytest.raises(UnavailableError, match="cannot be reached: refused"):
        receiver(refuse).accept(ONE, ONE.lines)
    with pytest.raises(UncertainError, match="did not answer: ReadTimeout"):
        receiver(lose).accept(ONE, ONE.lines)


def test_results_before_a_failure_are_kept() -> None:
    """The lines without a result are the gateway's to try again."""

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200 if request.headers["Idempotency-Key"] == "shop/a/1" else 500)

    sent = allocation(a=5.0, b=6.0)
    results = receiver(answer).accept(sent, sent.lines)

    assert [result.action_id for result in results] == ["shop/a/1"]


@pytest.mark.parametrize("url", ["ftp://host/", "not a url", "http://user:secret@host/"])
def test_a_wrong_address_is_told(url: str) -> None:
    """And no password is printed."""
    with pytest.raises(ConfigurationError) as told:
        HttpReceiver(url)
    assert "secret" not in str(told.value)


def test_a_dry_run_shows_each_line() -> None:
    """With its id, units and deadline."""
    shown: list[str] = []

    PrintReceiver(shown.append).accept(ONE, ONE.lines)

    assert shown == ["shop/a/1: 5 units until 1970-01-01 00:16:40Z - "]
