"""The migration page, rendered from the tables: `python -m qiskit_runtime_rest.legacy.migration_page` writes it.

`... migration_page -` prints it instead; another argument is the file to write.
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

The hosts of the classic API are gone. Scripts, notebooks and pipelines that were written for it have three ways back,
all driven by the tables below: `table.py` and `sdk_table.py` of `extensions/qiskit_runtime_rest/legacy/`, from which
this page is rendered (`python -m qiskit_runtime_rest.legacy.migration_page`). IBM's own guide: {MIGRATION_GUIDE}

[classic.md](classic.md) shows how to run them unchanged, and how to change their host only. This page is for those who
change them.

## Change the source

`qrr legacy scan PATH...` finds classic use: in Python and notebooks by parsing, in other languages by searching. Each
finding names file, line and column, says what it becomes, and links to its row on this page.

| option | what it does |
|---|---|
| `--diff` | prints what `--fix` would change, and writes nothing |
| `--fix` | rewrites what is safe in Python and in the Python cells of notebooks |
| `--json`, `--sarif` | the findings for programs, and for code hosts (SARIF 2.1.0) |

The exit status is 1 when something was found, 0 when nothing was, 2 for wrong use. What is safe: addresses whose path
is the same in v1 but for hyphens, keys of bodies that have another spelling only, and `channel="ibm_quantum"`. A
changed address does not make a call work by itself: headers and instance are the caller's.

<a id="left-to-do"></a>
Above the rest, `--fix` leaves comments `# qrr: ...` that say what to change. They are found by later scans until they
are removed; a second `--fix` adds nothing.
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
    yield from _head("Hosts", "All of them are gone; `https://quantum.cloud.ibm.com/api/v1` took their place.")
    yield from _table(
        ("classic", "what it was, and what it is now"),
        ((_place(host.anchor, f"https://{host.name}{host.prefix}"), SERVES[host.serves]) for host in HOSTS),
    )


def _routes() -> Iterator[str]:
    text = (
        "Paths as they stood on the runtime hosts, the ones of `/users` on the auth host. `/facade/v1`, `/runtime` and "
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
    yield from _head("Headers, parameters and keys", "Those marked with * need no more than the other spelling.")
    yield from _table(
        ("classic", "where", "now"),
        (
            (_place(field.anchor, field.name) + ("\\*" if field.safe else ""), WHERE[field.where], _cell(field.instead))
            for field in FIELDS
        ),
    )


def _sdk_uses() -> Iterator[str]:
    yield from _head("Qiskit's packages", "What scripts call in packages that spoke to the classic service.")
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
    """Text in which `<...>` is no tag."""
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
