"""Answers about the instance that asks."""

from __future__ import annotations

from typing import Any

from ..clock import isoformat
from ..routing import Answer, Call

__all__ = ["get_instance", "get_instance_configuration", "get_instance_usage", "replace_instance_configuration"]


async def get_instance(call: Call) -> Answer:
    """`GET /v1/instance`."""
    instance = call.instance
    body: dict[str, Any] = {
        "backends": list(call.service.instances.backends(instance)),
        "plan_id": instance.plan.id,
    }
    if instance.effective_limit is not None:
        body["instance_limit"] = float(instance.effective_limit)
        body["instance_limit_seconds"] = str(instance.effective_limit)
    if instance.plan.allocation_seconds is not None:
        body["usage_allocation_seconds"] = str(instance.plan.allocation_seconds)
    return Answer(body=body)


async def get_instance_usage(call: Call) -> Answer:
    """`GET /v1/instances/usage`: seconds of QPU time in the present period."""
    instance, instances = call.instance, call.service.instances
    body: dict[str, Any] = {
        "instance_id": instance.crn,
        "plan_id": instance.plan.id,
        "usage_period": {
            "start_time": isoformat(instances.period_start()),
            "end_time": isoformat(call.service.clock.now()),
        },
        "usage_consumed_seconds": instances.used_seconds(instance),
        "usage_limit_reached": instances.limit_reached(instance),
    }
    if instance.effective_limit is not None:
        body["usage_limit_seconds"] = instance.effective_limit
    if instance.plan.allocation_seconds is not None:
        body["usage_allocation_seconds"] = instance.plan.allocation_seconds
    return Answer(body=body)


async def get_instance_configuration(call: Call) -> Answer:
    """`GET /v1/instances/configuration`."""
    limit = call.instance.limit_seconds
    return Answer(body={} if limit is None else {"instance_limit": float(limit)})


async def replace_instance_configuration(call: Call) -> Answer:
    """`PUT /v1/instances/configuration`: without a limit in it, the limit is lifted."""
    call.service.instances.configure(call.instance, limit_seconds=call.body.get("instance_limit"))
    return Answer(status=204)
