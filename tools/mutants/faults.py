"""The faults, as a table: what a service could get wrong, one wrong at a time."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any

from attrs import evolve

from .layer import Answer, Asked, Mutant

__all__ = ["MUTANTS"]

Answered = Callable[[Asked, Answer], Answer]

JSON = {"content-type": "application/json"}
NO_CONTENT = 204
GOOD: dict[str, str] = {}
"""The headers of the first request that was let in, for a service that lets in others as well."""


def without(*place: str | int) -> Answered:
    """Successes lack a field."""

    def change(holder: Any, name: Any) -> None:
        del holder[name]

    return _at(place, change)


def having(*place: str | int, value: Any) -> Answered:
    """Successes have another value in a field."""

    def change(holder: Any, name: Any) -> None:
        holder[name] = value

    return _at(place, change)


def _at(place: tuple[str | int, ...], change: Callable[[Any, Any], None]) -> Answered:
    def answered(_: Asked, answer: Answer) -> Answer:
        body = copy.deepcopy(answer.json)
        if answer.status >= 300 or body is None:
            return answer
        holder = body
        for step in place[:-1]:
            holder = holder[step]
        change(holder, place[-1])
        return answer.saying(body)

    return answered


def status(was: int, now: int) -> Answered:
    """One status is answered in another's place; a 204 has no body."""

    def answered(_: Asked, answer: Answer) -> Answer:
        if answer.status != was:
            return answer
        return Answer(now, {}, b"") if now == NO_CONTENT else evolve(answer, status=now)

    return answered


def served_as(content_type: str) -> Answered:
    """Successes come as another type."""

    def answered(_: Asked, answer: Answer) -> Answer:
        return (
            evolve(answer, headers={**answer.headers, "content-type": content_type}) if answer.status < 300 else answer
        )

    return answered


def cut(_: Asked, answer: Answer) -> Answer:
    """Successes end in the middle."""
    return evolve(answer, body=answer.body[: len(answer.body) // 2]) if answer.status < 300 else answer


def refused_as(was: int, body: bytes, content_type: str = "application/json") -> Answered:
    """Refusals have another body."""

    def answered(_: Asked, answer: Answer) -> Answer:
        if answer.status != was:
            return answer
        return evolve(answer, body=body, headers={**answer.headers, "content-type": content_type})

    return answered


def always(code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> Callable[[Asked], Answer]:
    """The service is not asked at all."""
    return lambda _: Answer(code, headers if headers is not None else {}, body)


def failing_on(pattern: str) -> Callable[[Asked], Asked | Answer]:
    """Odd requests are too much for the service."""

    def asked(request: Asked) -> Asked | Answer:
        odd = re.search(pattern, f"{request.path} {request.query} {request.body.decode('latin-1')}")
        return Answer(500, JSON, b'{"errors": [{"code": 1, "message": "x"}], "trace": "x"}') if odd else request

    return asked


def trusting(*names: str) -> Callable[[Asked], Asked]:
    """Credentials of these headers are not looked at, once somebody has come with good ones."""

    def asked(request: Asked) -> Asked:
        if not GOOD and request.headers.get("authorization", "").count(".") == 2:
            GOOD.update(request.headers)
        good = {name: GOOD[name] for name in names if name in GOOD}
        return evolve(request, headers={**request.headers, **good})

    return asked


def forgetting(pattern: str) -> Callable[[Asked], Asked]:
    """Parts of the query are not looked at."""
    return lambda request: evolve(request, query=re.sub(pattern, "", request.query))


def shrugging(code: int) -> Answered:
    """Whatever is wrong with a body: it is answered as if nothing were."""
    return lambda _, answer: Answer(code, {}, b"") if answer.status == 400 else answer


MUTANTS: tuple[Mutant, ...] = (
    # What an answer holds
    Mutant(name="a required field is missing", operation="get_job", answered=without("cost")),
    Mutant(
        name="a required field of a part is missing", operation="find_instance_workloads", answered=without("limit")
    ),
    Mutant(name="a number comes as text", operation="get_job", answered=having("cost", value="600")),
    Mutant(name="a list comes as an object", operation="list_tags", answered=having("tags", value={})),
    Mutant(name="null where the contract has none", operation="get_usage", answered=having("plan_id", value=None)),
    Mutant(name="a value outside its enum", operation="get_job", answered=having("state", "status", value="Paused")),
    Mutant(
        name="a number below its minimum", operation="get_backend_status", answered=having("length_queue", value=-1)
    ),
    Mutant(name="a time that is none", operation="get_job", answered=having("created", value="yesterday")),
    Mutant(
        name="the shape of an older API version",
        operation="list_backends",
        answered=having("devices", value=["ibm_torino"]),
    ),
    Mutant(
        name="the versions' list in a wrong shape", operation="get_versions", answered=having("versions", value="all")
    ),
    Mutant(name="a submission without its id", operation="create_job", answered=without("id")),
    Mutant(name="JSON that ends in the middle", operation="get_instance", answered=cut),
    # How it is answered
    Mutant(name="another success than the documented", operation="create_job", answered=status(200, 201)),
    Mutant(name="a success that is not documented", operation="analytics_filters", answered=status(200, NO_CONTENT)),
    Mutant(name="a refusal that is not documented", operation="get_job", answered=status(404, 410)),
    Mutant(name="a wrong content type", operation="get_job_metrics_jid", answered=served_as("text/html")),
    Mutant(
        name="a page in place of an error", operation="get_account", answered=refused_as(404, b"<p>No", "text/html")
    ),
    Mutant(
        name="a refusal that does not say why",
        operation="replace_instance_configuration",
        answered=refused_as(400, b'{"errors": [], "trace": "x"}'),
    ),
    Mutant(name="failure on odd input", operation="list_tags", asked=failing_on(r"%[89A-F]")),
    Mutant(name="failure on large numbers", operation="create_session", asked=failing_on(r"\d{9}")),
    Mutant(
        name="a method that is not there is answered",
        operation="get_instance",
        methods="DELETE PATCH POST PUT TRACE OPTIONS",
        asked=always(200),
    ),
    # What is let in
    Mutant(name="no token is needed", operation="list_jobs", asked=trusting("authorization", "service-crn")),
    Mutant(name="a forged token is taken", operation="get_usage", asked=trusting("authorization")),
    Mutant(name="any instance is taken", operation="get_instance", asked=trusting("service-crn")),
    Mutant(name="a value outside its enum is taken", operation="list_backends", asked=forgetting(r"fields=[^&]*")),
    Mutant(name="a wrong parameter is ignored", operation="analytics_usage", asked=forgetting(r"simulators=[^&]*")),
    Mutant(name="any body is taken", operation="replace_instance_configuration", answered=shrugging(NO_CONTENT)),
    Mutant(name="good requests are refused", operation="get_usage_analytics_grouped", answered=status(200, 400)),
    # What is true of several answers
    Mutant(name="a page longer than asked for", operation="list_jobs", asked=forgetting(r"limit=[^&]*")),
    Mutant(name="a page that says it is another", operation="list_jobs", answered=having("offset", value=7)),
    Mutant(name="a count smaller than the page", operation="list_jobs", answered=having("count", value=0)),
    Mutant(
        name="a deletion that deletes nothing",
        operation="delete_job",
        asked=lambda request: evolve(request, method="GET"),
        answered=status(200, NO_CONTENT),
        beside=("create_job", "get_job", "cancel_job_jid"),
    ),
    Mutant(
        name="what was created cannot be found",
        operation="get_session",
        answered=status(200, 404),
        beside=("create_session",),
    ),
)
