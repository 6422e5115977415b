"""IBM Cloud's global search, global catalog and resource controller, as far as clients of the service need them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..request_check import parse_json
from ..routing import ServiceRequest, ServiceResponse
from ..state.identity import ACCOUNT
from ..state.instances import PLANS

if TYPE_CHECKING:
    from ..state.instances import Instance

SERVICE_ID = "b6049020-80f4-11eb-a0f7-e35ec9b4054f"
"""The service's id in the catalog (`resource_id` of its instances)."""


_WEB_APPLICATION = "<!DOCTYPE html><html><head><title>Web application</title></head><body></body></html>"


async def search_resources(request: ServiceRequest) -> ServiceResponse:
    """`POST /v3/resources/search`: all instances of the account, for any search."""
    _authenticate(request)
    items = [_item(request, instance) for instance in request.service.instances]
    return ServiceResponse(body={"items": items, "limit": len(items)})


async def get_catalog_entry(request: ServiceRequest) -> ServiceResponse:
    """`GET /{plan}`, also below `/api/v1`: the name and pricing of a plan."""
    _authenticate(request)
    plan = next((plan for plan in PLANS if plan.id == str(request.path["plan"])), None)
    if plan is None:
        return _no("Catalog entry")
    return ServiceResponse(
        body={
            "id": plan.id,
            "name": plan.name,
            "kind": "plan",
            "overview_ui": {"en": {"display_name": plan.display_name, "description": plan.display_name}},
            "metadata": {"pricing": {"type": plan.pricing}},
        }
    )


async def list_resource_instances(request: ServiceRequest) -> ServiceResponse:
    """`GET /v2/resource_instances`: the instances of the service, in one page; `name` and `guid` select."""
    _authenticate(request)
    query = request.http.query_params
    resources = [
        _resource(one) for one in request.service.instances if query.get("resource_id", SERVICE_ID) == SERVICE_ID
    ]
    found = [one for one in resources if all(query.get(key, one[key]) == one[key] for key in ("name", "guid"))]
    return ServiceResponse(body={"rows_count": len(found), "next_url": None, "resources": found})


async def get_resource_instance(request: ServiceRequest) -> ServiceResponse:
    """`GET /v2/resource_instances/{id}`: one instance, by CRN or GUID."""
    _authenticate(request)
    instance = _instance(request)
    return ServiceResponse(body=_resource(instance)) if instance else _no("Resource instance")


async def update_resource_instance(request: ServiceRequest) -> ServiceResponse:
    """`PATCH /v2/resource_instances/{id}`: set `parameters.instance_limit_seconds`; null removes the limit."""
    _authenticate(request)
    instance = _instance(request)
    if instance is None:
        return _no("Resource instance")
    try:
        parameters = dict(parse_json(await request.http.body()).get("parameters") or {})
        limit = parameters.get("instance_limit_seconds", instance.limit_seconds)
        limit = None if limit is None else int(limit)
    except (ValueError, TypeError, AttributeError):
        return ServiceResponse(status=400, body={"message": "The parameters are not valid.", "status_code": 400})
    request.service.instances.configure(instance, limit_seconds=limit)
    changed = request.service.instances.get(instance.crn)
    assert changed is not None
    return ServiceResponse(body=_resource(changed))


async def get_web_application(request: ServiceRequest) -> ServiceResponse:
    """`GET /api/v1/jobs/`, which a client with an empty job id sends: the edge answers 200 with the web application."""
    del request
    return ServiceResponse(text=_WEB_APPLICATION, media_type="text/html")


def _authenticate(request: ServiceRequest) -> None:
    _, _, token = request.http.headers.get("authorization", "").partition(" ")
    request.service.identity.verify(token.strip())


def _no(what: str) -> ServiceResponse:
    return ServiceResponse(status=404, body={"message": f"{what} not found.", "status_code": 404})


def _instance(request: ServiceRequest) -> Instance | None:
    wanted = str(request.path["id"])
    by_guid = (one for one in request.service.instances if one.guid == wanted)
    return next(by_guid, None) or request.service.instances.get(wanted)


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


def _resource(instance: Instance) -> dict[str, Any]:
    return {
        "id": instance.crn,
        "crn": instance.crn,
        "guid": instance.guid,
        "name": instance.name,
        "account_id": ACCOUNT,
        "region_id": instance.region,
        "resource_id": SERVICE_ID,
        "resource_plan_id": instance.plan.id,
        "state": "active",
        "type": "service_instance",
        "extensions": {"instance_limit_seconds": instance.limit_seconds},
    }
