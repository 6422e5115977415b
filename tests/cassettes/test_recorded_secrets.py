"""Secrets in requests and responses are in no file, in any form, and their replacements still belong together.

The forms are made here again, so that these tests do not share an oversight with the package.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import jwt
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from qiskit_runtime_rest import Settings
from qiskit_runtime_rest.cassettes import Unsanitised, load, record
from qiskit_runtime_rest.cassettes.sanitising.fakes import Fakes
from qiskit_runtime_rest.cassettes.sanitising.sanitiser import Sanitiser
from qiskit_runtime_rest.config.crn import Crn
from qiskit_runtime_rest.testing import Emulator

ACCOUNT = "5ec7e7acc0047de5ec7e7acc0047de00"
GUID = "5ec7e700-1257-4a9c-8e5e-5ec7e75ec7e7"
USER = "IBMid-5ECRE7U5ER"
MAIL = "ada.secret@example.org"
NAME = "Ada Secret-Lovelace 5ec7"
CLAIMS: dict[str, Any] = {
    "iam_id": USER,
    "sub": MAIL,
    "name": NAME,
    "email": MAIL,
    "account": {"bss": ACCOUNT, "imsid": "5ec7e7-imsid-99"},
    "session_id": "C-5ec7e700-feed-4bee-8eef-0123456789ab",
    "jti": "5ec7e75ec7e75ec7e75ec7e75ec7e7aa",
    "iss": "https://iam.cloud.ibm.com/identity",
    "iat": 1,
    "exp": 2,
}
TOKEN = jwt.encode(CLAIMS, "a key of thirty-two bytes, at least", algorithm="HS256")

SECRETS: dict[str, str] = {
    "API key": "Secr3tApiKey_5ec7e7-ABCDEFGHIJKLMNOPQRSTUVWX",
    "token": TOKEN,
    "token's claims": TOKEN.split(".")[1],
    "signature": TOKEN.split(".")[2],
    "refresh token": "OKA5ec7e7refreshtoken.With-Dots_And0thers",
    "account": ACCOUNT,
    "instance": GUID,
    "user": USER,
    "service id": "iam-ServiceId-5ec7e700-5e1d-4bad-8bad-5ec7e75ec7e7",
    "mail address": MAIL,
    "name": NAME,
    "jti": CLAIMS["jti"],
    "imsid": "5ec7e7-imsid-99",
    "password": '5ec7e7 pass/word&="quoted"~~~???>>>',
    "cookie": "5ec7e7cookie0123456789",
    "set cookie": "5ec7e7setcookie9876543210",
    "presigned": "5ec7e7signature/with+base64==",
    "unknown header": "Xq5ec7e7UNKNOWNheader0123456789abcdefghijklmnop",
    "unknown key": "UnknownApiKey_5ec7e7-ABCDEFGHIJKLMNOPQRSTUVW",
    "unknown query": "Zq5ec7e7UNKNOWNquery0123456789abcdefghijklmnopq",
    "ray": "5ec7e75ec7e75ec7-FRA",
    "transaction": "5ec7e7-transaction-0001",
    "user without a prefix": "user5ec7e7anyone",
    "hidden": "Project Secret Manhattan",
    "user agent": "5ec7e7-somebodys-laptop",
    "address": "198.51.100.57",
    "address 6": "fe80::5ec7:e7ff:fe5e:c7e7",
    "HMAC key": "5ec7e7hmackeyid0123",
}
CRN = f"crn:v1:bluemix:public:quantum-computing:us-east:a/{ACCOUNT}:{GUID}::"


def forms(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(json.dumps(secret))[3:-3]
    yield secret.encode().hex()
    for shift in range(3):
        encoded = base64.b64encode(b"?" * shift + secret.encode()).decode()
        core = encoded[(0, 2, 3)[shift] : -4]
        yield core
        yield core.replace("+", "-").replace("/", "_")


def everything(text: str) -> str:
    """The text, and everything that is packed in it: base64, compressed base64."""
    import re

    found = [text]
    for run in re.findall(r"[A-Za-z0-9+/_-]{16,}={0,2}", text):
        try:
            content = base64.urlsafe_b64decode(run.replace("+", "-").replace("/", "_") + "==")
        except ValueError:
            continue
        found.append(content.decode("latin-1"))
        try:
            found.append(zlib.decompress(content).decode("latin-1"))
        except zlib.error:
            continue
    return "\n".join(found)


def assert_clean(text: str) -> None:
    text = everything(text)
    for name, secret in SECRETS.items():
        for form in forms(secret):
            assert form not in text, f"{name} as {form!r}"
    assert "eyJ" not in text


def odd_places() -> dict[str, Any]:
    """JSON with secrets in unusual places."""
    key, user = SECRETS["API key"], SECRETS["user"]
    return {
        "text": f"called with {key}, by {user} ({MAIL}) from {SECRETS['address']}, {SECRETS['address 6']}",
        "crn": CRN,
        f"name {MAIL}": [ACCOUNT, GUID, [CRN.upper().lower(), {"deep": [[[SECRETS["service id"]]]]}]],
        "in json": json.dumps({"apikey": key, "more": json.dumps({"refresh_token": SECRETS["refresh token"]})}),
        "in url": f"https://s3.example.com/b/o?X-Amz-Credential={quote_plus(key)}&X-Amz-Signature="
        f"{quote_plus(SECRETS['presigned'])}&X-Amz-Expires=60&me={quote(MAIL)}",
        "percent": quote(CRN, safe=""),
        "percent twice": quote(quote(MAIL, safe=""), safe=""),
        "base64": base64.b64encode(f"{user}:{key}".encode()).decode(),
        "base64 glued": "prefix-" + base64.b64encode(f"..{user}:{key}..".encode()).decode(),
        "urlsafe glued": "prefix-" + base64.urlsafe_b64encode(f"..{SECRETS['password']}..".encode()).decode(),
        "unknown key": SECRETS["unknown key"],
        "user_id": SECRETS["user without a prefix"],
        "basic": "Basic " + base64.b64encode(f"apikey:{key}".encode()).decode(),
        "compressed": base64.b64encode(zlib.compress(b"\xff\xfe binary " + key.encode())).decode(),
        "binary": base64.b64encode(b"\xff\xfe binary " + key.encode()).decode(),
        "hex": key.encode().hex(),
        "password": SECRETS["password"],
        "hmac_key": SECRETS["HMAC key"],
        "echo": [SECRETS["password"], SECRETS["HMAC key"], SECRETS["name"], SECRETS["hidden"], SECRETS["cookie"]],
        "bearer": f"Authorization: Bearer {TOKEN}",
        "unknown": SECRETS["unknown header"] + " " + SECRETS["unknown query"],
    }


@pytest.fixture
def upstream(emulator: Emulator) -> Settings:
    """The embedded service, with credentials that it does not know."""
    return Settings(
        api_key=SECRETS["API key"], instance=CRN, base_url=emulator.base_url, iam_url=emulator.iam_url, verify=False
    )


def pass_everything(emulator: Emulator, root: str, iam: str) -> None:
    """Send each secret in requests and responses."""
    answered = {
        "Content-Type": "application/json",
        "Set-Cookie": f"session={SECRETS['set cookie']}; HttpOnly",
        "CF-RAY": SECRETS["ray"],
        "X-Request-Id": SECRETS["transaction"],
        "Location": f"https://s3.example.com/x?X-Amz-Signature={quote_plus(SECRETS['presigned'])}",
        "X-Whatever": SECRETS["unknown header"],
    }
    body = {
        **odd_places(),
        "cookies": [SECRETS["set cookie"], SECRETS["cookie"]],
        "trace": SECRETS["transaction"],
        "href": f"{emulator.base_url}/v1/jobs",
        "ids": [SECRETS["ray"], SECRETS["jti"], SECRETS["imsid"]],
    }
    emulator.faults.add("*", kind="answer", status=200, headers=answered, body=body, times=None)
    with httpx.Client(
        headers={
            "Authorization": f"Bearer {TOKEN}",
            "Service-CRN": CRN,
            "IBM-API-Version": "2026-04-15",
            "User-Agent": SECRETS["user agent"],
            "X-Token-Of-Mine": SECRETS["unknown header"],
            "Cookie": f"a={SECRETS['cookie']}; b=2",
            "X-Forwarded-For": SECRETS["address"],
        }
    ) as http:
        form = {
            "grant_type": "refresh_token",
            "refresh_token": SECRETS["refresh token"],
            "apikey": SECRETS["API key"],
            "password": SECRETS["password"],
            "username": MAIL,
        }
        http.post(f"{iam}/identity/token", data=form)
        http.post(f"{root}/jobs", json={"tags": list(odd_places().values()), "params": odd_places()})
        http.post(f"{root}/jobs", content=json.dumps(odd_places()).replace("@", "\\u0040").replace("/", "\\/"))
        http.post(f"{root}/jobs", content=json.dumps(odd_places())[:-9], headers={"Content-Type": "text/plain"})
        http.post(
            f"{root}/jobs",
            content=gzip.compress(json.dumps(odd_places()).encode()),
            headers={"Content-Encoding": "gzip"},
        )
        http.post(f"{root}/jobs", content=b"\xff\xfe" + SECRETS["API key"].encode())
        query = {"user": USER, "instance": CRN, "cursor": SECRETS["unknown query"], "tags": [MAIL, SECRETS["hidden"]]}
        http.get(f"{root}/jobs", params=query)
        http.get(f"{root}/accounts/{ACCOUNT}/x/{quote(CRN, safe='')}/{SECRETS['API key']}")
        http.get(f"{root}/jobs", headers={"Authorization": f"apikey {SECRETS['API key']}"})
        http.get(f"{root}/backends")


def test_nothing_secret_is_written_anywhere(
    emulator: Emulator, upstream: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = tmp_path / "cassette.har"
    with record(path, upstream, hide=[SECRETS["hidden"]]) as service:
        pass_everything(emulator, f"{service.base_url}/v1", service.iam_url)
        assert list(tmp_path.iterdir()) == []
    assert [one.name for one in tmp_path.iterdir()] == ["cassette.har"]
    assert_clean(path.read_text())
    assert len(load(path)) == 10
    assert emulator.url not in path.read_text()


def test_a_secret_with_a_telling_name_may_be_short(upstream: Settings, tmp_path: Path) -> None:
    path = tmp_path / "cassette.har"
    with record(path, upstream) as service:
        httpx.post(f"{service.iam_url}/identity/token", data={"passcode": "914273", "grant_type": "passcode"})
        httpx.get(f"{service.base_url}/v1/jobs", params={"apiKey": "914273"})
        httpx.post(f"{service.base_url}/v1/jobs", json={"hmacSecret": "914273"})
    assert "914273" not in path.read_text()
    assert "grant_type=passcode" in path.read_text()


def test_the_command_writes_no_secret(emulator: Emulator, upstream: Settings, tmp_path: Path) -> None:
    body = odd_places()
    del body["echo"], body["unknown"]  # they are known from a header that is not sent here
    emulator.faults.add("*", kind="answer", status=200, body=body, times=None)
    code = (
        "import httpx, os; httpx.get(os.environ['QISKIT_IBM_URL'] + '/v1/versions', headers={"
        "'IBM-API-Version': '2026-04-15', 'Authorization': 'Bearer ' + os.environ['MINE'], "
        "'Service-CRN': os.environ['QISKIT_IBM_INSTANCE']})"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "QISKIT_IBM_URL": upstream.base_url,
        "IAM_URL": upstream.iam_url,
        "QISKIT_IBM_TOKEN": SECRETS["API key"],
        "QISKIT_IBM_INSTANCE": CRN,
        "MINE": TOKEN,
    }
    command = [sys.executable, "-m", "qiskit_runtime_rest", "--debug", "contract", "record", "it.har"]
    done = subprocess.run(
        [*command, "--hide", SECRETS["hidden"], "--", sys.executable, "-c", code],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "violation" in done.stderr
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file()]
    assert_clean("\n".join([done.stdout, done.stderr, *written]))


def test_replacements_still_belong_together(emulator: Emulator, upstream: Settings, tmp_path: Path) -> None:
    path = tmp_path / "cassette.har"
    with record(path, upstream, hide=[SECRETS["hidden"]]) as service:
        pass_everything(emulator, f"{service.base_url}/v1", service.iam_url)
    entries = load(path)
    body = json.loads(entries[-1].response_body)
    crn = Crn.parse(entries[-1].header("service-crn"))
    assert body["crn"] == str(crn)
    assert body["percent"] == quote(str(crn), safe="")
    (named,) = [name for name in body if name.startswith("name ")]
    account, guid, (_, deep) = body[named]
    assert (account, guid) == (crn.account, crn.instance_id)
    mail = named.removeprefix("name ")
    assert mail.endswith("@example.com")
    assert mail in body["text"]
    assert body["percent twice"] == quote(quote(mail, safe=""), safe="")
    key = json.loads(body["in json"])["apikey"]
    user, _, packed = base64.b64decode(body["base64"]).decode().partition(":")
    assert packed == key
    assert user in body["text"]
    assert user.startswith("IBMid-")
    assert bytes.fromhex(body["hex"]).decode() == key
    sent = dict(pair.split("=") for pair in entries[0].request_body.decode().split("&"))
    assert (sent["apikey"], sent["username"]) == (key, quote_plus(mail))
    assert f"/accounts/{crn.account}/" in entries[7].path
    assert json.loads(entries[4].request_body)["crn"] == str(crn)  # It was sent compressed.
    assert body["href"] == "https://quantum.cloud.ibm.com/api/v1/jobs"
    assert str(deep).count("iam-ServiceId-") == 1


@pytest.mark.parametrize("salts", [("one", "one"), ("one", "two"), (None, None)])
def test_cassettes_with_the_same_salt_agree(
    emulator: Emulator, upstream: Settings, tmp_path: Path, salts: tuple[str | None, ...]
) -> None:
    crns = []
    for salt in salts:
        with record(tmp_path / "one.har", upstream, salt=salt) as service:
            httpx.get(f"{service.base_url}/v1/versions", headers={"Service-CRN": CRN})
        crns.append(load(tmp_path / "one.har")[0].header("service-crn"))
    assert (crns[0] == crns[1]) is (salts == ("one", "one"))


def test_nothing_is_written_if_a_secret_could_not_be_replaced(
    upstream: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each cassette contains the version of this package, which sanitising does not touch.
    from qiskit_runtime_rest import __version__

    hidden = f'"version": "{__version__}"'
    with pytest.raises(Unsanitised), record(tmp_path / "one.har", upstream, hide=[hidden]) as service:
        httpx.get(f"{service.base_url}/v1/versions")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def sanitiser() -> Sanitiser:
    return Sanitiser(Fakes(b"salt"), known=[SECRETS["API key"]])


@pytest.mark.parametrize(
    "text",
    [
        "OPENQASM 3.0;\nctrl @ x $0, $1; rz(3.14159) $0;",
        '{"samples":["0x3f","0x1"],"counts":{"01010101010101010101010101010101":5}}',
        '{"__type__":"ndarray","__value__":"'
        + base64.b64encode(zlib.compress(bytes(range(256)) * 9)).decode()
        + '","shots":1.0E-5}',
        '{"__type__":"ndarray","__value__":"Abcdefghij0123456789Abcdefghij0123456789Abcd"}',
        "Only bearer tokens are accepted, not API keys.",
        '{"id":"d4ro8fekp30qdo0en7us","created":"2026-11-21T05:53:45.536294Z","backend":"ibm_fez"}',
        "version 2.4.2 at 12:34:56 on http://127.0.0.1:80/x",
        '["qiskit-version-2/0.1.0/qiskit-runtime-rest", "urn:ibm:params:oauth:grant-type:apikey", null, 1e400]',
    ],
)
def test_a_text_without_a_secret_stays_to_the_letter(sanitiser: Sanitiser, text: str) -> None:
    assert sanitiser.text(text) == text


@pytest.mark.parametrize("piece", ["a", "%41", "a@", "a-", "http://a", "http://a?", "crn:v1:", "eyJaaaaa.", '"'])
def test_time_does_not_grow_with_the_square_of_the_length(sanitiser: Sanitiser, piece: str) -> None:
    """With quadratic time, this would take hours."""
    assert sanitiser.body(piece.encode() * (100_000 // len(piece)))


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda text: text,
    "json": json.dumps,
    "member": lambda text: json.dumps({"a": [text]}),
    "unicode escapes": lambda text: '{"a":"' + "".join(f"\\u{ord(letter):04x}" for letter in text) + '"}',
    "percent": lambda text: quote(text, safe=""),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "urlsafe base64": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "before": lambda text: f"before {text} after",
    "url": lambda text: f"https://example.com/p?q={quote_plus(text)}&r=1",
}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    secret=st.sampled_from([SECRETS["API key"], CRN, USER, MAIL, ACCOUNT, GUID, TOKEN]),
    encodings=st.lists(st.sampled_from(sorted(ENCODINGS)), max_size=4),
)
@example(secret=MAIL, encodings=["base64", "percent", "member", "json"])
def test_secrets_are_found_in_encodings_of_encodings(secret: str, encodings: list[str]) -> None:
    sanitiser = Sanitiser(Fakes(b"salt"), known=[SECRETS["API key"]])
    text = secret
    for name in encodings:
        text = ENCODINGS[name](text)
    cleaned = sanitiser.text(text)
    assert cleaned != text
    assert sanitiser.text(text) == cleaned
