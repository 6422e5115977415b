"""Settings: arguments, then the environment, then the account file; checked before anything is sent."""

from __future__ import annotations

import dataclasses
import json
import socket
import string
from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest import AsyncRuntimeClient, ConfigurationError, RuntimeClient, Settings

from ..fixtures.loopback import API_KEY, CRN

ASCII = string.ascii_letters + string.digits + string.punctuation
EU = CRN.replace("us-east", "eu-de")
STAGING = CRN.replace("bluemix", "staging")

ARGUMENT: dict[str, Any] = {
    "api_key": "argument-key",
    "instance": CRN.replace("0a1b2c", "argument"),
    "base_url": "https://argument.example/api",
    "iam_url": "https://iam.argument.example",
    "submissions_per_minute": 1.0,
}
ENVIRON = {
    "QISKIT_IBM_TOKEN": "environment-key",
    "QISKIT_IBM_INSTANCE": CRN.replace("0a1b2c", "environment"),
    "QISKIT_IBM_URL": "https://environment.example/api",
    "IAM_URL": "https://iam.environment.example",
    "QRR_SUBMISSIONS_PER_MINUTE": "2",
}
VARIABLE = dict(zip(ARGUMENT, ENVIRON, strict=True))
SAVED: dict[str, Any] = {
    "channel": "ibm_quantum_platform",
    "token": "file-key",
    "instance": CRN.replace("0a1b2c", "file"),
    "url": "https://file.example/api",
}
FROM_FILE = {"api_key": "token", "instance": "instance", "base_url": "url"}


def accounts(home: Path, **entries: dict[str, Any]) -> None:
    folder = home / ".qiskit"
    folder.mkdir()
    named = {name.replace("_", "-"): entry for name, entry in entries.items()}
    (folder / "qiskit-ibm.json").write_text(json.dumps(named))


def settings_with(name: str, value: str) -> Settings:
    options: dict[str, Any] = {"api_key": API_KEY, "instance": CRN, name: value}
    return Settings(**options)


def from_environment(field: str) -> Any:
    value = ENVIRON[VARIABLE[field]]
    return 2.0 if field == "submissions_per_minute" else value


@pytest.mark.parametrize("field", ARGUMENT)
def test_an_argument_precedes_the_environment_and_the_file(home: Path, field: str) -> None:
    accounts(home, default_ibm_cloud=SAVED)
    settings = Settings(**{field: ARGUMENT[field]}, environ=ENVIRON)
    assert getattr(settings, field) == ARGUMENT[field]
    for rest in ARGUMENT.keys() - {field}:
        assert getattr(settings, rest) == from_environment(rest)


@pytest.mark.parametrize("field", ARGUMENT)
def test_the_environment_is_read_by_the_names_of_ibms_sdk(
    home: Path, monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    accounts(home, default_ibm_cloud=SAVED)
    monkeypatch.setenv(VARIABLE[field], ENVIRON[VARIABLE[field]])
    assert getattr(Settings(), field) == from_environment(field)


@pytest.mark.parametrize("field", FROM_FILE)
def test_the_account_file_comes_last(home: Path, field: str) -> None:
    accounts(home, default_ibm_cloud=SAVED)
    environ = {name: value for name, value in ENVIRON.items() if name != VARIABLE[field]}
    if field == "base_url":
        environ = {}  # the file's URL belongs to the file's instance
    assert getattr(Settings(environ=environ), field) == SAVED[FROM_FILE[field]]


def test_an_account_given_by_name_precedes_the_environment_but_not_arguments(home: Path) -> None:
    accounts(home, mine=SAVED, default_ibm_cloud={**SAVED, "token": "default-key"})
    settings = Settings(account="mine", instance=EU, environ=ENVIRON)
    assert (settings.api_key, settings.instance, settings.base_url) == ("file-key", EU, SAVED["url"])
    assert settings.iam_url == ENVIRON["IAM_URL"]


def test_an_account_file_elsewhere_is_read(tmp_path: Path) -> None:
    path = tmp_path / "elsewhere.json"
    path.write_text(json.dumps({"mine": SAVED}))
    assert Settings(account="mine", account_path=path).api_key == "file-key"
    assert Settings(account="mine", account_path=str(path)).api_key == "file-key"


@pytest.mark.parametrize("end", ["", "/identity/token", "/identity/token/"])
def test_the_path_of_tokens_may_be_part_of_the_iam_url(end: str) -> None:
    assert Settings(environ={**ENVIRON, "IAM_URL": f"https://iam.cloud.ibm.com{end}"}).iam_url == (
        "https://iam.cloud.ibm.com"
    )


def test_an_account_that_does_not_exist_is_an_error_even_if_the_environment_has_everything(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="no account 'nope'"):
        Settings(account="nope", environ=ENVIRON)


def test_a_broken_account_file_is_an_error_only_where_it_is_needed(home: Path) -> None:
    accounts(home)
    (home / ".qiskit" / "qiskit-ibm.json").write_text("{")
    assert Settings(environ=ENVIRON).api_key == "environment-key"
    with pytest.raises(ConfigurationError, match="is not JSON"):
        Settings()


def test_proxies_verify_and_private_endpoint_of_the_account_are_kept(home: Path) -> None:
    saved = {**SAVED, "url": None, "verify": False, "private_endpoint": True}
    accounts(home, default_ibm_cloud={**saved, "proxies": {"urls": {"https": "http://proxy.example:8080"}}})
    settings = Settings()
    assert settings.base_url == "https://private.us-east.quantum.cloud.ibm.com/api"
    assert settings.iam_url == "https://private.iam.cloud.ibm.com"
    assert settings.verify is False
    assert settings.proxies == {"https": "http://proxy.example:8080"}
    assert Settings(verify=True, proxies={}).verify is True
    assert Settings(proxies={}).proxies == {}


@pytest.mark.parametrize("channel", ["ibm_quantum", "ibm_cloud"])
def test_the_channel_variable_chooses_among_accounts(home: Path, channel: str) -> None:
    accounts(
        home, default_ibm_quantum_platform=SAVED, default_ibm_cloud={**SAVED, "channel": "ibm_cloud", "token": "k"}
    )
    if channel == "ibm_quantum":
        with pytest.raises(ConfigurationError, match=r"retired.*Create an API key"):
            Settings(environ={"QISKIT_IBM_CHANNEL": channel})
    else:
        assert Settings(environ={"QISKIT_IBM_CHANNEL": channel}).api_key == "k"


@pytest.mark.parametrize(
    ("instance", "base_url", "iam_url"),
    [
        (CRN, "https://quantum.cloud.ibm.com/api", "https://iam.cloud.ibm.com"),
        (EU, "https://eu-de.quantum.cloud.ibm.com/api", "https://iam.cloud.ibm.com"),
        (STAGING, "https://quantum.test.cloud.ibm.com/api", "https://iam.test.cloud.ibm.com"),
    ],
)
def test_the_crn_decides_the_hosts(instance: str, base_url: str, iam_url: str) -> None:
    settings = Settings(api_key=API_KEY, instance=instance)
    assert (settings.base_url, settings.iam_url) == (base_url, iam_url)


@pytest.mark.parametrize("url", ["https://cloud.ibm.com", "https://cloud.ibm.com/", "https://test.cloud.ibm.com"])
def test_with_the_url_of_the_platform_the_crn_decides_the_host(url: str) -> None:
    settings = Settings(api_key=API_KEY, instance=EU, environ={"QISKIT_IBM_URL": url})
    assert settings.base_url == "https://eu-de.quantum.cloud.ibm.com/api"


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "https://h/api/", "https://H.example/Api%20x", "https://cloud.ibm.com"]
)
def test_a_given_base_url_is_not_changed(url: str) -> None:
    assert Settings(api_key=API_KEY, instance=EU, base_url=url).base_url == url


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://quantum.cloud.ibm.com/api/v1", "https://quantum.cloud.ibm.com/api"),
        ("http://127.0.0.1:1/v1/", "http://127.0.0.1:1"),
        ("https://h/v1/api", "https://h/v1/api"),
        ("https://h/api/v10", "https://h/api/v10"),
        ("https://h/xv1", "https://h/xv1"),
        ("https://v1", "https://v1"),
    ],
)
@pytest.mark.parametrize("given", ["argument", "environment", "file"])
def test_the_version_at_the_end_of_a_base_url_is_removed(home: Path, given: str, url: str, base_url: str) -> None:
    options: dict[str, Any] = {"api_key": API_KEY, "instance": CRN, "environ": {}}
    if given == "argument":
        options["base_url"] = url
    elif given == "environment":
        options["environ"] = {"QISKIT_IBM_URL": url}
    else:
        accounts(home, default_ibm_cloud={**SAVED, "url": url})
        options = {"environ": {}}
    assert Settings(**options).base_url == base_url


@pytest.mark.parametrize(
    "url",
    [
        "https://auth.quantum-computing.ibm.com/api",
        "https://runtime-us-east.quantum-computing.ibm.com",
        "https://us-east.quantum-computing.cloud.ibm.com",
    ],
)
def test_the_error_of_a_classic_host_says_to_leave_the_url_out(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"classic API.*Leave the URL out"):
        Settings(api_key=API_KEY, instance=CRN, environ={"QISKIT_IBM_URL": url})


@pytest.mark.parametrize("name", ["base_url", "iam_url"])
@pytest.mark.parametrize(
    "url",
    [
        *("quantum.cloud.ibm.com", "ftp://host/api", "https://", "http://[::1", "http://host:99999/api"),
        *("http://host:port/", "http://ho st/", "http://host/\x00", "http://ho\nst/", "//host/api", "localhost:8080"),
    ],
)
def test_a_url_that_cannot_work_is_refused(name: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=name):
        settings_with(name, url)


FAR = ["http://service.example/api", "HTTP://192.168.1.5:8000", "http://localhost.example", "http://[2001:db8::1]/api"]


@pytest.mark.parametrize("name", ["base_url", "iam_url"])
@pytest.mark.parametrize("url", FAR)
def test_a_key_does_not_travel_in_the_clear_to_another_machine(name: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{name}=.*in the clear.*https://.*allow_insecure_http=True"):
        settings_with(name, url)
    allowed = Settings(api_key=API_KEY, instance=CRN, allow_insecure_http=True, **{name: url})  # type: ignore[arg-type]
    assert getattr(allowed, name) == url
    assert allowed.allow_insecure_http


def test_a_url_of_the_environment_or_the_account_file_is_refused_alike(home: Path) -> None:
    with pytest.raises(ConfigurationError, match="in the clear"):
        Settings(api_key=API_KEY, instance=CRN, environ={"IAM_URL": FAR[0]})
    accounts(home, default_ibm_cloud={**SAVED, "url": FAR[0]})
    with pytest.raises(ConfigurationError, match="in the clear"):
        Settings(environ={})


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:80", "127.0.0.1", "127.1.2.3:5", "[::1]:8000", "0.0.0.0:1", "[::]"]
)
def test_plain_http_to_this_machine_needs_no_permission(host: str) -> None:
    settings = settings_with("base_url", f"http://{host}/api")
    assert not settings.allow_insecure_http
    assert settings.submissions_per_minute is None


@pytest.mark.parametrize("name", ["base_url", "iam_url"])
@pytest.mark.parametrize("url", ["https://me:sesame@host/api", "ftp://me:sesame@host", "me:sesame@host/api"])
def test_a_password_in_a_url_is_refused_and_not_shown(name: str, url: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        settings_with(name, url)
    assert "sesame" not in str(caught.value)


@given(
    url=st.text() | st.text(ASCII, max_size=8).map("http://h".__add__) | st.text("xn-a:[]%.0@/").map("http://".__add__)
)
def test_any_base_url_works_or_is_a_configuration_error(url: str) -> None:
    try:
        client = RuntimeClient(api_key=API_KEY, instance=CRN, base_url=url)
    except ConfigurationError:
        return
    client.api.get_httpx_client()
    client.close()


@pytest.mark.parametrize("key", ["first\nsecond", "schlüssel", "a\x00b", "tab\tin"])
@pytest.mark.parametrize("name", ["api_key", "token"])
def test_an_invalid_key_is_refused_and_not_shown(name: str, key: str) -> None:
    with pytest.raises(ConfigurationError, match="copy it again") as caught:
        settings_with(name, key)
    assert key not in str(caught.value)


def test_white_space_around_a_key_is_removed() -> None:
    assert Settings(api_key=f" {API_KEY}\n", instance=CRN).api_key == API_KEY


@pytest.mark.parametrize("quote", ["'", '"'])
def test_quotes_around_a_setting_are_removed(quote: str) -> None:
    environ = {
        name: f" {quote}{value}{quote}"
        for name, value in {
            "QISKIT_IBM_TOKEN": API_KEY,
            "QISKIT_IBM_INSTANCE": EU,
            "QISKIT_IBM_URL": "https://h/x",
        }.items()
    }
    settings = Settings(environ=environ)
    assert (settings.api_key, settings.instance, settings.base_url) == (API_KEY, EU, "https://h/x")
    assert Settings(api_key=f"{quote}{API_KEY}{quote}", environ={}).api_key == API_KEY


@pytest.mark.parametrize(
    ("url", "base_url"),
    [
        ("https://quantum.cloud.ibm.com", "https://quantum.cloud.ibm.com/api"),
        ("https://eu-de.quantum.cloud.ibm.com/", "https://eu-de.quantum.cloud.ibm.com/api"),
        ("https://quantum.test.cloud.ibm.com/v1", "https://quantum.test.cloud.ibm.com/api"),
        ("https://private.us-east.quantum.cloud.ibm.com", "https://private.us-east.quantum.cloud.ibm.com/api"),
        ("https://quantum.cloud.ibm.com/other", "https://quantum.cloud.ibm.com/other"),
        ("https://quantum.cloud.ibm.com.example", "https://quantum.cloud.ibm.com.example"),
    ],
)
def test_the_path_of_a_known_host_is_completed(url: str, base_url: str) -> None:
    assert Settings(api_key=API_KEY, instance=CRN, base_url=url).base_url == base_url


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_the_ca_bundle_of_other_tools_is_used(tmp_path: Path, variable: str) -> None:
    path = tmp_path / "company.pem"
    path.write_text("")
    environ = {variable: str(path)}
    assert Settings(environ=environ).verify == str(path)
    assert Settings(verify=False, environ=environ).verify is False
    assert Settings(verify="mine.pem", environ=environ).verify == "mine.pem"
    assert Settings(environ={**environ, "SSL_CERT_FILE": "read by httpx"}).verify is True
    with pytest.raises(ConfigurationError, match=rf"{variable}='/nowhere' is not a file: correct the path"):
        Settings(environ={variable: "/nowhere"})


def test_an_instance_may_have_a_name_until_it_is_looked_up() -> None:
    settings = Settings(api_key=API_KEY, instance="my instance", environ={})
    assert settings.instance == settings.instance_name == "my instance"
    found = settings.with_instance(EU)
    assert (found.instance, found.instance_name) == (EU, None)
    assert found.base_url == "https://eu-de.quantum.cloud.ibm.com/api"
    elsewhere = Settings(api_key=API_KEY, instance="name", base_url="https://h/api", environ={})
    assert elsewhere.with_instance(EU).base_url == "https://h/api"


def test_a_key_pasted_as_the_instance_is_not_shown() -> None:
    with pytest.raises(ConfigurationError, match=r"looks like an API key.*Copy the CRN") as caught:
        Settings(api_key=CRN, instance=API_KEY)
    assert API_KEY not in str(caught.value)


def test_a_token_replaces_the_key(home: Path) -> None:
    settings = Settings(token="ready-made", instance=CRN, environ=ENVIRON)
    assert (settings.token, settings.api_key) == ("ready-made", None)


def test_the_api_version_is_pinned() -> None:
    assert Settings(api_key=API_KEY, instance=CRN).api_version == "2026-04-15"
    assert Settings(api_key=API_KEY, instance=CRN, api_version="2025-01-01").api_version == "2025-01-01"


@pytest.mark.parametrize("version", ["latest", "2026-4-15", "2026-04-15\n", "\N{ARABIC-INDIC DIGIT TWO}026-04-15", "1"])
def test_an_api_version_that_is_not_a_date_is_refused(version: str) -> None:
    with pytest.raises(ConfigurationError, match="api_version"):
        Settings(api_key=API_KEY, instance=CRN, api_version=version)


@pytest.mark.parametrize("version", [date(2026, 4, 15), datetime(2026, 4, 15, 12, tzinfo=UTC)])
def test_an_api_version_may_be_a_date(version: date) -> None:
    assert Settings(api_key=API_KEY, instance=CRN, api_version=version).api_version == "2026-04-15"


@pytest.mark.parametrize("client", [RuntimeClient, AsyncRuntimeClient])
@pytest.mark.parametrize(
    ("options", "advice"),
    [
        *(
            ({name: 5}, f"{name}: expected a text, got int")
            for name in ("api_key", "token", "instance", "base_url", "iam_url", "application", "account")
        ),
        ({"api_key": b"bytes"}, "api_key: expected a text, got bytes"),
        ({"api_version": 20260415}, "api_version: expected a date such as 2026-04-15, got int"),
        ({"proxies": ["https"]}, "proxies: expected a mapping from scheme to URL, such as .*, got list"),
        ({"proxies": {"https": 5}}, "the proxy for 'https': expected a URL"),
        ({"proxies": {5: "http://proxy:1"}}, "the proxy for 5: expected a URL"),
        ({"save_to": 3}, "save_to: expected the path of a folder, got int"),
        ({"account": "mine", "account_path": 3}, "account_path: expected the path of a file, got int"),
        ({"timeout": "5"}, "timeout='5': expected a number of seconds or an httpx.Timeout"),
        ({"timeout": True}, "timeout=True: expected a number"),
        *(({"timeout": seconds}, "must be more than 0 seconds") for seconds in (-1, 0, float("nan"), float("inf"))),
        ({"verify": 5}, "verify=5: expected True, False, the path of a CA bundle"),
        ({"submissions_per_minute": [5]}, "submissions_per_minute=.*: expected a positive number or None"),
    ],
    ids=str,
)
def test_a_setting_of_a_wrong_type_is_refused(client: type[Any], options: dict[str, Any], advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice):
        client(**{"api_key": API_KEY, "instance": CRN, **options})


@pytest.mark.parametrize("seconds", [5, np.float32(5), Fraction(5)])
def test_a_time_out_is_any_number(seconds: Any) -> None:
    assert Settings(api_key=API_KEY, instance=CRN, timeout=seconds).timeout == 5.0


def test_a_ca_bundle_may_be_a_path(tmp_path: Path) -> None:
    assert Settings(api_key=API_KEY, instance=CRN, verify=tmp_path).verify == str(tmp_path)


def test_the_repr_shows_proxies_without_their_urls() -> None:
    settings = Settings(api_key=API_KEY, instance=CRN, proxies={"https": "http://me:sesame@proxy:1"})
    assert "proxies={'https': '***'}" in repr(settings)


@pytest.mark.parametrize("application", ["grüße", "a\r\nX-Evil: 1", "a\x00"])
def test_an_application_that_cannot_be_a_header_is_refused(application: str) -> None:
    with pytest.raises(ConfigurationError, match="application"):
        Settings(api_key=API_KEY, instance=CRN, application=application)


@pytest.mark.parametrize(
    ("base_url", "given", "limit"),
    [
        (None, "default", 5.0),
        ("http://127.0.0.1:1/api", "default", None),
        ("http://localhost:1/api", "default", None),
        (None, None, None),
        (None, "none", None),
        (None, float("inf"), None),
        (None, "7.5", 7.5),
        ("http://127.0.0.1:1/api", 3, 3.0),
    ],
)
def test_the_default_submission_limit_is_that_of_the_service(base_url: str | None, given: Any, limit: Any) -> None:
    settings = Settings(api_key=API_KEY, instance=CRN, base_url=base_url, submissions_per_minute=given)
    assert settings.submissions_per_minute == limit


@pytest.mark.parametrize("limit", [0, -1, "many", "", float("nan")])
def test_a_submission_limit_must_be_a_positive_number(limit: Any) -> None:
    with pytest.raises(ConfigurationError, match="submissions_per_minute"):
        Settings(api_key=API_KEY, instance=CRN, submissions_per_minute=limit)


@pytest.mark.parametrize("url", ["gopher://proxy:1", "not a url", "http://", "http://proxy:99999", ""])
def test_a_proxy_that_cannot_work_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="proxy"):
        Settings(api_key=API_KEY, instance=CRN, proxies={"https": url})


def test_the_error_of_a_proxy_does_not_show_its_password() -> None:
    with pytest.raises(ConfigurationError, match="proxy") as caught:
        Settings(api_key=API_KEY, instance=CRN, proxies={"https": "gopher://me:sesame@proxy"})
    assert "sesame" not in str(caught.value)


def test_settings_can_be_changed_as_a_value() -> None:
    settings = Settings(api_key=API_KEY, instance=EU, environ={})
    changed = dataclasses.replace(settings, api_version="2025-01-01")
    assert (changed.api_key, changed.base_url, changed.api_version) == (API_KEY, settings.base_url, "2025-01-01")
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.api_key = "x"  # type: ignore[misc]


@pytest.mark.parametrize("client", [RuntimeClient, AsyncRuntimeClient])
@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ({"instance": CRN}, r"no API key: pass api_key=, set QISKIT_IBM_TOKEN"),
        ({"api_key": API_KEY}, r"no instance: pass instance=, set QISKIT_IBM_INSTANCE"),
        ({"api_key": "", "instance": CRN}, "no API key"),
        ({"api_key": API_KEY, "instance": ""}, "no instance"),
        ({"token": "ready-made"}, r"^no instance: pass instance=, set QISKIT_IBM_INSTANCE"),
        ({"auth": httpx.BasicAuth("me", "sesame")}, "^no instance: pass instance=, set"),
        (
            {},
            "^no API key and no instance: pass api_key= and instance=, set QISKIT_IBM_TOKEN and QISKIT_IBM_INSTANCE, "
            "or save an account with `qrr login`. Create a key .* Copy the CRN .* `qrr emulator serve`",
        ),
    ],
)
def test_missing_settings_are_named(client: type[Any], options: dict[str, Any], advice: str) -> None:
    with pytest.raises(ConfigurationError, match=advice):
        client(**options)


@pytest.mark.parametrize("client", [RuntimeClient, AsyncRuntimeClient])
@pytest.mark.parametrize("credentials", [{"api_key": API_KEY}, {"token": "ready-made"}])
def test_a_constructor_opens_no_connection(
    monkeypatch: pytest.MonkeyPatch, client: type[Any], credentials: dict[str, str]
) -> None:
    def blocked(*args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a constructor used the network")

    for name in ("socket", "create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, blocked)
    assert client(instance=CRN, **credentials).settings.instance == CRN
