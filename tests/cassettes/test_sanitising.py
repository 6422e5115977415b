"""Secrets that are found by their name, their looks or their surroundings, without a recorder."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest

from qiskit_runtime_rest.cassettes import Entry
from qiskit_runtime_rest.cassettes.sanitising import sanitised
from qiskit_runtime_rest.cassettes.sanitising.fakes import Fakes
from qiskit_runtime_rest.cassettes.sanitising.sanitiser import Sanitiser

from .entries import entry

KEY = "EvidentlyFake0KeyThatOpensNothing-0123456789"
"""As long as IBM Cloud's."""
SECRET = "no-s3cret"


def posted(*bodies: str, **changes: Any) -> list[Entry]:
    return [entry(method="POST", request_body=body.encode(), **changes) for body in bodies]


def text_of(entries: list[Entry], **choices: Any) -> str:
    """The text of their cassette."""
    return sanitised(entries, salt=b"salt", **choices)[1]


def bodies_of(entries: list[Entry], **choices: Any) -> list[Any]:
    """The bodies of the sanitised requests."""
    return [json.loads(one.request_body) for one in sanitised(entries, salt=b"salt", **choices)[0]]


def test_numbers_are_ids_if_their_name_says_so() -> None:
    known = {"ims_user_id": 7654321, "users": [{"user_id": 1234567, "account_id": 98765432}], "tokens": 987654}
    later = {"text": "by 7654321 of a/98765432, 0.7654321", "shots": 1000000, "seed": 1234567, "more": [1.1234567]}
    entries = posted(json.dumps(known), json.dumps(later))
    written = text_of(entries)
    assert not [one for one in ("7654321 ", "98765432", "987654", ": 1234567") if one in written]
    first, second = bodies_of(entries)
    assert [type(first["ims_user_id"]), len(str(first["ims_user_id"]))] == [int, 7]
    assert second == {
        "text": f"by {first['ims_user_id']} of a/{first['users'][0]['account_id']}, 0.7654321",
        "shots": 1000000,
        "seed": first["users"][0]["user_id"],
        "more": [1.1234567],
    }


@pytest.mark.parametrize("content_type", [None, "text/plain", "Application/X-WWW-Form-Urlencoded"])
def test_a_form_is_recognised_whatever_its_content_type(content_type: str | None) -> None:
    headers = () if content_type is None else (("content-type", content_type),)
    form = f"grant_type=urn:ibm:params:oauth:grant-type:apikey&apikey={KEY}&password=hunter"
    written = text_of(posted(form, request_headers=headers))
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
def test_a_key_is_found_by_its_looks_in_any_text(text: str) -> None:
    assert KEY not in text_of(posted(text))


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
def test_a_secret_is_found_by_its_name_and_then_everywhere(body: str) -> None:
    written = text_of(posted(body, json.dumps({"echo": f"{SECRET}!"})))
    assert SECRET not in written
    assert '\\"echo\\": \\"replaced-' in written
    assert base64.b64encode(gzip.compress(json.dumps({"token": SECRET}).encode(), mtime=0)).decode()[20:] not in written


def test_the_names_of_a_devices_instructions_are_no_signatures() -> None:
    body = b'{"instruction_signatures": [{"name": "measure_2"}], "gates": [{"gate": "measure_2"}]}'
    assert Sanitiser(Fakes(b"salt")).body(body) == body


def test_a_secret_in_quotes_needs_no_digit() -> None:
    assert "hunter" not in text_of(posted("{'password': 'hunter-two'}, hunter-two"))


def test_a_name_counts_in_a_text_that_is_cut_off() -> None:
    assert SECRET not in text_of(posted(f'{{"a": 1, "token": "{SECRET}'))


def test_credentials_in_query_and_headers_are_found_where_they_are_echoed() -> None:
    basic = base64.b64encode(b"ada:s3cret-4").decode()
    login = entry(
        query=f"{quote('token[]')}=s3cret-2",
        request_headers=(("x-api-key", "s3cret-3"), ("authorization", f"Basic {basic}")),
    )
    assert "s3cret" not in text_of([login, *posted("s3cret-2 s3cret-3 s3cret-4")])


def test_the_address_of_a_redirect_has_no_secret() -> None:
    redirect = entry(status=302, response_headers=(("location", f"/x?access_token={SECRET}&page=2"),))
    ((one,), written) = sanitised([redirect], salt=b"salt")
    assert SECRET not in written
    assert dict(one.response_headers)["location"].endswith("&page=2")


def test_a_name_without_digits_is_replaced_as_a_word() -> None:
    said = {"user_id": "adasecret", "text": "adasecret may not (adasecrets may)", "adasecret": 1}
    entries = [*posted(json.dumps(said)), entry(path="/v1/users/adasecret/x")]
    (first, second), _ = sanitised(entries, salt=b"salt")
    body = json.loads(first.request_body)
    fake = body["user_id"]
    assert body == {"user_id": fake, "text": f"{fake} may not (adasecrets may)", "adasecret": 1}
    assert second.path == f"/v1/users/{fake}/x"


def test_a_hidden_text_is_replaced_in_names_of_fields_too() -> None:
    hidden = "ProjectManhattan"
    ((name, value),) = bodies_of(posted(json.dumps({hidden: hidden})), hidden=[hidden])[0].items()
    assert name == value != hidden


def test_short_claims_of_a_token_are_found() -> None:
    claims = {"account": {"bss": "0" * 31 + "a", "ims": "1234567"}, "exp": 1700000000, "ims_user_id": 7654321}
    packed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    headers = (("authorization", f"Bearer eyJhbGciOiJmYWtlIn0.{packed}.c2lnbmVkYnlub2JvZHk"),)
    written = text_of(posted('{"a": "1234567, 7654321, 1700000000"}', request_headers=headers))
    assert "1234567" not in written
    assert "7654321" not in written
    assert "1700000000" in written


def test_addresses_of_another_deployment_become_the_published_ones() -> None:
    written = text_of(
        posted('{"href": "http://127.0.0.1:5000/api/v1/jobs"}'), moved={"http://127.0.0.1:5000": "https://x.example"}
    )
    assert "https://x.example/api/v1/jobs" in written


def test_a_secret_of_a_later_entry_is_replaced_in_earlier_ones() -> None:
    assert SECRET not in text_of(posted(SECRET, json.dumps({"token": SECRET})))


@pytest.mark.parametrize(("other", "same"), [(b"salt", True), (b"another", False)])
def test_the_same_salt_gives_the_same_replacement(other: bytes, same: bool) -> None:
    texts = [sanitised(posted(json.dumps({"token": SECRET})), salt=salt)[1] for salt in (b"salt", other)]
    assert (texts[0] == texts[1]) is same


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
def test_a_text_that_only_resembles_a_secret_stays(text: str) -> None:
    assert Sanitiser(Fakes(b"salt")).text(text) == text


def test_results_may_look_like_anything() -> None:
    sanitiser = Sanitiser(Fakes(b"salt"))
    assert sanitiser.body(f"x {KEY}".encode(), is_result=True) == f"x {KEY}".encode()
    assert sanitiser.body(f"x {KEY}".encode()) != f"x {KEY}".encode()


@pytest.mark.parametrize("left", ["by 7654321.", '"adasecret may"'])
def test_numbers_and_names_that_are_left_are_noticed(left: str) -> None:
    sanitiser = Sanitiser(Fakes(b"salt"))
    sanitiser.text('{"user_id": 7654321, "owner": "adasecret"}')
    assert sanitiser.leaks(left)
    assert not sanitiser.leaks('{"adasecret": "07654321 adasecrets"}')


@pytest.mark.parametrize("piece", ["token=", "a/", "token='", "?a=", "://a:", "{", "1234567 ", "basic ", 'x"'])
def test_time_does_not_grow_with_the_square_of_the_length(piece: str) -> None:
    """With quadratic time, this would take hours."""
    sanitiser = Sanitiser(Fakes(b"salt"))
    sanitiser.text('{"user_id": 7654321}')
    assert sanitiser.body(piece.encode() * (100_000 // len(piece)))
