from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from qiskit_runtime_rest import AuthenticationError, UnexpectedAnswer
from qiskit_runtime_rest.testing import Emulator

from ..fixtures.faces import now
from ..fixtures.service import BACKEND, NULL, ONES, asked, script

pytestmark = pytest.mark.anyio


async def test_an_instance_tells_its_plan_and_its_backends(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(instance=emulator.instances["emulator-open"])
    instance = await now(client.instances.get())
    assert instance.plan_id
    assert set(instance.backends) == {"ibm_fez", "ibm_marrakesh", "ibm_kingston"}


async def test_usage_grows_with_what_jobs_are_charged(client: Any, emulator: Emulator) -> None:
    before = await now(client.instances.usage())
    assert (before.instance_id, before.usage_consumed_seconds) == (emulator.instance, 0)
    job = await now(client.sampler([ONES], backend=BACKEND, shots=1))
    await now(job.wait())
    charged = (await now(job.metrics())).usage.qpu_charge_time_seconds
    assert (await now(client.instances.usage())).usage_consumed_seconds == pytest.approx(charged)


@pytest.mark.parametrize("validate", ["off", "responses"])
async def test_usage_that_is_not_known_is_answered_by_null(
    connect: Callable[..., Any], emulator: Emulator, validate: str
) -> None:
    client = connect(validate=validate)
    emulator.faults.add("get_instance_usage", **NULL, times=None)
    assert await now(client.instances.usage()) is None
    assert await now(client.usage()) is None


async def test_usage_in_resource_units_keeps_the_contract(connect: Callable[..., Any], emulator: Emulator) -> None:
    client = connect(validate="responses")
    body = {"instance_id": emulator.instance, "plan_id": "p", "usage_consumed_seconds": 4, "usage_consumed_ru": 0.5}
    emulator.faults.add("get_instance_usage", status=200, body=body)
    assert (await now(client.instances.usage())).usage_consumed_ru == 0.5


async def test_an_instance_without_a_limit_has_an_empty_configuration(client: Any, emulator: Emulator) -> None:
    with pytest.warns(DeprecationWarning, match="Resource Controller"):
        configuration = await now(client.instances.configuration())
    assert configuration.to_dict() == {}
    assert asked(emulator) == ["get_instance_configuration"]


async def test_another_instance_is_not_answered(connect: Callable[..., Any], emulator: Emulator) -> None:
    foreign = emulator.instance.replace(":a/", ":a/0")
    with pytest.raises(AuthenticationError, match=r"Instance .* not found") as refusal:
        await now(connect(instance=foreign).instances.get())
    assert (refusal.value.status, refusal.value.code) == (404, 1279)


async def test_versions_are_objects(client: Any) -> None:
    versions = {version["version"]: version for version in await now(client.versions())}
    assert versions["2026-04-15"]["status"] == "live"
    assert versions["2024-01-01"]["status"] == "deprecated"


async def test_versions_as_bare_texts_read_the_same(client: Any, emulator: Emulator) -> None:
    listed = ["2024-01-01", {"version": "2026-04-15", "status": "live"}]
    script(emulator, {"replace": {"versions": listed}}, operation="get_versions")
    assert await now(client.versions()) == [{"version": "2024-01-01"}, {"version": "2026-04-15", "status": "live"}]


@pytest.mark.parametrize("versions", [None, "2026-04-15", [5], [None]])
async def test_versions_of_another_shape_are_a_typed_error(client: Any, emulator: Emulator, versions: Any) -> None:
    script(emulator, {"replace": {"versions": versions}}, operation="get_versions")
    with pytest.raises(UnexpectedAnswer):
        await now(client.versions())
