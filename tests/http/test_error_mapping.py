"""From an answer that is an error to the error that is raised: statuses, codes, bodies, headers."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_api.api.jobs import get_job
from qiskit_runtime_api.models import Job
from qiskit_runtime_rest import (
    ApiError,
    AuthenticationError,
    BackendReserved,
    Conflict,
    EdgeBlocked,
    InvalidRequest,
    NotFound,
    PendingJobsLimit,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    RetryPolicy,
    RuntimeClient,
    ServerError,
    SessionClosed,
    UnexpectedAnswer,
)
from qiskit_runtime_rest.http.error_mapping import api_error, retry_after

from ..fixtures.faces import Connect
from ..fixtures.loopback import API_KEY, CRN, CUT, HTML, Answer, Asked, Loopback, refused

JOB = "GET /api/v1/jobs/x"
TOKEN = "ey0." + "token" * 300
HTML_BODY = "<!DOCTYPE html><html><head><title>Attention Required!</title></head></html>"


def error_of(
    status: int,
    body: Any = b"",
    *,
    headers: dict[str, str] | None = None,
    method: str = "GET",
    path: str = "/v1/jobs/x",
    token: str = TOKEN,
) -> ApiError:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    request = httpx.Request(method, f"https://h/api{path}", headers={"Authorization": f"Bearer {token}"})
    return api_error(httpx.Response(status, headers=headers, content=content, request=request))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        *((400, InvalidRequest), (401, AuthenticationError), (402, ApiError), (403, PermissionDenied)),
        *((404, NotFound), (408, ServerError), (409, Conflict), (413, InvalidRequest), (415, InvalidRequest)),
        *((418, ApiError), (422, InvalidRequest), (423, BackendReserved), (429, RateLimited), (499, ServerError)),
        *((500, ServerError), (501, ServerError), (502, ServerError), (503, ServerError), (504, ServerError)),
        *((520, ServerError), (521, ServerError), (522, ServerError), (523, ServerError), (524, ServerError)),
        *(
            (302, ApiError),
            (307, ApiError),
            (304, ApiError),
            (599, ServerError),
            (600, ServerError),
            (999, ServerError),
        ),
    ],
)
@pytest.mark.parametrize("body", [b"", HTML_BODY, refused(999999, "Told so.")], ids=["empty", "html", "json"])
def test_a_status_has_its_error(status: int, kind: type[ApiError], body: Any) -> None:
    error = error_of(status, body)
    assert type(error) is kind
    assert error.status == status
    assert f"HTTP {status}" in str(error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        *((1200, AuthenticationError), (1201, AuthenticationError), (1219, AuthenticationError)),
        *((1202, RateLimited), (1204, InvalidRequest), (1205, InvalidRequest), (1233, BackendReserved)),
        *((1279, AuthenticationError), (1291, NotFound), (1352, PermissionDenied)),
        *((3250, NotFound), (3458, PendingJobsLimit), (4001, SessionClosed), (4317, QuotaExceeded)),
    ],
)
@pytest.mark.parametrize("write", [int, str, float], ids=["number", "text", "float"])
def test_a_code_has_its_error_however_it_is_written(code: int, kind: type[ApiError], write: type) -> None:
    error = error_of(418, refused(write(code), "Told so."))
    assert type(error) is kind
    assert error.code == code


@pytest.mark.parametrize("code", [1305, 1517, 5201, 5202, 5203, 5302, 123456])
def test_other_codes_leave_it_to_the_status(code: int) -> None:
    error = error_of(400, refused(code, "Told so."))
    assert type(error) is InvalidRequest
    assert error.code == code


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("invalid_tag", "invalid_tag"),
        ("1200x", "1200x"),
        (None, None),
        ("", None),
        (True, None),
        ([1200], None),
        ({}, None),
    ],
)
def test_a_code_may_be_a_word_or_nothing(given: Any, code: Any) -> None:
    assert error_of(400, refused(given, "Told so.")).code == code


def test_everything_the_service_says_is_kept() -> None:
    body = refused(1205, "Tag too long.", solution="Shorten it.", more_info="https://h/errors#1205")
    error = error_of(400, body, headers={"X-Request-Id": "request-1", "CF-RAY": "ray-1"}, method="PUT")
    assert (error.message, error.solution) == ("Tag too long.", "Shorten it.")
    assert (error.more_info, error.trace) == ("https://h/errors#1205", "trace-1")
    assert (error.request_id, error.ray_id, error.excerpt) == ("request-1", "ray-1", None)
    assert (error.method, error.url) == ("PUT", "https://h/api/v1/jobs/x")
    for said in ("Tag too long", "1205", "Shorten it.", "trace-1", "request-1", "ray-1", "PUT https://h/api/v1/jobs/x"):
        assert said in str(error)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"errors": [{"message": "m"}]}, "m"),
        ({"errors": ["m"]}, "m"),
        ({"message": "m"}, "m"),
        ({"error": "m"}, "m"),
        ({"error": {"message": "m"}}, "m"),
        ({"errors": [{"error": {"message": "m"}}]}, "m"),
        ({"errorCode": "BXNIM0415E", "errorMessage": "m"}, "m"),
        ({"detail": "m"}, "m"),
        ({"title": "m"}, "m"),
        (b'"m"', "m"),
        (b'\xef\xbb\xbf{"message": "m"}', "m"),
        (b'{"message": "m\xff"}', "m\N{REPLACEMENT CHARACTER}"),
        ({"message": "m\ud800"}, "m\\ud800"),
        ({"message": "\x1b[2Jm\x07\x9b1m\u202e"}, r"\x1b[2Jm\x07\x9b1m\u202e"),
        ({"message": " first\n\tsecond\x1c "}, "first second"),
    ],
)
def test_the_message_is_found_in_whatever_shape_it_comes(body: Any, message: str) -> None:
    error = error_of(400, body)
    assert error.message == message
    assert str(error).encode()


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"   ",
            b"null",
            b"1",
            b"[]",
            b"{}",
            b'""',
            b'"  "',
            b'["a"]',
            b"[[[[",
            b"[" * 100_000,
            b'{"a":' * 100_000,
        ),
        *(b'{"errors": null}', b'{"errors": {}}', b'{"errors": []}', b'{"errors": [null]}', b'{"errors": [[]]}'),
        *(b'{"errors": [{"message": null}]}', b'{"errors": [{"message": {}}]}', b'{"error": []}', b'{"errors": [{'),
        *(b"\xff\xfe\x00", b"\x00" * 50, b"1" * 10_000, b"NaN", HTML_BODY.encode(), HTML_BODY.encode()[:20]),
    ],
    ids=lambda body: repr(body[:20]),
)
def test_a_body_without_a_message_gives_an_excerpt_instead(body: bytes) -> None:
    error = error_of(404, body)
    assert type(error) is NotFound
    assert "without saying why" in error.message
    if body.strip():
        assert error.excerpt
        assert len(error.excerpt) <= 201
    else:
        assert error.excerpt is None


def test_a_page_shows_how_it_began() -> None:
    error = error_of(502, HTML_BODY)
    assert "Attention Required!" in (error.excerpt or "")
    assert "Attention Required!" in str(error)


@pytest.mark.parametrize("body", ["x" * 5_000_000, {"message": "y" * 5_000_000}, "z" * 300], ids=["text", "json", "z"])
def test_a_long_body_is_cut(body: Any) -> None:
    assert len(str(error_of(500, body))) < 1500


def test_a_block_at_the_edge_is_not_an_authorisation_error() -> None:
    blocked = error_of(403, HTML_BODY, headers={"CF-RAY": "8f0e-FRA"})
    assert type(blocked) is EdgeBlocked
    assert blocked.ray_id == "8f0e-FRA"
    assert "content network" in str(blocked)
    assert "Ray ID 8f0e-FRA" in str(blocked)


@pytest.mark.parametrize(
    ("headers", "body"),
    [({"CF-RAY": "8f0e-FRA"}, refused(1200, "Not authorised.")), ({}, refused(1200, "Not authorised."))],
    ids=["through-the-edge", "direct"],
)
def test_the_services_own_403_stays_an_authorisation_error(headers: dict[str, str], body: Any) -> None:
    error = error_of(403, body, headers=headers)
    assert type(error) is AuthenticationError
    assert error.message == "Not authorised."


def test_a_403_without_a_ray_id_is_not_an_edge_block() -> None:
    assert type(error_of(403, HTML_BODY)) is PermissionDenied


@pytest.mark.parametrize("status", [520, 521, 522, 523, 524, 429, 404])
def test_other_answers_of_the_edge_keep_their_error_and_show_the_ray_id(status: int) -> None:
    error = error_of(status, HTML_BODY, headers={"CF-RAY": "8f0e-FRA"})
    assert not isinstance(error, EdgeBlocked)
    assert "Ray ID 8f0e-FRA" in str(error)


@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/v1/jobs", QuotaExceeded),
        ("POST", "/v1/jobs/x/cancel", Conflict),
        ("POST", "/v1/sessions", Conflict),
        ("DELETE", "/v1/jobs", Conflict),
    ],
)
def test_a_409_means_the_quota_only_on_a_submission(method: str, path: str, kind: type[ApiError]) -> None:
    assert type(error_of(409, method=method, path=path)) is kind


def test_credentials_that_the_answer_echoes_are_blanked_everywhere() -> None:
    everywhere = {
        "code": TOKEN,
        "message": f"bad {TOKEN}",
        "solution": f"not {TOKEN}",
        "more_info": f"https://h/{TOKEN}",
    }
    headers = {"X-Request-Id": TOKEN, "CF-RAY": TOKEN, "Location": f"https://h/?token={TOKEN}"}
    for status in (400, 302):
        for body in ({"errors": [everywhere], "trace": TOKEN}, f"<p>Bearer {TOKEN}</p>", f'"{TOKEN}"'):
            error = error_of(status, body, headers=headers)
            assert TOKEN not in str(error) + repr(error) + repr(vars(error))
            assert "***" in str(error)


@pytest.mark.parametrize("before", [0, 100, 150, 195, 750, 799])
def test_a_credential_that_the_excerpt_is_cut_in_is_blanked(before: int) -> None:
    error = error_of(500, "." * before + TOKEN)
    assert "ey0" not in str(error)
    assert "token" not in str(error)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        *(("0", 0.0), ("7", 7.0), (" 30 ", 30.0), ("9" * 400, 3600.0)),
        *(("", None), ("soon", None), ("-5", None), ("\N{SUPERSCRIPT TWO}", None), ("1e3", None)),
        *(("Mon, 99 Jan 2024 25:61:61 GMT", None), ("Mon, 01 Jan 2024 00:00:00 +9999999999999999999999", None)),
        *(("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("Fri, 31 Dec 9999 23:59:59 GMT", 3600.0), ("86400", 3600.0)),
    ],
)
def test_retry_after_is_read_and_never_fails(header: str, seconds: float | None) -> None:
    response = httpx.Response(429, headers=[(b"Retry-After", header.encode("utf-8"))])
    assert retry_after(response) == seconds


def test_retry_after_may_be_a_date() -> None:
    date = email.utils.format_datetime(datetime.datetime.fromtimestamp(time.time() + 100, datetime.UTC), usegmt=True)
    seconds = retry_after(httpx.Response(429, headers={"Retry-After": date}))
    assert seconds is not None
    assert 80 < seconds <= 100
    assert error_of(429, headers={"Retry-After": date}).retry_after == pytest.approx(seconds, abs=5)


@given(st.binary(max_size=60) | st.from_regex(re.compile(rb"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]\d+")))
def test_any_retry_after_is_seconds_or_nothing(header: bytes) -> None:
    seconds = retry_after(httpx.Response(429, headers=[(b"Retry-After", header)]))
    assert seconds is None or seconds >= 0


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["errors", "error", "code", "message"]), inner),
)
BODIES = st.binary() | st.text().map(str.encode) | JSON.map(json.dumps).map(str.encode)


@given(status=st.integers(300, 999), body=BODIES, ray=st.booleans())
def test_any_body_with_any_status_gives_an_api_error(status: int, body: bytes, ray: bool) -> None:
    error = error_of(status, body, headers={"CF-RAY": "r"} if ray else {})
    assert isinstance(error, ApiError)
    assert str(error).encode()
    assert error.message


@pytest.fixture(scope="module")
def spoken() -> list[tuple[int, bytes]]:
    """What the server of `talking` answers next."""
    return []


@pytest.fixture(scope="module")
def talking(spoken: list[tuple[int, bytes]]) -> Iterator[RuntimeClient]:
    """A client of a server that says anything."""
    with Loopback() as server:
        server.script(JOB, lambda _: Answer(*spoken.pop()))
        options: dict[str, Any] = {"base_url": server.base_url, "retries": RetryPolicy(attempts=1)}
        with RuntimeClient(token="t", instance=CRN, **options) as client:
            yield client


@given(status=st.just(200) | st.integers(300, 999), body=BODIES)
def test_a_generated_function_gives_a_job_or_an_api_error(
    spoken: list[tuple[int, bytes]], talking: RuntimeClient, status: int, body: bytes
) -> None:
    spoken.append((status, body))
    with contextlib.suppress(ApiError):
        assert isinstance(get_job.sync("x", client=talking.api), Job)


STATUSES = [
    *range(300, 310),
    400,
    401,
    403,
    404,
    409,
    418,
    423,
    429,
    451,
    499,
    500,
    503,
    *range(520, 528),
    599,
    600,
    999,
]


@pytest.mark.parametrize("status", STATUSES)
def test_a_status_arrives_as_an_error_by_every_way(service: Loopback, connect: Connect, status: int) -> None:
    service.script(JOB, Answer(status, HTML_BODY))
    face = connect(service, retries=RetryPolicy(attempts=1))
    calls: list[Callable[[], Any]] = [
        lambda: face.generated(get_job, id="x"),
        lambda: face.do(lambda client: client.jobs.get("x")),
        lambda: face.request("GET", "/v1/jobs/x"),
    ]
    for call in calls:
        with pytest.raises(ApiError) as caught:
            call()
        assert caught.value.status == status


WRONG = {
    **{"html": HTML, "empty": Answer(200), "cut": Answer(200, b'{"id": '), "list": Answer(200, "[]")},
    **{"null": Answer(200, "null"), "not-utf8": Answer(200, b"\xff\xff"), "text": Answer(200, '"text"')},
    **{"204": Answer(204), "deep": Answer(200, b"[" * 100_000)},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_success_that_is_not_what_the_contract_promises_is_an_error(
    service: Loopback, connect: Connect, wrong: str
) -> None:
    service.script(JOB, WRONG[wrong])
    face = connect(service)
    calls: list[Callable[[], Any]] = [
        lambda: face.do(lambda client: client.jobs.get("x")),
        lambda: face.generated(get_job, id="x"),
    ]
    for call in calls:
        with pytest.raises(UnexpectedAnswer) as caught:
            call()
        assert caught.value.excerpt
        assert "base_url" in str(caught.value)


@pytest.mark.parametrize(
    ("route", "call"),
    [
        ("GET /api/v1/jobs", lambda client: client.jobs.list()),
        ("GET /api/v1/backends", lambda client: client.backends.list()),
        ("GET /api/v1/versions", lambda client: client.versions()),
        ("GET /api/v1/sessions/x", lambda client: client.sessions.get("x")),
        ("GET /api/v1/instance", lambda client: client.instances.get()),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        {"jobs": 1, "devices": 1, "versions": 1},
        {"jobs": [1], "devices": [1], "versions": [1]},
        {"jobs": [{}], "devices": [{}], "versions": [[]]},
        {"jobs": ["x"], "devices": [None], "versions": [None]},
        [1],
    ],
    ids=["number", "numbers", "empty", "others", "list"],
)
def test_lists_of_another_shape_give_a_typed_error_or_nothing(
    service: Loopback, connect: Connect, route: str, call: Any, body: Any
) -> None:
    service.script(route, Answer(200, body))

    def act(client: Any) -> Any:
        outcome = call(client)
        return list(outcome) if hasattr(outcome, "__next__") else outcome

    with contextlib.suppress(UnexpectedAnswer):
        connect(service).do(act)


def test_a_success_cut_short_on_the_wire_is_asked_for_again(service: Loopback, connect: Connect) -> None:
    service.script(JOB, CUT, Answer(200, {"id": "x"}))
    assert connect(service).do(lambda client: client.jobs.get("x")).id == "x"
    assert len(service.calls) == 2


def test_an_error_that_echoes_the_request_does_not_show_the_token(service: Loopback, connect: Connect) -> None:
    def echo(request: Asked) -> Answer:
        return Answer(
            400, {"errors": [{"message": repr(request.headers), "code": 1, "solution": repr(request.headers)}]}
        )

    service.script(JOB, echo)
    with pytest.raises(InvalidRequest) as caught:
        connect(service).do(lambda client: client.jobs.get("x"))
    assert "token-1" not in str(caught.value)
    assert API_KEY not in str(caught.value)
    assert "***" in str(caught.value)
