"""Instances by name, found in IBM Cloud's global search."""

from __future__ import annotations

import json

import pytest

from qiskit_runtime_rest import ApiError, ConfigurationError, RuntimeClient, Settings
from qiskit_runtime_rest.http.instance_search import _search_url, find_instances

from ..fixtures.faces import Connect
from ..fixtures.loopback import API_KEY, CRN, Answer, Loopback

OTHER = CRN.replace("us-east", "eu-de")
PATH = "POST /v3/resources/search"


def found(*names: str) -> Answer:
    crns = (CRN, OTHER)
    return Answer(200, {"items": [{"crn": crn, "name": name} for crn, name in zip(crns, names, strict=False)]})


def test_a_name_is_looked_up_once_and_the_crn_is_sent(service: Loopback, connect: Connect) -> None:
    service.script(PATH, found("mine", "theirs"))
    service.script("GET /api/v1/jobs", Answer(200, {"id": "x"}))
    face = connect(service, instance="theirs")
    for _ in range(2):
        face.request("GET", "/v1/jobs")
    search, *calls = service.calls
    assert json.loads(search.body)["query"] == "service_name:quantum-computing"
    assert "Service-CRN" not in search.headers
    assert "IBM-API-Version" not in search.headers
    assert [call.headers["Service-CRN"] for call in calls] == [OTHER, OTHER]


@pytest.mark.parametrize(
    ("names", "advice"),
    [
        (("a", "b"), r"no instance has the name 'theirs'. The API key can see: 'a', 'b'"),
        ((), r"The API key can see: none"),
        (("theirs", "theirs"), rf"2 instances have the name 'theirs'.*{OTHER}"),
    ],
)
def test_a_name_that_is_not_one_instance_is_refused(
    service: Loopback, connect: Connect, names: tuple[str, ...], advice: str
) -> None:
    service.script(PATH, found(*names))
    with pytest.raises(ConfigurationError, match=advice):
        connect(service, instance="theirs")


def test_a_name_in_another_case_is_found(service: Loopback, connect: Connect) -> None:
    service.script(PATH, found("Mine"))
    service.script("GET /api/v1/jobs", Answer(200))
    connect(service, instance="mine").request("GET", "/v1/jobs")
    assert service.calls[-1].headers["Service-CRN"] == CRN


def test_a_search_that_fails_is_an_error_of_the_client(service: Loopback, connect: Connect) -> None:
    service.script(PATH, Answer(403, {"errors": [{"message": "no"}]}))
    with pytest.raises(ApiError):
        connect(service, instance="mine")


def test_instances_come_by_name(service: Loopback) -> None:
    service.script(PATH, found("b", "a"))
    settings = Settings(api_key=API_KEY, base_url=service.base_url, iam_url=service.url, verify=False)
    assert [(one.name, one.crn) for one in find_instances(settings)] == [("a", OTHER), ("b", CRN)]


@pytest.mark.parametrize(
    ("iam_url", "search"),
    [
        ("https://iam.cloud.ibm.com", "https://api.global-search-tagging.cloud.ibm.com"),
        ("https://private.iam.cloud.ibm.com", "https://api.private.global-search-tagging.cloud.ibm.com"),
        ("https://iam.test.cloud.ibm.com", "https://api.global-search-tagging.test.cloud.ibm.com"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ],
)
def test_the_search_is_beside_the_iam_host(iam_url: str, search: str) -> None:
    settings = Settings(api_key=API_KEY, iam_url=iam_url, environ={})
    assert _search_url(settings, {}) == search
    assert _search_url(settings, {"GLOBAL_SEARCH_URL": "https://search.example"}) == "https://search.example"


def test_a_crn_needs_no_search(service: Loopback) -> None:
    RuntimeClient(api_key=API_KEY, instance=CRN, base_url=service.base_url, iam_url=service.url).close()
    assert service.asked == []
