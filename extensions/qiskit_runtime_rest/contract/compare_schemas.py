"""Compare two schemas: those of a request, which the client writes, or of a response, which it reads."""

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import Any

from attrs import evolve, field, frozen

from .changes import Change, Kind
from .document import Document, JsonObject, as_object

__all__ = ["Direction", "Place", "compare_schemas"]


class Direction(Enum):
    """Who writes the value: the client (request) or the service (response)."""

    REQUEST = "request"
    RESPONSE = "response"


@frozen
class Place:
    """A place in an operation, and the two documents to resolve references in."""

    operation: str
    before: Document
    after: Document
    location: str = ""
    path: str = ""
    entered: frozenset[tuple[str, str]] = field(default=frozenset())
    """The pairs of references on the way here, so that a schema that contains itself is compared once."""

    def change(self, kind: Kind, message: str) -> Change:
        """Report a change at this place."""
        location = ": ".join(part for part in (self.location, self.path) if part)
        return Change(operation=self.operation, location=location, kind=kind, message=message)

    def at(self, location: str) -> "Place":
        """The place of a part of the operation."""
        return evolve(self, location=location)

    def within(self, step: str) -> "Place":
        """The place one step below: a property, `[]` for elements, `{}` for other properties, `(name)` for a form."""
        joined = self.path + step if step.startswith(("[", "{", "(")) or not self.path else f"{self.path}.{step}"
        return evolve(self, path=joined)


Rule = Callable[[JsonObject, JsonObject, Place, Direction], Iterator[Change]]

_PROSE = frozenset({"title", "description", "example", "examples", "externalDocs", "xml", "discriminator"})
_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_READ_FORMATS = frozenset({"date", "date-time", "uuid", "binary"})
"""Formats that a generated model reads as another Python type than `str`."""

_NARROWED = {Direction.REQUEST: Kind.BREAKING, Direction.RESPONSE: Kind.ADDITIVE}
"""Fewer values are possible: breaking in a request, not in a response."""
_WIDENED = {Direction.REQUEST: Kind.ADDITIVE, Direction.RESPONSE: Kind.BREAKING}
"""More values are possible: breaking in a response, not in a request."""


def compare_schemas(
    old: JsonObject | bool, new: JsonObject | bool, *, place: Place, direction: Direction
) -> Iterator[Change]:
    """Yield the differences between two schemas and everything below them."""
    old, new = as_object(old), as_object(new)
    pair = (str(old.get("$ref", "")), str(new.get("$ref", "")))
    if any(pair):
        if pair in place.entered:
            return
        place = evolve(place, entered=place.entered | {pair})
    before, after = place.before.schema(old), place.after.schema(new)
    for rule in _RULES:
        yield from rule(before, after, place, direction)


def _types(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    was, now = _type_names(old), _type_names(new)
    if ("null" in was) != ("null" in now):
        widened = "null" in now
        message = "may be null now" if widened else "no longer null"
        yield place.change((_WIDENED if widened else _NARROWED)[direction], message)
    was, now = was - {"null"}, now - {"null"}
    if was == now:
        return
    if not was or (was and now and _accepts(now, was)):
        kind = (_WIDENED if was else _NARROWED)[direction]
    elif not now or _accepts(was, now):
        kind = (_NARROWED if now else _WIDENED)[direction]
    else:
        kind = Kind.BREAKING
    yield place.change(kind, f"type changed from {_listed(was)} to {_listed(now)}")


def _type_names(schema: JsonObject) -> set[str]:
    named = schema.get("type", [])
    names = {named} if isinstance(named, str) else set(named)
    nullable = schema.get("nullable") or any(variant.get("type") == "null" for variant in _forms(schema))
    return names | {"null"} if nullable else names


def _accepts(wide: set[str], narrow: set[str]) -> bool:
    return all(name in wide or (name == "integer" and "number" in wide) for name in narrow)


def _enums(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    was, now = _enum_values(old), _enum_values(new)
    if was == now:
        return
    if was is None:
        yield place.change(_NARROWED[direction], f"only {_listed(now or [])} now")
    elif now is None:
        yield place.change(Kind.ADDITIVE, "any value now, not only a list of them")
    else:
        if gone := [value for value in was if value not in now]:
            kind = {Direction.REQUEST: Kind.BREAKING, Direction.RESPONSE: Kind.COSMETIC}[direction]
            yield place.change(kind, f"value removed: {_listed(gone)}")
        if fresh := [value for value in now if value not in was]:
            # Generated enums keep unknown values, so a new value in a response loses nothing.
            yield place.change(Kind.ADDITIVE, f"value added: {_listed(fresh)}")


def _enum_values(schema: JsonObject) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    return schema.get("enum")


def _properties(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    was, now = set(old.get("required", [])), set(new.get("required", []))
    for name in [*before, *(name for name in after if name not in before)]:
        here = place.within(name)
        if name not in after:
            yield here.change(Kind.BREAKING, "removed")
            continue
        if name not in before:
            required = direction is Direction.REQUEST and name in now
            yield here.change(*((Kind.BREAKING, "added, required") if required else (Kind.ADDITIVE, "added")))
            continue
        if (name in was) != (name in now):
            required = name in now
            message = "required now" if required else "no longer required"
            yield here.change((_NARROWED if required else _WIDENED)[direction], message)
        yield from compare_schemas(before[name], after[name], place=here, direction=direction)


def _additional(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    was, now = old.get("additionalProperties", True), new.get("additionalProperties", True)
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        yield from compare_schemas(was, now, place=place.within("{}"), direction=direction)
    elif was != now:
        if now is False:
            yield place.change(_NARROWED[direction], "other properties are refused now")
        elif was is False:
            yield place.change(Kind.ADDITIVE, "other properties are allowed now")
        else:
            yield place.change(
                _NARROWED[direction] if now is not True else _WIDENED[direction], "other properties changed"
            )


def _items(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    if "items" not in old and "items" not in new:
        return
    was, now = old.get("items", {}), new.get("items", {})
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        yield from compare_schemas(was, now, place=place.within("[]"), direction=direction)
    elif was != now:
        yield place.change(Kind.BREAKING, "elements changed")


def _variants(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    known, current = _by_name(_forms(old)), _by_name(_forms(new))
    for name, variant in known.items():
        if name in current:
            here = place.within(f"({name})")
            yield from compare_schemas(variant, current[name], place=here, direction=direction)
        else:
            yield place.change(_NARROWED[direction] if current else _WIDENED[direction], f"form removed: {name}")
    for name in (name for name in current if name not in known):
        yield place.change(_WIDENED[direction] if known else _NARROWED[direction], f"form added: {name}")


def _forms(schema: JsonObject) -> list[JsonObject]:
    return [as_object(form) for form in (*schema.get("oneOf", []), *schema.get("anyOf", []))]


def _by_name(variants: list[JsonObject]) -> dict[str, JsonObject]:
    named: dict[str, JsonObject] = {}
    for number, variant in enumerate(each for each in variants if each.get("type") != "null"):
        name = str(variant.get("$ref", "")).rpartition("/")[2] or variant.get("title") or variant.get("type")
        named[str(name) if name and str(name) not in named else f"{name or 'form'} {number}"] = variant
    return named


def _bounds(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    for keys, sign in ((_LOWER_BOUNDS, 1), (_UPPER_BOUNDS, -1)):
        for key in keys:
            was, now = old.get(key), new.get(key)
            if was == now:
                continue
            tighter = was is None or (now is not None and sign * (now - was) > 0)
            kind = _request_only(Kind.BREAKING if tighter else Kind.ADDITIVE, direction)
            yield place.change(kind, f"{key} changed from {was} to {now}")


def _formats(old: JsonObject, new: JsonObject, place: Place, _: Direction) -> Iterator[Change]:
    was, now = old.get("format"), new.get("format")
    if was != now:
        kind = Kind.BREAKING if {was, now} & _READ_FORMATS else Kind.COSMETIC
        yield place.change(kind, f"format changed from {was} to {now}")


def _other_keywords(old: JsonObject, new: JsonObject, place: Place, direction: Direction) -> Iterator[Change]:
    for key in sorted((old.keys() | new.keys()) - _JUDGED):
        if old.get(key) == new.get(key):
            continue
        if key in _PROSE or key == "deprecated" or key.startswith("x-"):
            yield place.change(Kind.COSMETIC, f"{key} changed")
        else:
            # `default`, `pattern`, `not`, keywords of other dialects: the service may understand a request differently.
            yield place.change(_request_only(Kind.BREAKING, direction), f"{key} changed")


def _request_only(kind: Kind, direction: Direction) -> Kind:
    return kind if direction is Direction.REQUEST else Kind.COSMETIC


def _listed(values: Any) -> str:
    return ", ".join(sorted(map(str, values))) or "anything"


_JUDGED = frozenset(
    {
        *_LOWER_BOUNDS,
        *_UPPER_BOUNDS,
        "additionalProperties",
        "anyOf",
        "const",
        "enum",
        "format",
        "items",
        "nullable",
        "oneOf",
        "properties",
        "required",
        "type",
    }
)
_RULES: tuple[Rule, ...] = (
    _types,
    _enums,
    _formats,
    _bounds,
    _properties,
    _additional,
    _items,
    _variants,
    _other_keywords,
)
