"""The faults, as a table: each makes one thing wrong in the service."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from attrs import evolve

from .layer import Mutant, Request, Response

__all__ = ["MUTANTS"]

ChangeResponse = Callable[[Request, Response], Response]

JSON = {"content-type": "application/json"}
NO_CONTENT = 204
GOOD: dict[str, str] = {}
"""The headers of the first accepted request, for a service that accepts other requests with them."""


def without(*place: str | int) -> ChangeResponse:
    """Remove a field from successful responses."""

    def change(holder: Any, name: Any) -> None:
        del holder[name]

    return _at(place, change)


def having(*place: str | int, value: Any) -> ChangeResponse:
    """Change the value of a field in successful responses."""

    def change(holder: Any, name: Any) -> None:
        holder[name] = value

    return _at(place, change)


def _at(place: tuple[str | int, ...], change: Callable[[Any, Any], None]) -> ChangeResponse:
    def on_response(_: Request, response: Response) -> Response:
        body = copy.deepcopy(response.json)
        if response.status >= 300 or body is None:
            return response
        holder = body
        for step in place[:-1]:
            holder = holder[step]
        change(holder, place[-1])
        return response.with_json(body)

    return on_response


def status(was: int, now: int) -> ChangeResponse:
    """Replace one status by another; a 204 has no body."""

    def on_response(_: Request, response: Response) -> Response:
        if response.status != was:
            return response
        return Response(now, {}, b"") if now == NO_CONTENT else evolve(response, status=now)

    return on_response


def served_as(content_type: str) -> ChangeResponse:
    """Change the content type of successful responses."""

    def on_response(_: Request, response: Response) -> Response:
        return (
            evolve(response, headers={**response.headers, "content-type": content_type})
            if response.status < 300
            else response
        )

    return on_response


def cut(_: Request, response: Response) -> Response:
    """Cut successful responses in half."""
    return evolve(response, body=response.body[: len(response.body) // 2]) if response.status < 300 else response


def refused_as(was: int, body: bytes, content_type: str = "application/json") -> ChangeResponse:
    """Change the body of an error."""

    def on_response(_: Request, response: Response) -> Response:
        if response.status != was:
            return response
        return evolve(response, body=body, headers={**response.headers, "content-type": content_type})

    return on_response


def always(code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Callable[[Request], Response]:
    """Respond without the service."""
    return lambda _: Response(code, headers if headers is not None else {}, body)


def failing_on(pattern: str) -> Callable[[Request], Request | Response]:
    """Fail on requests that match a pattern."""

    def on_request(request: Request) -> Request | Response:
        odd = re.search(pattern, f"{request.path} {request.query} {request.body.decode('latin-1')}")
        return Response(500, JSON, b'{"errors": [{"code": 1, "message": "x"}], "trace": "x"}') if odd else request

    return on_request


def trusting(*names: str) -> Callable[[Request], Request]:
    """Ignore the credentials in these headers, after a first request with good ones."""

    def on_request(request: Request) -> Request:
        if not GOOD and request.headers.get("authorization", "").count(".") == 2:
            GOOD.update(request.headers)
        good = {name: GOOD[name] for name in names if name in GOOD}
        return evolve(request, headers={**request.headers, **good})

    return on_request


def forgetting(pattern: str) -> Callable[[Request], Request]:
    """Ignore parts of the query."""
    return lambda request: evolve(request, query=re.sub(pattern, "", request.query))


def shrugging(code: int) -> ChangeResponse:
    """Accept wrong bodies."""
    return lambda _, response: Response(code, {}, b"") if response.status == 400 else response


MUTANTS: tuple[Mutant, ...] = (
    # The content of a response
    Mutant(name="a required field is missing", operation="get_job", on_response=without("cost")),
    Mutant(
        name="a required field of a part is missing", operation="find_instance_workloads", on_response=without("limit")
    ),
    Mutant(name="a number comes as text", operation="get_job", on_response=having("cost", value="600")),
    Mutant(name="a list comes as an object", operation="list_tags", on_response=having("tags", value={})),
    Mutant(name="null where the contract has none", operation="get_usage", on_response=having("plan_id", value=None)),
    Mutant(name="a value outside its enum", operation="get_job", on_response=having("state", "status", value="Paused")),
    Mutant(
        name="a number below its minimum", operation="get_backend_status", on_response=having("length_queue", value=-1)
    ),
    Mutant(name="a time that is not a time", operation="get_job", on_response=having("created", value="yesterday")),
    Mutant(
        name="the shape of an older API version",
        operation="list_backends",
        on_response=having("devices", value=["ibm_torino"]),
    ),
    Mutant(
        name="the versions' list in a wrong shape",
        operation="get_versions",
        on_response=having("versions", value="all"),
    ),
    Mutant(name="a submission without its id", operation="create_job", on_response=without("id")),
    Mutant(name="JSON that ends in the middle", operation="get_instance", on_response=cut),
    # The form of a response
    Mutant(name="another success than the documented", operation="create_job", on_response=status(200, 201)),
    Mutant(name="a success that is not documented", operation="analytics_filters", on_response=status(200, NO_CONTENT)),
    Mutant(name="an error that is not documented", operation="get_job", on_response=status(404, 410)),
    Mutant(name="a wrong content type", operation="get_job_metrics_jid", on_response=served_as("text/html")),
    Mutant(
        name="HTML in place of an error", operation="get_account", on_response=refused_as(404, b"<p>No", "text/html")
    ),
    Mutant(
        name="an error without a reason",
        operation="replace_instance_configuration",
        on_response=refused_as(400, b'{"errors": [], "trace": "x"}'),
    ),
    Mutant(name="failure on odd input", operation="list_tags", on_request=failing_on(r"%[89A-F]")),
    Mutant(name="failure on large numbers", operation="create_job", on_request=failing_on(r"\d{9}")),
    Mutant(
        name="an unknown method is accepted",
        operation="get_instance",
        methods="DELETE PATCH POST PUT TRACE OPTIONS",
        on_request=always(200),
    ),
    # The requests that are accepted
    Mutant(
        name="a missing token is accepted", operation="list_jobs", on_request=trusting("authorization", "service-crn")
    ),
    Mutant(name="a forged token is accepted", operation="get_usage", on_request=trusting("authorization")),
    Mutant(name="any instance is accepted", operation="get_instance", on_request=trusting("service-crn")),
    Mutant(
        name="a value outside its enum is accepted", operation="list_backends", on_request=forgetting(r"fields=[^&]*")
    ),
    Mutant(
        name="a wrong parameter is ignored", operation="analytics_usage", on_request=forgetting(r"simulators=[^&]*")
    ),
    Mutant(name="any body is accepted", operation="replace_instance_configuration", on_response=shrugging(NO_CONTENT)),
    Mutant(name="good requests are refused", operation="get_usage_analytics_grouped", on_response=status(200, 400)),
    # Several responses together
    Mutant(name="a page longer than its limit", operation="list_jobs", on_request=forgetting(r"limit=[^&]*")),
    Mutant(name="a page with a wrong offset", operation="list_jobs", on_response=having("offset", value=7)),
    Mutant(name="a count smaller than the page", operation="list_jobs", on_response=having("count", value=0)),
    Mutant(
        name="a deletion that deletes nothing",
        operation="delete_job",
        on_request=lambda request: evolve(request, method="GET"),
        on_response=status(200, NO_CONTENT),
        beside=("create_job", "get_job", "cancel_job_jid"),
    ),
    Mutant(
        name="a created session cannot be found",
        operation="get_session",
        on_response=status(200, 404),
        beside=("create_session",),
    ),
)
