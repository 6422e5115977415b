"""Check one service: schemathesis sends requests to the contract's operations, and a report collects its findings."""

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

from ..contract.document import Document
from ..contract.sources import vendored
from ..contract.versions import corrected
from . import checks
from .exemptions import Exemptions, operation_id
from .report import Describe, Finding, Mask, Report, in_full

if TYPE_CHECKING:
    from schemathesis.engine.recorder import ScenarioRecorder

__all__ = ["EXPECTED", "PHASES", "Scope", "Target", "check", "settings"]

PHASES = ("examples", "coverage", "fuzzing", "stateful")
OWN_CHECKS = (checks.WrongCredentials, checks.RefusalsSayWhy, checks.PagesAreTrue)
"""Registered with schemathesis, which runs them unless the settings say otherwise."""

_OFTEN = 0.7
"""The share of existing ids among the generated ones."""

WALKS = ("/v1/jobs", "/v1/sessions")
"""The paths where the contract's links begin."""

EXPECTED = frozenset(
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
"""Operations and statuses that walks along the links must reach: reads after a deletion need a deletion."""


@frozen(kw_only=True)
class Target:
    """A service to check: behind a socket, or an ASGI application in this process."""

    name: str
    base_url: str
    """The address without `/v1`."""
    headers: Mapping[str, str] = field(factory=dict, repr=False)
    """Credentials and API version."""
    logout_token: str | None = field(default=None, repr=False)
    """A separate token for `logout`, which ends it; `None`: `logout` is left out."""
    app: Any = None
    ids: Mapping[str, Sequence[str]] = field(factory=dict)
    """Existing ids, by the path that takes them (with all paths below it), or by method and path, which goes first."""


@frozen(kw_only=True)
class Scope:
    """How much is checked. `None`: as in `schemathesis.toml`."""

    seed: int | None = None
    examples: int | None = None
    phases: Collection[str] = PHASES
    operations: Collection[str] | None = None
    """Ids of operations, checked with all others of their paths; `None`: all."""
    most_findings: int | None = None
    """End after this many findings."""


def settings() -> dict[str, Any]:
    """The settings of `schemathesis.toml`; a copy that may be changed."""
    return tomllib.loads(resources.files(__package__).joinpath("schemathesis.toml").read_text("utf-8"))


def check(
    target: Target,
    scope: Scope | None = None,
    *,
    allowed: Exemptions | None = None,
    mask: Mask | None = None,
    describe: Describe = in_full,
    changes: Mapping[str, Any] | None = None,
    document: dict[str, Any] | None = None,
    stoppable: Callable[[Callable[[], None]], None] = lambda _: None,
) -> Report:
    """Send requests to the target's operations, and report the responses that contradict the contract.

    Args:
        target: the service.
        scope: how much is checked.
        allowed: findings that are not reported.
        mask: hides secrets in the report.
        describe: gives the message of a failure.
        changes: settings that replace those of `schemathesis.toml`.
        document: the contract; by default the vendored one with its corrections. It is changed.
        stoppable: is called with a function that ends the check early.
    """
    scope, allowed, mask = scope or Scope(), allowed or Exemptions(), mask or Mask()
    given = _settings(target, scope, changes or {})
    report = Report(target=target.name, seed=given["seed"])
    contract = _with_ids(_narrowed(document or corrected(vendored()), target, scope), target)
    begun = time.monotonic()
    for phases, part in _parts(contract, scope):
        switched = {phase: {**given["phases"].get(phase, {}), "enabled": phase in phases} for phase in PHASES}
        config = SchemathesisConfig.from_dict({**given, "phases": switched})
        schema: Any = schemathesis.openapi.from_dict(dict(part), config=config)
        schema.app = target.app
        schema.hooks.register_hook_with_name(allowed.is_finding, "filter_failure")
        stream = from_schema(schema).execute()
        stoppable(stream.stop)
        _take_all(stream, report, mask, lambda error: mask(" ".join(describe(error).split())))
    report.excused = allowed.needed
    report.seconds = time.monotonic() - begun
    return report


def _settings(target: Target, scope: Scope, changes: Mapping[str, Any]) -> dict[str, Any]:
    given = {**settings(), **changes}
    generation = dict(given["generation"])
    if scope.examples is not None:
        generation["max-examples"] = scope.examples
        walks = given["phases"]["stateful"]
        walks["generation"] = {**walks.get("generation", {}), "max-examples": scope.examples}
    given |= {
        "base-url": target.base_url,
        "headers": dict(target.headers),
        "generation": generation,
        "seed": given["seed"] if scope.seed is None else scope.seed,
        "tls-verify": target.base_url.startswith("https:"),
    }
    if scope.most_findings is not None:
        given["max-failures"] = scope.most_findings
    operations = list(given.get("operations", ()))
    if target.logout_token is not None:
        own = {"Authorization": f"Bearer {target.logout_token}"}
        operations.append({"include-operation-id": "logout", "headers": own})
    dictionaries = {}
    for operation in Document(vendored()).operations():
        if known := _known(target, operation.method, operation.path):
            dictionaries[operation.id] = {"values": list(known)}
            binding = {"path.id": {"dictionary": operation.id, "probability": _OFTEN}}
            operations.append({"include-operation-id": operation.id, "parameters": binding})
    return {**given, "operations": operations, "dictionaries": dictionaries}


def _parts(contract: Mapping[str, Any], scope: Scope) -> Iterator[tuple[Collection[str], Mapping[str, Any]]]:
    """The runs of schemathesis in one check: the phases of each, and its part of the contract."""
    if broad := [phase for phase in scope.phases if phase != "stateful"]:
        yield broad, contract
    if "stateful" in scope.phases:
        for start in WALKS:
            if start in contract["paths"]:
                yield ["stateful"], _walkable(contract, start)


def _narrowed(document: dict[str, Any], target: Target, scope: Scope) -> dict[str, Any]:
    """The contract without the paths that are out of scope, and without links to them.

    Whole paths are removed, because schemathesis takes a single missing operation for a method that must be refused.
    Its own filters have no effect beside settings of single operations.
    """
    for path, item in list(document["paths"].items()):
        names = {operation["operationId"] for operation in item.values()}
        unwanted = scope.operations is not None and not names & set(scope.operations)
        if unwanted or (names == {"logout"} and target.logout_token is None):
            del document["paths"][path]
    kept = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                links = response.get("links", {})
                for name in [name for name, link in links.items() if link["operationId"] not in kept]:
                    del links[name]
    return document


def _with_ids(document: dict[str, Any], target: Target) -> dict[str, Any]:
    """The contract, with existing ids as the examples of ids."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            known = _known(target, method, path)
            for parameter in operation.get("parameters", ()):
                if known and parameter.get("in") == "path":
                    parameter.pop("example", None)
                    parameter["examples"] = {f"known {place}": {"value": one} for place, one in enumerate(known)}
    return document


def _known(target: Target, method: str, path: str) -> Sequence[str]:
    """The existing ids for an operation."""
    exact = target.ids.get(f"{method.upper()} {path}")
    return exact or next((ids for above, ids in target.ids.items() if f"{path}/".startswith(f"{above}/")), ())


def _walkable(contract: Mapping[str, Any], start: str) -> Mapping[str, Any]:
    """The operations at and below a path, with its bodies narrowed to the examples, so that walks succeed."""
    paths = {path: item for path, item in contract["paths"].items() if f"{path}/".startswith(f"{start}/")}
    narrowed: dict[str, Any] = copy.deepcopy({**contract, "paths": paths})
    content = narrowed["paths"][start]["post"]["requestBody"]["content"]["application/json"]
    bodies = [example["value"] for example in content.pop("examples").values()]
    for body in bodies:
        body.pop("session_id", None)  # The session of the example does not exist here.
    content["schema"] = {"enum": bodies}
    return narrowed


def _take_all(stream: Iterable[events.EngineEvent], report: Report, mask: Mask, describe: Describe) -> None:
    for event in stream:
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            report.add(_error(event, describe))
        if isinstance(event, events.ScenarioFinished):
            _take(event.recorder, report, mask, describe, phase=_phase(event.phase))


def _error(event: events.NonFatalError, describe: Describe) -> Finding:
    return Finding(
        operation=event.label,
        failure=event.info.title,
        status=None,
        message=describe(event.value),
        request="",
        phase=_phase(event.phase) if event.phase else "",
    )


def _take(recorder: ScenarioRecorder, report: Report, mask: Mask, describe: Describe, *, phase: str) -> None:
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
            shown = recorder.interactions.get(case_id)
            sent, response = (shown.request, shown.response) if shown else (None, None)
            failure = result.failure_info.failure
            name = type(failure).__name__
            report.add(
                Finding(
                    operation=operation_id(recorder.cases[case_id].value),
                    failure=result.name if name == "CustomFailure" else name,
                    status=response.status_code if response else None,
                    message=describe(failure),
                    request=mask(f"{sent.method} {sent.uri}") if sent else "",
                    phase=phase,
                )
            )


def _phase(phase: Any) -> str:
    return str(getattr(phase, "value", phase))
