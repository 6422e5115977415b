"""`qrr legacy gateway`: the classic API as a server."""

from __future__ import annotations

from types import ModuleType

from ..errors import MissingExtra, RuntimeRestError
from .legacy_options import EraOption, InstancesOption, StoreOption
from .server_options import HostOption, PortOption, ReadyFileOption
from .service_options import JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, say

__all__ = ["gateway"]


def gateway_module() -> ModuleType:
    """The module `qiskit_runtime_rest.legacy.gateway`, with what it needs, or `MissingExtra`."""
    try:
        from ..legacy import gateway
    except ModuleNotFoundError as error:
        raise MissingExtra("the gateway", extra="legacy", module=error.name) from None
    return gateway


@with_service_options
def gateway(
    service: ServiceOptions,
    *,
    host: HostOption = "127.0.0.1",
    port: PortOption = 0,
    ready_file: ReadyFileOption = None,
    era: EraOption = "2023",
    instances: InstancesOption = None,
    store: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Serve the classic API on this machine, in front of v1, until Ctrl-C.

    Callers change the host and nothing else; each logs in with an API key of their own, by the classic calls. What is
    read or ignored on the way is listed at /_gateway/notes, the calls at /openapi/.
    """
    served = gateway_module()

    def announce(url: str) -> None:
        if json:
            print_json({"url": url})
        else:
            say(f"the classic API is at {url}, its documentation at {url}/openapi/; Ctrl-C ends it.")

    try:
        served.serve_gateway(
            host=host,
            port=port,
            ready_file=ready_file,
            on_ready=announce,
            settings={
                **{name: value for name, value in vars(service).items() if value is not None},
                "application": "qrr-gateway",
            },
            instances=instances,
            era=era,
            store=store,
        )
    except OSError as error:
        raise RuntimeRestError(error.strerror or str(error)) from None
