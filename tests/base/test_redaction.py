"""Credentials in texts are replaced."""

from __future__ import annotations

import httpx
import pytest

from qiskit_runtime_rest.base.redaction import LOOKS, blanked, credentials

SECRET = 'top/"secret'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"key {SECRET} key", "key *** key"),
        (r"key top\/\"secret key", "key *** key"),
        (r"key top\\\/\\\"secret key", "key *** key"),
        (r"key \u0074op/\"secret key", "key *** key"),
        (r"other \/ text", r"other \/ text"),
        ("nothing", "nothing"),
    ],
)
def test_a_secret_is_replaced_also_with_json_escapes(text: str, expected: str) -> None:
    assert blanked(text, [SECRET]) == expected


def test_a_short_text_is_not_taken_for_a_secret() -> None:
    assert blanked("a short text", ["short", ""]) == "a short text"


def test_the_credentials_of_a_request_are_its_header_and_its_token() -> None:
    request = httpx.Request("GET", "https://h", headers={"Authorization": "Bearer abcdefgh"})
    assert credentials(httpx.Response(200, request=request)) == ("Bearer abcdefgh", "abcdefgh")
    assert credentials(httpx.Response(200, request=httpx.Request("GET", "https://h"))) == ("", "")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("crn", "crn:v1:bluemix:public:quantum-computing:us-east:a/1:2::"),
        ("token", "eyJhbGciOi.eyJzdWIi.c2ln"),
        ("credential", "abc123def"),
        ("user", "IBMid-1A2B"),
        ("mail address", "me@example.com"),
        ("uuid", "0a1b2c3d-0000-4000-8000-00000000000f"),
        ("account", "0123456789abcdef0123456789abcdef"),
    ],
)
def test_each_kind_of_secret_is_found(kind: str, text: str) -> None:
    found = LOOKS[kind].search(f"Bearer {text} and more")
    assert found is not None
    assert found[0] == text


def test_32_digits_are_not_an_account() -> None:
    assert LOOKS["account"].search("0" * 32) is None
