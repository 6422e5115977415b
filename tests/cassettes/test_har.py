"""Cassette files: HAR that other tools read; a file of another kind is refused with the place of the error."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qiskit_runtime_rest.cassettes import Entry, load
from qiskit_runtime_rest.cassettes.har import dumps, loads
from qiskit_runtime_rest.cassettes.services import SERVICES
from qiskit_runtime_rest.errors import InvalidInput

from .entries import CRNS, entry, responses


def foreign_entry(**changes: Any) -> dict[str, Any]:
    """An entry as another tool may write it: some fields less, and some more, than ours."""
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


entries = st.builds(
    Entry,
    service=st.sampled_from(SERVICES),
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    path=st.sampled_from(["/v1/jobs", "/v1/jobs/d0/results", "/identity/token", "/x%2Fy"]),
    query=st.sampled_from(["", "a=1&a=2", "q=%20x"]),
    request_headers=st.sampled_from([(), (("service-crn", CRNS[0]),)]),
    request_body=st.binary(max_size=20),
    status=st.integers(200, 599),
    response_headers=st.sampled_from([(), (("content-type", "text/plain"), ("retry-after", "3"))]),
    response_body=st.binary(max_size=20) | st.text(max_size=20).map(str.encode),
    milliseconds=st.integers(0, 10**6),
)


@given(st.lists(entries, max_size=5))
def test_entries_survive_writing_and_reading(kept: list[Entry]) -> None:
    text = dumps(kept)
    assert loads(text) == kept
    assert dumps(loads(text)) == text


def test_one_more_entry_adds_lines_and_changes_no_other() -> None:
    kept = responses("1", "2")
    before, after = dumps(kept[:1]).splitlines(), dumps(kept).splitlines()
    same = sum(1 for one in before if one in after)
    assert same >= len(before) - 1


def test_the_format_is_complete_for_other_tools() -> None:
    """All fields that the specification of HAR 1.2 calls mandatory."""
    posted = entry(method="POST", query="a=1", request_body=b"{}", response_body=b"\xff\x00")
    log = json.loads(dumps([posted]))["log"]
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
    ("text", "reason"),
    [
        ("", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "object"),
        ("{}", "log"),
        (document("x"), r"\$\.log\.entries\[0\]"),
        (document(foreign_entry(), foreign_entry(response__status="200")), r"entries\[1\]\.response\.status"),
        (document(foreign_entry(response__status=99)), "status"),
        (document(foreign_entry(response__content={"text": "%", "encoding": "base64"})), "base64"),
        (document(foreign_entry(response__headers=[{"name": "a b", "value": ""}])), "name"),
        (document(foreign_entry(response__headers=[{"name": "a", "value": "b\r\nSet-Cookie: c"}])), "value"),
        (document(foreign_entry(request__method="GET / HTTP/1.1\r\nX")), "method"),
        (document(foreign_entry(request__url="https://example.com/api/v1/jobs")), "below one of"),
        (
            document(foreign_entry(request__url="https://quantum.cloud.ibm.com.evil.example/api/v1/jobs")),
            "below one of",
        ),
        (document(foreign_entry(request__url="https://[bad/api/v1/jobs")), "below one of"),
        (document(foreign_entry(request__url="file:///etc/passwd")), "below one of"),
    ],
)
def test_a_file_of_another_kind_is_refused_with_the_place(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.har"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=reason) as refusal:
        load(path)
    assert str(path) in str(refusal.value)


def test_an_entry_of_another_tool_is_read() -> None:
    (one,) = loads(document(foreign_entry()))
    assert (one.method, one.path, one.response_body) == ("GET", "/v1/versions", b"{}")


def test_an_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "bytes.har").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.har", tmp_path, tmp_path / "bytes.har"):
        with pytest.raises(InvalidInput, match=r"cannot be read|UTF-8"):
            load(path)


@settings(max_examples=60)
@given(st.data())
def test_a_damaged_cassette_is_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    text = dumps([entry(method="POST", request_body=b'{"a": 1}', request_headers=(("accept", "x"),))])
    at = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:at] + data.draw(st.text(max_size=3)) + text[at + data.draw(st.integers(0, 20)) :]
    with contextlib.suppress(InvalidInput):
        loads(damaged)


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
