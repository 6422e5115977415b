"""Instances, their plans, limits and usage."""

from __future__ import annotations

import re
import uuid
from operator import itemgetter
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen

from ..errors import BACKEND_NOT_FOUND, QUOTA_USED_UP, ServiceError
from .identity import ACCOUNT
from .job import LONGEST_RUN_SECONDS
from .storage import Records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..devices import Device
    from .clock import Clock
    from .fleet import Fleet
    from .storage import Storage

__all__ = ["DEFAULT_INSTANCES", "PLANS", "Instance", "Instances", "Plan"]

_NAMESPACE = uuid.UUID("00000000-0000-4000-8000-00000000e0e0")
_CRN = re.compile(r"crn:v1:[^:\s]*:[^:\s]*:quantum-computing:[^:\s]*:a/[^:\s]+:(?P<id>[^:\s]+)::")
_TABLE = "instances"
_USAGE_PERIOD_SECONDS = 28 * 86_400


def _identifier(name: str) -> str:
    """A UUID in the form of version 4, the same in every run."""
    return str(uuid.UUID(bytes=uuid.uuid5(_NAMESPACE, name).bytes, version=4))


@frozen(kw_only=True)
class Plan:
    """A plan of the account."""

    name: str
    display_name: str
    pricing: str
    dedicated_sessions: bool = True
    custom_calibrations: bool = True
    waiting_times: bool = True
    """Whether the list of devices has them."""
    longest_run_seconds: int = LONGEST_RUN_SECONDS
    """The `cost` of a job that sets none."""
    backends: tuple[str, ...] = ()
    """The devices of the plan, of those of today; empty means all."""
    allocation_seconds: int | None = None

    @property
    def id(self) -> str:
        """The same UUID in every run."""
        return _identifier(f"plan {self.name}")

    @property
    def subscription_id(self) -> str:
        """The same UUID in every run."""
        return _identifier(f"subscription {self.name}")


OPEN = Plan(
    name="open",
    display_name="Open",
    pricing="free",
    dedicated_sessions=False,
    custom_calibrations=False,
    waiting_times=False,
    longest_run_seconds=600,
    backends=("ibm_fez", "ibm_kingston", "ibm_marrakesh"),
    allocation_seconds=600,
)
PAYGO = Plan(name="paygo", display_name="Pay-As-You-Go", pricing="paygo")
PREMIUM = Plan(name="premium", display_name="Premium", pricing="subscription")
PLANS = (PREMIUM, OPEN, PAYGO)


@frozen
class Instance:
    """One instance. Its users set `limit_seconds`; the emulator's options set `quota_seconds`."""

    name: str
    plan: Plan
    crn: str = field()
    quota_seconds: int | None = None
    limit_seconds: int | None = None

    @crn.default
    def _crn(self) -> str:
        return f"crn:v1:bluemix:public:quantum-computing:us-east:a/{ACCOUNT}:{_identifier(f'instance {self.name}')}::"

    @classmethod
    def of(cls, name_or_crn: str) -> Instance:
        """An instance of the plan Premium with this CRN, or this name. A CRN's id is the name."""
        if match := _CRN.fullmatch(name_or_crn):
            return cls(match["id"], PREMIUM, crn=name_or_crn)
        return cls(name_or_crn, PREMIUM)

    @property
    def region(self) -> str:
        """The region in the CRN."""
        return self.crn.split(":")[5]

    @property
    def guid(self) -> str:
        """The id in the CRN."""
        return self.crn.split(":")[7]

    @property
    def effective_limit(self) -> int | None:
        """The lower of both limits in seconds; `None` without a limit."""
        limits = [limit for limit in (self.quota_seconds, self.limit_seconds) if limit is not None]
        return min(limits, default=None)


DEFAULT_INSTANCES = (
    Instance("emulator", PREMIUM),
    Instance("emulator-open", OPEN),
    Instance("emulator-paygo", PAYGO),
)


class Instances:
    """All instances of the account, and the rules of their plans."""

    def __init__(
        self,
        *,
        storage: Storage,
        quota_seconds: int | None,
        clock: Clock,
        fleet: Fleet,
        usage_of: Callable[..., float],
        further: Iterable[str] = (),
        any_crn: bool = False,
    ) -> None:
        """Load the limits of an earlier run, if the storage has them.

        Args:
            storage: of the limits that users set.
            quota_seconds: the limit of each instance.
            clock: the service's.
            usage_of: `usage_of(crn, since=...)` returns the QPU seconds that an instance has used.
            further: names or CRNs of instances besides the default ones.
            any_crn: every CRN of the service is that of an instance.
        """
        self._known = (*DEFAULT_INSTANCES, *map(Instance.of, further))
        self._any_crn = any_crn
        self._clock = clock
        self._fleet = fleet
        self._storage = storage
        self._quota_seconds = quota_seconds
        self._usage_of = usage_of
        self._by_crn: dict[str, Instance] = {}
        self.reset()
        limits = Records(storage, _TABLE, read=itemgetter("limit_seconds"), write=dict)
        for crn, limit_seconds in limits.items():
            if instance := self.get(crn):
                self._by_crn[crn] = evolve(instance, limit_seconds=limit_seconds)

    def reset(self) -> None:
        """Remove the limits set since the start."""
        self._by_crn = {instance.crn: evolve(instance, quota_seconds=self._quota_seconds) for instance in self._known}

    def __iter__(self) -> Iterator[Instance]:
        """All instances, the default one first."""
        return iter(self._by_crn.values())

    def get(self, crn: str) -> Instance | None:
        """Find an instance by its CRN."""
        if crn not in self._by_crn and self._any_crn and _CRN.fullmatch(crn):
            return evolve(Instance.of(crn), quota_seconds=self._quota_seconds)
        return self._by_crn.get(crn)

    def backends(self, instance: Instance) -> tuple[str, ...]:
        """The names of the devices that the instance may use: those of its plan, or all if there are none of those."""
        return tuple(name for name in instance.plan.backends if name in self._fleet) or tuple(self._fleet)

    def device(self, name: str, *, instance: Instance) -> Device:
        """The device of that name among those that the instance may use, and their mock devices.

        Instances that have all devices find retired ones, too. Raises `ServiceError` (404).
        """
        for known in self.backends(instance):
            mock = self._fleet.mock(known)
            if name == known:
                return self._fleet[known]
            if mock is not None and name == mock.name:
                return mock
        retired = None if instance.plan.backends else self._fleet.retired(name)
        if retired is None:
            raise ServiceError(BACKEND_NOT_FOUND)
        return retired

    def used_seconds(self, instance: Instance) -> float:
        """QPU seconds charged in the present period."""
        return self._usage_of(instance.crn, since=self.period_start())

    def period_start(self) -> float:
        """When the present period began: it is the last 28 days."""
        return self._clock.now() - _USAGE_PERIOD_SECONDS

    def limit_reached(self, instance: Instance) -> bool:
        """Whether the limit is used up."""
        limit = instance.effective_limit
        return limit is not None and self.used_seconds(instance) >= limit

    def may_run(self, crn: str) -> bool:
        """Whether an instance's jobs may leave the queue: its limit is not used up."""
        instance = self.get(crn)
        return instance is None or not self.limit_reached(instance)

    def check_usage(self, instance: Instance) -> None:
        """Raise `ServiceError` 4317 if the limit is used up."""
        if self.limit_reached(instance):
            raise ServiceError(
                QUOTA_USED_UP,
                f"{self.used_seconds(instance):.1f} of {instance.effective_limit} seconds are used.",
            )

    def configure(self, instance: Instance, *, limit_seconds: int | None) -> None:
        """Set or remove the instance's own limit."""
        self._storage.put(_TABLE, instance.crn, {"limit_seconds": limit_seconds})
        self._by_crn[instance.crn] = evolve(instance, limit_seconds=limit_seconds)
