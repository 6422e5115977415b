"""What is checked beyond schemathesis's own checks; registered with it when imported."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import schemathesis
from schemathesis import Case, Response
from schemathesis.checks import CheckContext

__all__ = ["PagesAreTrue", "RefusalsSayWhy", "WrongCredentials"]

_REFUSED = (401, 403)


def _forged(authorization: str) -> str:
    """The same token, signed by somebody else."""
    head, _, signature = authorization.rpartition(".")
    return f"{head}.{signature[::-1]}" if head else "Bearer forged"


def _unsigned(authorization: str) -> str:
    """The same claims, with the signature left out and said to be left out."""
    claims = authorization.split(".")[1:2]
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"Bearer {header}.{''.join(claims)}."


def wrong_credentials(authorization: str) -> Mapping[str, Mapping[str, str]]:
    """Headers that must open nothing, by what is wrong with them."""
    return {
        "no token": {"Authorization": ""},
        "a token that is none": {"Authorization": "Bearer not.a.token"},
        "another scheme": {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
        "an API key in place of a token": {"Authorization": "apikey this-is-no-key"},
        "a forged token": {"Authorization": _forged(authorization)},
        "an unsigned token": {"Authorization": _unsigned(authorization)},
        "no instance": {"Service-CRN": ""},
        "a foreign instance": {
            "Service-CRN": "crn:v1:bluemix:public:quantum-computing:us-east:a/" + "f" * 32 + ":" + "0" * 8 + "::"
        },
        "an instance that is none": {"Service-CRN": "not-a-crn"},
    }


@schemathesis.check
class WrongCredentials:
    """After the first success of each operation: the same request with each kind of wrong credentials is refused."""

    def __init__(self) -> None:
        """One object serves a run."""
        self._tried: set[str] = set()

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:  # noqa: ARG002
        """Check one answer."""
        operation = case.operation
        if not operation.definition.raw.get("security") or operation.label in self._tried:
            return None
        if not 200 <= response.status_code < 300 or case.method != operation.method.upper():
            return None
        self._tried.add(operation.label)
        sent = {name: str(value) for name, value in response.request.headers.items()}
        opened = [
            what
            for what, headers in wrong_credentials(sent.get("Authorization", "")).items()
            if case.call(headers={**sent, **headers}).status_code not in _REFUSED
        ]
        if opened:
            raise AssertionError(f"not refused: {', '.join(opened)}")
        return None


@schemathesis.check
class RefusalsSayWhy:
    """Each refusal has the contract's error body: a list of errors, each with a code and a message, and a trace."""

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:  # noqa: ARG002
        """Check one answer."""
        if response.status_code < 400 or response.status_code == 405:
            return None
        try:
            body = json.loads(response.content)
            said = [(error["code"], error["message"]) for error in body["errors"]]
        except (ValueError, LookupError, TypeError):
            raise AssertionError(f"{response.status_code} without the contract's error body") from None
        if not said or not all(code and message for code, message in said) or not body.get("trace"):
            raise AssertionError(f"{response.status_code} without a code, a message or a trace")
        return None


@schemathesis.check
class PagesAreTrue:
    """A page is as long as was asked for at most, says which one it is, and is part of what it counts."""

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:  # noqa: ARG002
        """Check one answer."""
        if response.status_code != 200 or case.operation.definition.raw.get("operationId") not in _PAGES:
            return None
        name, total, limits = _PAGES[str(case.operation.definition.raw["operationId"])]
        try:
            page = json.loads(response.content)
            limit, listed = int(page["limit"]), len(page[name])
            of = int(page.get(total, listed))
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
            raise AssertionError("no page, by its form") from None
        asked = parse_qs(urlsplit(str(response.request.url)).query)
        if listed > limit:
            raise AssertionError(f"more {name} on a page than its limit")
        if of < listed:
            raise AssertionError(f"more {name} on a page than there are in all")
        for parameter, (least, most) in limits.items():
            given = asked.get(parameter, [""])[-1]
            asked_for = given.isascii() and given.isdecimal() and least <= int(given) <= most
            if asked_for and page.get(parameter) != int(given):
                raise AssertionError(f"{parameter} {given} was asked for, and another answered")
        return None


_PAGES: Mapping[str, tuple[str, str, Mapping[str, tuple[int, int]]]] = {
    "list_jobs": ("jobs", "count", {"limit": (1, 200), "offset": (0, 2**31 - 1)}),
    "find_instance_workloads": ("workloads", "total_count", {"limit": (1, 50)}),
}
"""The lists that come in pages: what is listed, the field with the number of all, and parameters with their range."""
