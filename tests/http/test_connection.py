"""HTTP towards the service: headers, time-outs, proxies, certificates, connections kept."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from qiskit_runtime_rest import ConfigurationError, RetryPolicy, RuntimeClient, TransportError, __version__
from qiskit_runtime_rest.http.environment_proxies import proxies_without_networks

from ..fixtures.faces import Connect
from ..fixtures.loopback import API_KEY, CRN, TOKEN_PATH, Answer, Asked, Loopback

AFAR: dict[str, Any] = {
    "base_url": "http://service.invalid/api",
    "iam_url": "http://iam.invalid",
    "allow_insecure_http": True,
}
"""Hosts that nobody can reach but a proxy that pretends."""


def test_each_request_names_the_client_and_the_api_version(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200))
    face = connect(service, application="my-app")
    for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("GET", "/v1/versions"), ("DELETE", "/v1/jobs/x")):
        face.request(method, path)
    for call in service.calls:
        assert call.headers["IBM-API-Version"] == "2026-04-15"
        assert call.headers["Service-CRN"] == CRN
        assert call.headers["Authorization"] == "Bearer token-1"
        assert call.headers["User-Agent"].startswith(f"qiskit-runtime-rest/{__version__} python/3.")
        assert call.headers["X-Qx-Client-Application"] == f"qiskit-version-2/{__version__}/my-app"
        assert call.headers["Accept"] == "application/json"


@pytest.mark.parametrize(("limits", "connections"), [(None, 1), (httpx.Limits(max_keepalive_connections=0), 3)])
def test_the_given_limits_take_effect(
    service: Loopback, connect: Connect, limits: httpx.Limits | None, connections: int
) -> None:
    service.script("*", Answer(200))
    face = connect(service, token="ready-made", limits=limits)
    for _ in range(3):
        face.request("GET", "/v1/jobs")
    assert len({call.connection for call in service.calls}) == connections


def test_the_api_version_can_be_chosen(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200))
    connect(service, api_version="2025-01-01").request("GET", "/v1/backends")
    assert service.calls[0].headers["IBM-API-Version"] == "2025-01-01"


def test_a_base_url_with_a_path_and_a_slash_leads_below_it(service: Loopback, connect: Connect) -> None:
    service.script("GET /deep/api/v1/jobs", Answer(200))
    for suffix in ("/deep/api", "/deep/api/"):
        connect(service, base_url=service.url + suffix).request("GET", "/v1/jobs")
    assert len(service.calls) == 2


def test_a_token_request_has_only_the_headers_it_needs(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200, headers={"Set-Cookie": "session=1"}))
    face = connect(service)
    face.request("GET", "/v1/jobs")
    (exchange,) = service.exchanges
    assert {"authorization", "service-crn", "cookie"}.isdisjoint(name.lower() for name in exchange.headers)
    assert exchange.headers["User-Agent"].startswith("qiskit-runtime-rest/")
    assert set(exchange.form) == {"grant_type", "apikey"}


def test_one_connection_serves_many_requests(service: Loopback, connect: Connect) -> None:
    service.script("*", Answer(200, {}), Answer(404), Answer(503), Answer(200, {}))
    face = connect(service)
    face.request("GET", "/v1/jobs")
    with pytest.raises(Exception, match="404"):
        face.request("GET", "/v1/jobs")
    face.request("GET", "/v1/jobs")
    assert len(service.calls) == 4
    assert len({asked.connection for asked in service.calls}) == 1


def test_requests_at_the_same_time_leave_their_connections_to_the_next(service: Loopback, connect: Connect) -> None:
    """One that is closed as surplus may have a request already: httpcore's pool does not know before it is sent."""
    number = 60
    together = threading.Barrier(number)

    def answer(_asked: Asked) -> Answer:
        together.wait(60)
        return Answer(200)

    service.script("*", answer)
    face = connect(service, token="ready-made")

    async def send(client: Any) -> None:
        http = client.api.get_async_httpx_client()
        await asyncio.gather(*(http.request("GET", "/v1/jobs") for _ in range(number)))

    for _ in range(2):
        if face.is_async:
            face.do(send)
        else:
            with ThreadPoolExecutor(number) as threads:
                assert len(list(threads.map(lambda _: face.request("GET", "/v1/jobs"), range(number)))) == number
    assert len({call.connection for call in service.calls}) == number


class Timeouts(httpx.Auth):
    """Notes the time-outs of the requests it lets through."""

    def __init__(self) -> None:
        self.seen: list[dict[str, float | None]] = []

    def auth_flow(self, request: httpx.Request) -> Any:
        self.seen.append(request.extensions["timeout"])
        yield request


@pytest.mark.parametrize(
    ("timeout", "usual", "upload"),
    [
        (None, {"connect": 10.0, "read": 60.0, "write": 60.0}, {"connect": 10.0, "read": 300.0, "write": 300.0}),
        (5.0, {"connect": 5.0, "read": 5.0, "write": 5.0}, {"connect": 5.0, "read": 300.0, "write": 300.0}),
        (
            httpx.Timeout(None, read=900.0),
            {"connect": 3600.0, "read": 900.0, "write": 3600.0},
            {"connect": 3600.0, "read": 900.0, "write": 3600.0},
        ),
    ],
    ids=["default", "number", "own"],
)
def test_the_upload_of_a_job_may_take_longer(
    service: Loopback, connect: Connect, timeout: Any, usual: dict[str, Any], upload: dict[str, Any]
) -> None:
    service.script("*", Answer(200))
    noted = Timeouts()
    face = connect(service, auth=noted, timeout=timeout)
    for method, path in (
        ("GET", "/v1/jobs"),
        ("POST", "/v1/sessions"),
        ("POST", "/v1/jobs/x/cancel"),
        ("POST", "/v1/jobs"),
    ):
        face.request(method, path)
    *others, last = ({kind: seen[kind] for kind in usual} for seen in noted.seen)
    assert others == [usual] * 3
    assert last == upload


def test_an_answer_that_does_not_come_in_time_is_a_transport_error(service: Loopback, connect: Connect) -> None:
    gate = threading.Event()
    service.script("*", Answer(gate=gate))
    face = connect(service, token="ready-made", timeout=0.05, retries=RetryPolicy(attempts=1))
    try:
        with pytest.raises(TransportError, match=r"no answer in time") as caught:
            face.request("GET", "/v1/jobs")
    finally:
        gate.set()
    assert caught.value.sent


def test_iam_has_the_time_outs_of_the_request_that_needs_it(service: Loopback, connect: Connect) -> None:
    gate = threading.Event()
    service.script(f"POST {TOKEN_PATH}", Answer(gate=gate))
    face = connect(service, timeout=0.05, retries=RetryPolicy(attempts=1))
    try:
        with pytest.raises(TransportError, match=rf"{TOKEN_PATH}: no answer in time") as caught:
            face.request("GET", "/v1/jobs")
    finally:
        gate.set()
    assert caught.value.sent is False


# Proxies.


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_the_environments_proxy_serves_the_service_and_iam_alike(
    service: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, service.url)
    service.script("*", Answer(200, {"id": "x"}))
    assert connect(**AFAR).do(lambda client: client.jobs.get("x")).id == "x"
    exchange, call = service.asked
    assert exchange.target == f"http://iam.invalid{TOKEN_PATH}"
    assert call.target.startswith("http://service.invalid/api/v1/jobs/x")


def test_hosts_that_need_no_proxy_are_asked_directly(
    service: Loopback, other: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    service.script("*", Answer(200))
    connect(service).request("GET", "/v1/jobs")
    assert other.asked == []


@pytest.mark.parametrize("excluded", ["fd00::/8,127.0.0.0/8", "[fd00::1],127.0.0.1", "fd00::/8,*"])
def test_networks_that_need_no_proxy_are_asked_directly(
    service: Loopback, other: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch, excluded: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.url)
    monkeypatch.setenv("NO_PROXY", excluded)
    service.script("*", Answer(200))
    connect(service).request("GET", "/v1/jobs")
    assert other.asked == []


def test_beside_a_network_the_proxies_and_other_hosts_count(
    service: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", service.url)
    monkeypatch.setenv("NO_PROXY", "fd00::/8,elsewhere.invalid,localhost,10.0.0.1")
    service.script("*", Answer(200))
    connect(**AFAR, token="ready-made").request("GET", "/v1/jobs")
    assert [call.target for call in service.asked] == ["http://service.invalid/api/v1/jobs"]


def test_the_hosts_of_a_network_have_a_pattern_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy:1")
    monkeypatch.setenv("NO_PROXY", "fd00::/8, 10.0.0.0/8, .internal, ::1")
    urls = ["https://[fd00::7]:8443/api", "https://10.1.2.3", "https://192.168.0.1", "https://name.example"]
    assert proxies_without_networks(urls) == {
        "https://": "http://proxy:1",
        "all://*.internal": None,
        "all://[::1]": None,
        "all://[fd00::7]": None,
        "all://10.1.2.3": None,
    }
    monkeypatch.setenv("NO_PROXY", "localhost,10.0.0.1")
    assert proxies_without_networks(urls) is None


@pytest.mark.parametrize("pattern", ["http", "http://", "all", "http://service.invalid"])
def test_proxies_of_the_settings_come_before_the_environments(
    service: Loopback, other: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch, pattern: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", other.url)
    service.script("*", Answer(200))
    connect(**AFAR, token="ready-made", proxies={pattern: service.url}).request("GET", "/v1/jobs")
    assert [call.target for call in service.asked] == ["http://service.invalid/api/v1/jobs"]
    assert other.asked == []


def test_the_account_files_proxies_are_used_with_their_password(
    service: Loopback, connect: Connect, tmp_path: Path
) -> None:
    service.script("*", Answer(200))
    proxy = service.url.replace("http://", "http://me:sesame@")
    account = {"token": API_KEY, "instance": CRN, "proxies": {"urls": {"http": proxy}}}
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps({"mine": account}))
    connect(**AFAR, account="mine", account_path=path, api_key=None, instance=None).request("GET", "/v1/jobs")
    assert [asked.target for asked in service.asked] == [
        f"http://iam.invalid{TOKEN_PATH}",
        "http://service.invalid/api/v1/jobs",
    ]
    expected = "Basic " + base64.b64encode(b"me:sesame").decode()
    assert {asked.headers["Proxy-Authorization"] for asked in service.asked} == {expected}


def test_a_proxy_that_refuses_to_connect_has_sent_nothing_on(
    service: Loopback, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", service.url)
    service.script("*", Answer(403))
    face = connect(token="ready-made", base_url="https://service.invalid/api", retries=RetryPolicy(attempts=2))
    with pytest.raises(TransportError, match="the proxy refused; check the proxy settings") as caught:
        face.request("POST", "/v1/jobs", json={})
    assert caught.value.sent is False
    assert [asked.method for asked in service.asked] == ["CONNECT", "CONNECT"]


@pytest.mark.parametrize("value", ["gopher://proxy:1", "http://proxy:port", "socks5://proxy:1"])
def test_a_proxy_of_the_environment_that_cannot_work_is_a_configuration_error(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("HTTP_PROXY", value.replace("//", "//me:sesame@"))
    face = connect(**AFAR)
    calls: list[Callable[[], Any]] = [
        lambda: face.request("GET", "/v1/jobs"),
        lambda: face.do(lambda client: client.jobs.submit("sampler", backend="b", params={})),
    ]
    for call in calls:
        with pytest.raises(ConfigurationError, match="HTTP_PROXY") as caught:
            call()
        assert "sesame" not in str(caught.value)


# Certificates.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 signed by itself, with its key, in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    today = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.fixture
def secured(certificate: Path) -> Iterator[Loopback]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Loopback(tls=context) as server:
        server.script("*", Answer(200))
        yield server


@pytest.mark.parametrize("way", ["path", "context", "unverified", "environment"])
def test_the_ca_bundle_counts_for_the_service_and_iam_alike(
    secured: Loopback, connect: Connect, certificate: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    if way == "environment":
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    verify = {
        "path": str(certificate),
        "context": ssl.create_default_context(cafile=certificate),
        "unverified": False,
        "environment": True,
    }[way]
    connect(secured, verify=verify).request("GET", "/v1/jobs")
    assert (len(secured.exchanges), len(secured.calls)) == (1, 1)


@pytest.mark.parametrize("credentials", [{}, {"token": "ready-made"}], ids=["iam", "service"])
def test_an_untrusted_certificate_is_refused(
    secured: Loopback, connect: Connect, clock: Any, credentials: dict[str, str]
) -> None:
    with pytest.raises(TransportError, match=r"certificate is not trusted.*verify=.*CERTIFICATE_VERIFY") as caught:
        connect(secured, verify=True, **credentials).request("GET", "/v1/jobs")
    assert caught.value.sent is False
    assert clock.slept == []
    assert secured.asked == []


@pytest.mark.parametrize("content", [None, "no certificate", "folder"])
def test_a_ca_bundle_that_cannot_be_read_is_a_configuration_error(
    connect: Connect, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path if content == "folder" else tmp_path / "bundle.pem"
    if content == "no certificate":
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=r"verify=.*not the path of a readable CA bundle"):
        connect(**AFAR, verify=str(path)).request("GET", "/v1/jobs")


def test_a_ca_bundle_of_the_environment_that_cannot_be_read_is_named(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/bundle.pem")
    with pytest.raises(ConfigurationError, match=r"SSL_CERT_FILE='/nowhere/bundle.pem' is not the path of a readable"):
        connect(**AFAR, verify=True).request("GET", "/v1/jobs")


def test_a_closed_client_has_closed_its_connections(service: Loopback) -> None:
    service.script("*", Answer(200))
    with RuntimeClient(token="ready-made", instance=CRN, base_url=service.base_url) as client:
        http = client.api.get_httpx_client()
        copied = client.api.with_headers({"X-Own": "1"}).get_httpx_client()
        http.get("/v1/jobs")
    assert http.is_closed
    assert copied.is_closed
