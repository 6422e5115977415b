"""The cloud resource name (CRN) of an instance, and the hosts for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ..errors import ConfigurationError

__all__ = ["Crn"]

EXAMPLE = "crn:v1:bluemix:public:quantum-computing:us-east:a/<account>:<instance>::"
WHERE = "Copy the CRN from the Instances page of IBM Quantum Platform"

REGION = r"[a-z0-9]+(-[a-z0-9]+)*"
LIKE_AN_API_KEY = r"[A-Za-z0-9_-]{40,}"
CLASSIC_NAME = r"[^/\s]+/[^/\s]+/[^/\s]+"

SEGMENTS = (
    "crn",
    "version",
    "cloud",
    "visibility",
    "service",
    "region",
    "account",
    "instance",
    "resource type",
    "resource",
)


@dataclass(frozen=True)
class Crn:
    """A checked CRN. `str(crn)` is its text; `cloud`, `region`, `account` and `instance_id` are parts of it."""

    text: str
    cloud: str
    region: str
    account: str
    instance_id: str

    @classmethod
    def parse(cls, text: str) -> Crn:
        """Check `text` segment by segment.

        Raises:
            ConfigurationError: not the CRN of an instance; the message names the segment, and what to do.
        """
        text = text.strip()
        if not text.startswith("crn:"):
            raise ConfigurationError(_not_a_crn(text))
        parts = text.split(":")
        if len(parts) != len(SEGMENTS):
            raise ConfigurationError(
                f"instance {text!r}: expected a CRN of {len(SEGMENTS)} segments, got {len(parts)}. {WHERE}, including "
                f"the colons at its end: {EXAMPLE}"
            )
        named = dict(zip(SEGMENTS, parts, strict=True))
        for segment in ("version", "cloud", "visibility", "service", "region", "account", "instance"):
            if named[segment] in ("", "a/"):
                raise ConfigurationError(f"instance {text!r}: the CRN's {segment} is missing. {WHERE}: {EXAMPLE}")
        if named["service"] != "quantum-computing":
            raise ConfigurationError(
                f"instance {text!r}: expected a CRN of quantum-computing, got one of {named['service']!r}. {WHERE}."
            )
        if not named["account"].startswith("a/"):
            raise ConfigurationError(
                f"instance {text!r}: the CRN's account {named['account']!r} must begin with 'a/'. {WHERE}."
            )
        if not re.fullmatch(REGION, named["region"]):
            # The token is sent to a host whose name contains the region.
            raise ConfigurationError(f"instance {text!r}: {named['region']!r} is not a region. {WHERE}: {EXAMPLE}")
        if not re.fullmatch(r"[!-~]+", text):
            raise ConfigurationError(f"instance {text!r}: a CRN must be printable ASCII without white space. {WHERE}.")
        return cls(
            text=text,
            cloud=named["cloud"],
            region=named["region"],
            account=named["account"].removeprefix("a/"),
            instance_id=named["instance"],
        )

    @staticmethod
    def is_name(text: str) -> bool:
        """Whether `text` can be the name of an instance: it is neither a CRN nor what is often given in its place."""
        text = text.strip()
        wrong = text.startswith("crn:") or re.fullmatch(LIKE_AN_API_KEY, text) or re.fullmatch(CLASSIC_NAME, text)
        return bool(text) and text.isprintable() and not wrong

    def __str__(self) -> str:
        """The CRN as text."""
        return self.text

    def base_url(self, *, private: bool = False) -> str:
        """Base URL of the service for this instance's region (contract: `servers`); `private`: private endpoint."""
        host = "quantum.test.cloud.ibm.com" if self._is_test_cloud else "quantum.cloud.ibm.com"
        if private:
            return f"https://private.{self.region}.{host}/api"
        return f"https://{host}/api" if self.region == "us-east" else f"https://{self.region}.{host}/api"

    def iam_url(self, *, private: bool = False) -> str:
        """Base URL of the IAM that issues tokens for this instance's cloud; `private`: its private host."""
        host = "iam.test.cloud.ibm.com" if self._is_test_cloud else "iam.cloud.ibm.com"
        return f"https://private.{host}" if private else f"https://{host}"

    @property
    def _is_test_cloud(self) -> bool:
        return self.cloud == "staging"


def _not_a_crn(text: str) -> str:
    if re.fullmatch(LIKE_AN_API_KEY, text):
        return f"the instance (not shown) looks like an API key: expected a CRN. {WHERE}: {EXAMPLE}"
    if re.fullmatch(CLASSIC_NAME, text):
        return (
            f"instance {text!r} is a hub/group/project of the classic platform, which v1 does not support. "
            f"{WHERE} of the instance that replaced it: {EXAMPLE}"
        )
    return f"instance {text!r} is not a CRN. {WHERE}: {EXAMPLE}"
