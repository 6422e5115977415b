"""One check of one service: the contract's operations, asked by schemathesis, whose findings become a report."""

from __future__ import annotations

import copy
import time
import tomllib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any

import schemathesis
from attrs import field, frozen
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from ..contract.sources import vendored
from ..contract.versions import corrected
from . import checks
from .exceptions import Allowed, operation_id
from .report import Finding, Mask, Report
from .telling import Tell, in_full

if TYPE_CHECKING:
    from schemathesis.engine.recorder import ScenarioRecorder

__all__ = ["PHASES", "STATIONS", "Plan", "Target", "check", "settings"]

PHASES = ("examples", "coverage", "fuzzing", "stateful")
OWN_CHECKS = (checks.WrongCredentials, checks.RefusalsSayWhy, checks.PagesAreTrue)
"""Registered with schemathesis; it asks them unless the settings say otherwise."""

_OFTEN = 0.7
"""How many of the ids made up are ids that exist."""

WALKS = ("/v1/jobs", "/v1/sessions")
"""Where the contract's links begin."""

STATIONS = frozenset(
    {
        ("create_job", 200),
        ("get_job", 200),
        ("get_job", 404),
        ("get_job_results_jid", 204),
        ("get_job_results_jid", 404),
        ("get_job_metrics_jid", 200),
        ("get_job_metrics_jid", 404),
        ("get_jog_logs_jid", 200),
        ("get_jog_logs_jid", 404),
        ("cancel_job_jid", 204),
        ("cancel_job_jid", 409),
        ("delete_job", 204),
        ("delete_job", 400),
        ("create_session", 200),
        ("get_session", 200),
        ("delete_session_close", 204),
    }
)
"""What walks along the links must have met, or they would show nothing: use after free needs something freed."""


@frozen(kw_only=True)
class Target:
    """A service to check: behind a socket, or an ASGI application in this process."""

    name: str
    base_url: str
    """What comes before `/v1`."""
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    """Credentials and API version."""
    logout_token: str | None = field(default=None, repr=False)
    """A token of its own for `logout`, which ends it; `None`: `logout` is left out."""
    app: Any = None
    ids: Mapping[str, Sequence[str]] = field(factory=dict)
    """Ids that exist, by the paths that take them (and all below), or by method and path, which goes first."""


@frozen(kw_only=True)
class Plan:
    """How much is asked. `None`: as in `schemathesis.toml`."""

    seed: int | None = None
    examples: int | None = None
    phases: Collection[str] = PHASES
    operations: Collection[str] | None = None
    """The contract's ids of the operations asked, with all others of their paths; `None`: all."""
    most_findings: int | None = None
    """End after so many findings."""


def settings() -> dict[str, Any]:
    """The settings of `schemathesis.toml`, to be changed at will."""
    return tomllib.loads(resources.files(__package__).joinpath("schemathesis.toml").read_text("utf-8"))


def check(
    target: Target,
    plan: Plan | None = None,
    *,
    allowed: Allowed | None = None,
    mask: Mask | None = None,
    tell: Tell = in_full,
    changes: Mapping[str, Any] | None = None,
    document: dict[str, Any] | None = None,
    stoppable: Callable[[Callable[[], None]], None] = lambda _: None,
) -> Report:
    """Ask the target's operations what `plan` says, and report what contradicts the contract.

    `allowed`: findings that are none. `mask`: what is taken out of the report. `tell`: what is said of a failure.
    `changes`: settings that replace those of `schemathesis.toml`. `document`: what is checked in place of the vendored
    contract with its corrections; it is changed. `stoppable`: is given what ends the check early.
    """
    plan, allowed, mask = plan or Plan(), allowed or Allowed(), mask or Mask()
    given = _settings(target, plan, changes or {})
    report = Report(target=target.name, seed=given["seed"])
    contract = _with_ids(_asked(document or corrected(vendored()), target, plan), target)
    begun = time.monotonic()
    for phases, part in _parts(contract, plan):
        switched = {phase: {**given["phases"].get(phase, {}), "enabled": phase in phases} for phase in PHASES}
        config = SchemathesisConfig.from_dict({**given, "phases": switched})
        schema: Any = schemathesis.openapi.from_dict(dict(part), config=config)
        schema.app = target.app
        schema.hooks.register_hook_with_name(allowed.keep, "filter_failure")
        stream = from_schema(schema).execute()
        stoppable(stream.stop)
        _take_all(stream, report, mask, lambda error: mask(" ".join(tell(error).split())))
    report.excused = allowed.needed
    report.seconds = time.monotonic() - begun
    return report


def _settings(target: Target, plan: Plan, changes: Mapping[str, Any]) -> dict[str, Any]:
    given = {**settings(), **changes}
    generation = dict(given["generation"])
    if plan.examples is not None:
        generation["max-examples"] = plan.examples
        walks = given["phases"]["stateful"]
        walks["generation"] = {**walks.get("generation", {}), "max-examples": plan.examples}
    given |= {
        "base-url": target.base_url,
        "headers": dict(target.headers),
        "generation": generation,
        "seed": given["seed"] if plan.seed is None else plan.seed,
        "tls-verify": target.base_url.startswith("https:"),
    }
    if plan.most_findings is not None:
        given["max-failures"] = plan.most_findings
    operations = list(given.get("operations", ()))
    if target.logout_token is not None:
        own = {"Authorization": f"Bearer {target.logout_token}"}
        operations.append({"include-operation-id": "logout", "headers": own})
    dictionaries = {}
    for path, item in vendored()["paths"].items():
        for method, operation in item.items():
            if known := _known(target, method, path):
                name = operation["operationId"]
                dictionaries[name] = {"values": list(known)}
                binding = {"path.id": {"dictionary": name, "probability": _OFTEN}}
                operations.append({"include-operation-id": name, "parameters": binding})
    return {**given, "operations": operations, "dictionaries": dictionaries}


def _parts(contract: Mapping[str, Any], plan: Plan) -> Iterator[tuple[Collection[str], Mapping[str, Any]]]:
    """The runs of schemathesis that make a check: phases, and the part of the contract that they are about."""
    if broad := [phase for phase in plan.phases if phase != "stateful"]:
        yield broad, contract
    if "stateful" in plan.phases:
        for start in WALKS:
            if start in contract["paths"]:
                yield ["stateful"], _walkable(contract, start)


def _asked(document: dict[str, Any], target: Target, plan: Plan) -> dict[str, Any]:
    """The contract without the paths that are not asked, and without links to them.

    Whole paths, because an operation that is left out alone would pass for a method that is not there. Schemathesis's
    own filters do nothing beside settings of single operations.
    """
    for path, item in list(document["paths"].items()):
        names = {operation["operationId"] for operation in item.values()}
        unwanted = plan.operations is not None and not names & set(plan.operations)
        if unwanted or (names == {"logout"} and target.logout_token is None):
            del document["paths"][path]
    asked = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                links = response.get("links", {})
                for name in [name for name, link in links.items() if link["operationId"] not in asked]:
                    del links[name]
    return document


def _with_ids(document: dict[str, Any], target: Target) -> dict[str, Any]:
    """The contract, with ids that exist as the examples of ids."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            known = _known(target, method, path)
            for parameter in operation.get("parameters", ()):
                if known and parameter.get("in") == "path":
                    parameter.pop("example", None)
                    parameter["examples"] = {f"known {place}": {"value": one} for place, one in enumerate(known)}
    return document


def _known(target: Target, method: str, path: str) -> Sequence[str]:
    """The ids that an operation may be asked with."""
    exact = target.ids.get(f"{method.upper()} {path}")
    return exact or next((ids for above, ids in target.ids.items() if f"{path}/".startswith(f"{above}/")), ())


def _walkable(contract: Mapping[str, Any], start: str) -> Mapping[str, Any]:
    """The operations at and below a path, with its bodies narrowed to the examples, so that walks get somewhere."""
    paths = {path: item for path, item in contract["paths"].items() if f"{path}/".startswith(f"{start}/")}
    narrowed: dict[str, Any] = copy.deepcopy({**contract, "paths": paths})
    content = narrowed["paths"][start]["post"]["requestBody"]["content"]["application/json"]
    bodies = [example["value"] for example in content.pop("examples").values()]
    for body in bodies:
        body.pop("session_id", None)  # There is no such session here.
    content["schema"] = {"enum": bodies}
    return narrowed


def _take_all(stream: Iterable[events.EngineEvent], report: Report, mask: Mask, tell: Tell) -> None:
    for event in stream:
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            report.add(_error(event, tell))
        if isinstance(event, events.ScenarioFinished):
            _take(event.recorder, report, mask, tell, phase=_phase(event.phase))


def _error(event: events.NonFatalError, tell: Tell) -> Finding:
    return Finding(
        operation=event.label,
        failure=event.info.title,
        status=None,
        message=tell(event.value),
        request="",
        phase=_phase(event.phase) if event.phase else "",
    )


def _take(recorder: ScenarioRecorder, report: Report, mask: Mask, tell: Tell, *, phase: str) -> None:
    report.requests[phase] += len(recorder.interactions)
    for case_id, interaction in recorder.interactions.items():
        if interaction.response is not None and case_id in recorder.cases:
            case = recorder.cases[case_id].value
            if case.method.upper() == case.operation.method.upper():
                report.answers[operation_id(case), interaction.response.status_code] += 1
    for case_id, results in recorder.checks.items():
        for result in results:
            if result.failure_info is None:
                continue
            exchange = recorder.interactions.get(case_id)
            sent, response = (exchange.request, exchange.response) if exchange else (None, None)
            failure = result.failure_info.failure
            name = type(failure).__name__
            report.add(
                Finding(
                    operation=operation_id(recorder.cases[case_id].value),
                    failure=result.name if name == "CustomFailure" else name,
                    status=response.status_code if response else None,
                    message=tell(failure),
                    request=mask(f"{sent.method} {sent.uri}") if sent else "",
                    phase=phase,
                )
            )


def _phase(phase: Any) -> str:
    return str(getattr(phase, "value", phase))
