"""Send a request, and send it again where that is safe: which requests, after how long, and the final error."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from qiskit_runtime_api.http_library import httpx

from ..errors import ApiError, PendingJobsLimit, QuotaExceeded, ServerError, TransportError, UnexpectedAnswer
from ..plans.clock import Clock
from ..plans.deadline import Deadline, deadline_in, end_by, time_left
from ..plans.effects import Sleep
from ..plans.plan import Plan
from .auth.iam import TOKEN_PATH, is_iam_request
from .error_mapping import api_error, unexpected_answer

if TYPE_CHECKING:
    from .retry_policy import RetryPolicy

__all__ = [
    "BUDGET",
    "NOTHING_SENT",
    "NO_RATE_RETRIES",
    "SINK",
    "Send",
    "Sink",
    "may_have_happened",
    "may_retry",
    "send_with_retries",
    "what_happened",
]

log = logging.getLogger("qiskit_runtime_rest.connection")

BUDGET = "qiskit_runtime_rest.budget"
"""Request extension: seconds that the request and its retries may take; missing: as the policy says."""

NO_RATE_RETRIES = "qiskit_runtime_rest.no_rate_retries"
"""Request extension: the sender handles 429 itself, so a request with that response is not sent again."""

SINK = "qiskit_runtime_rest.sink"
"""Request extension: the `Sink` for the body of the response."""

VIOLATION = "qiskit_runtime_rest.violation"
"""Response extension of an error: the `ContractViolation` found in it."""

SHORTEST_SECONDS = 5.0
"""An attempt may always take this long, even with less of its budget left: with no time at all it would fail. (The
deadline of the call is another matter.)"""

REQUEST_SECONDS, TRANSFER_SECONDS = 300.0, 3600.0
"""Longest time of an attempt, and of one that sends params or receives a result, for calls without a deadline. Longer
time-outs of the settings are respected."""

CANCELLED_SECONDS = 0.05
"""A task is cancelled this much after the deadline: the time-outs of httpx, which end by then, say what happened."""

TIMEOUTS = ("connect", "read", "write", "pool")
IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
TRANSIENT_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
NOTHING_HAPPENED_STATUS = httpx.codes.TOO_MANY_REQUESTS
LASTING_LIMITS = (PendingJobsLimit, QuotaExceeded)

NOTHING_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
)

WRONG_REQUEST = (httpx.UnsupportedProtocol, httpx.LocalProtocolError)
UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"

WHAT_HAPPENED: dict[type[httpx.RequestError], str] = {
    httpx.ConnectTimeout: "could not connect in time; check {url} and the proxy settings",
    httpx.ConnectError: "could not connect; check {url}, the name service and the proxy settings",
    httpx.ProxyError: "the proxy refused; check the proxy settings",
    httpx.PoolTimeout: "no connection became free in time: too many requests at once on this client",
    httpx.WriteTimeout: "the upload stalled",
    httpx.ReadTimeout: "no answer in time",
    httpx.DecodingError: "the answer's compression is broken",
    httpx.RemoteProtocolError: "the connection ended before the answer was complete, or the answer breaks HTTP",
    httpx.UnsupportedProtocol: "not an http(s) URL",
    httpx.LocalProtocolError: "a header or the body cannot be sent as it is",
    httpx.RequestError: "the connection was lost",
}
"""What an error of httpx means; `{url}` is the setting that names the host."""


def may_retry(request: httpx.Request, failure: ApiError | TransportError, *, reached_service: bool) -> bool:
    """Whether sending `request` again can help and cannot do its work twice.

    A request that is not idempotent (`create_job`, `create_session`, ...) is sent again only if nothing can have
    happened: no byte of it was sent, or the service answered 429. `reached_service`: False when the failure came
    from the token request before it.
    """
    harmless = request.method in IDEMPOTENT_METHODS or not reached_service
    if isinstance(failure, TransportError):
        return harmless or not failure.sent
    if isinstance(failure, LASTING_LIMITS) or failure.status not in TRANSIENT_STATUSES:
        return False
    if failure.status == NOTHING_HAPPENED_STATUS and reached_service:
        return not request.extensions.get(NO_RATE_RETRIES)
    return harmless or failure.status == NOTHING_HAPPENED_STATUS


def may_have_happened(failure: ApiError | TransportError) -> bool:
    """Whether the service may have done what the request asked for, although it ended in `failure`."""
    if isinstance(failure, TransportError):
        return failure.sent
    return isinstance(failure, ServerError | UnexpectedAnswer) and not failure.url.endswith(TOKEN_PATH)


class Sink(Protocol):
    """Receives the body of a response in parts, in place of memory; its methods must not raise."""

    @property
    def seconds(self) -> float:
        """A response that was asked for in time may always take this many seconds to arrive."""

    def begin(self) -> None:
        """A response begins: the first one, or that of a retry."""

    def write(self, chunk: bytes, /) -> None:
        """Take the next bytes."""

    def end(self) -> None:
        """The response is complete."""


class Sends(Protocol):
    """An HTTP client as `Send` needs it."""

    @property
    def clock(self) -> Clock:
        """The clock of the deadline."""

    def send_once(self, request: httpx.Request, **options: Any) -> Any:
        """Send, with authentication, without retries."""


class Send(NamedTuple):
    """Send `request` once, and read the response; `options` are those of `httpx.Client.send`.

    `seconds`: the longest time for all of it. The deadline of the call may be earlier.
    """

    request: httpx.Request
    options: dict[str, Any]
    seconds: float = REQUEST_SECONDS

    def perform(self, client: Sends) -> httpx.Response:
        """Block the thread until the response has come."""
        with end_by(self._deadline(client.clock)):
            self._cut_timeouts()
            response: httpx.Response = client.send_once(self.request, **self.options)
            if not self.options.get("stream"):
                return response
            try:
                if not response.is_success or is_page(response):
                    response.read()
                elif (sink := self._sink) is not None:
                    sink.begin()
                    for chunk in response.iter_bytes():
                        sink.write(chunk)
                    sink.end()
            except BaseException:
                response.close()
                raise
            return response

    async def perform_async(self, client: Sends) -> httpx.Response:
        """Suspend the task until the response has come."""
        import anyio

        with end_by(self._deadline(client.clock)):
            with anyio.move_on_after(self._cut_timeouts() + CANCELLED_SECONDS):
                response: httpx.Response = await client.send_once(self.request, **self.options)
                if not self.options.get("stream"):
                    return response
                try:
                    if not response.is_success or is_page(response):
                        await response.aread()
                    elif (sink := self._sink) is not None:
                        sink.begin()
                        async for chunk in response.aiter_bytes():
                            sink.write(chunk)
                        sink.end()
                except BaseException:
                    await response.aclose()
                    raise
                return response
        raise httpx.ReadTimeout("", request=self.request)

    @property
    def _sink(self) -> Sink | None:
        sink: Sink | None = self.request.extensions.get(SINK)
        return sink

    def _deadline(self, clock: Clock) -> Deadline | None:
        deadline = deadline_in(self.seconds, clock)
        if deadline is None or self._sink is None or not deadline.left:
            return deadline
        return deadline.at_least(self._sink.seconds)

    def _cut_timeouts(self) -> float:
        """Cut the time-outs of httpx to the time that is left, and return that."""
        left = time_left(TRANSFER_SECONDS) or 0.0
        if not left:
            raise httpx.ConnectTimeout("the time for this call is used up", request=self.request)
        given = self.request.extensions.get("timeout", {})
        timeouts = {kind: left if (limit := given.get(kind)) is None else min(limit, left) for kind in TIMEOUTS}
        self.request.extensions = {**self.request.extensions, "timeout": timeouts}
        return left


def send_with_retries(
    request: httpx.Request, options: dict[str, Any], policy: RetryPolicy, clock: Clock
) -> Plan[httpx.Response]:
    """Send `request`, again where that is safe and can help, until it succeeds or the budget is used up.

    Raises:
        ApiError: the response of the service (or of IAM, or of the content network) is an error; the last one.
        UnexpectedAnswer: the response is a success, but a web page.
        TransportError: no response.
    """
    budget: float | None = request.extensions.get(BUDGET)
    began = clock.monotonic()
    longest = _longest(request)
    attempt, last_answer, uncertain = 0, None, False
    while True:
        attempt += 1
        if budget is not None:
            longest = max(began + budget - clock.monotonic(), SHORTEST_SECONDS)
        failure: ApiError | TransportError
        reached_service, is_lasting = True, False
        try:
            response: httpx.Response = yield Send(request, options, longest)
        except httpx.RequestError as error:
            reached_service = not is_iam_request(_request_of(error, request))
            failure = _transport_error(error, request, reached_service=reached_service)
            is_lasting = isinstance(error, WRONG_REQUEST) or UNTRUSTED in str(error)
        except ApiError as error:
            reached_service = False
            failure = error
        else:
            if response.history:
                # A log of the history must not show tokens.
                response.history = [past for past in response.history if not is_iam_request(past.request)]
            if response.is_success:
                if is_page(response):
                    raise unexpected_answer(response, "the response is a web page")
                # The contract's texts are UTF-8: a header that says otherwise is wrong.
                response.encoding = "utf-8"
                return response
            if uncertain and request.method == "DELETE" and response.status_code == httpx.codes.NOT_FOUND:
                # An earlier attempt may have deleted it, though its response was lost or an error.
                return httpx.Response(httpx.codes.NO_CONTENT, request=request)
            failure = api_error(response)
            if VIOLATION in response.extensions:
                failure.add_note(f"Besides, {response.extensions[VIOLATION]}")
        if isinstance(failure, ApiError):
            last_answer = failure
        uncertain = uncertain or (reached_service and _is_uncertain(failure))
        elapsed = clock.monotonic() - began
        wait = None
        if not is_lasting and may_retry(request, failure, reached_service=reached_service):
            within = policy if budget is None else policy.within(budget)
            wait = within.delay(attempt, elapsed=elapsed, retry_after=getattr(failure, "retry_after", None))
        if wait is not None and (left := time_left()) is not None and wait >= left:
            wait = None
        if wait is None:
            if attempt > 1:
                failure.add_note(f"Given up after {attempt} attempts in {elapsed:.1f} s.")
            if last_answer is not None and last_answer is not failure:
                failure.add_note(f"The service's last answer: {last_answer}")
            raise failure
        log.warning("%s Attempt %d of %d follows in %.1f s.", failure, attempt + 1, policy.attempts, wait)
        yield Sleep(wait)


def is_page(response: httpx.Response) -> bool:
    """Whether a request of the contract, which knows JSON and plain text only, is answered by a web page.

    The content network has been seen to answer some paths with the web application, and status 200.
    """
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type == "text/html" and "/v1/" in response.request.url.path


def _longest(request: httpx.Request) -> float:
    """The longest time of an attempt without a budget."""
    timeouts: list[float | None] = list(request.extensions.get("timeout", {}).values())
    is_transfer = request.method == "POST" or request.url.path.endswith("/results")
    if is_transfer or None in timeouts:
        return TRANSFER_SECONDS
    return max(REQUEST_SECONDS, sum(limit for limit in timeouts if limit is not None))


def _is_uncertain(failure: ApiError | TransportError) -> bool:
    """Whether an attempt may have had an effect. Wider than `may_have_happened`: any error status but 429 counts."""
    return failure.sent if isinstance(failure, TransportError) else failure.status != NOTHING_HAPPENED_STATUS


def _transport_error(error: httpx.RequestError, request: httpx.Request, *, reached_service: bool) -> TransportError:
    failed = _request_of(error, request)
    if isinstance(error, httpx.LocalProtocolError):
        _blank(error)
    what = what_happened(error, url="base_url" if reached_service else "iam_url (IAM_URL)")
    detail = f" ({error})" if str(error) else ""
    failure = TransportError(
        f"{failed.method} {failed.url}: {what}{detail}.",
        method=failed.method,
        url=str(failed.url),
        sent=reached_service and not isinstance(error, NOTHING_SENT),
    )
    # Exceptions may be sent to other processes together with their cause: it must not hold the credentials.
    error.request = httpx.Request(failed.method, failed.url)
    failure.__cause__ = error
    return failure


def _blank(error: BaseException | None) -> None:
    """Take the texts out of `error` and its causes: h11 repeats the header that it cannot send, such as the token's."""
    while error is not None:
        error.args = ()
        error = error.__cause__ or error.__context__


def what_happened(error: httpx.RequestError, *, url: str = "base_url") -> str:
    """Why there is no response, and what to do about it. `url`: the setting that names the host."""
    if UNTRUSTED in str(error):
        return "the server's certificate is not trusted; pass the path of its CA bundle as verify="
    return next(text for kind, text in WHAT_HAPPENED.items() if isinstance(error, kind)).format(url=url)


def _request_of(error: httpx.RequestError, request: httpx.Request) -> httpx.Request:
    try:
        return error.request
    except RuntimeError:
        return request
