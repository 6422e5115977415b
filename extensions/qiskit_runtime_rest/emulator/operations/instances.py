"""The instance of the request, and its account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import NOT_FOUND, ServiceError
from ..routing import ServiceRequest, ServiceResponse
from ..state.clock import isoformat
from ..state.identity import ACCOUNT
from ..state.instances import PLANS

if TYPE_CHECKING:
    from ..state.instances import Plan


async def get_instance(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/instance`."""
    instance = request.instance
    body: dict[str, Any] = {
        "backends": list(request.service.instances.backends(instance)),
        "plan_id": instance.plan.id,
    }
    if instance.effective_limit is not None:
        body["instance_limit"] = float(instance.effective_limit)
        body["instance_limit_seconds"] = str(instance.effective_limit)
    if instance.plan.allocation_seconds is not None:
        body["usage_allocation_seconds"] = str(instance.plan.allocation_seconds)
    return ServiceResponse(body=body)


async def get_instance_usage(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/instances/usage`: QPU seconds in the present period."""
    instance, instances = request.instance, request.service.instances
    body: dict[str, Any] = {
        "instance_id": instance.crn,
        "plan_id": instance.plan.id,
        "usage_period": {
            "start_time": isoformat(instances.period_start()),
            "end_time": isoformat(request.service.clock.now()),
        },
        "usage_consumed_seconds": instances.used_seconds(instance),
        "usage_limit_reached": instances.limit_reached(instance),
    }
    if instance.effective_limit is not None:
        body["usage_limit_seconds"] = instance.effective_limit
    if instance.plan.allocation_seconds is not None:
        body["usage_allocation_seconds"] = instance.plan.allocation_seconds
    return ServiceResponse(body=body)


async def get_instance_configuration(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/instances/configuration`."""
    limit = request.instance.limit_seconds
    return ServiceResponse(body={} if limit is None else {"instance_limit": float(limit)})


async def replace_instance_configuration(request: ServiceRequest) -> ServiceResponse:
    """`PUT /v1/instances/configuration`: a body without a limit removes the limit."""
    request.service.instances.configure(request.instance, limit_seconds=request.body.get("instance_limit"))
    request.service.execution.settle()
    return ServiceResponse(status=204)


async def get_account(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/accounts/{id}`: the account's plans, or one of them."""
    if request.path["id"] != ACCOUNT:
        raise ServiceError(NOT_FOUND, f"There is no account {request.path['id']!r}.")
    wanted = request.query["plan_id"]
    plans = [plan for plan in PLANS if wanted in {None, plan.id}]
    if not plans:
        raise ServiceError(NOT_FOUND, f"The account has no plan {wanted[:64]!r}.")
    return ServiceResponse(body={"plans": [_plan(request, plan) for plan in plans]})


def _plan(request: ServiceRequest, plan: Plan) -> dict[str, Any]:
    instances = request.service.instances
    of_plan = [instance for instance in instances if instance.plan == plan]
    backends = sorted({name for instance in of_plan for name in instances.backends(instance)})
    body: dict[str, Any] = {
        "plan_id": plan.id,
        "subscription_id": plan.subscription_id,
        "subscription_name": plan.display_name,
        "backends": backends[:100],
        "max_ttl": 28800,
        "interactive_ttl": 60,
        "functions": [],
    }
    if plan.allocation_seconds is not None:
        limits = sum(instance.limit_seconds or 0 for instance in of_plan)
        body["usage_allocation_seconds"] = plan.allocation_seconds
        body["unallocated_usage_seconds"] = max(0, plan.allocation_seconds - limits)
    return body
