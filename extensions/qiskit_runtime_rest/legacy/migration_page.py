"""Render the migration page from the tables: `python -m qiskit_runtime_rest.legacy.migration_page` writes it.

The argument `-` prints it instead; any other argument is the file to write.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .sdk_table import SDK_USES
from .table import FIELDS, HOSTS, MIGRATION_GUIDE, MIGRATION_PAGE, ROUTES, Route

__all__ = ["render"]

INTRODUCTION = f"""\
# From the classic API to v1

The hosts of the classic API are gone. Scripts, notebooks and pipelines that were written for it can run unchanged, run
with another host only, or be changed. [classic.md](classic.md) shows the first two ways; this page is about the third.
IBM's own guide: {MIGRATION_GUIDE}

The page is rendered from `table.py` and `sdk_table.py` of `extensions/qiskit_runtime_rest/legacy/`
(`python -m qiskit_runtime_rest.legacy.migration_page`).

## Change the source

`qrr legacy scan PATH...` finds classic use: in Python and notebooks by parsing, in other languages by searching. Each
finding names file, line, column and replacement, and the command that shows its row on this page (`qrr docs`).

| option | what it does |
|---|---|
| `--diff` | prints what `--fix` would change, and writes nothing |
| `--fix` | rewrites calls in Python and in the Python cells of notebooks, whole or not at all |
| `--json`, `--sarif` | prints the findings for programs, or for code hosts (SARIF 2.1.0) |

The exit status is 1 if something was found, 0 if not, and 2 for wrong use.

`--fix` rewrites the calls of a file whole, or none of them: address, headers, body, and the answer where it is read. A
file that is rewritten runs on v1, with an API key of today and the CRN of its instance in `QISKIT_IBM_INSTANCE`. All
others get comments only, so they still run with `qrr legacy run`. The calls of a file are rewritten if each of them

- is one of requests or httpx, or of a session of theirs. v1 must have its call with the same fields; `GET /backends`
  whose devices are read, and jobs with `pubs` and `"version": 2`, are rewritten, too;
- sends a token that a login in the same file returned. The login becomes an exchange of the API key at IAM;
- has headers, parameters and body that are dictionaries in the same file, which shares no classic address with others.

`channel="ibm_quantum"` is renamed in files without other classic uses of an SDK.

<a id="left-to-do"></a>
Above what it leaves, and above API keys, `--fix` writes comments `# qrr: ...` that say what to change. Later scans find
them until they are removed; a second `--fix` adds nothing.
"""

SERVES = {
    "runtime": "the Runtime API: v1, with an IAM bearer token and the header `Service-CRN`",
    "auth": "accounts and tokens: `POST https://iam.cloud.ibm.com/identity/token` with an IBM Cloud API key",
    "cloud": "the Runtime API on IBM Cloud: the same paths, with `/v1` in front",
}
WHERE = {"header": "header", "query": "parameter", "body": "body", "params": "`params` of a job"}


def render() -> str:
    """The page, as Markdown."""
    return "\n".join([INTRODUCTION, *_hosts(), *_routes(), *_fields(), *_sdk_uses()])


def _hosts() -> Iterator[str]:
    yield from _head("Hosts", "All of them are gone; `https://quantum.cloud.ibm.com/api/v1` replaces them.")
    yield from _table(
        ("classic", "now"),
        ((_place(host.anchor, f"https://{host.name}{host.prefix}"), SERVES[host.serves]) for host in HOSTS),
    )


def _routes() -> Iterator[str]:
    text = (
        "Paths below `/users` belong to the auth host, the others to the runtime hosts. `/facade/v1`, `/runtime` and "
        "`/api` before a path make no difference."
    )
    yield from _head("Calls", text)
    yield from _table(
        ("classic", "v1", "what to know"),
        ((_place(route.anchor, f"{route.method} {route.path}"), _now(route), _note(route)) for route in ROUTES),
    )


def _now(route: Route) -> str:
    return f"`{route.v1}`" if route.v1 else "removed" if route.removed else "none"


def _note(route: Route) -> str:
    if route.v1:
        return route.instead.removeprefix(route.v1).strip(" ()")
    return ". ".join(filter(None, (route.removed, route.instead[:1].upper() + route.instead[1:])))


def _fields() -> Iterator[str]:
    yield from _head("Headers, parameters and keys", "Fields marked with * only have a new name.")
    yield from _table(
        ("classic", "where", "now"),
        (
            (_place(field.anchor, field.name) + ("\\*" if field.safe else ""), WHERE[field.where], _cell(field.instead))
            for field in FIELDS
        ),
    )


def _sdk_uses() -> Iterator[str]:
    yield from _head("Qiskit's packages", "Uses of packages that spoke to the classic service.")
    yield from _table(
        ("classic", "what it is", "now"),
        (
            (
                _place(use.anchor, use.name),
                use.kind + (f" of {', '.join(f'`{one}`' for one in use.of)}" if use.of else ""),
                _cell(use.instead),
            )
            for use in SDK_USES
        ),
    )


def _head(title: str, text: str) -> tuple[str, ...]:
    return (f"## {title}\n", f"{text}\n")


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(titles)} |"
    yield "|---" * len(titles) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def _place(anchor: str, code: str) -> str:
    return f'<a id="{anchor}"></a>`{code}`'


def _cell(text: str) -> str:
    """Text for a cell of a table, with `<` and `|` escaped."""
    return text.replace("<", "&lt;").replace("|", "\\|")


def main(arguments: Sequence[str]) -> None:
    """Write the page, or print it."""
    target = arguments[0] if arguments else MIGRATION_PAGE
    if target == "-":
        sys.stdout.write(render())
    else:
        Path(target).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
