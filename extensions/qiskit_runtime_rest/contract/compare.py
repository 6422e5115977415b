"""Compare two versions of the contract, operation by operation, from a client's point of view."""

from collections.abc import Iterator, Mapping
from typing import Any

from .changes import Change, Kind
from .compare_schemas import Direction, Place, compare_schemas
from .document import Document, JsonObject, NotOpenApi

__all__ = ["compare"]

_PROSE = ("summary", "description", "externalDocs")
_GENERATED_NAMES = {
    "operationId": "the generated function moves",
    "tags": "the generated module moves",
    "security": "other credentials are needed",
}


def compare(old: JsonObject, new: JsonObject) -> list[Change]:
    """List the differences between two OpenAPI documents, in the order of the older one, then the additions.

    A change is breaking if a client of the older contract can notice it: the service refuses something that the
    client sends, or understands it differently; something that it reads is gone, of another type, or may be missing
    or null.

    Raises:
        NotOpenApi: a document does not have OpenAPI's structure, or refers to something that it does not define.
    """
    before, after = Document(content=old), Document(content=new)
    try:
        return [*_document_changes(old, new), *_operation_changes(before, after)]
    except (AttributeError, KeyError, TypeError) as error:
        raise NotOpenApi(
            f"one of the two documents does not have the structure of OpenAPI 3 ({type(error).__name__}: {error}); "
            "a validator such as openapi-spec-validator shows where"
        ) from error


def _document_changes(old: JsonObject, new: JsonObject) -> Iterator[Change]:
    for key in ("openapi", "info", "servers"):
        if old.get(key) != new.get(key):
            yield Change(operation="", location=key, kind=Kind.COSMETIC, message=_changed(old.get(key), new.get(key)))
    was, now = _credentials(old), _credentials(new)
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            kind = Kind.BREAKING if name in was else Kind.ADDITIVE
            message = _changed(was.get(name), now.get(name))
            yield Change(operation="", location=f"securitySchemes.{name}", kind=kind, message=message)


def _credentials(content: JsonObject) -> dict[str, JsonObject]:
    """The security schemes, without their descriptions."""
    schemes = content.get("components", {}).get("securitySchemes", {})
    return {
        name: {key: value for key, value in scheme.items() if key != "description"} for name, scheme in schemes.items()
    }


def _operation_changes(before: Document, after: Document) -> Iterator[Change]:
    old = {operation.name: operation.content for operation in before.operations()}
    new = {operation.name: operation.content for operation in after.operations()}
    for name, operation in old.items():
        if name not in new:
            yield Change(operation=name, location="", kind=Kind.BREAKING, message="removed")
            continue
        place = Place(operation=name, before=before, after=after)
        yield from _metadata(operation, new[name], place=place)
        yield from _parameters(operation, new[name], place=place)
        yield from _request_body(operation, new[name], place=place)
        yield from _responses(operation, new[name], place=place)
    for name in new:
        if name not in old:
            yield Change(operation=name, location="", kind=Kind.ADDITIVE, message="added")


def _metadata(old: JsonObject, new: JsonObject, *, place: Place) -> Iterator[Change]:
    for key, consequence in _GENERATED_NAMES.items():
        if old.get(key) != new.get(key):
            message = f"{key} {_changed(old.get(key), new.get(key))}: {consequence}"
            yield place.change(Kind.BREAKING, message)
    if old.get("deprecated", False) != new.get("deprecated", False):
        yield place.change(Kind.COSMETIC, "deprecated" if new.get("deprecated") else "no longer deprecated")
    if rewritten := [key for key in _PROSE if old.get(key) != new.get(key)]:
        yield place.change(Kind.COSMETIC, f"{' and '.join(rewritten)} rewritten")
    known = {*_GENERATED_NAMES, *_PROSE, "deprecated", "parameters", "requestBody", "responses"}
    for key in sorted((old.keys() | new.keys()) - known):
        if old.get(key) != new.get(key):
            yield place.change(Kind.COSMETIC, f"{key} {_changed(old.get(key), new.get(key))}")


def _parameters(old: JsonObject, new: JsonObject, *, place: Place) -> Iterator[Change]:
    before = {_parameter_name(each): each for each in map(place.before.resolve, old["parameters"])}
    after = {_parameter_name(each): each for each in map(place.after.resolve, new["parameters"])}
    for name in [*before, *(name for name in after if name not in before)]:
        here = place.at(f"{name} parameter")
        if name not in after:
            yield here.change(Kind.BREAKING, "removed")
            continue
        required = after[name].get("required", False)
        if name not in before:
            yield here.change(*((Kind.BREAKING, "added, required") if required else (Kind.ADDITIVE, "added")))
            continue
        yield from _required(before[name], after[name], place=here)
        yield from _prose(before[name], after[name], place=here)
        yield from compare_schemas(
            before[name].get("schema", {}), after[name].get("schema", {}), place=here, direction=Direction.REQUEST
        )


def _parameter_name(parameter: JsonObject) -> str:
    return f"{parameter['in']} {parameter['name']}"


def _request_body(old: JsonObject, new: JsonObject, *, place: Place) -> Iterator[Change]:
    here = place.at("request body")
    before, after = old.get("requestBody"), new.get("requestBody")
    if before is None and after is None:
        return
    if after is None:
        yield here.change(Kind.BREAKING, "removed")
        return
    resolved = place.after.resolve(after)
    if before is None:
        required = resolved.get("required", False)
        yield here.change(*((Kind.BREAKING, "added, required") if required else (Kind.ADDITIVE, "added")))
        return
    known = place.before.resolve(before)
    yield from _required(known, resolved, place=here)
    yield from _prose(known, resolved, place=here)
    yield from _content(known, resolved, place=here, direction=Direction.REQUEST)


def _responses(old: JsonObject, new: JsonObject, *, place: Place) -> Iterator[Change]:
    before, after = old.get("responses", {}), new.get("responses", {})
    for status in [*before, *(status for status in after if status not in before)]:
        here = place.at(f"response {status}")
        success = str(status).startswith("2")
        if status not in after:
            yield here.change(Kind.BREAKING if success else Kind.COSMETIC, "removed")
        elif status not in before:
            yield here.change(*((Kind.BREAKING, "a new kind of success") if success else (Kind.ADDITIVE, "added")))
        else:
            known, resolved = place.before.resolve(before[status]), place.after.resolve(after[status])
            yield from _prose(known, resolved, place=here)
            yield from _content(known, resolved, place=here, direction=Direction.RESPONSE)


def _content(old: JsonObject, new: JsonObject, *, place: Place, direction: Direction) -> Iterator[Change]:
    before, after = old.get("content", {}), new.get("content", {})
    for media_type, described in before.items():
        if media_type not in after:
            yield place.change(Kind.BREAKING, f"no longer {media_type}")
            continue
        yield from compare_schemas(
            described.get("schema", {}), after[media_type].get("schema", {}), place=place, direction=direction
        )
    for media_type in after:
        if media_type not in before:
            yield place.change(Kind.ADDITIVE, f"also {media_type}")


def _required(old: JsonObject, new: JsonObject, *, place: Place) -> Iterator[Change]:
    was, now = old.get("required", False), new.get("required", False)
    if was != now:
        yield place.change(*((Kind.BREAKING, "required now") if now else (Kind.ADDITIVE, "no longer required")))


def _prose(old: JsonObject, new: JsonObject, *, place: Place) -> Iterator[Change]:
    if old.get("description") != new.get("description"):
        yield place.change(Kind.COSMETIC, "description rewritten")


def _changed(old: Any, new: Any) -> str:
    if isinstance(old, Mapping | list) or isinstance(new, Mapping | list):
        return "changed"
    return f"changed from {old!r} to {new!r}"
