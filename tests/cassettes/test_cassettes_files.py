"""Cassettes as files: of a format that others read, refused when they are none, harmless when somebody changed them."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qiskit_runtime_rest.cassettes import Exchange, load, replay
from qiskit_runtime_rest.cassettes.har import dumps, loads
from qiskit_runtime_rest.cassettes.services import RUNTIME, SERVICES
from qiskit_runtime_rest.errors import InvalidInput

CRNS = [
    f"crn:v1:bluemix:public:quantum-computing:us-east:a/f0000000000000000000000000000000:{n}-0-0-0-0::" for n in (1, 2)
]


def exchange(**changes: Any) -> Exchange:
    given = {"service": RUNTIME, "method": "GET", "path": "/v1/jobs", "status": 200, "body": b"{}", **changes}
    return Exchange(**given)


def answering(*bodies: str, **changes: Any) -> list[Exchange]:
    return [exchange(body=body.encode(), **changes) for body in bodies]


@pytest.fixture
def written(tmp_path: Path) -> Any:
    def write(exchanges: list[Exchange], name: str = "it.har") -> Path:
        (tmp_path / name).write_text(dumps(exchanges))
        return tmp_path / name

    return write


def entry(**changes: Any) -> dict[str, Any]:
    """An entry as another tool may write it: with less, and with more, than ours have."""
    made: dict[str, Any] = {
        "pageref": "page_1",
        "request": {"method": "GET", "url": "https://quantum.cloud.ibm.com/api/v1/versions", "headers": []},
        "response": {"status": 200, "headers": [], "content": {"text": "{}"}},
    }
    for place, value in changes.items():
        one, _, name = place.partition("__")
        made[one][name] = value
    return made


def document(*entries: Any) -> str:
    return json.dumps({"log": {"version": "1.2", "entries": list(entries)}})


exchanges = st.builds(
    Exchange,
    service=st.sampled_from(SERVICES),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    path=st.sampled_from(["/v1/jobs", "/v1/jobs/d0/results", "/identity/token", "/x%2Fy"]),
    query=st.sampled_from(["", "a=1&a=2", "q=%20x"]),
    asked=st.sampled_from([(), (("service-crn", CRNS[0]),)]),
    sent=st.binary(max_size=20),
    status=st.integers(200, 599),
    answered=st.sampled_from([(), (("content-type", "text/plain"), ("retry-after", "3"))]),
    body=st.binary(max_size=20) | st.text(max_size=20).map(str.encode),
    milliseconds=st.integers(0, 10**6),
)


@given(st.lists(exchanges, max_size=5))
def test_what_is_written_is_read(kept: list[Exchange]) -> None:
    text = dumps(kept)
    assert loads(text) == kept
    assert dumps(loads(text)) == text


def test_one_more_exchange_is_lines_more_and_no_other_change() -> None:
    kept = answering("1", "2")
    before, after = dumps(kept[:1]).splitlines(), dumps(kept).splitlines()
    same = sum(1 for one in before if one in after)
    assert same >= len(before) - 1


def test_the_format_is_complete_for_other_tools() -> None:
    """All that the specification of HAR 1.2 calls mandatory."""
    log = json.loads(dumps([exchange(method="POST", query="a=1", sent=b"{}", body=b"\xff\x00")]))["log"]
    assert log.keys() >= {"version", "creator", "entries"}
    (one,) = log["entries"]
    assert one.keys() >= {"startedDateTime", "time", "request", "response", "cache", "timings"}
    assert one["request"].keys() >= {
        *("method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize", "bodySize")
    }
    assert one["request"]["postData"].keys() >= {"mimeType", "params", "text"}
    assert one["response"].keys() >= {
        *("status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL"),
        *("headersSize", "bodySize"),
    }
    assert one["response"]["content"] == {"size": 2, "mimeType": "", "text": "/wA=", "encoding": "base64"}
    assert one["timings"].keys() >= {"send", "wait", "receive"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "object"),
        ("{}", "log"),
        (document("x"), r"\$\.log\.entries\[0\]"),
        (document(entry(), entry(response__status="200")), r"entries\[1\]\.response\.status"),
        (document(entry(response__status=99)), "status"),
        (document(entry(response__content={"text": "%", "encoding": "base64"})), "base64"),
        (document(entry(response__headers=[{"name": "a b", "value": ""}])), "name"),
        (document(entry(response__headers=[{"name": "a", "value": "b\r\nSet-Cookie: c"}])), "value"),
        (document(entry(request__method="GET / HTTP/1.1\r\nX")), "method"),
        (document(entry(request__url="https://example.com/api/v1/jobs")), "is at none of"),
        (document(entry(request__url="https://quantum.cloud.ibm.com.evil.example/api/v1/jobs")), "is at none of"),
        (document(entry(request__url="https://[bad/api/v1/jobs")), "is at none of"),
        (document(entry(request__url="file:///etc/passwd")), "is at none of"),
    ],
)
def test_what_is_no_cassette_is_refused_with_the_place(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "bad.har"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=why) as refusal:
        load(path)
    assert str(path) in str(refusal.value)


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.har").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.har", tmp_path, tmp_path / "bytes.har"):
        with pytest.raises(InvalidInput, match=r"cannot be read|UTF-8"):
            load(path)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_spoilt_cassette_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    text = dumps([exchange(method="POST", sent=b'{"a": 1}', asked=(("accept", "x"),))])
    at = data.draw(st.integers(0, len(text) - 1))
    spoilt = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 20)) :]
    with contextlib.suppress(InvalidInput):
        loads(spoilt)


def test_a_header_that_no_recording_keeps_is_not_served(written: Any) -> None:
    told = (("set-cookie", "a=b"), ("transfer-encoding", "chunked"), ("content-length", "999"), ("retry-after", "1"))
    with replay(written([exchange(path="/v1/versions", answered=told)])) as service:
        answer = httpx.get(f"{service.base_url}/v1/versions")
    assert answer.text == "{}"
    assert answer.headers.keys() == {"content-length", "retry-after"}


@pytest.mark.parametrize(
    "path",
    ["/../../../../etc/passwd", "/iam/../../etc/passwd", "/experimental/api/v1/..%2f..%2fetc/passwd", "//", "/%"],
)
def test_no_path_leads_to_a_file(written: Any, path: str) -> None:
    with replay(written([exchange()])) as service:
        host, port = service.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))
    assert b"root:" not in answer


def test_only_this_machine_is_served(written: Any) -> None:
    with replay(written([exchange()])) as service:
        assert service.url.startswith("http://127.0.0.1:")


def get(service: Any, target: str, **options: Any) -> str:
    answer = httpx.request(options.pop("method", "GET"), f"{service.base_url}{target}", **options)
    return answer.text if answer.status_code != 421 else "421: " + answer.json()["errors"][0]["message"]


def test_answers_come_in_their_order_for_each_request(written: Any) -> None:
    kept = [
        *answering("a1", "a2", path="/v1/jobs/a"),
        *answering("b1", path="/v1/jobs/b"),
        *answering("a3", path="/v1/jobs/a"),
    ]
    with replay(written(kept)) as service:
        asked = ["/v1/jobs/a", "/v1/jobs/b", "/v1/jobs/a", "/v1/jobs/a", "/v1/jobs/a", "/v1/jobs/b"]
        assert [get(service, target) for target in asked] == ["a1", "b1", "a2", "a3", "a3", "b1"]


def test_a_wait_is_as_short_as_it_can_be(written: Any) -> None:
    path = written(answering("queued", "queued", "queued", "running", "queued", "done", "done"))
    with replay(path) as service:
        got = [get(service, "/v1/jobs") for _ in range(5)]
        assert got == ["queued", "running", "queued", "done", "done"]
    with replay(path, exhausted="error") as service:
        got = [get(service, "/v1/jobs") for _ in range(8)]
        assert got[:3] == ["queued"] * 3
        assert got[-1].startswith("421: ")


def test_methods_paths_queries_and_bodies_tell_requests_apart(written: Any) -> None:
    kept = [
        *answering("get"),
        *answering("post one", method="POST", sent=b'{"n":1}'),
        *answering("post two", method="POST", sent=b'{"n":2}'),
        *answering("limit", query="limit=1&offset=2"),
    ]
    with replay(written(kept)) as service:
        assert get(service, "/v1/jobs") == "get"
        assert get(service, "/v1/jobs", method="POST", content='{ "n" : 2 }') == "post two"
        assert get(service, "/v1/jobs?offset=2&limit=1") == "limit"
        assert get(service, "/jobs?offset=2&limit=1") == "limit"
        assert "nearest that was: GET /v1/jobs." in get(service, "/v1/job")
        assert "body: $.n was 1, and is 3" in get(service, "/v1/jobs", method="POST", json={"n": 3})
        assert get(service, "/v1/jobs?limit=2").startswith("421: ")
        assert get(service, "/v1/jobs", method="DELETE").startswith("421: ")


def test_what_is_another_each_time_does_not_count(written: Any) -> None:
    body = {"tags": ["mine", "qrr-" + "a" * 32], "since": "2026-01-01T00:00:00Z", "user": "IBMid-FAKE000001"}
    kept = answering("it", method="POST", sent=json.dumps(body).encode())
    with replay(written(kept)) as service:
        asked = {"tags": ["qrr-" + "b" * 32, "mine"], "since": "2027-02-03 04:05:06.789+01:00", "user": "IBMid-ME"}
        assert get(service, "/v1/jobs", method="POST", json=asked, headers={"User-Agent": "other"}) == "it"
        asked["tags"].append("more")  # type: ignore[attr-defined]
        assert get(service, "/v1/jobs", method="POST", json=asked).startswith("421: ")


def test_what_is_exactly_as_recorded_goes_before_what_is_roughly_so(written: Any) -> None:
    kept = [
        *answering("first", query="created_after=2026-01-01T00:00:00Z"),
        *answering("second", query="created_after=2026-01-02T00:00:00Z"),
    ]
    with replay(written(kept)) as service:
        assert get(service, "/v1/jobs?created_after=2026-01-02T00:00:00Z") == "second"
        assert get(service, "/v1/jobs?created_after=2026-09-09T00:00:00Z") == "first"


def test_a_circuit_packed_in_another_order_is_the_same(written: Any) -> None:
    def sent(circuit: bytes) -> bytes:
        return json.dumps({"circuit_b64": base64.b64encode(circuit).decode()}).encode()

    kept = answering("it", method="POST", sent=sent(b"QISKIT\xffabc"))
    with replay(written(kept)) as service:
        assert get(service, "/v1/jobs", method="POST", content=sent(b"QISKIT\xffcab")) == "it"
        assert get(service, "/v1/jobs", method="POST", content=sent(b"QISKIT\xffcad")).startswith("421: ")


def test_the_instance_that_is_asked_for_answers_if_it_was_recorded(written: Any) -> None:
    kept = [exchange(body=name.encode(), asked=(("service-crn", crn),)) for name, crn in zip("ab", CRNS, strict=True)]
    for order in (kept, kept[::-1]):
        with replay(written(order)) as service:
            got = [get(service, "/v1/jobs", headers={"Service-CRN": crn}) for crn in CRNS]
            assert got == ["a", "b"]
            assert service.instance == order[0].header("service-crn")


def test_errors_are_served_as_they_were(written: Any) -> None:
    kept = [
        exchange(status=429, body=b'{"errors":[]}', answered=(("retry-after", "7"),)),
        exchange(status=520, body=b"<html>", answered=(("cf-ray", "replaced-0"),)),
        exchange(status=204, body=b""),
    ]
    with replay(written(kept)) as service:
        answers = [httpx.get(f"{service.base_url}/v1/jobs") for _ in kept]
    assert [answer.status_code for answer in answers] == [429, 520, 204]
    assert (answers[0].headers["retry-after"], answers[1].headers["cf-ray"]) == ("7", "replaced-0")


def test_without_the_extra_the_error_names_it() -> None:
    script = """
import sys
sys.modules["jsonschema"] = sys.modules["schemathesis"] = sys.modules["uvicorn"] = None
from qiskit_runtime_rest import MissingExtra
try:
    from qiskit_runtime_rest.cassettes import record
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "pip install 'qiskit-runtime-rest[contract]'" in done.stdout
