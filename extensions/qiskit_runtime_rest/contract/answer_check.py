"""Check an answer against the contract of the API version that it was asked for in.

Validation is openapi-schema-validator's, which knows the dialect of OpenAPI 3.0 (`nullable`), on the parts of the
document. openapi-core refuses the document as it is published, for a default outside its enum.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import httpx

from ..base.redaction import blanked, credentials
from ..config.api_versions import SUNSETS
from ..errors import ConfigurationError, ContractViolation, MissingExtra
from .versions import corrected_contract_of

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError
    from openapi_schema_validator import OAS30Validator

__all__ = ["Checker", "VersionContract"]

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
    """Finds out whether answers of one service keep its contract. Safe for threads; nothing of it is a secret."""

    def __init__(self, *, base_url: str, api_version: str) -> None:
        """`api_version`: the one that is asked for unless a request names another.

        Raises:
            ConfigurationError: this release has no contract of that version.
            MissingExtra: the validator is not installed.
        """
        try:
            import openapi_schema_validator  # noqa: F401 - asked for now, rather than in the middle of work
        except ModuleNotFoundError as error:
            raise MissingExtra("validate=", extra="contract", module=error.name) from None
        if api_version not in SUNSETS:
            raise ConfigurationError(
                f"validate= needs the contract of API version {api_version}, and this release has those of "
                f"{', '.join(SUNSETS)}: ask for one of these, or leave validate= out."
            )
        self._root = urlsplit(base_url.rstrip("/"))
        self._contracts = {api_version: VersionContract(corrected_contract_of(api_version), version=api_version)}

    def violation(self, response: httpx.Response, *, secrets: Sequence[str] = ()) -> ContractViolation | None:
        """What is wrong with an answer, or None.

        None, too, for what cannot be judged: a body that was not read (a result, which the contract lets be any text,
        goes to its reader as it comes), an operation or an error status that the contract does not list (limits and
        the content network answer with their own), and another host's answer.
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
        """The path as the contract writes it, if the URL is one of the service's."""
        raw = url.raw_path.decode("ascii").partition("?")[0]
        same = (url.scheme, url.netloc.decode("ascii")) == (self._root.scheme, self._root.netloc)
        return raw.removeprefix(self._root.path) if same and raw.startswith(f"{self._root.path}/") else None


class VersionContract:
    """The operations of one version's contract, with validators that are made when first needed."""

    def __init__(self, document: Mapping[str, Any], *, version: str) -> None:
        """`document`: as `corrected_contract_of` gives it."""
        self.version = version
        self._document = document
        self._paths = [
            (re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), path) for path in document["paths"]
        ]
        self._validators: dict[str, OAS30Validator] = {}

    def problems(self, response: httpx.Response, path: str) -> tuple[str, list[str]] | None:
        """The operation that was answered, and what is wrong with the answer; None if the contract is silent on it."""
        method = response.request.method.lower()
        template = next(
            (
                known
                for pattern, known in self._paths
                if method in self._document["paths"][known] and pattern.fullmatch(path)
            ),
            None,
        )
        if template is None:
            return None
        name = f"{method.upper()} {template}"
        responses = self._document["paths"][template][method]["responses"]
        status = str(response.status_code)
        if status not in responses:
            listed = ", ".join(sorted(code for code in responses if code.startswith("2")))
            return (name, [f"status {status} is none of {listed}"]) if response.is_success else None
        if response.is_error and "CF-RAY" in response.headers and not _is_json(response):
            return None  # the content network's own page
        return name, list(itertools.islice(self._body_problems(response, template, method, status), MOST_PROBLEMS))

    def _body_problems(self, response: httpx.Response, path: str, method: str, status: str) -> Iterator[str]:
        content = self._document["paths"][path][method]["responses"][status].get("content", {})
        if not content:
            if response.content:
                yield "there is a body, and should be none"
            return
        media_type = next((kind for kind in content if kind == _media_type(response)), next(iter(content)))
        steps = ("paths", path, method, "responses", status, "content", media_type, "schema")
        pointer = "/".join(step.replace("~", "~0").replace("/", "~1") for step in steps)
        validator = self._validator(f"#/{pointer}")
        text = response.content.decode("utf-8", errors="replace")
        parsed = _parsed(text) if media_type == "application/json" else text
        # A schema that takes any text takes a JSON text as well: so the contract describes results.
        if validator.is_valid(text):
            return
        for error in validator.iter_errors(parsed):
            yield f"{error.json_path}: {_told(error)}"

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

        return Registry().with_resource(URI, DRAFT4.create_resource(self._document))


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _is_json(response: httpx.Response) -> bool:
    return _media_type(response) == "application/json"


def _parsed(text: str) -> Any:
    """The JSON that a text is, or the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _told(error: ValidationError) -> str:
    """What a schema's keyword finds wrong, without the value, which may be somebody's own."""
    tell = TELL.get(str(error.validator))
    return (
        tell(error) if tell is not None else f"does not fit {error.validator}: {json.dumps(error.validator_value)[:60]}"
    )


def _type(error: ValidationError) -> str:
    null = " or null" if isinstance(error.schema, Mapping) and error.schema.get("nullable") else ""
    return f"is {JSON_TYPES.get(type(error.instance), 'something else')}, not {error.validator_value}{null}"


TELL: Mapping[str, Callable[[ValidationError], str]] = {
    "type": _type,
    "required": lambda error: error.message,
    "additionalProperties": lambda error: error.message,
    "enum": lambda error: f"is none of {', '.join(map(str, cast(list[Any], error.validator_value)))}",
    "oneOf": lambda _: "is not of exactly one of the documented forms",
    "anyOf": lambda _: "is of none of the documented forms",
}
"""What to say of a keyword; of any other, the keyword and its value."""
