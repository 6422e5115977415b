"""The devices of an instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import asdict

from ..devices.published import calibrations
from ..errors import BACKEND_NOT_FOUND, CALIBRATION_NOT_ALLOWED, ServiceError
from ..json_text import extended, json_text
from ..routing import JSON, ServiceRequest, ServiceResponse
from ..state.backends import queue_length, wait_time

if TYPE_CHECKING:
    from ..devices import Device


def with_mocks(request: ServiceRequest) -> bool:
    """Whether a list is to have mock devices: a parameter that only qiskit-ibm-runtime knows."""
    query = request.http.scope["query_string"]
    return b"include_mocks" in query and request.http.query_params.get("include_mocks", "").lower() == "true"


async def list_backends(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends`."""
    fleet = request.service.fleet
    found = [fleet[name] for name in request.service.instances.backends(request.instance)]
    if with_mocks(request):
        found += [mock for device in found if (mock := fleet.mock(device.name)) is not None]
    listed = ",".join([_device(request, device) for device in found])
    return ServiceResponse(text=f'{{"devices":[{listed}]}}', media_type=JSON)


async def get_backend_configuration(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends/{id}/configuration`, the same for all calibrations."""
    return ServiceResponse(body=_calibrated(request).configuration)


async def get_backend_properties(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends/{id}/properties`, of the usual calibration or another."""
    return ServiceResponse(body=_calibrated(request).properties)


async def get_backend_defaults(request: ServiceRequest) -> ServiceResponse:
    """`GET /v1/backends/{id}/defaults`: `null` for devices without pulse defaults, in any plan."""
    defaults = _find(request).defaults
    return ServiceResponse(body=defaults) if defaults else ServiceResponse(text="null", media_type=JSON)


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
    return request.service.instances.device(request.path["id"], instance=request.instance)


def _calibrated(request: ServiceRequest) -> Device:
    device, calibration = _find(request), request.query["calibration_id"]
    if calibration is not None and not request.instance.plan.custom_calibrations:
        raise ServiceError(CALIBRATION_NOT_ALLOWED)
    if calibration is not None and calibration not in calibrations(device.configuration):
        raise ServiceError(BACKEND_NOT_FOUND)  # a guess: IBM's integration tests expect some error
    return device.calibrated(calibration)


def _device(request: ServiceRequest, device: Device) -> str:
    """A device as JSON."""
    fleet, jobs, name = request.service.fleet, request.service.jobs, device.name
    members = f'"status":{fleet.condition(name).described},"queue_length":{queue_length(fleet, jobs, name)}'
    if request.query["fields"] == "wait_time_seconds" and request.instance.plan.waiting_times:
        members += f',"wait_time_seconds":{json_text(asdict(wait_time(jobs, name)))}'
    return extended(device.summary, members)
