"""The result of a calibration says when it ran."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from qiskit_runtime_rest import ResultDecodeError
from qiskit_runtime_rest.results import decode

DONE = b'{"schema_version":"v0.1","start":"2026-10-20T08:00:00Z","stop":"2026-10-20T08:00:07.5Z"}'


def test_a_calibration_has_its_times_and_no_items() -> None:
    result = decode(DONE, program_id="calibrate")
    assert (result.kind, len(result)) == ("calibrate", 0)
    assert result.metadata == {
        "schema_version": "v0.1",
        "start": datetime(2026, 10, 20, 8, tzinfo=UTC),
        "stop": datetime(2026, 10, 20, 8, 0, 7, 500_000, tzinfo=UTC),
    }
    assert result.value["stop"] == "2026-10-20T08:00:07.5Z"


@pytest.mark.parametrize("raw", [b'{"schema_version":"v0.1","start":"2026-10-20T08:00:00Z"}', b"[]", b"text"])
def test_anything_else_is_damaged(raw: bytes) -> None:
    with pytest.raises(ResultDecodeError):
        decode(raw, program_id="calibrate")
