"""From the arguments of `qrr submit` to requests: files, folders and stdin, with circuits or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ..errors import InvalidInput

if TYPE_CHECKING:
    from ..submission import JobRequest

__all__ = ["CIRCUIT_OPTIONS", "JobOptions", "read_requests"]

Native: TypeAlias = "Callable[[Any, list[Any], bool], list[Any]]"
"""From the name of a backend and pubs to pubs for this device; the last argument: whether they have observables."""

STDIN = "-"
ENDINGS = (".qasm", ".qasm2", ".qasm3", ".json")
"""The files of a folder that are read, by their endings."""

CIRCUIT_OPTIONS = {"sampler": ("shots",), "estimator": ("observables", "precision")}
"""The programs that take circuits, and their options."""


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """The options of every job; those that are given win over those of a file."""

    backend: str | None
    tags: list[str] | None
    session_id: str | None
    private: bool | None
    max_execution_time: float | None

    @property
    def given(self) -> dict[str, Any]:
        """Those that are given, by their names as arguments of `JobRequest`."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def read_requests(
    arguments: Sequence[str],
    options: JobOptions,
    *,
    circuits: Mapping[str, Any],
    each: bool,
    native: Native | None = None,
) -> list[JobRequest]:
    """The requests: one for all circuits (or for `each`), and one for each JSON document.

    Args:
        arguments: a program, if the files do not name it, and files.
        options: of every job.
        circuits: options of circuits: `shots`, `observables`, `precision`.
        each: a request for each circuit.
        native: makes pubs of circuits for the device; None: they are for it already.

    Raises:
        InvalidInput: a file cannot be read, or the arguments do not fit together; says what to do.
    """
    program, files = _split(arguments)
    texts, documents = [], []
    for name, text in _contents(files):
        if text.lstrip()[:1] in ("{", "["):
            documents += _documents(text, name)
        else:
            texts.append(text)
    given = {name: value for name, value in circuits.items() if value is not None}
    if documents and (given or each or texts or native):
        raise InvalidInput(
            "a JSON file has all the params: leave out circuits, and the options for circuits (--shots, --observable, "
            "--precision, --each, --transpile)."
        )
    requests = [_request(document, name, program, options) for document, name in documents]
    groups = [[text] for text in texts] if each else [texts] if texts else []
    return [*requests, *(_of_circuits(group, program, given, options, native) for group in groups)]


def _split(arguments: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """The program, if the first argument is one, and the files."""
    first = arguments[0]
    if first == STDIN or Path(first).exists():
        return None, arguments
    if len(arguments) == 1:
        raise InvalidInput(
            f"{first}: no such file or folder. A program needs files: qrr submit {first} FILE..., - for stdin."
        )
    return first, arguments[1:]


def _contents(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Name and text of each file; a folder stands for its circuits and JSON files."""
    for name in names:
        if name == STDIN:
            yield "stdin", sys.stdin.read()
        elif Path(name).is_dir():
            inside = sorted(path for path in Path(name).iterdir() if path.suffix in ENDINGS)
            if not inside:
                raise InvalidInput(f"{name} has no file that ends in {', '.join(ENDINGS)}.")
            yield from ((str(path), _read(path)) for path in inside)
        else:
            yield name, _read(Path(name))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is not a text file: expected OpenQASM circuits or JSON.") from None


def _documents(text: str, name: str) -> list[tuple[dict[str, Any], str]]:
    """The JSON objects of a file: one, a list of them, or one on each line."""
    try:
        parsed = json.loads(text)
    except ValueError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        try:
            parsed = [json.loads(line) for line in lines] if len(lines) > 1 else None
        except ValueError:
            parsed = None
        if parsed is None:
            raise InvalidInput(f"{name} is not JSON: {error}.") from None
    found = parsed if isinstance(parsed, list) else [parsed]
    if not found or not all(isinstance(document, dict) for document in found):
        raise InvalidInput(f"{name}: expected a JSON object, or a list of objects.")
    return [(document, name) for document in found]


def _request(document: dict[str, Any], name: str, program: str | None, options: JobOptions) -> JobRequest:
    from ..submission import JobRequest

    if not JobRequest.is_request(document):
        if program is None:
            raise InvalidInput(f"{name} has params, and no program: qrr submit PROGRAM {name}")
        _need_backend(options)
        return JobRequest(program_id=program, params=document, **options.given)
    try:
        request = JobRequest.from_dict({**document, **({"backend": options.backend} if options.backend else {})})
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from None
    if program not in (None, request.program_id):
        raise InvalidInput(f"{name} is a request for the program {request.program_id!r}, not {program!r}.")
    return request.changed(**options.given)


def _of_circuits(
    texts: list[str], program: str | None, given: Mapping[str, Any], options: JobOptions, native: Native | None
) -> JobRequest:
    from ..client.logic.backends import near_name
    from ..submission import JobRequest

    if program is None:
        raise InvalidInput("circuits need a program: qrr submit sampler FILE..., or estimator.")
    if program not in CIRCUIT_OPTIONS:
        meant = near_name(program, CIRCUIT_OPTIONS).rstrip()
        raise InvalidInput(" ".join([f"the program {program!r} needs a JSON file of params, not circuits.", meant]))
    for name in given:
        if name not in CIRCUIT_OPTIONS[program]:
            option = "observable" if name == "observables" else name
            raise InvalidInput(f"the program {program!r} has no option --{option}.")
    _need_backend(options)
    if program == "sampler":
        pubs: list[Any] = native(options.backend, texts, False) if native else texts
        return JobRequest.sampler(pubs, **given, **options.given)
    more = dict(given)
    observables = more.pop("observables", None)
    if not observables:
        raise InvalidInput(
            "an estimator needs observables: add --observable, such as --observable ZZ. It can be repeated."
        )
    pubs = [(text, observables) for text in texts]
    return JobRequest.estimator(native(options.backend, pubs, True) if native else pubs, **more, **options.given)


def _need_backend(options: JobOptions) -> None:
    if options.backend is None:
        raise InvalidInput("the backend is missing: add --backend, such as --backend ibm_fez.")
