"""Answers about the account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import NOT_FOUND, ServiceError
from ..identity.models import ACCOUNT
from ..instances.models import PLANS
from ..routing import Answer, Call

if TYPE_CHECKING:
    from ..instances.models import Plan

__all__ = ["get_account"]


async def get_account(call: Call) -> Answer:
    """`GET /v1/accounts/{id}`: the account's plans, all or the one asked for."""
    if call.path["id"] != ACCOUNT:
        raise ServiceError(NOT_FOUND, f"There is no account {call.path['id']!r}.")
    wanted = call.query["plan_id"]
    plans = [plan for plan in PLANS if wanted in {None, plan.id}]
    if not plans:
        raise ServiceError(NOT_FOUND, f"The account has no plan {wanted[:64]!r}.")
    return Answer(body={"plans": [_plan(call, plan) for plan in plans]})


def _plan(call: Call, plan: Plan) -> dict[str, Any]:
    instances = call.service.instances
    mine = [instance for instance in instances if instance.plan == plan]
    backends = sorted({name for instance in mine for name in instances.backends(instance)})
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
        limits = sum(instance.limit_seconds or 0 for instance in mine)
        body["usage_allocation_seconds"] = plan.allocation_seconds
        body["unallocated_usage_seconds"] = max(0, plan.allocation_seconds - limits)
    return body
