"""Check each response against the contract: loaded only for clients with `validate=`."""

from __future__ import annotations

from qiskit_runtime_api.http_library import httpx

from ..base.callers import warn
from ..config.settings import Settings
from ..contract.response_check import Checker
from ..errors import ContractWarning
from .retrying import VIOLATION

__all__ = ["ResponseCheck"]


class ResponseCheck:
    """Checks responses, and reports violations as the setting `validate` says."""

    def __init__(self, settings: Settings) -> None:
        """`settings`: with `validate` set.

        Raises:
            ConfigurationError: there is no contract for the API version.
            MissingExtra: the validator is not installed.
        """
        self._checker = Checker(base_url=settings.base_url, api_version=settings.api_version)
        self._secrets = tuple(secret for secret in (settings.api_key, settings.token) if secret)
        self._validate = settings.validate

    def __call__(self, response: httpx.Response) -> object:
        """Report the response if it violates the contract; returns what a function passed as `validate` returned.

        Raises:
            ContractViolation: a success violates it, and `validate="responses"`.
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
