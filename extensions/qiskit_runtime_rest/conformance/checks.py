"""Checks beyond schemathesis's own; importing this module registers them."""

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
_FOREIGN = "a foreign instance"


def _forged(authorization: str) -> str:
    """The same token with a wrong signature."""
    head, _, signature = authorization.rpartition(".")
    return f"{head}.{signature[::-1]}" if head else "Bearer forged"


def _unsigned(authorization: str) -> str:
    """The same claims without a signature, in a token that says so."""
    claims = authorization.split(".")[1:2]
    header = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    return f"Bearer {header}.{''.join(claims)}."


def wrong_credentials(authorization: str) -> Mapping[str, Mapping[str, str]]:
    """Headers that must be refused, by what is wrong with them."""
    return {
        "no token": {"Authorization": ""},
        "an invalid token": {"Authorization": "Bearer not.a.token"},
        "another scheme": {"Authorization": "Basic dXNlcjpwYXNzd29yZA=="},
        "an API key in place of a token": {"Authorization": "apikey not-a-key"},
        "a forged token": {"Authorization": _forged(authorization)},
        "an unsigned token": {"Authorization": _unsigned(authorization)},
        "no instance": {"Service-CRN": ""},
        _FOREIGN: {
            "Service-CRN": "crn:v1:bluemix:public:quantum-computing:us-east:a/" + "f" * 32 + ":" + "0" * 8 + "::"
        },
        "an invalid instance": {"Service-CRN": "not-a-crn"},
    }


@schemathesis.check
class WrongCredentials:
    """After the first success of each operation, repeat the request with wrong credentials: it must be refused."""

    def __init__(self) -> None:
        """One object checks a whole run."""
        self._tried: set[str] = set()

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:  # noqa: ARG002
        """Check one response."""
        operation = case.operation
        if not operation.definition.raw.get("security") or operation.label in self._tried:
            return None
        if not 200 <= response.status_code < 300 or case.method != operation.method.upper():
            return None
        self._tried.add(operation.label)
        sent = {name: str(value) for name, value in response.request.headers.items()}
        accepted = [
            kind
            for kind, headers in wrong_credentials(sent.get("Authorization", "")).items()
            if case.call(headers={**sent, **headers}).status_code not in (*_REFUSED, *[404] * (kind == _FOREIGN))
        ]
        if accepted:
            raise AssertionError(f"not refused: {', '.join(accepted)}")
        return None


@schemathesis.check
class RefusalsSayWhy:
    """Each error has the contract's body: a list of errors, each with a code and a message, and a trace."""

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:  # noqa: ARG002
        """Check one response."""
        if response.status_code < 400 or response.status_code == 405:
            return None
        try:
            body = json.loads(response.content)
            errors = [(error["code"], error["message"]) for error in body["errors"]]
        except (ValueError, LookupError, TypeError):
            raise AssertionError(f"{response.status_code} without the contract's error body") from None
        if not errors or not all(code and message for code, message in errors) or not body.get("trace"):
            raise AssertionError(f"{response.status_code} without a code, a message or a trace")
        return None


@schemathesis.check
class PagesAreTrue:
    """A page is not longer than its limit, repeats the requested limit and offset, and does not exceed its total."""

    def after_response(self, ctx: CheckContext, response: Response, case: Case[Any]) -> bool | None:  # noqa: ARG002
        """Check one response."""
        if response.status_code != 200 or case.operation.definition.raw.get("operationId") not in _PAGES:
            return None
        name, total, limits = _PAGES[str(case.operation.definition.raw["operationId"])]
        try:
            page = json.loads(response.content)
            limit, listed = int(page["limit"]), len(page[name])
            of = int(page.get(total, listed))
        except (ValueError, LookupError, TypeError, AttributeError, OverflowError):
            raise AssertionError("the body is not a page") from None
        query = parse_qs(urlsplit(str(response.request.url)).query)
        if listed > limit:
            raise AssertionError(f"more {name} on a page than its limit")
        if of < listed:
            raise AssertionError(f"more {name} on a page than there are in all")
        for parameter, (least, most) in limits.items():
            given = query.get(parameter, [""])[-1]
            is_valid = given.isascii() and given.isdecimal() and least <= int(given) <= most
            if is_valid and page.get(parameter) != int(given):
                raise AssertionError(f"{parameter}: expected {given} as in the request")
        return None


_PAGES: Mapping[str, tuple[str, str, Mapping[str, tuple[int, int]]]] = {
    "list_jobs": ("jobs", "count", {"limit": (1, 200), "offset": (0, 2**31 - 1)}),
    "find_instance_workloads": ("workloads", "total_count", {"limit": (1, 50)}),
}
"""The operations with pages: the name of the list, the field with the total, and the parameters with their range."""
