"""Answer calls to the classic hosts inside this process, from `install` to `uninstall`."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from ...config.settings import Settings
from ...errors import ConfigurationError, MissingExtra
from .calling_line import calling_line
from .report import Report

if TYPE_CHECKING:
    from ..gateway.server import LoopbackGateway
    from ..translation.call import CallRecord, Note
    from ..translation.translator import Translator
    from .detour import Detour
    from .patching import Patches

__all__ = ["Installed", "install"]

_lock = threading.Lock()
_installed: list[Installed] = []


class Installed:
    """The result of `install`: the calls so far, and `uninstall`. Also a context manager, and for `async with`.

    Attributes:
        where: file and line of the call of `install`; None if it is not in the user's code.
    """

    def __init__(self, gateway: LoopbackGateway, detour: Detour, patches: Patches) -> None:
        """For `install` only."""
        self.where = calling_line()
        self._gateway = gateway
        self._detour = detour
        self._patches = patches

    @property
    def calls(self) -> list[CallRecord]:
        """Every finished call, in the order of the responses."""
        return list(self._gateway.translator.calls)

    @property
    def notes(self) -> list[Note]:
        """Every field that was ignored or changed, without duplicates."""
        return list(self._gateway.translator.notes)

    def report(self, *, children: Translator | None = None) -> Report:
        """The calls so far, and what to change at which line. `children`: what answered those of child processes."""
        calls, notes = (children.calls, children.notes) if children else ((), ())
        return Report.of([*self.calls, *calls], [*self.notes, *notes])

    def uninstall(self) -> None:
        """Restore the libraries and stop the gateway. Calls and notes stay; calling it again does nothing."""
        with _lock:
            if self not in _installed:
                return
            _installed.remove(self)
        self._detour.is_open = False
        self._patches.take_off()
        self._gateway.close()

    def __enter__(self) -> Self:
        """Return the installation, which is active already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Uninstall."""
        self.uninstall()

    async def __aenter__(self) -> Self:
        """Return the installation, which is active already."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Uninstall."""
        self.uninstall()


def install(
    *,
    instances: Mapping[str, str] | str | Path | None = None,
    era: str = "2023",
    store: str | Path | None = None,
    **settings: Any,
) -> Installed:
    """Answer the calls of this process to the classic hosts, by translating them to v1.

        from qiskit_runtime_rest import legacy

        with legacy.install(instances={"ibm-q/open/main": "crn:v1:..."}) as installed:
            ...  # requests, httpx, urllib, aiohttp, websockets and others, unchanged
        print(installed.report())

    Libraries that are imported later are included. Calls to other hosts stay unchanged. An API key or token of the
    settings replaces the credentials of the calls; without one, theirs are used. Processes that this process starts
    are not included, unless they are forked.

    Args:
        instances: the CRN of each `hub/group/project`, `{"ibm-q/open/main": "crn:...", "*": "crn:..."}`, or the path
            of a JSON file with it (default: `QRR_CLASSIC_INSTANCES`). Without it, the instance of the settings is
            used for all.
        era: the form of the classic API, for calls that do not show it: "2021" or "2023".
        store: the file for programs and for how jobs were submitted; None: one in the user's state directory.
        settings: arguments of `Settings`: `api_key`, `instance`, `base_url`, `iam_url`, `account`, ...

    Returns:
        The installation, which is also a context manager.

    Raises:
        ConfigurationError: the settings or the mapping do not work, or classic calls are answered already.
        MissingExtra: the extra `legacy` is not installed.
    """
    try:
        from ..gateway.server import LoopbackGateway
        from .detour import Detour
        from .libraries import patches_for
    except ModuleNotFoundError as error:
        raise MissingExtra("answering classic calls", extra="legacy", module=error.name) from None

    found = Settings(**settings)
    gateway = LoopbackGateway(
        settings=settings,
        instances=instances,
        era=era,
        credentials="settings" if found.api_key or found.token else "caller",
        store=store,
    )
    with _lock:
        if _installed:
            at = f" (by {_installed[0].where})" if _installed[0].where else ""
            raise ConfigurationError(f"classic calls are answered already{at}: call uninstall() first.")
        gateway.start()
        detour = Detour(port=gateway.port, secret=gateway.secret)
        patches = patches_for(detour)
        installed = Installed(gateway, detour, patches)
        _installed.append(installed)
    try:
        patches.put_on()
    except BaseException:
        installed.uninstall()
        raise
    return installed
