"""Routes of the control plane."""

from __future__ import annotations

from ..routing import Route
from .responses import Control, json_only

__all__ = ["PREFIX", "control_routes"]

PREFIX = "/_emulator"


def control_routes(control: Control) -> tuple[Route, ...]:
    """Make the table; unlike the service's, its handlers belong to one running server."""
    table = (
        ("GET", "/health", control.health),
        ("POST", "/reset", control.reset),
        ("GET", "/seed", control.get_seed),
        ("POST", "/seed", control.set_seed),
        ("GET", "/clock", control.get_clock),
        ("POST", "/clock", control.advance_clock),
        ("GET", "/pace", control.get_pace),
        ("POST", "/pace", control.set_pace),
        ("GET", "/faults", control.list_faults),
        ("POST", "/faults", control.add_faults),
        ("DELETE", "/faults", control.clear_faults),
        ("DELETE", "/faults/{id:int}", control.remove_fault),
        ("GET", "/requests", control.list_requests),
        ("DELETE", "/requests", control.clear_requests),
        ("GET", "/jobs/{job_id}/circuits", control.circuits),
        ("POST", "/jobs/{job_id}/interim_results", control.publish_interim),
    )
    return tuple(
        Route(
            method,
            f"{PREFIX}{path}",
            json_only(handler) if method == "POST" else handler,
            public=True,
            contracted=False,
        )
        for method, path, handler in table
    )
