"""IBM Cloud's global search and global catalog, as far as clients need them to find their instances."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..routing import ServiceRequest, ServiceResponse
from ..state.instances import PLANS

if TYPE_CHECKING:
    from ..state.instances import Instance


async def search_resources(request: ServiceRequest) -> ServiceResponse:
    """`POST /v3/resources/search`: all instances of the account, for any search."""
    _authenticate(request)
    items = [_item(request, instance) for instance in request.service.instances]
    return ServiceResponse(body={"items": items, "limit": len(items)})


async def get_catalog_entry(request: ServiceRequest) -> ServiceResponse:
    """`GET /{plan}`: the name and pricing of a plan."""
    _authenticate(request)
    plan = next((plan for plan in PLANS if plan.id == str(request.path["plan"])), None)
    if plan is None:
        return ServiceResponse(status=404, body={"message": "Catalog entry not found.", "status_code": 404})
    return ServiceResponse(
        body={
            "id": plan.id,
            "name": plan.name,
            "kind": "plan",
            "overview_ui": {"en": {"display_name": plan.display_name, "description": plan.display_name}},
            "metadata": {"pricing": {"type": plan.pricing}},
        }
    )


def _authenticate(request: ServiceRequest) -> None:
    _, _, token = request.http.headers.get("authorization", "").partition(" ")
    request.service.identity.verify(token.strip())


def _item(request: ServiceRequest, instance: Instance) -> dict[str, Any]:
    backends = request.service.instances.backends(instance)
    return {
        "crn": instance.crn,
        "name": instance.name,
        "service_name": "quantum-computing",
        "service_plan_unique_id": instance.plan.id,
        "tags": [],
        "doc": {"extensions": {"backends": list(backends)}},
    }
