"""Hooks of the documentation site (`mkdocs.yml`): pages that are made from data, and links out of `docs/`."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = "https://example.com/qiskit-runtime-rest/blob/main"
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s#]+)(#[^)\s]*)?\)")

PACKAGE = "qiskit_runtime_rest"
REFERENCE: Mapping[str, tuple[str, Sequence[str]]] = {
    "client": (
        "Clients, jobs and sessions",
        (
            "client.client.RuntimeClient",
            "client.client.AsyncRuntimeClient",
            "client.logic.options.ClientOptions",
            "client.job.Job",
            "client.jobs.Jobs",
            "client.sessions.Session",
            "client.sessions.Sessions",
            "client.backends.Backend",
            "client.backends.Backends",
            "client.instances.Instances",
            "client.listing.Listing",
            "config.job_options",
            "submission.request.JobRequest",
            "submission.submitter.SubmissionPolicy",
            "waiting.updates.StatusUpdate",
        ),
    ),
    "settings": ("Settings", ("config.settings.Settings",)),
    "results": (
        "Results and pictures",
        (
            "results.result.Result",
            "results.result_item.ResultItem",
            "results.primitives.SamplerPub",
            "results.primitives.EstimatorPub",
            "results.executor.ExecutorItem",
            "results.bits.Bits",
            "results.arrays.Array",
            "pictures.picture.Picture",
            "pictures.results.plot_rows",
            "pictures.timeline.plot_timeline",
            "pictures.device.plot_device",
        ),
    ),
    "qiskit": ("Qiskit's interfaces", ("qiskit.backend", "qiskit.primitives", "qiskit.jobs")),
    "testing": ("For tests", ("testing",)),
}
"""The pages of the reference: title, and what each describes, below the package."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are made from data."""
    from mkdocs.structure.files import File

    for name, text in _pages():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_: Any) -> str:
    """Let links to files outside of `docs/` lead to the repository; those of README.md come from the root."""
    folder = "" if page.file.src_uri == "index.md" else posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def led(match: re.Match[str]) -> str:
        target, anchor = posixpath.normpath(posixpath.join(folder, match[1])), match[2] or ""
        if target.startswith("docs/") and target.endswith(".md"):
            inside = posixpath.relpath(target.removeprefix("docs/"), posixpath.dirname(page.file.src_uri) or ".")
            return f"]({inside}{anchor})"
        return f"]({REPOSITORY}/{target}{anchor})" if (ROOT / target).exists() else match[0]

    return LINK.sub(led, markdown)


def _pages() -> Iterator[tuple[str, str]]:
    sys.path.insert(0, str(ROOT))  # MkDocs loads this file by its path
    from tools import notebook

    yield "index.md", (ROOT / "README.md").read_text("utf-8")
    for name, (title, described) in REFERENCE.items():
        parts = [f"# {title}\n", *(f"::: {PACKAGE}.{path}\n" for path in described)]
        yield f"reference/{name}.md", "\n".join(parts)
    yield "tutorials/notebook.md", notebook.markdown(notebook.read())
    yield "tutorials/sweep.ipynb", notebook.NOTEBOOK.read_text("utf-8")
    yield "reference/errors.md", _errors()
    yield "reference/commands.md", _commands()
    yield "reference/tables.md", _tables()


def _errors() -> str:
    from qiskit_runtime_rest import errors

    tree = (errors.__doc__ or "").partition("\n\n")[2]
    described = "\n".join(f"::: {PACKAGE}.errors.{name}\n" for name in errors.__all__)
    return f"# Errors\n\n```text\n{tree.strip()}\n```\n\n{described}"


def _commands() -> str:
    """All commands with their arguments and options, from the command line itself."""
    import typer

    from qiskit_runtime_rest.cli.app import SECTIONS, app

    group: Any = typer.main.get_command(app)
    parts = ["# Commands\n"]
    for section, entries in SECTIONS.items():
        parts.append(f"## {section}\n")
        for name in entries:
            parts += _command(f"qrr {name}", group.commands[name])
    return "\n".join(parts)


def _command(name: str, command: Any) -> Iterator[str]:
    yield f"### `{name}`\n\n{command.help or ''}\n"
    for below, inner in getattr(command, "commands", {}).items():
        yield from _command(f"{name} {below}", inner)
    if not getattr(command, "commands", None):
        rows = [
            (", ".join(f"`{option}`" for option in (*each.opts, *each.secondary_opts)), each.help or "")
            if each.param_type_name == "option"
            else (f"`{each.metavar or each.name.upper()}`", each.help or "")
            for each in command.params
        ]
        yield _table(("", "meaning"), rows)


def _tables() -> str:
    from qiskit_runtime_rest.config.api_versions import SUNSETS
    from qiskit_runtime_rest.config.settings import CA_BUNDLES, ENVIRONMENT
    from qiskit_runtime_rest.http.error_mapping import BY_CODE, BY_STATUS
    from qiskit_runtime_rest.waiting.job_states import ENDINGS, KNOWN

    states = sorted(KNOWN, key=lambda word: (word in ENDINGS, word))
    variables = {variable: f"the setting `{name}`" for name, variable in ENVIRONMENT.items()}
    variables |= dict.fromkeys(("SSL_CERT_FILE", *CA_BUNDLES), "certificates to trust, the setting `verify`")
    variables["GLOBAL_SEARCH_URL"] = "the search for instances by name"
    return "\n".join(
        (
            "# Tables\n\nThese tables are rendered from the data that the client works with.\n",
            "## Error codes of the service\n",
            _table(("code", "error"), ((f"{code}", f"`{kind.__name__}`") for code, kind in BY_CODE.items())),
            "## Statuses without a known code\n",
            _table(("status", "error"), ((f"{status}", f"`{kind.__name__}`") for status, kind in BY_STATUS.items())),
            "Other statuses from 500 on are a `ServerError`, other ones an `ApiError`.\n",
            "## States of jobs\n",
            _table(
                ("state", "final", "error of `result()`"),
                (
                    (
                        word,
                        "yes" if word in ENDINGS else "no",
                        f"`{kind.__name__}`" if (kind := ENDINGS.get(word)) else "",
                    )
                    for word in states
                ),
            ),
            "## API versions\n",
            _table(("version", "switched off"), ((version, end or "not known") for version, end in SUNSETS.items())),
            "## Environment variables\n",
            _table(("variable", "meaning"), ((f"`{name}`", meaning) for name, meaning in variables.items())),
        )
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines) + "\n"
