"""Run any program against services of this machine, unchanged: `qrr offline -- COMMAND`.

A proxy ends TLS for the names of the services, with a certificate authority made for the run. The program learns of
both from its environment. `running` runs a command, `session` puts the parts together, `proxy` passes requests on or
refuses them.

An extra, `qiskit-runtime-rest[offline]`.
"""

from ..errors import MissingExtra

try:
    from .in_process import in_environment
    from .running import CannotRun, run
    from .session import EMULATOR_OPTIONS, Offline, beside
    from .traffic import Report
except ModuleNotFoundError as error:
    raise MissingExtra("running programs offline", extra="offline", module=error.name) from None

__all__ = ["EMULATOR_OPTIONS", "CannotRun", "Offline", "Report", "beside", "in_environment", "run"]
