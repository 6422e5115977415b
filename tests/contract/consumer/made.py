"""Values that hypothesis generates from the contract's schemas; schemathesis knows their dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st

from .operations import Operation, newest
from .schemas import Schema, Schemas
from .uses import NEEDED, Use

USUAL_EXAMPLES = 100
"""Hypothesis's default; a profile with n times as many examples has n times as many here."""


def few(examples: int) -> settings:
    """This many examples, the same each time; more with a profile such as `deep` (`HYPOTHESIS_PROFILE=deep`)."""
    times = max(1, settings().max_examples // USUAL_EXAMPLES)
    return settings(
        max_examples=examples * times,
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def made(schema: Schema, schemas: Schemas) -> st.SearchStrategy[Any]:
    """Values of a schema. The branches of a union are equally likely."""
    schema = schemas.resolved(schema)
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return st.one_of([made(branch, schemas) for branch in schema[union]])
    operation = {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"204": {"description": "Not used."}},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "One schema", "version": "1"},
        "paths": {"/": {"put": operation}},
        "components": {"schemas": schemas.document["components"]["schemas"]},
    }
    loaded = schemathesis.openapi.from_dict(document, config=schemathesis.Config())
    values: st.SearchStrategy[Any] = loaded["/"]["PUT"].as_strategy().map(lambda case: case.body)
    return values


def arguments(operation: Operation) -> st.SearchStrategy[dict[str, Any]]:
    """Values for the parameters of an operation, by their names, and for its `body`, as JSON."""
    parameters = {given["name"]: given for given in operation.parameters if given["name"] not in OF_THE_CLIENT}
    schema = {
        "type": "object",
        "properties": {name: {**_narrowed(given, operation.schemas)} for name, given in parameters.items()},
        "required": [name for name, given in parameters.items() if given.get("required")],
        "additionalProperties": False,
    }
    values = made(schema, operation.schemas) if parameters else st.just({})
    if operation.body is None:
        return values
    bodies = made(operation.schemas.resolved(operation.body), operation.schemas)
    return st.builds(lambda given, body: {**given, "body": body}, values, bodies)


def fields(operation: Operation) -> dict[str, Schema]:
    """The parameters of an operation, and the properties of its body in the first of its forms, by name."""
    schemas = operation.schemas
    found = {given["name"]: _narrowed(given, schemas) for given in operation.parameters}
    return {**found, **(dict(_properties(operation.body, schemas)) if operation.body else {})}


def _properties(schema: Schema, schemas: Schemas) -> Iterator[tuple[str, Schema]]:
    schema = schemas.resolved(schema)
    for part in [*schema.get("oneOf", ())[:1], *schema.get("allOf", ())]:
        yield from _properties(part, schemas)
    yield from schema.get("properties", {}).items()


def given_values(use: Use) -> st.SearchStrategy[dict[str, Any]]:
    """Values for the parameters that a convenience passes on, by the contract's names."""
    operation = newest()[use.operation]
    known = {**fields(operation), **use.makes}
    schemas = operation.schemas
    stricter = {name: {**schemas.resolved(known[name]), **STRICTER.get(name, {})} for name in use.takes}
    values = {name: _agreed(schema, schemas) for name, schema in stricter.items()}
    optional = {name: values.pop(name) for name in use.takes if name not in NEEDED}
    return st.fixed_dictionaries(values, optional=optional)


STRICTER: Mapping[str, Schema] = {"cost": {"minimum": 1}}
"""Limits of the client that are stricter than the contract's: a job without execution time cannot run."""


def _agreed(schema: Schema, schemas: Schemas) -> st.SearchStrategy[Any]:
    """Values that the validator accepts as well; its regular expressions know more line ends."""
    return made(schema, schemas).filter(lambda value: not schemas.problems(schema, value, tolerant=True))


OF_THE_CLIENT = ("Authorization", "Service-CRN", "IBM-API-Version")
"""Headers that the client sends by itself."""


def _narrowed(parameter: Schema, schemas: Schemas) -> Schema:
    schema = schemas.resolved(parameter["schema"])
    if parameter["in"] == "path":
        return {**schema, "minLength": 1}  # an empty one would be another path
    if parameter["in"] == "header":
        return {**schema, "pattern": "^[!-~]+$"}  # the characters of a header
    if schema.get("type") == "array":
        return {**schema, "minItems": 1}  # an empty list is not sent
    return schema
