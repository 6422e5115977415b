from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from qiskit_runtime_rest.legacy.migration_page import render
from qiskit_runtime_rest.legacy.scan import RULES
from qiskit_runtime_rest.legacy.table import FIELDS, HOSTS, MIGRATION_COMMAND, MIGRATION_PAGE, ROUTES

ROOT = Path(__file__).parents[2]


def test_the_page_in_the_project_is_up_to_date() -> None:
    written = (ROOT / MIGRATION_PAGE).read_text(encoding="utf-8")
    assert written == render(), "python -m qiskit_runtime_rest.legacy.migration_page writes it"


def test_every_link_of_a_finding_leads_to_a_place_on_the_page() -> None:
    places = re.findall(r'<a id="([^"]+)"></a>', render())
    assert len(set(places)) == len(places)
    for rule in RULES:
        page, _, place = rule.link.partition("#")
        assert page == MIGRATION_COMMAND
        assert place in places


def test_every_row_is_shown_with_what_it_becomes() -> None:
    page = render()
    for host in HOSTS:
        assert f"https://{host.name}{host.prefix}`" in page
    for route in ROUTES:
        line = next(line for line in page.splitlines() if f'<a id="{route.anchor}"></a>' in line)
        assert f"`{route.method} {route.path}`" in line
        assert (route.v1 or route.removed or route.instead[1:]) in line
    for field in FIELDS:
        line = next(line for line in page.splitlines() if f'<a id="{field.anchor}"></a>' in line)
        assert field.instead.replace("<", "&lt;") in line


def test_the_module_writes_and_prints_the_page(tmp_path: Path) -> None:
    module = [sys.executable, "-m", "qiskit_runtime_rest.legacy.migration_page"]
    subprocess.run([*module, str(tmp_path / "page.md")], check=True)
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == render()
    printed = subprocess.run([*module, "-"], check=True, capture_output=True, text=True, encoding="utf-8")
    assert printed.stdout == render()
