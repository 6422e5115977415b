"""The audit in front of advisories on this machine, and bills of materials in front of CycloneDX's library."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tools import supply
from tools.wheel import WheelError

ADVISORIES: dict[str, dict[str, Any]] = {}
CLOSED = "http://127.0.0.1:9/"
PINNED = "attrs==25.1.0\nhttpx==0.27.0\n"


class Osv(BaseHTTPRequestHandler):
    """Answers as https://api.osv.dev does."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        name = asked["package"]["name"]
        events = [{"introduced": "0"}, {"fixed": "99.1"}]
        affected = {"package": asked["package"], "ranges": [{"type": "ECOSYSTEM", "events": events}]}
        given = {"vulns": [{"affected": [affected], **ADVISORIES[name]}]} if name in ADVISORIES else {}
        content = json.dumps(given).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """With the pinned versions; pip-audit asks the service of advisories."""
    constraints = tmp_path / "constraints.txt"
    constraints.write_text(PINNED)
    monkeypatch.setattr(supply, "CONSTRAINTS", constraints)
    monkeypatch.setattr(supply, "AUDITED", tmp_path / "audited.txt")
    monkeypatch.setenv("PIP_AUDIT_VULNERABILITY_SERVICE", "osv")
    with ThreadingHTTPServer(("127.0.0.1", 0), Osv) as server:
        monkeypatch.setenv("PIP_AUDIT_OSV_URL", f"http://127.0.0.1:{server.server_port}/v1/query")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield tmp_path
        server.shutdown()


@pytest.mark.parametrize("name", ["attrs", "httpx"])
def test_an_advisory_is_reported(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if it is for the package by which the audit sees whether there are advisories at all."""
    monkeypatch.setitem(ADVISORIES, name, {"id": "PYSEC-2026-1", "summary": "made up"})
    with pytest.raises(WheelError, match=rf"{name} [\d.]+: PYSEC-2026-1, fixed in 99\.1"):
        supply.audit()
    assert not supply.AUDITED.exists()


def test_without_advisories_all_is_well_for_a_day(monkeypatch: pytest.MonkeyPatch) -> None:
    assert supply.audit() == "audit: no known vulnerabilities"
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", CLOSED)
    assert supply.audit() == "audited today"


def test_where_there_are_no_advisories_it_says_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_AUDIT_OSV_URL", CLOSED)
    monkeypatch.setattr(supply, "LIST", folder / "licences.txt")
    monkeypatch.setattr(supply, "ROOT", folder)
    assert supply.main() == 0
    assert "audit skipped: there are no advisories here" in capsys.readouterr().out


@pytest.mark.parametrize(("component", "is_valid"), [({"type": "library"}, True), ({"type": "cake"}, False)])
def test_a_bill_of_materials_is_valid_cyclonedx(component: dict[str, str], is_valid: bool, tmp_path: Path) -> None:
    bill = tmp_path / "x.cdx.json"
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "x", **component}]}
    bill.write_text(json.dumps(document))
    with contextlib.nullcontext() if is_valid else pytest.raises(WheelError, match=r"not valid CycloneDX.*cake"):
        supply.validate_bill(bill)
