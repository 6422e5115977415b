"""`qrr docs`: the pages of the documentation, which come with the package."""

from __future__ import annotations

import difflib
import re
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import InvalidInput
from .options import JsonLinesOption
from .terminal import Column, fitting_table, print_json, stdout

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["docs", "page_names", "page_text", "section"]

HEADING = re.compile(r"^(#+) +(.+)$")
NOT_A_LETTER = re.compile(r"[^\w\s-]")
BLANKS = re.compile(r"\s+")
PLACE = re.compile(r'<a id="[^"]*"></a>\n?')
FENCE = "```"


def docs(
    page: Annotated[
        str | None, typer.Argument(metavar="PAGE[#SECTION]", help="The page to show. Default: a list of all pages.")
    ] = None,
    *,
    json: JsonLinesOption = False,
) -> None:
    """List or show the pages of the documentation, which come with this package.

    PAGE#SECTION shows one section, as messages of `qrr` name it. Output that is no terminal gets Markdown.
    """
    console = stdout()
    if page is None:
        listed = [(name, _title(page_text(name))) for name in page_names()]
        if json:
            for name, title in listed:
                print_json({"page": name, "title": title})
        else:
            console.print(
                fitting_table((Column("page", needed=True), Column("", needed=True)), listed, console=console)
            )
        return
    name, _, anchor = page.partition("#")
    text = page_text(name.removeprefix("docs/").removesuffix(".md"))
    shown = section(text, anchor) if anchor else text
    if json:
        print_json({"page": name, "section": anchor or None, "text": shown})
    elif console.is_terminal:
        from rich.markdown import Markdown

        with console.pager(styles=True) if shown.count("\n") >= console.height else console:
            console.print(Markdown(PLACE.sub("", shown)))
    else:
        typer.echo(shown)


def page_names() -> list[str]:
    """The names of all pages, without the ending."""
    return sorted(_names(_folder()))


def page_text(name: str) -> str:
    """The Markdown of a page.

    Raises:
        InvalidInput: there is no such page.
    """
    if name not in page_names():
        alike = difflib.get_close_matches(name, page_names(), n=1, cutoff=0.5)
        hint = f"Did you mean {alike[0]!r}?" if alike else "`qrr docs` lists the pages."
        raise InvalidInput(f"There is no page {name!r}. {hint}")
    return _folder().joinpath(*f"{name}.md".split("/")).read_text("utf-8")


def section(text: str, anchor: str) -> str:
    """The section under a heading; or the row of a table that has the anchor, with the heading and head of that table.

    Raises:
        InvalidInput: the page has no such section.
    """
    lines = text.splitlines()
    headings = list(_headings(lines))
    for at, depth, slug in headings:
        if slug == anchor:
            end = next((other for other, deep, _ in headings if other > at and deep <= depth), len(lines))
            return "\n".join(lines[at:end]).strip()
    for at, line in enumerate(lines):
        if f'id="{anchor}"' in line:
            above = [other for other, _, _ in headings if other < at]
            if not line.startswith("|"):
                return section(text, next(slug for other, _, slug in headings if other == above[-1]))
            head = next(start for start in range(at, 0, -1) if not lines[start - 1].startswith("|"))
            return "\n".join([lines[above[-1]], "", *lines[head : head + 2], PLACE.sub("", line)])
    raise InvalidInput(f"The page has no section {anchor!r}. There are: {', '.join(slug for _, _, slug in headings)}.")


def _headings(lines: list[str]) -> list[tuple[int, int, str]]:
    found, code = [], False
    for at, line in enumerate(lines):
        code ^= line.startswith(FENCE)
        if not code and (match := HEADING.match(line)):
            slug = BLANKS.sub("-", NOT_A_LETTER.sub("", match[2]).strip().lower())
            found.append((at, len(match[1]), slug))
    return found


def _folder() -> Traversable:
    shipped = resources.files(__package__.partition(".")[0]).joinpath("docs")
    return shipped if shipped.is_dir() else Path(__file__).parents[3] / "docs"  # in a clone


def _names(folder: Traversable, above: str = "") -> list[str]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _names(entry, f"{above}{entry.name}/")
        elif entry.name.endswith(".md"):
            found.append(f"{above}{entry.name.removesuffix('.md')}")
    return found


def _title(text: str) -> str:
    return text.partition("\n")[0].lstrip("# ")
