"""hub, group, project, provider and instance: all of them name an instance, by the header `Service-CRN` now."""

from __future__ import annotations

from typing import Any

from ..call import Call
from ..errors import INVALID_INPUT, ClassicError

__all__ = ["hub_instances", "instance", "named_instance"]

PARTS = ("hub", "group", "project")
WHOLE = ("provider", "instance")
HEADER = "service-crn"


def named_instance(query: dict[str, list[str]], body: Any, headers: dict[str, str]) -> tuple[str | None, list[str]]:
    """What a call names as its instance, `hub/group/project` or a CRN, and the fields that say so.

    Raises:
        ClassicError: hub, group and project are not given together, or are no texts.
    """
    given: dict[str, Any] = {name: values[-1] for name, values in query.items() if name in (*PARTS, *WHOLE)}
    if isinstance(body, dict):
        given |= {name: body[name] for name in (*PARTS, *WHOLE) if body.get(name) is not None}
    if any(not isinstance(value, str) for value in given.values()):
        raise ClassicError(INVALID_INPUT, "hub, group, project, provider and instance are texts.")
    for name in WHOLE:
        if given.get(name):
            return given[name], sorted(given)
    parts = [given.get(name) for name in PARTS]
    if any(parts):
        if not all(parts):
            raise ClassicError(INVALID_INPUT, "hub, group and project have to be given together.")
        return "/".join(str(part) for part in parts), sorted(given)
    return headers.get(HEADER) or None, []


async def instance(call: Call) -> None:
    """Take the fields out, which the translator read before it opened a client."""
    for name in (*PARTS, *WHOLE):
        found = call.query.pop(name, None) is not None
        if isinstance(call.body, dict):
            found = call.body.pop(name, None) is not None or found
        if found:
            mapped = "the mapping" if call.means.instances.is_mapped else "the settings, as there is no mapping"
            call.note(name, f"names an instance; its CRN comes from {mapped}")


async def hub_instances(call: Call) -> None:
    """Answer the instances that a caller may name, as `hub/group/project`."""
    from ..exchange import ClassicAnswer

    plan = call.document() or {}
    names = call.means.instances.names or ["-/-/-"]
    call.answer = ClassicAnswer.of_json({"instances": [{"name": name, "plan": plan.get("plan_id")} for name in names]})
