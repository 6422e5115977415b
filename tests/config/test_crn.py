"""CRNs: each segment is checked, and decides the hosts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qiskit_runtime_rest import ConfigurationError
from qiskit_runtime_rest.config.crn import Crn

from ..fixtures.loopback import CRN

SEGMENTS = CRN.split(":")


def with_segment(position: int, text: str) -> str:
    return ":".join([*SEGMENTS[:position], text, *SEGMENTS[position + 1 :]])


def test_a_crn_names_region_account_and_instance() -> None:
    crn = Crn.parse(f"  {CRN}\n")
    assert str(crn) == CRN
    assert (crn.cloud, crn.region, crn.account) == ("bluemix", "us-east", "0a1b2c")
    assert crn.instance_id == "11112222-3333-4444-5555-666677778888"


@pytest.mark.parametrize(
    ("position", "name"),
    [(1, "version"), (2, "cloud"), (3, "visibility"), (4, "service"), (5, "region"), (6, "account"), (7, "instance")],
)
def test_an_empty_segment_is_named(position: int, name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"CRN's {name} is missing.*Copy the CRN"):
        Crn.parse(with_segment(position, ""))


def test_an_account_without_an_id_is_missing() -> None:
    with pytest.raises(ConfigurationError, match="account is missing"):
        Crn.parse(with_segment(6, "a/"))


@pytest.mark.parametrize("kept", range(1, len(SEGMENTS)))
def test_the_error_of_a_truncated_crn_says_to_copy_it(kept: int) -> None:
    with pytest.raises(ConfigurationError, match="Copy the CRN"):
        Crn.parse(":".join(SEGMENTS[:kept]))


def test_a_crn_with_too_many_segments_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="expected a CRN of 10 segments, got 11"):
        Crn.parse(f"{CRN}:")


@pytest.mark.parametrize(
    ("position", "text", "complaint"),
    [
        (4, "cloud-object-storage", "expected a CRN of quantum-computing, got one of 'cloud-object-storage'"),
        (6, "0a1b2c", "must begin with 'a/'"),
    ],
)
def test_a_segment_of_another_kind_is_refused(position: int, text: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Crn.parse(with_segment(position, text))


@pytest.mark.parametrize("text", ["ibm-q/open/main", "hub-1/group_2/project 3".replace(" ", "")])
def test_the_error_of_a_hub_group_project_says_what_replaced_it(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"hub/group/project of the classic platform.*Copy the CRN"):
        Crn.parse(text)


@pytest.mark.parametrize("text", ["my-instance", "", "a/b", "a/b/c/d"])
def test_an_instance_name_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not a CRN.*Copy the CRN"):
        Crn.parse(text)


@pytest.mark.parametrize("region", ["evil.example/", "evil.example#", "x@evil.example", "EVIL?", "us east", "ü", ".."])
def test_a_region_cannot_lead_to_another_host(region: str) -> None:
    with pytest.raises(ConfigurationError, match="region"):
        Crn.parse(with_segment(5, region))


@pytest.mark.parametrize("text", ["a\r\nX-Evil 1", "ä", "with space"])
def test_a_text_that_is_not_a_header_value_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        Crn.parse(with_segment(7, text))


@pytest.mark.parametrize(
    ("cloud", "region", "private", "base_url", "iam_url"),
    [
        ("bluemix", "us-east", False, "https://quantum.cloud.ibm.com/api", "https://iam.cloud.ibm.com"),
        ("bluemix", "eu-de", False, "https://eu-de.quantum.cloud.ibm.com/api", "https://iam.cloud.ibm.com"),
        (
            *("bluemix", "us-east", True),
            *("https://private.us-east.quantum.cloud.ibm.com/api", "https://private.iam.cloud.ibm.com"),
        ),
        (
            *("bluemix", "eu-de", True),
            *("https://private.eu-de.quantum.cloud.ibm.com/api", "https://private.iam.cloud.ibm.com"),
        ),
        ("staging", "us-east", False, "https://quantum.test.cloud.ibm.com/api", "https://iam.test.cloud.ibm.com"),
    ],
)
def test_cloud_and_region_decide_the_hosts(cloud: str, region: str, private: bool, base_url: str, iam_url: str) -> None:
    crn = Crn.parse(with_segment(2, cloud).replace("us-east", region))
    assert (crn.base_url(private=private), crn.iam_url(private=private)) == (base_url, iam_url)


@given(st.text() | st.from_regex(r"crn(:[^:]{0,8}){9}", fullmatch=True))
def test_any_text_is_a_crn_or_a_configuration_error(text: str) -> None:
    try:
        crn = Crn.parse(text)
    except ConfigurationError:
        return
    assert crn.base_url().endswith("quantum.cloud.ibm.com/api")
    assert str(crn).isascii()
    assert str(crn).isprintable()
