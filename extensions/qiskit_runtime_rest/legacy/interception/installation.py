"""Calls to the classic hosts, answered in this process: put on with `install`, and taken off again."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ...config.settings import Settings
from ...errors import ConfigurationError, MissingExtra
from .caller import caller
from .report import Report

if TYPE_CHECKING:
    from ..gateway.server import LoopbackGateway
    from ..translation.call import CallRecord, Note
    from .detour import Detour
    from .patching import Patches

__all__ = ["Installed", "install"]

_lock = threading.Lock()
_installed: list[Installed] = []


class Installed:
    """What `install` gives: the calls so far, and the way to end it. Also a context manager, `async with` included.

    Attributes:
        where: file and line that installed it, None where no code of the user's did.
    """

    def __init__(self, gateway: LoopbackGateway, detour: Detour, patches: Patches) -> None:
        """For `install` only: what answers, the way to it, and what leads there."""
        self.where = caller()
        self._gateway = gateway
        self._detour = detour
        self._patches = patches

    @property
    def calls(self) -> list[CallRecord]:
        """Every call that was translated, in the order of their answers."""
        return list(self._gateway.translator.calls)

    @property
    def notes(self) -> list[Note]:
        """Every field that was ignored or changed, once each."""
        return list(self._gateway.translator.notes)

    def report(self) -> Report:
        """What was seen so far, and what to change where."""
        return Report.of(self.calls, self.notes)

    def uninstall(self) -> None:
        """Restore the libraries and stop answering. Calls and notes stay; doing it again does nothing."""
        with _lock:
            if self not in _installed:
                return
            _installed.remove(self)
        self._detour.is_open = False
        self._patches.take_off()
        self._gateway.close()

    def __enter__(self) -> Self:
        """Installed already."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Uninstall, whatever happened."""
        self.uninstall()

    async def __aenter__(self) -> Self:
        """Installed already."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Uninstall, whatever happened."""
        self.uninstall()


def install(
    *,
    instances: Mapping[str, str] | str | Path | None = None,
    era: str = "2023",
    store: str | Path | None = None,
    **settings: Any,
) -> Installed:
    """Answer the calls that this process makes to the classic hosts, by translating them for v1.

        from qiskit_runtime_rest import legacy

        with legacy.install(instances={"ibm-q/open/main": "crn:v1:..."}) as installed:
            ...  # requests, httpx, urllib, aiohttp and websockets, as they were
        print(installed.report())

    Libraries that are imported later are included; all calls to other hosts are left alone. When the settings have an
    API key or a token, it takes the place of whatever the calls bring; else what they bring is sent on. Other
    processes that this one starts afresh are not included.

    Args:
        instances: what `hub/group/project` stands for, `{"ibm-q/open/main": "crn:...", "*": "crn:..."}`, or the path
            of a JSON file with it (else `QRR_CLASSIC_INSTANCES`). Without one, the settings' own instance stands for
            all.
        era: which form of the classic API calls are of that do not show it: "2021" or "2023".
        store: the file for programs and for what jobs were asked with; None: one in the user's state directory.
        settings: arguments of `Settings`: `api_key`, `instance`, `base_url`, `iam_url`, `account`, ...

    Returns:
        The installation, which is also a context manager.

    Raises:
        ConfigurationError: the settings or the mapping cannot work, or it is installed already.
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
            raise ConfigurationError(f"classic calls are answered already{at}: uninstall() that first.")
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
