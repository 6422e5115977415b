"""Answers of the global search and the global catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..instances.models import PLANS
from ..routing import Answer, Call

if TYPE_CHECKING:
    from ..instances.models import Instance

__all__ = ["get_catalog_entry", "search_resources"]


async def search_resources(call: Call) -> Answer:
    """`POST /v3/resources/search`: all instances of the account, whatever was searched for."""
    _authenticate(call)
    items = [_item(call, instance) for instance in call.service.instances]
    return Answer(body={"items": items, "limit": len(items)})


async def get_catalog_entry(call: Call) -> Answer:
    """`GET /{plan}`: what a plan is called and how it is paid for."""
    _authenticate(call)
    plan = next((plan for plan in PLANS if plan.id == str(call.path["plan"])), None)
    if plan is None:
        return Answer(status=404, body={"message": "There is no such catalog entry.", "status_code": 404})
    return Answer(
        body={
            "id": plan.id,
            "name": plan.name,
            "kind": "plan",
            "overview_ui": {"en": {"display_name": plan.display_name, "description": plan.display_name}},
            "metadata": {"pricing": {"type": plan.pricing}},
        }
    )


def _authenticate(call: Call) -> None:
    _, _, token = call.request.headers.get("authorization", "").partition(" ")
    call.service.identity.verify(token.strip())


def _item(call: Call, instance: Instance) -> dict[str, Any]:
    backends = call.service.instances.backends(instance)
    return {
        "crn": instance.crn,
        "name": instance.name,
        "service_name": "quantum-computing",
        "service_plan_unique_id": instance.plan.id,
        "tags": [],
        "doc": {"extensions": {"backends": list(backends)}},
    }
