from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qiskit_runtime_api.api.backends import get_backend_defaults
from qiskit_runtime_rest import InvalidInput, NotFound, UnexpectedAnswer
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, NULL, asked, script

pytestmark = pytest.mark.anyio


async def test_backends_are_listed_with_their_size_state_and_queue(client: Any, emulator: Emulator) -> None:
    backends = {backend.name: backend for backend in await now(client.backends.list())}
    fez = backends["ibm_fez"]
    assert (fez.num_qubits, fez.state, fez.queue_length) == (156, "online", 0)
    assert "ibm_fez" in repr(fez)
    assert "156 qubits" in repr(fez)
    assert fez.details.name == "ibm_fez"
    assert asked(emulator) == ["list_backends"]


async def test_a_plan_lists_its_own_backends(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(instance=emulator.instances["emulator-open"])
    names = {backend.name for backend in await now(client.backends.list())}
    assert names == {"ibm_fez", "ibm_marrakesh", "ibm_kingston"}


async def test_a_backend_is_found_by_its_name(client: Any) -> None:
    backend = await now(client.backends.get("ibm_kingston"))
    assert (backend.name, backend.num_qubits) == ("ibm_kingston", 156)


async def test_of_an_unknown_backend_the_known_ones_are_told(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(instance=emulator.instances["emulator-open"])
    with pytest.raises(NotFound, match="ibm_nowhere") as missing:
        await now(client.backends.get("ibm_nowhere"))
    assert "ibm_fez, ibm_kingston, ibm_marrakesh" in str(missing.value)
    for question in (client.backends.status, client.backends.configuration, client.backends.properties):
        with pytest.raises(NotFound):
            await now(question("ibm_nowhere"))


async def test_what_a_backend_is_can_be_asked_by_name_and_of_the_backend(client: Any, emulator: Emulator) -> None:
    backend = await now(client.backends.get(BACKEND))
    emulator.clear_requests()
    for asker, arguments in ((backend, ()), (client.backends, (BACKEND,))):
        configuration = await now(asker.configuration(*arguments))
        assert configuration.n_qubits == 156
        assert "cz" in configuration.basis_gates
        properties = await now(asker.properties(*arguments))
        assert len(properties.qubits) == 156
        status = await now(asker.status(*arguments))
        assert (status.state, status.length_queue) == (True, 0)
    assert asked(emulator) == ["get_backend_configuration", "get_backend_properties", "get_backend_status"] * 2


def device(name: str, *, queue: int, qubits: int = 5, state: str = "online", simulator: bool = False) -> dict[str, Any]:
    return {
        "name": name,
        "qubits": qubits,
        "queue_length": queue,
        "status": {"name": state},
        "is_simulator": simulator,
    }


async def test_the_least_busy_backend_is_a_device_that_is_online_and_large_enough(
    client: Any, emulator: Emulator
) -> None:
    devices = [
        device("busy", queue=9),
        device("free", queue=2),
        device("large", queue=5, qubits=100),
        device("resting", queue=0, state="paused"),
        device("simulated", queue=0, simulator=True),
    ]
    script(emulator, *[{"replace": {"devices": devices}}] * 3, operation="list_backends")
    assert (await now(client.backends.least_busy())).name == "free"
    assert (await now(client.backends.least_busy(min_num_qubits=50))).name == "large"
    with pytest.raises(NotFound, match="1000 qubits"):
        await now(client.backends.least_busy(min_num_qubits=1000))


@pytest.mark.parametrize("name", ["", None, 5])
@pytest.mark.parametrize("question", ["status", "configuration", "properties"])
async def test_what_is_no_name_is_refused_before_anything_is_sent(
    client: Any, emulator: Emulator, question: str, name: Any
) -> None:
    with pytest.raises(InvalidInput, match="name"):
        await now(getattr(client.backends, question)(name))
    assert emulator.requests == []


async def test_bare_names_of_an_old_version_are_backends_too(client: Any, emulator: Emulator) -> None:
    script(emulator, *[{"replace": {"devices": ["ibm_fez", "ibm_kingston"]}}] * 2, operation="list_backends")
    fez, kingston = await now(client.backends.list())
    assert (fez.name, kingston.name) == ("ibm_fez", "ibm_kingston")
    assert (fez.num_qubits, fez.state, fez.queue_length) == (None, None, None)
    assert "ibm_fez" in repr(fez)
    assert (await now((await now(client.backends.get("ibm_kingston"))).status())).state is True


async def test_the_oldest_version_lists_bare_names(connect: Callable[..., Any]) -> None:
    client = connect(api_version="2024-01-01")
    assert "ibm_fez" in {backend.name for backend in await now(client.backends.list())}


async def test_nulls_where_the_contract_has_none_do_not_break_a_backend(client: Any, emulator: Emulator) -> None:
    nothing = dict.fromkeys(f"devices.0.{name}" for name in ("status", "queue_length", "qubits", "processor_type"))
    script(emulator, {"replace": nothing}, operation="list_backends")
    backend = (await now(client.backends.list()))[0]
    assert (backend.num_qubits, backend.state, backend.queue_length) == (None, None, None)
    assert backend.name in repr(backend)


@pytest.mark.parametrize(
    "replace", [{"devices": None}, {"devices": [None]}, {"devices": [5]}, {"devices.0.name": None}], ids=str
)
async def test_a_list_of_another_shape_is_a_typed_error(
    client: Any, emulator: Emulator, replace: dict[str, Any]
) -> None:
    script(emulator, {"replace": replace}, operation="list_backends")
    with pytest.raises(UnexpectedAnswer):
        await now(client.backends.list())


async def test_a_backend_without_properties_is_answered_by_null(client: Any, emulator: Emulator) -> None:
    emulator.faults.add("get_backend_properties", **NULL, times=None)
    backend = await now(client.backends.get(BACKEND))
    assert await now(backend.properties()) is None
    assert await now(client.backends.properties(BACKEND)) is None


@pytest.mark.parametrize("answer", ["[]", "5", '"text"', ""])
async def test_properties_of_another_shape_are_a_typed_error(client: Any, emulator: Emulator, answer: str) -> None:
    emulator.faults.add("get_backend_properties", **{**NULL, "html": answer})
    with pytest.raises(UnexpectedAnswer):
        await now(client.backends.properties(BACKEND))


@pytest.mark.parametrize("validate", ["off", "responses"])
async def test_a_backend_without_defaults_is_answered_by_null(
    connect: Callable[..., Any], emulator: Emulator, validate: str
) -> None:
    client = connect(validate=validate)
    emulator.faults.add("get_backend_defaults", **NULL)
    function = (
        get_backend_defaults.asyncio_detailed if hasattr(client, "aclose") else get_backend_defaults.sync_detailed
    )
    response = await now(function(BACKEND, client=client.api))
    assert response.parsed is None
    assert response.content == b"null"
