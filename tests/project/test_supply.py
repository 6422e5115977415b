"""Licences of what the package depends on."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from tools.supply import Licence, dependencies, licences
from tools.versions import pinned


def test_all_dependencies_of_all_extras_have_a_licence_that_fits() -> None:
    found = {one.name: one for one in licences()}
    assert {"httpx", "attrs", "qiskit", "cryptography", "h11"} <= found.keys()
    assert [one for one in found.values() if not one.fits] == []


def test_all_of_them_and_of_the_tools_are_pinned() -> None:
    assert {canonicalize_name(one.name) for one in dependencies(extra="dev")} - pinned().keys() == set()


def test_without_extras_there_are_few() -> None:
    names = {one.name.lower() for one in dependencies(extra="")}
    assert {"httpx", "attrs", "python-dateutil"} <= names
    assert len(names) <= 11  # and this package


@pytest.mark.parametrize("text", ["GPL-3.0-or-later", "GNU Affero General Public License", "Proprietary", "unknown"])
def test_other_licences_do_not_fit(text: str) -> None:
    assert not Licence("a", "1", text).fits
