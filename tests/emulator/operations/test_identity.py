from __future__ import annotations

import httpx
import jwt
import pytest

from qiskit_runtime_rest.testing import Emulator

GRANT = "urn:ibm:params:oauth:grant-type:apikey"


def exchange(emulator: Emulator, **form: str) -> httpx.Response:
    return httpx.post(f"{emulator.iam_url}/identity/token", data=form)


def test_a_known_key_gives_a_token_with_its_expiry(emulator: Emulator) -> None:
    answer = exchange(emulator, grant_type=GRANT, apikey=emulator.api_key)
    token = answer.json()
    claims = jwt.decode(token["access_token"], options={"verify_signature": False})
    assert answer.status_code == 200
    assert (token["token_type"], token["expires_in"], token["refresh_token"]) == ("Bearer", 3600, "not_supported")
    assert isinstance(claims["iat"], int)
    assert claims["exp"] == token["expiration"] == claims["iat"] + 3600


@pytest.mark.parametrize("key", ["", "wrong", "emulator-api-key"])
def test_another_key_is_refused_as_by_iam(emulator: Emulator, key: str) -> None:
    answer = exchange(emulator, grant_type=GRANT, apikey=key)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "BXNIM0415E"
    assert "errorMessage" in answer.json()


@pytest.mark.parametrize("grant", ["password", ""])
def test_other_grant_types_are_refused(emulator: Emulator, grant: str) -> None:
    answer = exchange(emulator, grant_type=grant, apikey=emulator.api_key)
    assert answer.status_code == 400
    assert "access_token" not in answer.json()


def test_a_token_is_refused_once_it_has_expired(emulator: Emulator, api: httpx.Client) -> None:
    emulator.clock.advance(3599)
    assert api.get("/jobs").status_code == 200
    emulator.clock.advance(1)
    refused = api.get("/jobs")
    assert refused.status_code == 401
    assert refused.json()["errors"][0]["code"] == 1201


def test_the_lifetime_of_tokens_can_be_chosen() -> None:
    with Emulator(token_seconds=5, virtual_clock=True) as emulator:
        token = exchange(emulator, grant_type=GRANT, apikey=emulator.api_key).json()
        assert token["expires_in"] == 5


def test_a_logged_out_token_is_refused_and_a_new_one_works(emulator: Emulator, api: httpx.Client) -> None:
    assert api.post("/logout").status_code == 204
    assert api.get("/jobs").status_code == 401
    token = exchange(emulator, grant_type=GRANT, apikey=emulator.api_key).json()["access_token"]
    assert api.get("/jobs", headers={"Authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"Authorization": ""}, 401),
        ({"Authorization": "Bearer"}, 401),
        ({"Authorization": "Bearer not.a.token"}, 401),
        ({"Authorization": "apikey emulator-api-key-not-a-secret"}, 401),
        ({"Service-CRN": ""}, 401),
        ({"Service-CRN": "crn:v1:bluemix:public:quantum-computing:us-east:a/0:0::"}, 404),
    ],
)
def test_each_request_needs_a_token_and_a_known_instance(
    api: httpx.Client, changed: dict[str, str], status: int
) -> None:
    answer = api.get("/jobs", headers=changed)
    assert answer.status_code == status
    assert set(answer.json()["errors"][0]) == {"code", "message", "solution", "more_info"}
    assert answer.json()["trace"]


def test_a_token_with_another_signature_is_refused(emulator: Emulator, api: httpx.Client) -> None:
    forged = jwt.encode({"iam_id": "IBMid-EMULATOR001", "exp": 4e9, "jti": "x"}, "k" * 64)
    assert api.get("/jobs", headers={"Authorization": f"Bearer {forged}"}).status_code == 401


def test_versions_are_public(emulator: Emulator) -> None:
    answer = httpx.get(f"{emulator.base_url}/v1/versions", headers={"IBM-API-Version": "2026-04-15"})
    assert answer.json()["versions"][-1] == {"version": "2026-04-15", "status": "live"}
