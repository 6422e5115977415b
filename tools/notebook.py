"""Run the notebook of the documentation on the embedded service; `python -m tools.notebook` saves its outputs."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "examples" / "sweep.ipynb"
SHOWN = ("text/html", "image/svg+xml", "image/png", "text/plain")
"""The forms of an output, the best one first."""


def run(notebook: Any) -> None:
    """Run all cells, in front of the embedded service, and give each its outputs. Raises what a cell raises."""
    from IPython.core.displayhook import DisplayHook
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    from qiskit_runtime_rest.testing import Emulator

    values: list[dict[str, Any]] = []

    class Kept(DisplayHook):
        """Keeps the value of a cell instead of printing it."""

        def write_output_prompt(self) -> None: ...

        def write_format_data(self, format_dict: dict[str, Any], *_: Any) -> None:
            values.append(format_dict)

        def finish_displayhook(self) -> None: ...

    with Emulator(seed=7, workers=1) as emulator:
        os.environ |= {
            "QISKIT_IBM_TOKEN": emulator.api_key,
            "QISKIT_IBM_INSTANCE": emulator.instance,
            "QISKIT_IBM_URL": emulator.base_url,
            "IAM_URL": emulator.iam_url,
        }
        shell = InteractiveShell(displayhook_class=Kept)  # type: ignore[no-untyped-call]
        for number, cell in enumerate(_code(notebook), start=1):
            with capture_output(display=False) as captured:
                outcome = shell.run_cell(cell.source, store_history=True)  # type: ignore[no-untyped-call]
            outcome.raise_error()
            cell.execution_count = number
            cell.outputs = [nbformat.v4.new_output("stream", text=captured.stdout)] if captured.stdout else []  # type: ignore[no-untyped-call]
            while values:
                cell.outputs.append(nbformat.v4.new_output("display_data", data=_texts(values.pop())))  # type: ignore[no-untyped-call]


def _code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _texts(data: dict[str, Any]) -> dict[str, str]:
    """The best form of an output; bytes as base64, as notebooks have them."""
    best = next(form for form in SHOWN if form in data)
    value = data[best]
    return {best: base64.b64encode(value).decode() if isinstance(value, bytes) else value}


def markdown(notebook: Any) -> str:
    """The notebook as a page, with its outputs."""
    return "\n\n".join(part for cell in notebook.cells for part in _parts(cell))


def _parts(cell: Any) -> Iterator[str]:
    if cell.cell_type == "markdown":
        yield cell.source
        return
    yield f"```python\n{cell.source}\n```"
    for output in cell.outputs:
        if output.output_type == "stream":
            yield f"```text\n{output.text.rstrip()}\n```"
            continue
        ((form, value),) = output.data.items()
        if form == "text/html":
            yield f'<div class="notebook-output">{" ".join(value.split())}</div>'
        elif form == "text/plain":
            yield f"```text\n{value}\n```"
        else:
            encoded = value if form == "image/png" else base64.b64encode(value.encode()).decode()
            yield f'<p><img alt="{html.escape("a picture")}" src="data:{form};base64,{encoded}"></p>'


def shape(notebook: Any) -> list[list[str]]:
    """The forms of the outputs of each code cell."""
    return [[form for output in cell.outputs for form in output.get("data", ["stream"])] for cell in _code(notebook)]


def read() -> Any:
    """The notebook as it is saved."""
    return nbformat.read(NOTEBOOK, 4)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    saved = read()
    run(saved)
    nbformat.write(saved, NOTEBOOK)  # type: ignore[no-untyped-call]
