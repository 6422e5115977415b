"""Check the options of a client, apart from them: importing a client needs none of this."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...arguments import FLAG, PATH, Check, check
from ...errors import ConfigurationError

__all__ = ["check_options"]


def _with(*attributes: str) -> Callable[[Any], bool]:
    return lambda value: all(hasattr(value, name) for name in attributes)


CHECKS: Mapping[str, Check] = {
    "settings": Check(_with("base_url", "instance"), "Settings"),
    "auth": Check(_with("sync_auth_flow", "async_auth_flow"), "an httpx.Auth"),
    "retries": Check(_with("delay", "within"), "a RetryPolicy"),
    "poll_interval": Check(_with("interval"), "a PollInterval"),
    "submission": Check(_with("settle", "wait_for_room"), "a SubmissionPolicy"),
    "journal": Check(lambda value: FLAG.fits(value) or PATH.fits(value), "True, False or the path of a file"),
    "state_path": PATH,
    "clock": Check(_with("monotonic", "time", "sleep", "sleep_async"), "a clock"),
    "job_class": Check(lambda value: isinstance(value, type), "a class"),
    "transport": Check(
        lambda value: hasattr(value, "handle_request") or hasattr(value, "handle_async_request"),
        "an httpx.BaseTransport or httpx.AsyncBaseTransport",
    ),
    "limits": Check(_with("max_connections"), "an httpx.Limits"),
    "event_hooks": Check(lambda value: isinstance(value, Mapping), "a mapping from an event to functions"),
    "http_options": Check(lambda value: isinstance(value, Mapping), "a mapping from a name to an option of httpx"),
}
"""The options beside those of `Settings`, which checks its own. Each may be None."""


def check_options(options: Mapping[str, Any]) -> None:
    """Refuse options of a wrong type. Raises: ConfigurationError."""
    check({name: value for name, value in options.items() if value is not None}, CHECKS, error=ConfigurationError)
