"""What only its name, its form or its surroundings tell to be a secret is in no cassette either."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from qiskit_runtime_rest import Settings
from qiskit_runtime_rest.cassettes import load, record
from qiskit_runtime_rest.cassettes.fakes import Fakes
from qiskit_runtime_rest.cassettes.sanitise import Sanitiser
from qiskit_runtime_rest.testing import Emulator

KEY = "EvidentlyFake0KeyThatOpensNothing-0123456789"
"""As long as IBM Cloud's."""
SECRET = "no-s3cret"


@pytest.fixture
def no_account(emulator: Emulator) -> Settings:
    """Where the embedded service is; the recorder has no credentials, and knows none."""
    return Settings(base_url=emulator.base_url, iam_url=emulator.iam_url, verify=False)


def cassette_of(path: Path, settings: Settings, *bodies: str | bytes, **options: Any) -> str:
    with record(path, settings) as service:
        for body in bodies:
            httpx.post(f"{service.base_url}/v1/jobs", content=body, **options)
    return path.read_text()


def sent(path: Path) -> list[Any]:
    return [json.loads(one.sent) for one in load(path)]


def test_numbers_are_ids_where_their_name_says_so(no_account: Settings, tmp_path: Path) -> None:
    path = tmp_path / "it.har"
    known = {"ims_user_id": 7654321, "users": [{"user_id": 1234567, "account_id": 98765432}], "tokens": 987654}
    later = {"text": "by 7654321 of a/98765432, 0.7654321", "shots": 1000000, "seed": 1234567, "more": [1.1234567]}
    written = cassette_of(path, no_account, json.dumps(known), json.dumps(later))
    assert not [one for one in ("7654321 ", "98765432", "987654", ": 1234567") if one in written]
    first, second = sent(path)
    assert [type(first["ims_user_id"]), len(str(first["ims_user_id"]))] == [int, 7]
    assert second == {
        "text": f"by {first['ims_user_id']} of a/{first['users'][0]['account_id']}, 0.7654321",
        "shots": 1000000,
        "seed": first["users"][0]["user_id"],
        "more": [1.1234567],
    }


@pytest.mark.parametrize("content_type", [None, "text/plain", "Application/X-WWW-Form-Urlencoded"])
def test_a_form_is_one_whatever_it_is_called(no_account: Settings, tmp_path: Path, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    form = f"grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey={KEY}&password=hunter"
    written = cassette_of(tmp_path / "it.har", no_account, form, headers=headers)
    assert KEY not in written
    assert "hunter" not in written
    assert "grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey=replaced-" in written


@pytest.mark.parametrize(
    "text",
    [
        f"export QISKIT_IBM_TOKEN={KEY}",
        KEY,
        json.dumps({"message": f"API key {KEY} not valid.", "code": 1}),
        f'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n{KEY}\r\n--b--',
    ],
)
def test_a_key_is_known_by_its_looks_in_any_text(no_account: Settings, tmp_path: Path, text: str) -> None:
    assert KEY not in cassette_of(tmp_path / "it.har", no_account, text)


NAMED: list[Any] = [
    {"x-api-key": SECRET},
    {"Api-Key": SECRET},
    {"tokens": [SECRET]},
    {"api_keys": [SECRET]},
    {"token": {"type": "Bearer", "value": SECRET}},
    {"tokens": [{"value": "other"}, {"value": SECRET}]},
    [{"name": "apikey", "value": SECRET}],
    {"user": {"id": SECRET}},
    *(
        {name: SECRET}
        for name in ("user-id", "bss_account_id", "sub", "user_iam_id", "owner_iam_id", "creator", "instanceAccountId")
    ),
    {"message": f"{{'apikey': '{SECRET}'}}"},
    {"message": f"curl --data apikey={SECRET}."},
    {"message": f"curl -H 'X-Api-Key: {SECRET}'"},
    {"message": f"see /x?access_token={SECRET}"},
    {"message": f"see https://example.com/x#access_token={SECRET}"},
    {"message": f"see https://somebody:{SECRET}@example.com/x"},
    {"message": "Authorization: Basic " + base64.b64encode(f"ada:{SECRET}".encode()).decode()},
    {"packed": base64.b64encode(gzip.compress(json.dumps({"token": SECRET}).encode(), mtime=0)).decode()},
]


@pytest.mark.parametrize("body", [json.dumps(one) for one in NAMED])
def test_a_secret_is_known_by_its_name(no_account: Settings, tmp_path: Path, body: str) -> None:
    """And found again where it has none."""
    written = cassette_of(tmp_path / "it.har", no_account, body, json.dumps({"echo": f"{SECRET}!"}))
    assert SECRET not in written
    assert '\\"echo\\": \\"replaced-' in written
    assert base64.b64encode(gzip.compress(json.dumps({"token": SECRET}).encode(), mtime=0)).decode()[20:] not in written


def test_what_is_in_quotes_needs_no_digit(no_account: Settings, tmp_path: Path) -> None:
    assert "hunter" not in cassette_of(tmp_path / "it.har", no_account, "{'password': 'hunter-two'}, hunter-two")


def test_a_text_that_is_cut_off_has_a_name_as_well(no_account: Settings, tmp_path: Path) -> None:
    assert SECRET not in cassette_of(tmp_path / "it.har", no_account, f'{{"a": 1, "token": "{SECRET}')


def test_what_a_client_logs_in_with_is_known_where_it_is_echoed(no_account: Settings, tmp_path: Path) -> None:
    path = tmp_path / "it.har"
    with record(path, no_account) as service:
        asked = {"params": {"token[]": "s3cret-2"}, "headers": {"X-Api-Key": "s3cret-3"}, "auth": ("ada", "s3cret-4")}
        httpx.get(f"{service.base_url}/v1/versions", **asked)  # type: ignore[arg-type]
        httpx.post(f"{service.base_url}/v1/jobs", content="s3cret-2 s3cret-3 s3cret-4")
    assert "s3cret" not in path.read_text()


def test_a_redirect_gives_nothing_away(no_account: Settings, emulator: Emulator, tmp_path: Path) -> None:
    path = tmp_path / "it.har"
    headers = {"Location": f"/x?access_token={SECRET}&page=2"}
    emulator.faults.add("*", kind="answer", status=302, headers=headers, body={}, times=None)
    with record(path, no_account) as service:
        httpx.get(f"{service.base_url}/v1/jobs")
    (one,) = load(path)
    assert SECRET not in path.read_text()
    assert dict(one.answered)["location"].endswith("&page=2")


def test_a_name_without_digits_is_found_as_a_word(no_account: Settings, tmp_path: Path) -> None:
    path = tmp_path / "it.har"
    with record(path, no_account) as service:
        said = {"user_id": "adasecret", "text": "adasecret may not (adasecrets may)", "adasecret": 1}
        httpx.post(f"{service.base_url}/v1/jobs", json=said)
        httpx.get(f"{service.base_url}/v1/users/adasecret/x")
    posted, got = load(path)
    body = json.loads(posted.sent)
    fake = body["user_id"]
    assert body == {"user_id": fake, "text": f"{fake} may not (adasecrets may)", "adasecret": 1}
    assert got.path == f"/v1/users/{fake}/x"


def test_what_is_hidden_is_no_name_of_a_field_either(no_account: Settings, tmp_path: Path) -> None:
    path = tmp_path / "it.har"
    with record(path, no_account, hide=["ProjectManhattan"]) as service:
        httpx.post(f"{service.base_url}/v1/jobs", json={"ProjectManhattan": "ProjectManhattan"})
    ((name, value),) = sent(path)[0].items()
    assert name == value != "ProjectManhattan"


def test_short_claims_of_a_token_are_found(no_account: Settings, tmp_path: Path) -> None:
    claims = {"account": {"bss": "0" * 31 + "a", "ims": "1234567"}, "exp": 1700000000, "ims_user_id": 7654321}
    packed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    headers = {"Authorization": f"Bearer eyJhbGciOiJmYWtlIn0.{packed}.c2lnbmVkYnlub2JvZHk"}
    written = cassette_of(tmp_path / "it.har", no_account, '{"a": "1234567, 7654321, 1700000000"}', headers=headers)
    assert "1234567" not in written
    assert "7654321" not in written
    assert "1700000000" in written


@pytest.mark.parametrize(
    "text",
    [
        '{"dims": [123456, 234567], "claims": 123456, "max_time": 10800, "users": 123456, "seed": 4294967295}',
        '{"__type__": "ndarray", "__value__": "Abcdefghij0123456789Abcdefghij0123456789Abcd"}',
        "the token: it expired; tokens are secret, an API key = a password",
        "QASM? key# 0x1.5e-7, sha256 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "see https://example.com/x?page=2&limit=10#part=3",
        '{"counts": {"00": 500, "11": 524}, "id": "d4ro8fekp30qdo0en7us", "name": "sampler-v2"}',
        json.dumps({"packed": base64.b64encode(gzip.compress(b"no secret of anybody " * 9, mtime=0)).decode()}),
        '{"a": "cut off at',
    ],
)
def test_what_only_resembles_a_secret_stays(text: str) -> None:
    assert Sanitiser(Fakes(b"salt")).text(text) == text


def test_results_may_look_like_anything() -> None:
    sanitiser = Sanitiser(Fakes(b"salt"))
    assert sanitiser.body(f"x {KEY}".encode(), is_result=True) == f"x {KEY}".encode()
    assert sanitiser.body(f"x {KEY}".encode()) != f"x {KEY}".encode()


@pytest.mark.parametrize("left", ["by 7654321.", '"adasecret may"'])
def test_what_is_left_of_numbers_and_names_is_noticed(left: str) -> None:
    sanitiser = Sanitiser(Fakes(b"salt"))
    sanitiser.text('{"user_id": 7654321, "owner": "adasecret"}')
    assert sanitiser.leaks(left)
    assert not sanitiser.leaks('{"adasecret": "07654321 adasecrets"}')


@pytest.mark.parametrize("piece", ["token=", "a/", "token='", "?a=", "://a:", "{", "1234567 ", "basic ", 'x"'])
def test_long_texts_take_no_longer_than_their_length_asks_for(piece: str) -> None:
    """In the square of their length, this would take hours."""
    sanitiser = Sanitiser(Fakes(b"salt"))
    sanitiser.text('{"user_id": 7654321}')
    assert sanitiser.body(piece.encode() * (100_000 // len(piece)))
