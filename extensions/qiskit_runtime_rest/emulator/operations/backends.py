"""The devices of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import asdict

from ..devices.published import calibrations
from ..errors import BACKEND_NOT_FOUND, CALIBRATION_NOT_ALLOWED, ServiceError
from ..routing import ServiceRequest, ServiceResponse
from ..state.backends import find_device, queue_length, wait_time

if TYPE_CHECKING:
    from ..devices import Device


def with_mocks(request: ServiceRequest) -> bool:
    """Whether a list is to have mock devices: a parameter that only qiskit-ibm-runtime knows."""
    return request.http.query_params.get("include_mocks", "").lower() == "true"


async def list_backends(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends`."""
    fleet = request.service.fleet
    found = [fleet[name] for name in request.service.instances.backends(request.instance)]
    if with_mocks(request):
        found += [mock for device in found if (mock := fleet.mock(device.name)) is not None]
    return ServiceResponse(body={"devices": [_device(request, device) for device in found]})


async def get_backend_configuration(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends/{id}/configuration`; each device has one calibration only."""
    return ServiceResponse(body=_calibrated(request).configuration)


async def get_backend_properties(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends/{id}/properties`; each device has one calibration only."""
    return ServiceResponse(body=_calibrated(request).properties)


async def get_backend_defaults(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends/{id}/defaults`: `null` for devices without pulse defaults, in any plan."""
    defaults = _find(request).defaults
    return ServiceResponse(body=defaults) if defaults else ServiceResponse(text="null", media_type="application/json")


async def get_backend_status(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends/{id}/status`."""
    device, fleet = _find(request), request.service.fleet
    condition = fleet.condition(device.name)
    return ServiceResponse(
        body={
            "state": condition.status != "offline",
            "status": "active" if condition.status == "online" else "maintenance",
            "message": condition.message,
            "length_queue": queue_length(fleet, request.service.jobs, device.name),
            "backend_version": device.configuration["backend_version"],
        }
    )


def _find(request: ServiceRequest) -> Device:
    return find_device(request.service.fleet, request.service.instances, request.path["id"], instance=request.instance)


def _calibrated(request: ServiceRequest) -> Device:
    device = _find(request)
    calibration = request.query["calibration_id"]
    if calibration is not None and not request.instance.plan.custom_calibrations:
        raise ServiceError(CALIBRATION_NOT_ALLOWED)
    if calibration is not None and calibration not in calibrations(device.configuration):
        raise ServiceError(BACKEND_NOT_FOUND)  # a guess: IBM's integration tests expect some error
    return device


def _device(request: ServiceRequest, device: Device) -> dict[str, Any]:
    fleet, name = request.service.fleet, device.name
    condition = fleet.condition(name)
    entry = {
        **device.summary(),
        "status": {"name": condition.status, "reason": condition.message},
        "queue_length": queue_length(fleet, request.service.jobs, name),
    }
    if request.query["fields"] == "wait_time_seconds" and request.instance.plan.waiting_times:
        entry["wait_time_seconds"] = asdict(wait_time(request.service.jobs, name))
    return entry
