"""Run the code cells of a notebook in an IPython shell without terminal and history."""

from __future__ import annotations

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.compilerop import CachingCompiler
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from ...errors import ConfigurationError

__all__ = ["notebook"]

PYTHON = "python"
MAY_FAIL = "raises-exception"
"""Jupyter's tag of cells whose errors do not end the run."""


class _Compiler(CachingCompiler):
    """Names the code of a cell, so that tracebacks show its number."""

    notebook = ""
    cell = 0

    def get_code_name(self, *_: Any) -> str:
        return f"{self.notebook} cell {self.cell}"

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        notebook, cell, number = name.rpartition(" cell ")
        return (notebook, f"cell {number}") if cell and notebook == self.notebook else None


class _Shell(InteractiveShell):
    """Shows outputs as text on stdout, errors on stderr."""

    compiler_class = _Compiler
    is_left = False

    def ask_exit(self) -> None:
        self.is_left = True

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:  # noqa: ARG002 - IPython's signature
        sys.stdout.flush()
        print(self.InteractiveTB.stb2text(stb), file=sys.stderr)  # noqa: T201 - output of the notebook


def notebook(path: Path) -> Callable[[], None]:
    """Read the notebook at `path`; return the function that runs it, and raises `SystemExit` when a cell fails.

    Raises:
        ConfigurationError: the file is not a notebook, or not one of Python.
    """
    cells = list(_code_cells(path))

    def start() -> None:
        with tempfile.TemporaryDirectory() as folder:
            shell = _shell(folder, path.name)
            try:
                for number, source, may_fail in cells:
                    _run_cell(shell, number, source, may_fail=may_fail)
                    if shell.is_left:
                        return
            finally:
                shell.restore_sys_module_state()  # type: ignore[no-untyped-call]
                _Shell.clear_instance()

    return start


def _code_cells(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Number and source of each cell with code, and whether it may fail."""
    try:
        with warnings.catch_warnings(action="ignore"):  # old notebooks have no cell ids
            read = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
        language = read.metadata.get("kernelspec", {}).get("language", PYTHON)
    except (ValueError, AttributeError, nbformat.ValidationError):
        raise ConfigurationError(f"{path} is not a notebook: expected the JSON of an .ipynb file.") from None
    if language != PYTHON:
        raise ConfigurationError(f"{path} is a notebook of {language}; only Python notebooks can be run.")
    for number, cell in enumerate(read.cells, 1):
        if cell.cell_type == "code" and cell.source.strip():
            yield number, cell.source, MAY_FAIL in cell.metadata.get("tags", ())


def _shell(folder: str, name: str) -> _Shell:
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = _Shell.instance(config=config, ipython_dir=folder)
    shell.compile.notebook = name  # type: ignore[attr-defined]  # a `_Compiler`
    return shell


def _run_cell(shell: Any, number: int, source: str, *, may_fail: bool) -> None:
    shell.compile.cell = number
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "To exit: use", UserWarning)
        result = shell.run_cell(source, store_history=True)
    error = result.error_before_exec or result.error_in_exec
    if isinstance(error, SystemExit):
        raise error
    if isinstance(error, KeyboardInterrupt):
        raise SystemExit(130)
    if error is not None and not may_fail:
        raise SystemExit(1)
