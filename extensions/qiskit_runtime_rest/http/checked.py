"""HTTP clients that check each answer against the contract: loaded only for clients with `validate=`."""

from __future__ import annotations

import inspect
from typing import Any

import httpx

from ..base.callers import warn
from ..config.settings import Settings
from ..contract.response_check import Checker
from ..errors import ConfigurationError, ContractWarning
from .clients import AsyncHttpClient, HttpClient
from .retrying import VIOLATION

__all__ = ["AnswerCheck", "CheckedAsyncHttpClient", "CheckedHttpClient"]


class AnswerCheck:
    """What is done with each answer of the service."""

    def __init__(self, settings: Settings) -> None:
        """`settings`: with `validate` set.

        Raises:
            ConfigurationError: there is no contract of the API version.
            MissingExtra: the validator is not installed.
        """
        self._checker = Checker(base_url=settings.base_url, api_version=settings.api_version)
        self._secrets = tuple(secret for secret in (settings.api_key, settings.token) if secret)
        self._validate = settings.validate

    def __call__(self, response: httpx.Response) -> object:
        """Report the answer, if it breaks the contract; the outcome is what the function that was told returned.

        Raises:
            ContractViolation: it does, it is a success, and `validate="responses"`.
        """
        violation = self._checker.violation(response, secrets=self._secrets)
        if violation is None:
            return None
        if callable(self._validate):
            return self._validate(violation)
        if self._validate == "warn":
            warn(str(violation), ContractWarning)
        elif response.is_success:
            raise violation
        else:
            response.extensions[VIOLATION] = violation
        return None


class CheckedHttpClient(HttpClient):
    """As `HttpClient`, with each answer checked."""

    def __init__(self, *, check: AnswerCheck, **options: Any) -> None:
        """`options` are those of `HttpClient`."""
        super().__init__(**options)
        self.check = check

    def send_once(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send, and check what comes."""
        response = super().send_once(request, **options)
        outcome = self.check(response)
        if inspect.iscoroutine(outcome):
            outcome.close()
            raise ConfigurationError("validate= is an async function: pass it to an AsyncRuntimeClient.")
        return response


class CheckedAsyncHttpClient(AsyncHttpClient):
    """As `AsyncHttpClient`, with each answer checked."""

    def __init__(self, *, check: AnswerCheck, **options: Any) -> None:
        """`options` are those of `AsyncHttpClient`."""
        super().__init__(**options)
        self.check = check

    async def send_once(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send, and check what comes."""
        response = await super().send_once(request, **options)
        outcome = self.check(response)
        if inspect.isawaitable(outcome):
            await outcome
        return response
