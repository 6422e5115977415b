"""Keys, tokens and passwords are nowhere to be seen: representations, logs, errors, tracebacks, pickles."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import (
    ApiError,
    AsyncRuntimeClient,
    ConfigurationError,
    InvalidInput,
    Result,
    RetryPolicy,
    RuntimeClient,
    RuntimeRestError,
    Settings,
    TransportError,
)
from qiskit_runtime_rest.client.backends import Backend, Backends
from qiskit_runtime_rest.client.instances import Instances
from qiskit_runtime_rest.client.job import AsyncJob, Job
from qiskit_runtime_rest.client.jobs import Jobs
from qiskit_runtime_rest.client.sessions import AsyncSession, Session, Sessions
from qiskit_runtime_rest.config.account_file import read_account, save_account
from qiskit_runtime_rest.http.auth import ApiKeyAuth, TokenAuth
from qiskit_runtime_rest.http.auth.iam import Token

from ..fixtures.faces import Connect, Face
from ..fixtures.loopback import API_KEY, CRN, RESET, TOKEN_PATH, Answer, Asked, Loopback

TOKEN = "ey0.ready-made." + "x" * 1000
PASSWORD = "sesame-open"
SECRETS = (API_KEY, TOKEN, TOKEN[:40], PASSWORD, "token-1", "token-2")


def assert_no_secret(text: str) -> None:
    for secret in SECRETS:
        assert secret not in text


def shown(error: BaseException) -> str:
    """Whatever printing, logging or pickling the error, and those behind it, shows."""
    texts = ["".join(traceback.format_exception(error))]
    behind: BaseException | None = error
    while behind is not None:
        texts += [str(behind), repr(behind), repr(vars(behind)), repr(getattr(behind, "__notes__", ""))]
        behind = behind.__cause__ or behind.__context__
    return "\n".join([*texts, pickle.dumps(error).decode("latin-1")])


PROXIES = {"https": f"http://me:{PASSWORD}@proxy.example:8080"}


@pytest.mark.parametrize("credentials", [{"api_key": API_KEY}, {"token": TOKEN}], ids=["key", "token"])
def test_nothing_that_can_be_printed_shows_a_secret(connect: Connect, credentials: dict[str, str]) -> None:
    face = connect(instance=CRN, proxies=PROXIES, **credentials)
    client, io = face.client, face.client._connection
    http = face.do(lambda _: client.api.get_async_httpx_client() if face.is_async else client.api.get_httpx_client())
    for thing in (client, client.settings, io, io.auth, client.api, http, client.jobs, http.headers):
        assert_no_secret(f"{thing!r} {thing!s}")
    assert "'***'" in repr(face.client.settings)
    assert CRN in repr(face.client)


def test_values_that_hold_a_secret_do_not_show_it() -> None:
    for thing in (
        Settings(api_key=API_KEY, instance=CRN, proxies=PROXIES),
        Settings(token=TOKEN, instance=CRN),
        ApiKeyAuth(API_KEY, iam_url="https://iam", base_url="https://h"),
        TokenAuth(TOKEN, base_url="https://h"),
        Token(TOKEN, 1.0),
    ):
        assert_no_secret(f"{thing!r} {thing!s} {[thing]}")


def test_settings_without_a_secret_say_so() -> None:
    assert "api_key=None, token='***'" in repr(Settings(token=TOKEN, instance=CRN))


def echo(status: int, *, as_json: bool) -> Any:
    """A script that answers with everything it was sent."""

    def answer(request: Asked) -> Answer:
        said = f"{request.body.decode()} {dict(request.headers)}"
        body: Any = said
        if as_json:
            body = {"errors": [{"message": said, "solution": said, "code": said, "more_info": said}], "trace": said}
        return Answer(status, body, {"X-Request-Id": request.headers.get("Authorization", request.body.decode())})

    return answer


@pytest.mark.parametrize("as_json", [True, False], ids=["json", "text"])
@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("who", ["iam", "service"])
def test_an_answer_that_echoes_the_request_gives_nothing_away(
    service: Loopback, connect: Connect, caplog: pytest.LogCaptureFixture, who: str, status: int, as_json: bool
) -> None:
    service.script("*", echo(status, as_json=as_json))
    if who == "iam":
        service.script(f"POST {TOKEN_PATH}", echo(status, as_json=as_json))
    face = connect(service, retries=RetryPolicy(attempts=2))
    with pytest.raises(ApiError) as caught:
        face.request("GET", "/v1/jobs")
    assert_no_secret(shown(caught.value))
    assert "***" in str(caught.value)
    assert_no_secret(caplog.text)


@pytest.mark.parametrize("key", ["with+sign/and=more-0123456789", "with space and % 0123456789", '"quoted"-0123456789'])
def test_a_key_is_blanked_also_as_the_form_encodes_it(service: Loopback, connect: Connect, key: str) -> None:
    def answer(request: Asked) -> Answer:
        return Answer(400, f"<p>cannot read {request.body.decode()} that is {request.form['apikey']}</p>")

    service.script(f"POST {TOKEN_PATH}", answer)
    with pytest.raises(ApiError) as caught:
        connect(service, api_key=key).request("GET", "/v1/jobs")
    assert key not in str(caught.value)
    assert "0123456789" not in str(caught.value)


def escaped(text: str, characters: str = "") -> str:
    """`text` inside a JSON text, with `characters` (or all) escaped."""
    return "".join(f"\\u{ord(each):04x}" if each in (characters or text) else each for each in text)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "one sign": lambda text: escaped(text, "-._"),
    "all": escaped,
    "all, in capitals": lambda text: escaped(text).upper().replace("U", "u"),
    "twice": lambda text: json.dumps(escaped(text))[1:-1],
    "slashes": lambda text: text.replace("/", "\\/").replace('"', '\\"'),
}
BODIES = ['{"errors": [{"message": "no %s", "code": "%s", "solution": "%s"}], "trace": "%s"}', '"%s"', '{"odd": "%s"}']


@pytest.mark.parametrize("body", [*BODIES, '{"errorMessage": "%s", "errorCode": "%s"}', '["%s"', "<p>%s</p>"])
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("who", ["iam", "service"])
def test_a_credential_is_blanked_however_json_spells_it(
    service: Loopback, connect: Connect, caplog: pytest.LogCaptureFixture, who: str, spelling: str, body: str
) -> None:
    end = "0123456789-abcdefghij"
    secret = f'ey0.with/some-"signs"/{end}'
    answer = Answer(503, body.replace("%s", SPELLINGS[spelling](secret)))
    service.script(f"POST {TOKEN_PATH}" if who == "iam" else "*", answer)
    credentials = {"api_key": secret} if who == "iam" else {"token": secret}
    with pytest.raises(ApiError) as caught:
        connect(service, retries=RetryPolicy(attempts=2), **credentials).request("GET", "/v1/jobs")
    spellings: list[Callable[[str], str]] = [str, *SPELLINGS.values()]
    spelled = {spell(end).replace("\\", "") for spell in spellings}
    for text in (shown(caught.value), caplog.text):
        assert "***" in text
        assert not any(shape in text.replace("\\", "") for shape in spelled)


@pytest.mark.parametrize("before", [100, 150, 170, 190])
def test_a_key_that_the_excerpt_is_cut_in_is_blanked(service: Loopback, connect: Connect, before: int) -> None:
    service.script(f"POST {TOKEN_PATH}", Answer(400, "." * before + API_KEY))
    with pytest.raises(ApiError) as caught:
        connect(service).request("GET", "/v1/jobs")
    assert API_KEY[:6] not in str(caught.value)


def everything(face: Face) -> None:
    for method, path in (("GET", "/v1/jobs"), ("POST", "/v1/jobs"), ("DELETE", "/v1/jobs/x")):
        try:
            face.request(method, path, json={} if method == "POST" else None)
        except RuntimeRestError as error:
            assert_no_secret(shown(error))
            logging.getLogger("user").error("failed", exc_info=error)


@pytest.mark.parametrize("answer", [Answer(200), Answer(401), Answer(503), RESET], ids=["200", "401", "503", "reset"])
@pytest.mark.parametrize("who", ["iam", "service"])
def test_no_log_shows_a_secret_even_with_every_library_at_debug(
    service: Loopback, connect: Connect, caplog: pytest.LogCaptureFixture, who: str, answer: Answer
) -> None:
    caplog.set_level(logging.DEBUG)
    if who == "iam":
        service.script(f"POST {TOKEN_PATH}", answer, answer, service.issue)
    service.script("*", answer, Answer(200))
    everything(connect(service))
    assert "httpcore" in {record.name.partition(".")[0].rstrip("2") for record in caplog.records}
    assert_no_secret(caplog.text)
    assert_no_secret(str([vars(record) for record in caplog.records]))


def test_what_carries_an_error_to_another_process_carries_no_secret(service: Loopback, connect: Connect) -> None:
    service.script("*", RESET)
    with pytest.raises(TransportError) as lost:
        connect(service).request("GET", "/v1/jobs")
    # Clusters pickle the whole chain of causes, and what those hold.
    cause = lost.value.__cause__
    assert isinstance(cause, httpx.RequestError)
    assert_no_secret(pickle.dumps(vars(cause)).decode("latin-1"))


def test_no_log_shows_a_proxys_password(service: Loopback, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service.script("*", Answer(503))
    proxy = service.url.replace("//", f"//me:{PASSWORD}@")
    afar = {"base_url": "https://service.invalid/api", "iam_url": "http://iam.invalid", "allow_insecure_http": True}
    everything(connect(**afar, proxies={"all": proxy}))
    assert len(service.asked) > 3
    assert_no_secret(caplog.text)


@pytest.mark.parametrize("name", ["api_key", "token"])
def test_no_object_shows_the_secret_that_it_holds(name: str, tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    save_account(path, name="mine", api_key=API_KEY, instance=CRN)
    account = read_account(path, name="mine")
    assert account is not None
    secret = {"api_key": API_KEY, "token": TOKEN}[name]
    settings = Settings(instance=CRN, environ={}, **{name: secret})  # type: ignore[arg-type]
    auths = (
        ApiKeyAuth(API_KEY, iam_url="https://iam.example", base_url="https://service.example"),
        TokenAuth(TOKEN, base_url="https://service.example"),
    )
    for one in (settings, account, *auths):
        assert_no_secret(f"{one!r} {vars(one)!r} {traceback_with_locals(one)}")
    kept = getattr(settings, name)
    assert (kept, f"{kept}", kept.encode(), json.dumps(kept)) == (secret, secret, secret.encode(), f'"{secret}"')
    assert isinstance(kept, str)
    assert settings == copy.deepcopy(settings) == copy.copy(settings)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match=r"does not pickle.*environment") as refused:
            pickle.dumps(settings, protocol)
        assert_no_secret(shown(refused.value))


def traceback_with_locals(one: Any) -> str:
    """What a tool that shows local variables prints of a function that has the object and its secrets."""
    values = [getattr(one, name, None) for name in ("api_key", "token", "_api_key", "_token")]
    try:
        raise RuntimeError(len(values))
    except RuntimeError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def with_locals(error: BaseException) -> str:
    """All that a traceback shows, with the local variables of this package."""
    frames = [
        f"{frame.f_locals}"
        for frame, _ in traceback.walk_tb(error.__traceback__)
        if "qiskit_runtime_rest" in frame.f_code.co_filename
    ]
    return "\n".join([*frames, *traceback.format_exception(error)])


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": API_KEY, "base_url": "ftp://x"},
        {"token": API_KEY, "timeout": "x"},
        {"api_key": f"{API_KEY}\n{API_KEY}"},
        {"api_key": API_KEY, "zzz": 1},
        {"environ": {"QISKIT_IBM_TOKEN": API_KEY}, "base_url": "ftp://x"},
        {"environ": {"QISKIT_IBM_TOKEN": f"{API_KEY}\n{API_KEY}"}},
    ],
)
@pytest.mark.parametrize("make", [Settings, RuntimeClient])
def test_a_traceback_with_local_variables_does_not_show_the_key(
    options: dict[str, Any], make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"instance": CRN, **options}
    if make is RuntimeClient:
        for name, value in given.pop("environ", {}).items():
            monkeypatch.setenv(name, value)
    with pytest.raises((ConfigurationError, TypeError)) as wrong:
        make(**given)
    assert API_KEY not in with_locals(wrong.value)


def test_a_token_that_cannot_be_sent_is_not_shown_by_h11(service: Loopback) -> None:
    """h11 names the value of a header that it refuses."""
    client = RuntimeClient(auth=Broken(), instance=CRN, base_url=service.base_url, iam_url=service.url)
    with client, pytest.raises(TransportError, match="cannot be sent as it is") as refused:
        client.usage()
    assert API_KEY not in "".join(traceback.format_exception(refused.value))


class Broken(httpx.Auth):
    """Sends a token with a line break."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["Authorization"] = f"Bearer {API_KEY}\n"
        yield request


HANDLES = [Job, AsyncJob, Jobs, Session, Sessions, AsyncSession, Backend, Backends, Instances]


@pytest.mark.parametrize("kind", [Settings, RuntimeClient, AsyncRuntimeClient, ApiKeyAuth, TokenAuth, Result, *HANDLES])
def test_what_could_not_be_made_has_a_repr(kind: type[Any]) -> None:
    """A debugger shows it among the local variables."""
    assert kind.__name__ in repr(object.__new__(kind))


WHERE: dict[str, Callable[[Any, str], Any]] = {
    "job_id": lambda client, key: client.jobs.get(key),
    "handle": lambda client, key: client.jobs.handle(key),
    "tag": lambda client, key: client.jobs.find(key),
    "backend": lambda client, key: client.backends.get(key),
    "session": lambda client, key: client.sessions.get(key),
    "part of a text": lambda client, key: client.jobs.get(f"id-{key}"),
    "list": lambda client, key: client.jobs.list(tags=["a", key]),
    "backend of a job": lambda client, key: client.sampler(["x"], backend=key),
    "tags of a job": lambda client, key: client.sampler(["x"], backend="b", tags=[key]),
    "session of a job": lambda client, key: client.jobs.submit("sampler", params={}, backend="b", session_id=key),
    "params": lambda client, key: client.jobs.submit("sampler", params={"a": [{"b": (1, {key})}]}, backend="b"),
    "name of a param": lambda client, key: client.jobs.submit("sampler", params={"a": {key: 1}}, backend="b"),
    "options": lambda client, key: client.sampler(["x"], backend="b", options={"a": {"b": [key]}}),
    "values": lambda client, key: client.sampler([("x", {"theta": key})], backend="b"),
    "passthrough_data": lambda client, key: client.executor(["x"], backend="b", passthrough_data={"a": key}),
    "list of lists": lambda client, key: client.jobs.wait_all([["x", key]]),
    "program": lambda client, key: client.jobs.submit(key, params={}, backend="b"),
}


@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("credentials", [{"api_key": API_KEY}, {"token": TOKEN}], ids=["key", "token"])
def test_a_secret_that_is_another_argument_is_refused_and_not_shown(
    service: Loopback, connect: Connect, caplog: pytest.LogCaptureFixture, where: str, credentials: dict[str, str]
) -> None:
    (secret,) = credentials.values()
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InvalidInput, match=r"contains? the API key or token") as refused:
        connect(service, **credentials).do(lambda client: WHERE[where](client, secret))
    assert_no_secret(shown(refused.value) + caplog.text)
    assert service.asked == []


@pytest.mark.parametrize(
    "name", ["instance", "base_url", "iam_url", "application", "api_version", "validate", "verify"]
)
@pytest.mark.parametrize("key", ["api_key", "token"])
def test_a_secret_that_is_another_setting_is_refused_and_not_shown(home: Path, key: str, name: str) -> None:
    secret = {"api_key": API_KEY, "token": TOKEN}[key]
    value = f"https://service.example/{secret}" if name.endswith("url") else secret
    makes: tuple[Any, ...] = (Settings, RuntimeClient, AsyncRuntimeClient)
    for make in makes:
        with pytest.raises(ConfigurationError, match=f"{name} .not shown. contains the API key") as refused:
            make(**{"instance": CRN, key: secret, name: value})
        assert_no_secret(shown(refused.value))
