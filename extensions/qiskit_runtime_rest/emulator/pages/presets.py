"""Ready-made faults: what the page offers as switches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, frozen

from ..faults.models import FaultRule

__all__ = ["PRESETS", "Preset"]


@frozen
class Preset:
    """A fault rule under a name; `rule` is what `POST /_emulator/faults` takes, without how often it fires."""

    name: str
    title: str
    effect: str
    rule: Mapping[str, Any]

    def made(self, rule: FaultRule) -> bool:
        """Whether a rule in force is this preset, for whichever operation and however often it fires."""
        own = FaultRule.parse(self.rule)
        kept = {name: getattr(rule, name) for name in ("id", "fired", "times", "probability", "skip", "seed")}
        if "operation" not in self.rule:
            kept["operation"] = rule.operation
        return evolve(own, **kept) == rule

    def as_json(self) -> dict[str, Any]:
        """A JSON object."""
        return {"name": self.name, "title": self.title, "effect": self.effect, "rule": dict(self.rule)}


PRESETS = (
    Preset("server-error", "500 internal error", "JSON error of the service", {"kind": "server_error"}),
    Preset("unavailable", "503 planned outage", "JSON error of the service", {"kind": "unavailable"}),
    Preset("bad-gateway", "502 bad gateway", "an HTML page", {"kind": "bad_gateway"}),
    Preset("rate-limited", "429 with Retry-After", "asks to wait 2 s", {"kind": "rate_limited", "retry_after": 2}),
    Preset("rate-limited-plain", "429 without Retry-After", "does not say how long", {"kind": "rate_limited"}),
    Preset("expired-token", "401 expired token", "a new one is needed", {"kind": "expired_token"}),
    Preset("reserved", "423 backend reserved", "JSON error of the service", {"kind": "backend_reserved"}),
    Preset("edge-error", "520 from the edge", "an HTML page with a Ray ID", {"kind": "edge_error"}),
    Preset("edge-block", "403 from the edge", "an HTML page with a Ray ID", {"kind": "edge_block"}),
    Preset("reset", "connection reset", "before it took effect", {"kind": "reset"}),
    Preset("reset-after", "late connection reset", "after it took effect", {"kind": "reset_after"}),
    Preset("truncated", "answer cut in half", "the connection ends early", {"kind": "truncated"}),
    Preset("slow", "slow answer", "10 pieces in half a second", {"kind": "slow"}),
    Preset("delay", "late answer", "begins after 3 s", {"kind": "delay", "delay": 3.0}),
    Preset(
        "unknown-status",
        "unknown status word",
        "“Reticulating”",
        {"kind": "unknown_status", "operation": "get_job"},
    ),
    Preset(
        "null",
        "null out of contract",
        "created at null",
        {"kind": "null", "operation": "get_job", "replace": {"created": None}},
    ),
)
