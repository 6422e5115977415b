"""Check a response against the contract of the API version in its request.

openapi-schema-validator, which knows the dialect of OpenAPI 3.0 (`nullable`), validates parts of the document.
openapi-core refuses the document as published, because of a default outside its enum.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from qiskit_runtime_api.http_library import httpx

from ..base.nullable import with_null_variants
from ..base.redaction import blanked, credentials
from ..config.api_versions import SUNSETS
from ..errors import ConfigurationError, ContractViolation, MissingExtra
from .document import Document, Operation
from .versions import corrected_contract_of

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from openapi_schema_validator import OAS30Validator

__all__ = ["Checker", "VersionContract", "wrong_type"]

MOST_PROBLEMS = 20
URI = "urn:qiskit-runtime-contract"
JSON_TYPES: Mapping[type, str] = {
    dict: "an object",
    list: "an array",
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    type(None): "null",
}


class Checker:
    """Checks the responses of one service against the contract. Safe for threads; keeps no secrets."""

    def __init__(self, *, base_url: str, api_version: str) -> None:
        """`api_version`: the client's; the version in a request goes before it.

        Raises:
            ConfigurationError: this release has no contract of that version.
            MissingExtra: the validator is not installed.
        """
        try:
            import openapi_schema_validator  # noqa: F401 - a missing extra is an error now, not in the middle of work
        except ModuleNotFoundError as error:
            raise MissingExtra("validate=", extra="contract", module=error.name) from None
        if api_version not in SUNSETS:
            raise ConfigurationError(
                f"validate= needs the contract of API version {api_version}, and this release has those of "
                f"{', '.join(SUNSETS)}: choose one of these, or leave validate= out."
            )
        self._root = urlsplit(base_url.rstrip("/"))
        self._contracts = {api_version: VersionContract(corrected_contract_of(api_version), version=api_version)}

    def violation(self, response: httpx.Response, *, secrets: Sequence[str] = ()) -> ContractViolation | None:
        """The violation in a response, or None.

        None also if the response cannot be judged: the body was not read (a result, which may be any text, goes to
        its reader as it comes), the contract does not list the operation or the error status (rate limits and the
        content network have their own), or the response is another host's.
        """
        contract = self._contract(response.request)
        path = self._path(response.request.url)
        if contract is None or path is None or not hasattr(response, "_content"):
            return None
        found = contract.problems(response, path)
        if found is None or not found[1]:
            return None
        operation, problems = found
        hidden = (*secrets, *credentials(response))
        text = blanked(response.content.decode("utf-8", errors="replace"), hidden)
        return ContractViolation(
            operation=operation,
            status=response.status_code,
            api_version=contract.version,
            problems=[blanked(problem, hidden) for problem in problems],
            answer=_parsed(text),
        )

    def _contract(self, request: httpx.Request) -> VersionContract | None:
        version = request.headers.get("IBM-API-Version", "")
        if version not in self._contracts:
            if version not in SUNSETS:
                return None
            self._contracts[version] = VersionContract(corrected_contract_of(version), version=version)
        return self._contracts[version]

    def _path(self, url: httpx.URL) -> str | None:
        """The path below the base URL, as in the contract; None for another host's URL."""
        raw = url.raw_path.decode("ascii").partition("?")[0]
        same = (url.scheme, url.netloc.decode("ascii")) == (self._root.scheme, self._root.netloc)
        return raw.removeprefix(self._root.path) if same and raw.startswith(f"{self._root.path}/") else None


class VersionContract:
    """The operations of one version's contract, with validators that are made when first needed."""

    def __init__(self, document: Mapping[str, Any], *, version: str) -> None:
        """`document`: from `corrected_contract_of`."""
        self.version = version
        self._document = document
        self._operations = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(operation.path))), operation)
            for operation in Document(document).operations()
        ]
        self._validators: dict[str, OAS30Validator] = {}

    def problems(self, response: httpx.Response, path: str) -> tuple[str, list[str]] | None:
        """The name of the response's operation, and the problems; None if the contract does not describe it."""
        method = response.request.method
        operation = next(
            (known for pattern, known in self._operations if known.method == method and pattern.fullmatch(path)), None
        )
        if operation is None:
            return None
        responses = operation.content["responses"]
        status = str(response.status_code)
        if status not in responses:
            listed = ", ".join(sorted(code for code in responses if code.startswith("2")))
            return (operation.name, [f"status {status}: expected {listed}"]) if response.is_success else None
        if response.is_error and "CF-RAY" in response.headers and not _is_json(response):
            return None  # the content network's own page
        problems = self._body_problems(response, operation, status)
        return operation.name, list(itertools.islice(problems, MOST_PROBLEMS))

    def _body_problems(self, response: httpx.Response, operation: Operation, status: str) -> Iterator[str]:
        content = operation.content["responses"][status].get("content", {})
        if not content:
            if response.content:
                yield "has a body; expected none"
            return
        media_type = next((kind for kind in content if kind == _media_type(response)), next(iter(content)))
        steps = (*operation.location, "responses", status, "content", media_type, "schema")
        pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
        validator = self._validator(f"#/{pointer}")
        text = response.content.decode("utf-8", errors="replace")
        parsed = _parsed(text) if media_type == "application/json" else text
        # The contract describes results as any text, and a JSON text is one as well.
        if validator.is_valid(text):
            return
        for error in validator.iter_errors(parsed):
            yield f"{error.json_path}: {_described(error)}"

    def _validator(self, pointer: str) -> OAS30Validator:
        if pointer not in self._validators:
            from openapi_schema_validator import OAS30Validator, oas30_format_checker

            self._validators[pointer] = OAS30Validator(
                {"$ref": f"{URI}{pointer}"}, registry=self._registry, format_checker=oas30_format_checker
            )
        return self._validators[pointer]

    @cached_property
    def _registry(self) -> Any:
        from referencing import Registry
        from referencing.jsonschema import DRAFT4

        return Registry().with_resource(URI, DRAFT4.create_resource(with_null_variants(self._document)))


def wrong_type(found: object, expected: object) -> str:
    """That a value has not the expected type, without the value itself."""
    return f"is {JSON_TYPES.get(type(found), 'something else')}, not {expected}"


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _is_json(response: httpx.Response) -> bool:
    return _media_type(response) == "application/json"


def _parsed(text: str) -> Any:
    """The JSON value of a text, or the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _described(error: ValidationError) -> str:
    """The problem without the value, which may be private."""
    describe = DESCRIPTIONS.get(str(error.validator))
    if describe is not None:
        return describe(error)
    return f"does not fit {error.validator}: {json.dumps(error.validator_value)[:60]}"


def _type(error: ValidationError) -> str:
    null = " or null" if isinstance(error.schema, Mapping) and error.schema.get("nullable") else ""
    return wrong_type(error.instance, f"{error.validator_value}{null}")


DESCRIPTIONS: Mapping[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "required": lambda error: error.message,
    "additionalProperties": lambda error: error.message,
    "enum": lambda error: f"is not one of {', '.join(map(str, cast(list[Any], error.validator_value)))}",
    "oneOf": lambda _: "does not match exactly one of the documented forms",
    "anyOf": lambda _: "matches none of the documented forms",
}
"""By keyword of the schema."""
