"""`qrr doctor`: check settings, credentials, service, API version, clock and extras."""

from __future__ import annotations

import datetime
import email.utils
import importlib.metadata
import os
import re
import stat
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from urllib.parse import urlsplit

import typer
from rich.text import Text

from ..base.text import LINES, printable
from ..config import account_file
from ..config.api_versions import API_VERSION
from ..errors import ApiError, ConfigurationError, NotFound, RuntimeRestError, TransportError
from .exit_status import FAILED
from .options import JsonOption, ServiceOptions, with_service_options
from .terminal import print_json, stdout, working

if TYPE_CHECKING:
    from ..config.settings import Settings

__all__ = ["Check", "Verdict", "all_checks", "clock_check", "doctor"]

Verdict: TypeAlias = Literal["ok", "warn", "fail"]

STYLES: dict[Verdict, str] = {"ok": "green", "warn": "yellow", "fail": "bold red"}

TIMEOUT_SECONDS = 15.0
SKEW_SECONDS = 60.0
"""With a larger difference between this clock and the service's, tokens look expired or not yet valid."""

DISTRIBUTION = "qiskit-runtime-rest"
EXTRAS = (
    *("cli", "numpy", "fast", "directed", "pandas", "plot", "qiskit", "httpx2"),
    *("emulator", "legacy", "offline", "contract"),
)
INDENT = " " * 22
"""Further lines of a check start below its text."""

WHERE_TO_SEND = {"QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_URL", "IAM_URL"}
"""Without one of these, requests would go elsewhere than was meant: if it is broken, none is sent."""

OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, kw_only=True)
class Check:
    """The outcome of one check."""

    name: str
    verdict: Verdict
    text: str


@with_service_options
def doctor(options: ServiceOptions, *, json: JsonOption = False) -> None:
    """Check settings, IAM, the service, versions, the clock and the extras. Secrets are not shown."""
    console = stdout()
    done: list[Check] = []
    checks = all_checks(options)
    while True:
        with working("checking"):
            check = next(checks, None)
        if check is None:
            break
        done.append(check)
        if not json:
            text = printable(f"  {check.name:<14} {check.text}", keep=LINES)
            console.print(Text.assemble((f"{check.verdict:<4}", STYLES[check.verdict]), text), soft_wrap=True)
    failed = any(check.verdict == "fail" for check in done)
    if json:
        print_json({"ok": not failed, "checks": [asdict(check) for check in done]})
    if failed:
        raise typer.Exit(FAILED)


def all_checks(options: ServiceOptions, *, now: datetime.datetime | None = None) -> Iterator[Check]:
    """Run every check, and yield each as soon as it is done. Texts contain no secrets.

    Args:
        options: the options of the command line, which win over the environment.
        now: None for the machine's time.
    """
    yield from _extras()
    yield from _surviving("account file", _account_file(options))
    environ = dict(os.environ)
    broken: set[str] = set()
    while True:
        try:
            settings = options.settings(timeout=TIMEOUT_SECONDS, environ=environ)
            break
        except ConfigurationError as error:
            variable = _culprit(error, options, environ)
            source = f" (from {variable})" if variable else ""
            yield Check(name="settings", verdict="fail", text=f"{error}{source}")
            if variable is None:
                return
            broken.add(variable)
            del environ[variable]
    yield from _surviving("settings", _configured(settings, options))
    if not broken & WHERE_TO_SEND:
        yield from _surviving("service", _of_service(settings, now=now))


def _culprit(error: ConfigurationError, options: ServiceOptions, environ: Mapping[str, str]) -> str | None:
    """The variable without which the settings do not have this error."""
    from ..config.settings import CA_BUNDLES, ENVIRONMENT

    for variable in (*ENVIRONMENT.values(), *CA_BUNDLES, "QISKIT_IBM_CHANNEL"):
        if variable in environ:
            try:
                options.settings(environ={name: value for name, value in environ.items() if name != variable})
            except ConfigurationError as other:
                if str(other) == str(error):
                    continue
            return variable
    return None


def _surviving(name: str, checks: Iterator[Check]) -> Iterator[Check]:
    """The checks; an error of one is a check that failed, and the next group goes on."""
    try:
        yield from checks
    except RuntimeRestError as error:
        yield Check(name=name, verdict="fail", text=str(error))
    except Exception as error:
        yield Check(name=name, verdict="fail", text=f"{type(error).__name__}: {error}")


def _of_service(settings: Settings, *, now: datetime.datetime | None) -> Iterator[Check]:
    if settings.instance_name is not None and settings.api_key is not None:
        from ..http.instance_search import named_instance

        settings = named_instance(settings)
        yield Check(name="instance", verdict="ok", text=f"its CRN is {settings.instance}")
    if settings.instance is None or settings.instance_name is not None:
        return
    # Answers of the oldest API versions have no sunset dates, so the newest one asks for the list.
    changes: dict[str, Any] = {"api_version": API_VERSION, "environ": {}}  # the environment may have broken settings
    newest = replace(settings, **changes)
    pinned = settings.api_version
    now = now or datetime.datetime.now(datetime.UTC)
    yield from _surviving("service", _service(newest, pinned=pinned, now=now))
    if settings.api_key is not None:
        yield from _surviving("access", _credentials(settings))


def _extras() -> Iterator[Check]:
    try:
        requirements = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        yield Check(
            name="extras", verdict="warn", text=f"{DISTRIBUTION} is not installed, but found on the import path."
        )
        return
    missing: dict[str, list[str]] = {extra: [] for extra in EXTRAS}
    for requirement in requirements:
        found = re.match(r"([\w.-]+).*;.*extra\s*==\s*['\"](\w+)['\"]", requirement)
        if found and found[2] in missing and not _is_installed(found[1]):
            missing[found[2]].append(found[1])
    for extra, packages in missing.items():
        text = f"not installed ({', '.join(packages)}); to add it: pip install '{DISTRIBUTION}[{extra}]'"
        yield Check(name=f"extra {extra}", verdict="ok", text=text if packages else "installed")


def _is_installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def _account_file(options: ServiceOptions) -> Iterator[Check]:
    path = options.account_file or account_file.default_path()
    try:
        mode = path.stat().st_mode
    except OSError:
        verdict: Verdict = "ok" if options.account_file is None else "fail"
        yield Check(name="account file", verdict=verdict, text=f"none at {path}; `qrr login` creates it.")
        return
    accounts, _ = account_file.read_accounts(path)
    for name in (account.name for account in accounts if account.api_key is None):
        text = f"account {name!r} has no API key: `qrr login --account {name} --overwrite` saves one."
        yield Check(name="account file", verdict="warn", text=text)
    if os.name == "posix" and mode & OTHERS_MAY_READ:
        text = f"{path} contains API keys, and other users of this machine can read it: chmod 600 {path}"
        yield Check(name="account file", verdict="warn", text=text)
    else:
        yield Check(name="account file", verdict="ok", text=str(path))


def _configured(settings: Settings, options: ServiceOptions) -> Iterator[Check]:
    """The settings, each with its source: the first source that has the value in force."""
    saved = _saved(options)
    account = f"account {saved.name!r}" if saved else ""
    environ = os.environ.get
    api_key = [("QISKIT_IBM_TOKEN", environ("QISKIT_IBM_TOKEN")), (account, saved.api_key if saved else None)]
    instance = [
        ("--instance", options.instance),
        ("QISKIT_IBM_INSTANCE", environ("QISKIT_IBM_INSTANCE")),
        (account, saved.instance if saved else None),
    ]
    base_url = [
        ("--base-url", options.base_url),
        ("QISKIT_IBM_URL", environ("QISKIT_IBM_URL")),
        (account, saved.url if saved else None),
        ("the instance's region", settings.base_url),
    ]
    iam_url = [
        ("--iam-url", options.iam_url),
        ("IAM_URL", environ("IAM_URL")),
        ("the instance's cloud", settings.iam_url),
    ]
    version = [("--api-version", options.api_version), ("this release's default", settings.api_version)]

    if settings.api_key is None:
        text = "none: set QISKIT_IBM_TOKEN, or save one with `qrr login`."
        yield Check(name="API key", verdict="fail", text=text)
    else:
        yield Check(name="API key", verdict="ok", text=f"set, not shown (from {_source(settings.api_key, api_key)})")
    if settings.instance is None:
        text = "none: set QISKIT_IBM_INSTANCE to a CRN, pass --instance, or save one with `qrr login`."
        yield Check(name="instance", verdict="fail", text=text)
    else:
        text = f"{settings.instance} (from {_source(settings.instance, instance)})"
        yield Check(name="instance", verdict="ok", text=text)
    for name, value, sources in (
        ("base URL", settings.base_url, base_url),
        ("IAM", settings.iam_url, iam_url),
        ("API version", settings.api_version, version),
    ):
        yield Check(name=name, verdict="ok", text=f"{value} (from {_source(value, sources)})")


def _saved(options: ServiceOptions) -> account_file.SavedAccount | None:
    try:
        return account_file.read_account(
            options.account_file or account_file.default_path(),
            name=options.account,
            channel=os.environ.get("QISKIT_IBM_CHANNEL") or None,
        )
    except ConfigurationError:
        return None  # the settings were complete without it


def _source(value: str, sources: Sequence[tuple[str, str | None]]) -> str:
    return next((name for name, text in sources if text is not None and text.strip() == value), "the settings")


def _service(settings: Settings, *, pinned: str, now: datetime.datetime) -> Iterator[Check]:
    """Whether the service answers a request without credentials; its API versions; its time."""
    from qiskit_runtime_api.api.versions import get_versions
    from qiskit_runtime_api.http_library import httpx

    from ..client.client import RuntimeClient
    from ..http.retry_policy import RetryPolicy

    try:
        with RuntimeClient(settings=settings, auth=httpx.Auth(), retries=RetryPolicy(attempts=1)) as client:
            listed = client.versions()
            headers = get_versions.sync_detailed(client=client.api).headers
    except RuntimeRestError as error:
        bare = isinstance(error, NotFound) and not urlsplit(settings.base_url).path.strip("/")
        hint = " The base URL of the service ends in /api." if bare else ""
        yield Check(name="service", verdict="fail", text=f"{error}{hint}")
        return
    yield Check(name="service", verdict="ok", text=f"answers at {settings.base_url}")
    yield from _version(pinned, listed, today=now.date())
    if headers.get("Date"):
        yield clock_check(headers["Date"], now=now)


def _version(pinned: str, listed: Sequence[Mapping[str, Any]], *, today: datetime.date) -> Iterator[Check]:
    """How long the service supports the pinned version, and what the latest changes."""
    from ..client.operations import OPERATIONS
    from ..contract.outlook import version_outlook

    known = [str(entry.get("version")) for entry in listed]
    if pinned not in known:
        text = f"the service has {', '.join(known) or 'none'}, not {pinned}: use another --api-version."
        yield Check(name="version", verdict="fail", text=text)
        return
    outlook = version_outlook(pinned, listed, today=today, uses=OPERATIONS)
    verdict: Verdict = "ok" if outlook.days_left is None else "fail" if outlook.days_left < 0 else "warn"
    changes = "".join(f"\n{INDENT}{change}" for change in outlook.changes or ())
    yield Check(name="version", verdict=verdict, text=f"{outlook.summary}{changes}")


def clock_check(date: str, *, now: datetime.datetime) -> Check:
    """Whether this machine's clock, which says `now`, agrees with the service's header `Date`."""
    try:
        skew = (now - email.utils.parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError):
        return Check(name="clock", verdict="warn", text=f"the service's Date header is not a date: {date[:40]!r}")
    if abs(skew) <= SKEW_SECONDS:
        return Check(name="clock", verdict="ok", text=f"within {SKEW_SECONDS:.0f} s of the service's")
    text = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the service's: set this machine's clock."
    return Check(name="clock", verdict="warn", text=text)


def _credentials(settings: Settings) -> Iterator[Check]:
    """Whether IAM exchanges the key for a token, and the service accepts the token for the instance."""
    from ..client.client import RuntimeClient
    from ..http.auth.iam import TOKEN_PATH
    from ..http.retry_policy import RetryPolicy

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the check of the version reports it
            client = RuntimeClient(settings=settings, retries=RetryPolicy(attempts=1))
        with client:
            backends = client.instances.get().backends or []
    except (ApiError, TransportError) as error:
        at_iam = error.url.endswith(TOKEN_PATH)
        if not at_iam:
            yield Check(name="token", verdict="ok", text="IAM exchanged the API key for a token")
        yield Check(name="token" if at_iam else "access", verdict="fail", text=str(error))
        return
    yield Check(name="token", verdict="ok", text="IAM exchanged the API key for a token")
    yield Check(name="access", verdict="ok", text=f"the service accepts it; the instance has {len(backends)} backends")
