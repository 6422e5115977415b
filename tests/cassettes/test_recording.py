"""The recorder's limits: secrets that are too short, services that fail, responses that cannot be read."""

from __future__ import annotations

import contextlib
import gzip
import http.server
import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from qiskit_runtime_rest import InvalidInput, Settings
from qiskit_runtime_rest.cassettes import Recorder, forwarding, load, record
from qiskit_runtime_rest.testing import Emulator

UNREACHABLE = Settings(base_url="http://127.0.0.1:9/api", iam_url="http://127.0.0.1:9", verify=False)


@contextlib.contextmanager
def remarks() -> Iterator[list[str]]:
    """Collects the messages of warnings."""
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found += [str(each.message) for each in caught if each.category is UserWarning]


def test_a_text_to_hide_must_be_long_enough() -> None:
    with pytest.raises(InvalidInput, match="hide='secret7': must have at least 8 characters"):
        Recorder(UNREACHABLE, hide=["secret88", "secret7"])


def test_an_unreachable_service_is_a_remark_and_not_recorded(tmp_path: Path) -> None:
    with remarks() as found, record(tmp_path / "it.har", UNREACHABLE) as service:
        response = httpx.get(f"{service.base_url}/v1/versions")
    assert response.status_code == 502
    assert "did not respond (ConnectError)" in response.json()["errors"][0]["message"]
    assert found[0] == "GET https://quantum.cloud.ibm.com/api got no response: ConnectError."
    assert "no requests were sent" in found[1]
    assert not (tmp_path / "it.har").exists()


def test_a_path_of_no_service_is_refused_with_the_variables_to_set(tmp_path: Path) -> None:
    with remarks(), record(tmp_path / "it.har", UNREACHABLE) as service:
        response = httpx.get(f"{service.url}/elsewhere")
    assert response.status_code == 404
    assert "QISKIT_IBM_URL" not in response.text
    assert "/experimental/api" in response.text


def test_a_response_of_unknown_encoding_is_passed_on_and_not_recorded(emulator: Emulator, tmp_path: Path) -> None:
    encoded = {"Content-Encoding": "unheard-of"}
    emulator.faults.add("get_versions", kind="answer", status=200, body={"a": 1}, headers=encoded)
    upstream = Settings(base_url=emulator.base_url, iam_url=emulator.iam_url, verify=False)
    with remarks() as found, record(tmp_path / "it.har", upstream) as service:
        response = httpx.get(f"{service.base_url}/v1/versions")
        httpx.get(f"{service.base_url}/v1/versions")
    assert response.json() == {"a": 1}
    assert response.headers["content-encoding"] == "unheard-of"
    assert found == ["a response of https://quantum.cloud.ibm.com/api has an unknown content encoding: not recorded."]
    assert len(load(tmp_path / "it.har")) == 1


class Packed(http.server.BaseHTTPRequestHandler):
    """Answers with `body`, packed by gzip."""

    body = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def packed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], Settings]]:
    """A service that answers with these bytes; bodies may have 1000 bytes."""
    monkeypatch.setattr(forwarding, "MOST_BYTES", 1000)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Packed) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"

        def answer(body: bytes) -> Settings:
            monkeypatch.setattr(Packed, "body", body)
            return Settings(base_url=f"{url}/api", iam_url=url, verify=False)

        yield answer
        server.shutdown()
        thread.join()


def test_a_response_that_unpacks_to_too_much_is_not_recorded(
    packed: Callable[[bytes], Settings], tmp_path: Path
) -> None:
    upstream = packed(gzip.compress(b" " * 100_000))
    with remarks() as found, record(tmp_path / "it.har", upstream) as service:
        response = httpx.get(f"{service.base_url}/v1/versions")
    assert response.status_code == 502
    assert "too long for a cassette" in response.text
    assert "longer than" in found[0]


def test_a_response_of_several_gzip_members_is_recorded_whole(
    packed: Callable[[bytes], Settings], tmp_path: Path
) -> None:
    with record(tmp_path / "it.har", packed(gzip.compress(b'{"a":') + gzip.compress(b" 1}"))) as service:
        assert httpx.get(f"{service.base_url}/v1/versions").json() == {"a": 1}
    (entry,) = load(tmp_path / "it.har")
    assert entry.response_body == b'{"a": 1}'


@pytest.mark.parametrize("body", [gzip.compress(b" " * 100_000), b" " * 2000])
def test_a_request_with_too_much_is_refused(packed: Callable[[bytes], Settings], tmp_path: Path, body: bytes) -> None:
    headers = {"Content-Encoding": "gzip"} if body[:1] == b"\x1f" else {}
    with remarks(), record(tmp_path / "it.har", packed(b"")) as service:
        response = httpx.post(f"{service.base_url}/v1/jobs", content=body, headers=headers)
    assert response.status_code == 413


def test_nothing_is_written_after_an_error_in_the_block(emulator: Emulator, tmp_path: Path) -> None:
    upstream = Settings(base_url=emulator.base_url, iam_url=emulator.iam_url, verify=False)

    def fail() -> None:
        with record(tmp_path / "it.har", upstream) as service:
            httpx.get(f"{service.base_url}/v1/versions")
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert list(tmp_path.iterdir()) == []
