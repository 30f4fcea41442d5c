"""Lines of an allocation in, what a receiver made of them out: an HTTP service, or a print for a dry run.

The contract with an HTTP receiver: one POST per action, JSON, with the action id as `Idempotency-Key`. An id it
knows gets its first answer again and acts no more. An id that it does not know and that is past `valid_until_s` by
its own clock gets 410. Any 2xx means applied; a JSON body may say `applied_units` and `reason`. 408, 425, 429 and
5xx are tried again; every other status rejects the action.
"""

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from ops.hand_over import LineResult
from ops.screening import Status
from streams.errors import ConfigurationError, UnavailableError
from streams.events import ActionLine, Allocation
from streams.periods import utc_text

TIMEOUT_S = 10.0  # of one request
REASON_CHARACTERS_MAX = 200
_AGAIN = frozenset({408, 425, 429})


class _Answer(msgspec.Struct):
    """What a receiver may say; unknown fields are ignored."""

    applied_units: float | None = None
    reason: str = ""


class UncertainError(Exception):
    """A request was sent and not answered: it may have acted."""


class HttpReceiver:
    """Posts each action to `url`. Trying again is the gateway's business."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        """Take `url` (http or https); raise ConfigurationError when it is none. `transport` is httpx's."""
        address = httpx.URL(url)
        if address.scheme not in ("http", "https") or not address.host:
            raise ConfigurationError(f"--to {url!r} is no address of a receiver; it looks like https://host/path")
        if address.userinfo:
            raise ConfigurationError(
                "--to carries a password; let the receiver trust this host or a client certificate"
            )
        self._url = address
        self._client = httpx.Client(timeout=TIMEOUT_S, transport=transport, follow_redirects=False)

    def __enter__(self) -> Self:
        """Return the receiver."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections."""
        self._client.close()

    def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
        """See `ops.hand_over.Receiver`: results as far as it came; raises when it did not come to any."""
        results: list[LineResult] = []
        for line in lines:
            try:
                results.append(self._post(allocation, line))
            except (UnavailableError, UncertainError):
                if not results:
                    raise
                break  # the lines without a result are handed over again
        return results

    def _post(self, allocation: Allocation, line: ActionLine) -> LineResult:
        try:
            answer = self._client.post(
                self._url,
                content=_body(allocation, line),
                headers={
                    "Content-Type": "application/json",
                    "Idempotency-Key": line.action_id,
                },
            )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise UnavailableError(f"receiver {self._url} cannot be reached: {_told(error)}") from error
        except httpx.HTTPError as error:
            raise UncertainError(f"receiver {self._url} did not answer: {_told(error)}") from error
        if answer.status_code >= 500 or answer.status_code in _AGAIN:
            raise UncertainError(f"receiver {self._url} answered {answer.status_code}")
        return _result(answer, line)


def _told(error: httpx.HTTPError) -> str:
    return str(error) or type(error).__name__


def _body(allocation: Allocation, line: ActionLine) -> bytes:
    return msgspec.json.encode(
        {
            "action_id": line.action_id,
            "tick_id": allocation.tick_id,
            "pool_id": allocation.pool_id,
            "resource_id": line.resource_id,
            "order_units": line.order_units,
            "arrives_at_s": line.arrives_at_s,
            "valid_until_s": allocation.valid_until_s,
            "reason_code": line.reason_code,
            "explanation": line.explanation,
        }
    )


def _result(answer: httpx.Response, line: ActionLine) -> LineResult:
    said = _said(answer)
    reason = said.reason[:REASON_CHARACTERS_MAX]
    if answer.status_code == 410:
        return LineResult(line.action_id, "expired", 0.0, reason or "the receiver says it has expired")
    if not answer.is_success:
        told = f"the receiver answered {answer.status_code}" + (f": {reason}" if reason else "")
        return LineResult(line.action_id, "rejected", 0.0, told)
    applied = line.order_units if said.applied_units is None else said.applied_units
    status: Status = "applied" if applied == line.order_units else "overridden"
    return LineResult(line.action_id, status, applied, reason or "accepted by the receiver")


def _said(answer: httpx.Response) -> _Answer:
    try:
        return msgspec.json.decode(answer.content, type=_Answer)
    except msgspec.MsgspecError:  # an empty or plain answer says nothing beyond its status
        return _Answer()


class PrintReceiver:
    """Shows what would be handed over; for a dry run, whose outcomes nobody gets."""

    def __init__(self, show: Callable[[str], Any] = print) -> None:
        self._show = show

    def accept(self, allocation: Allocation, lines: Sequence[ActionLine]) -> Sequence[LineResult]:
        """See `ops.hand_over.Receiver`."""
        for line in lines:
            until = utc_text(allocation.valid_until_s)
            self._show(f"{line.action_id}: {line.order_units:g} units until {until} - {line.explanation}")
        return [LineResult(line.action_id, "applied", line.order_units, "dry run") for line in lines]
