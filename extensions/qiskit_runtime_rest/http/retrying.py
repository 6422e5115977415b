"""One request and its retries, as a plan: what is sent again, after how long, and which error is raised in the end."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

import httpx

from ..errors import ApiError, TransportError
from ..plans.clock import Clock
from ..plans.effects import Sleep
from ..plans.plan import Plan
from .auth.iam import is_iam_request
from .bodies import SHORTEST_SECONDS, UNTIL
from .error_mapping import api_error, unexpected_answer
from .retry_policy import NOTHING_HAPPENED_STATUS, RetryPolicy, may_retry

__all__ = ["NOTHING_SENT", "SINK", "Sink", "exchange", "limited_to", "redirects_unbuilt", "what_happened"]

log = logging.getLogger("qiskit_runtime_rest.connection")

BUDGET: ContextVar[float | None] = ContextVar("budget", default=None)
"""Seconds that calls made in this context may take, retries included; None: as the policy says."""

SINK = "qiskit_runtime_rest.sink"
"""The extension of a request that names the `Sink` for its answer."""

VIOLATION = "qiskit_runtime_rest.violation"
"""The extension of an error answer that holds the `ContractViolation` found in it."""

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
    httpx.RemoteProtocolError: "the connection ended before the answer was whole, or the answer breaks HTTP",
    httpx.UnsupportedProtocol: "not an http(s) URL",
    httpx.LocalProtocolError: "a header or the body cannot be sent as it is",
    httpx.RequestError: "the connection was lost",
}
"""What an error of httpx means; `{url}` is the setting that names the host."""


@contextlib.contextmanager
def limited_to(seconds: float | None) -> Iterator[None]:
    """Let calls made inside take at most `seconds`, or what `SHORTEST_SECONDS` and their `Sink` leave them."""
    token = BUDGET.set(seconds)
    try:
        yield
    finally:
        BUDGET.reset(token)


@contextlib.contextmanager
def redirects_unbuilt(request: httpx.Request) -> Iterator[None]:
    """Turn what httpx raises of a redirect to nowhere into one of its own errors.

    It makes the request that would follow a redirect even where none is followed.
    """
    try:
        yield
    except (httpx.InvalidURL, UnicodeError) as error:
        raise httpx.RemoteProtocolError("Invalid URL in location header.", request=request) from error


class Sink(Protocol):
    """Where the body of an answer goes as it comes, instead of into memory; none of this may fail."""

    @property
    def seconds(self) -> float:
        """So long an answer may take to come whole, even with less of the budget left."""

    def begin(self) -> None:
        """An answer begins, the first one or that of a retry."""

    def write(self, chunk: bytes, /) -> None:
        """Take the next bytes."""

    def end(self) -> None:
        """The answer is whole."""


class Sends(Protocol):
    """What the effects below need of an httpx client: httpx's own `send`, below ours."""

    clock: Clock

    def send_once(self, request: httpx.Request, **options: Any) -> Any:
        """Send, through authentication, without retries."""


class Send(NamedTuple):
    """Send `request` once; `options` are those of `httpx.Client.send`."""

    request: httpx.Request
    options: dict[str, Any]

    def perform(self, client: Sends) -> httpx.Response:
        """Block the thread until the answer is there."""
        response: httpx.Response = client.send_once(self.request, **self.options)
        sink: Sink | None = self.request.extensions.get(SINK)
        try:
            if not response.is_success or is_page(response):
                response.read()
            elif sink is not None:
                sink.begin()
                for chunk in response.iter_bytes():
                    sink.write(chunk)
                sink.end()
        except BaseException:
            response.close()
            raise
        return response

    async def perform_async(self, client: Sends) -> httpx.Response:
        """Suspend the task until the answer is there."""
        response: httpx.Response = await client.send_once(self.request, **self.options)
        sink: Sink | None = self.request.extensions.get(SINK)
        try:
            if not response.is_success or is_page(response):
                await response.aread()
            elif sink is not None:
                sink.begin()
                async for chunk in response.aiter_bytes():
                    sink.write(chunk)
                sink.end()
        except BaseException:
            await response.aclose()
            raise
        return response


def exchange(
    request: httpx.Request, options: dict[str, Any], policy: RetryPolicy, clock: Clock
) -> Plan[httpx.Response]:
    """Send `request`, again where that is safe and promising, until it succeeds or the budget is used up.

    Raises:
        ApiError: the service's (or IAM's, or the edge's) answer is an error; the last one seen.
        UnexpectedAnswer: the answer is a success, and a web page.
        TransportError: no answer.
    """
    budget = BUDGET.get()
    policy = policy.within(budget)
    began = clock.monotonic()
    attempt, answered, uncertain = 0, None, False
    while True:
        attempt += 1
        if budget is not None:
            request.extensions[UNTIL] = max(began + budget, clock.monotonic() + _shortest(request))
        failure: ApiError | TransportError
        reached_service, stays = True, False
        try:
            response: httpx.Response = yield Send(request, options)
        except httpx.RequestError as error:
            reached_service = not is_iam_request(_request_of(error, request))
            failure = _transport_error(error, request, reached_service=reached_service)
            stays = isinstance(error, WRONG_REQUEST) or UNTRUSTED in str(error)
        except ApiError as error:
            reached_service = False
            failure = error
        else:
            _forget_tokens(response)
            if response.is_success:
                if is_page(response):
                    raise unexpected_answer(response, "the answer is a web page")
                # The contract's texts are: a header that names another charset, or none of texts, is wrong.
                response.encoding = "utf-8"
                return response
            if uncertain and request.method == "DELETE" and response.status_code == httpx.codes.NOT_FOUND:
                # An earlier attempt may have done it: its answer was lost, or said that the service had failed.
                return httpx.Response(httpx.codes.NO_CONTENT, request=request)
            failure = api_error(response)
            if VIOLATION in response.extensions:
                failure.add_note(f"Besides, {response.extensions[VIOLATION]}")
        if isinstance(failure, ApiError):
            answered = failure
        uncertain = uncertain or (reached_service and _may_have_happened(failure))
        elapsed = clock.monotonic() - began
        wait = None
        if not stays and may_retry(request, failure, reached_service=reached_service):
            wait = policy.delay(attempt, elapsed=elapsed, retry_after=getattr(failure, "retry_after", None))
        if wait is None:
            _tell_history(failure, attempt, elapsed, answered)
            raise failure
        log.warning("%s Attempt %d of %d follows in %.1f s.", failure, attempt + 1, policy.attempts, wait)
        yield Sleep(wait)


def is_page(response: httpx.Response) -> bool:
    """Whether a request of the contract, which knows JSON and plain text only, is answered by a web page.

    The content network has been seen to answer some paths with the web application, and status 200.
    """
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return media_type == "text/html" and "/v1/" in response.request.url.path


def _shortest(request: httpx.Request) -> float:
    sink: Sink | None = request.extensions.get(SINK)
    return SHORTEST_SECONDS if sink is None else max(SHORTEST_SECONDS, sink.seconds)


def _may_have_happened(failure: ApiError | TransportError) -> bool:
    return failure.sent if isinstance(failure, TransportError) else failure.status != NOTHING_HAPPENED_STATUS


def _transport_error(error: httpx.RequestError, request: httpx.Request, *, reached_service: bool) -> TransportError:
    failed = _request_of(error, request)
    what = what_happened(error, url="base_url" if reached_service else "iam_url (IAM_URL)")
    detail = f" ({error})" if str(error) else ""
    failure = TransportError(
        f"{failed.method} {failed.url}: {what}{detail}.",
        method=failed.method,
        url=str(failed.url),
        sent=reached_service and not isinstance(error, NOTHING_SENT),
    )
    # What carries exceptions to other processes may take the cause along: it must not hold the credentials.
    error.request = httpx.Request(failed.method, failed.url)
    failure.__cause__ = error
    return failure


def what_happened(error: httpx.RequestError, *, url: str = "base_url") -> str:
    """Why there is no answer, and what to do about it, in words of our own. `url`: the setting that led there."""
    if UNTRUSTED in str(error):
        return "the server's certificate is not trusted; pass the path of its CA bundle as verify="
    return next(text for kind, text in WHAT_HAPPENED.items() if isinstance(error, kind)).format(url=url)


def _request_of(error: httpx.RequestError, request: httpx.Request) -> httpx.Request:
    try:
        return error.request
    except RuntimeError:
        return request


def _tell_history(failure: ApiError | TransportError, attempt: int, elapsed: float, answered: ApiError | None) -> None:
    if attempt > 1:
        failure.add_note(f"Given up after {attempt} attempts in {elapsed:.1f} s.")
    if answered is not None and answered is not failure:
        failure.add_note(f"The service's last answer: {answered}")


def _forget_tokens(response: httpx.Response) -> None:
    """Take token answers, which httpx keeps in the history, out of reach of whoever logs it."""
    if response.history:
        response.history = [past for past in response.history if not is_iam_request(past.request)]
