"""Arguments: valid ones are converted, and each error names the argument and what to pass."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qiskit_runtime_rest.arguments import backend_name, folder_path, positive_whole, whole_seconds
from qiskit_runtime_rest.errors import InvalidInput


class Handle:
    def __init__(self, name: Any) -> None:
        self.name = name


class Promise:
    def __await__(self) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("backend", ["ibm_kingston", Handle("ibm_kingston")])
def test_a_backend_is_a_name_or_has_one(backend: Any) -> None:
    assert backend_name(backend) == "ibm_kingston"


@pytest.mark.parametrize(("value", "seconds"), [(1, 1), (1.5, 2), (60, 60), (np.float32(2), 2), (Fraction(9, 2), 5)])
def test_seconds_are_rounded_up(value: Any, seconds: int) -> None:
    assert whole_seconds(value, "max_time", most=60) == seconds


@pytest.mark.parametrize("value", [1, 7, np.int64(7)])
def test_a_positive_whole_number_is_an_int(value: Any) -> None:
    assert type(positive_whole(value, "shots")) is int
    assert positive_whole(value, "shots") == value


def test_a_folder_is_a_path_or_none() -> None:
    assert folder_path("a", "save_to") == folder_path(Path("a"), "save_to") == Path("a")
    assert folder_path(None, "save_to") is None


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: backend_name(""), "backend='': expected a backend name, such as those of client.backends.list()."),
        (lambda: backend_name(None), "backend=None: expected a backend name, such as those of client.backends.list()."),
        (
            lambda: backend_name(Handle(None)),
            "backend: expected a name, such as 'ibm_fez', or a backend from client.backends.get(...) or "
            "least_busy(), got Handle.",
        ),
        (
            lambda: backend_name(Promise()),
            "backend: expected a name, such as 'ibm_fez', or a backend from client.backends.get(...) or "
            "least_busy(), got Promise. Await it first.",
        ),
        (lambda: whole_seconds(0, "max_time", most=9), "max_time=0: must be between 1 and 9 seconds."),
        (lambda: whole_seconds(9.5, "max_time", most=9), "max_time=9.5: must be between 1 and 9 seconds."),
        (
            lambda: whole_seconds(float("nan"), "max_time", most=9),
            "max_time=nan: must be between 1 and 9 seconds.",
        ),
        (
            lambda: whole_seconds("5", "max_time", most=9),
            "max_time='5': expected a number of seconds from 1 to 9, got str.",
        ),
        (
            lambda: whole_seconds(True, "max_time", most=9),
            "max_time=True: expected a number of seconds from 1 to 9, got bool.",
        ),
        (
            lambda: whole_seconds(Decimal(5), "max_time", most=9),
            "max_time=Decimal('5'): expected a number of seconds from 1 to 9, got Decimal.",
        ),
        (
            lambda: whole_seconds(timedelta(seconds=5), "max_time", most=9),
            "max_time=datetime.timedelta(seconds=5): expected a number of seconds from 1 to 9, got timedelta: pass its "
            "total_seconds().",
        ),
        *(
            (lambda value=value: positive_whole(value, "shots"), f"shots={value!r}: must be a positive whole number.")
            for value in (0, -1, 1.0, "1", True, None)
        ),
        (lambda: folder_path(3, "save_to"), "save_to=3: expected the path of a folder or None, got int."),
    ],
)
def test_each_error_names_the_argument_and_what_to_pass(check: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check()
    assert str(refused.value) == message
