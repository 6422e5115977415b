"""Apply patches to libraries, now or when they are imported, and restore the originals."""

from __future__ import annotations

import functools
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, TypeAlias

__all__ = ["Patch", "Patches"]

log = logging.getLogger("qiskit_runtime_rest.legacy")


@dataclass(frozen=True)
class Patch:
    """A patch of one attribute: `make` gets the original function, and returns its replacement."""

    owner: Any
    name: str
    make: Callable[[Callable[..., Any]], Callable[..., Any]]


Patching: TypeAlias = Callable[[ModuleType], Iterable[Patch]]
"""Yields the patches of an imported module."""


class Patches:
    """The patches of some modules, by module name. Each is applied as soon as its module is imported."""

    def __init__(self, modules: Mapping[str, Patching]) -> None:
        """Patch nothing before `put_on`."""
        self._modules = dict(modules)
        self._on: list[tuple[Patch, Any, Any]] = []
        self._lock = threading.RLock()
        self._watcher = _Watcher(frozenset(self._modules), self._patch)

    def put_on(self) -> None:
        """Patch the imported modules, and from now on those that are imported later."""
        sys.meta_path.insert(0, self._watcher)
        for name in list(self._modules):
            if module := sys.modules.get(name):
                self._patch(module)

    def take_off(self) -> None:
        """Restore the originals. An attribute that other code has patched meanwhile stays."""
        with self._lock:
            if self._watcher in sys.meta_path:
                sys.meta_path.remove(self._watcher)
            self._modules.clear()
            while self._on:
                patch, original, replacement = self._on.pop()
                if vars(patch.owner).get(patch.name) is replacement:
                    setattr(patch.owner, patch.name, original)

    def _patch(self, module: ModuleType) -> None:
        with self._lock:
            patching = self._modules.pop(module.__name__, None)
            if patching is None:
                return
            try:
                for patch in patching(module):
                    self._put_on(patch)
            except (AttributeError, KeyError) as error:
                log.warning(
                    "classic calls through %s are not answered: this version has no %s.", module.__name__, error
                )

    def _put_on(self, patch: Patch) -> None:
        original = vars(patch.owner)[patch.name]
        replacement = functools.wraps(original)(patch.make(original))
        setattr(patch.owner, patch.name, replacement)
        self._on.append((patch, original, replacement))


class _Watcher(MetaPathFinder):
    """Reports the modules of some names as soon as other finders have loaded them. It finds nothing itself."""

    def __init__(self, names: frozenset[str], then: Callable[[ModuleType], None]) -> None:
        self._names = names
        self._then = then

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in self._names:
            return None
        others = (finder for finder in sys.meta_path if finder is not self)
        spec = next((spec for finder in others if (spec := finder.find_spec(name, path, target))), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._then)
        return spec


class _Loader(Loader):
    """Loads with `loader`, which stays the loader of the module, and reports the module."""

    def __init__(self, loader: Loader, then: Callable[[ModuleType], None]) -> None:
        self._loader = loader
        self._then = then

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._then(module)
