"""Find the instances that an API key can see, in IBM Cloud's global search.

Source: https://cloud.ibm.com/apidocs/search (operation `POST /v3/resources/search`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ..base.json_members import member_object, member_text
from ..config.settings import Settings
from ..errors import ConfigurationError
from .calls import json_object
from .connection import Connection
from .error_mapping import unexpected_answer

__all__ = ["FoundInstance", "find_instances", "named_instance"]

PATH = "/v3/resources/search"
MOST_INSTANCES = 100
QUERY = "service_name:quantum-computing"
FIELDS = ["crn", "name", "service_plan_unique_id", "doc"]
PLANS = {
    "850b21a7-71de-4e53-9441-1abdd202f35d": "open",
    "bac0210f-40cd-4066-a1c5-39046fd1a2be": "premium",
}
"""Names of plans whose ids are known."""

IAM_HOST = re.compile(r"(private\.)?iam\.((test\.)?cloud\.ibm\.com)")


@dataclass(frozen=True)
class FoundInstance:
    """An instance that the search found. `plan`: its name, or its id, if known."""

    name: str
    crn: str
    plan: str | None


def find_instances(settings: Settings) -> list[FoundInstance]:
    """The instances of the account of the API key (or token), by name.

    Raises: ConfigurationError (no credentials), ApiError, TransportError.
    """
    # The token is sent to the search only, so the search is the service of this connection.
    connection = Connection(replace(settings, base_url=_search_url(settings, os.environ)), needs_instance=False)
    try:
        http = connection.open()
        del http.headers["IBM-API-Version"]
        http.headers.pop("Service-CRN", None)
        response = http.post(PATH, params={"limit": MOST_INSTANCES}, json={"query": QUERY, "fields": FIELDS})
    finally:
        connection.close()
    items = json_object(response).get("items")
    if not isinstance(items, list):
        raise unexpected_answer(response, "the search for instances has no list of items")
    found = [_instance(item) for item in items if member_text(item, "crn")]
    return sorted(found, key=lambda instance: (instance.name.lower(), instance.crn))


def named_instance(settings: Settings) -> Settings:
    """`settings` for the instance that their `instance_name` is the name of.

    Raises:
        ConfigurationError: no instance has this name, or several have it; the message lists those that there are.
        ApiError, TransportError: the search failed.
    """
    name = settings.instance_name
    assert name is not None
    found = find_instances(settings)
    named = [instance for instance in found if instance.name == name] or [
        instance for instance in found if instance.name.lower() == name.lower()
    ]
    if len(named) == 1:
        return settings.with_instance(named[0].crn)
    if named:
        crns = ", ".join(instance.crn for instance in named)
        raise ConfigurationError(f"{len(named)} instances have the name {name!r}: pass the CRN of one of them: {crns}.")
    known = ", ".join(repr(instance.name) for instance in found) or "none"
    raise ConfigurationError(f"no instance has the name {name!r}. The API key can see: {known}.")


def _instance(item: Any) -> FoundInstance:
    plan = member_text(item, "service_plan_unique_id")
    return FoundInstance(
        name=member_text(item, "name") or member_text(member_object(item, "doc"), "name") or "",
        crn=item["crn"],
        plan=PLANS.get(plan, plan) if plan else None,
    )


def _search_url(settings: Settings, environ: Mapping[str, str]) -> str:
    """The search beside the IAM host; a server that is not IBM Cloud's, such as the embedded one, has both."""
    if environ.get("GLOBAL_SEARCH_URL"):
        return environ["GLOBAL_SEARCH_URL"]
    parts = urlsplit(settings.iam_url)
    known = IAM_HOST.fullmatch(parts.hostname or "")
    if known is None:
        return f"{parts.scheme}://{parts.netloc}"
    return f"https://api.{known[1] or ''}global-search-tagging.{known[2]}"
