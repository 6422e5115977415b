"""Settings of a client: from arguments, then the environment, then the account file."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack, cast
from urllib.parse import urlsplit

from ..arguments import FLAG, check_library, is_one_of, real_number
from ..base.secret import Secret, hidden, misplaced
from ..base.text import shown
from ..errors import ConfigurationError
from .api_versions import API_VERSION
from .crn import EXAMPLE, WHERE, Crn
from .options import Primitives, SettingsOptions, Validate

if TYPE_CHECKING:
    import ssl

    from qiskit_runtime_api.http_library import httpx

__all__ = ["API_VERSION", "Settings"]

DEFAULT_URL = "https://quantum.cloud.ibm.com/api"
PLATFORM_HOSTS = ("cloud.ibm.com", "test.cloud.ibm.com")
CLASSIC_HOSTS = ("quantum-computing.ibm.com", "quantum-computing.cloud.ibm.com")
HOST = r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f.:]+\])(:[0-9]*)?"
PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
SERVICE_SUBMISSIONS_PER_MINUTE = 5.0
SECRETS = ("api_key", "token")
CA_BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Variables with the path of a CA bundle that other tools read; httpx itself reads SSL_CERT_FILE and SSL_CERT_DIR."""

SERVICE_HOST = re.compile(r"(private\.)?([a-z0-9-]+\.)?quantum(\.test)?\.cloud\.ibm\.com")
QUOTES = "\"'"
ENVIRONMENT = {
    "api_key": "QISKIT_IBM_TOKEN",
    "instance": "QISKIT_IBM_INSTANCE",
    "url": "QISKIT_IBM_URL",
    "iam_url": "IAM_URL",
    "submissions_per_minute": "QRR_SUBMISSIONS_PER_MINUTE",
    "save_to": "QRR_SAVE_TO",
    "token_cache": "QRR_TOKEN_CACHE",
    "validate": "QRR_VALIDATE",
    "primitives": "QRR_PRIMITIVES",
}
TEXT = (str, "a text")
ARGUMENT_TYPES: Mapping[str, tuple[Any, str]] = {
    **dict.fromkeys(("api_key", "token", "instance", "base_url", "iam_url", "application", "account"), TEXT),
    "api_version": (str | date, f"a date such as {API_VERSION}"),
    "proxies": (Mapping, "a mapping from scheme to URL, such as {'https': 'http://proxy.example:8080'}"),
    "save_to": (str | Path, "the path of a folder"),
    "account_path": (str | Path, "the path of a file"),
}
"""The type of each argument, and its name in messages."""

NEEDED = {
    "api_key": ("API key", "QISKIT_IBM_TOKEN", "Create a key on IBM Quantum Platform."),
    "instance": ("instance", "QISKIT_IBM_INSTANCE", f"{WHERE}: {EXAMPLE}"),
}
"""Required settings: name, environment variable, and source."""

SWITCHES = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


@dataclass(frozen=True, kw_only=True, init=False, repr=False)
class Settings:
    """All settings of a client: a value, without a connection.

    Each argument is optional. Arguments take precedence over the environment, and the environment over the account
    file. An account with a given name takes precedence over the environment, too.

    Attributes:
        api_key: IBM Cloud API key (`QISKIT_IBM_TOKEN`; `token` in the account file).
        token: a bearer token, used instead of an API key and never refreshed.
        instance: the instance's CRN (`QISKIT_IBM_INSTANCE`), or its name, which a client looks up once, with a request,
            when it is made.
        base_url: the service without `/v1` (`QISKIT_IBM_URL`). A given URL is not changed, except that a `/v1` at its
            end is removed. By default the CRN's region decides.
        iam_url: the host that exchanges the key for a token (`IAM_URL`).
        api_version: `IBM-API-Version`: a date, or a text `YYYY-MM-DD`.
        timeout: seconds without progress, more than 0, after which a request fails, or an `httpx.Timeout`; None: the
            defaults of `qiskit_runtime_rest.http`.
        verify: TLS: True, False, the path of a CA bundle, or an `ssl.SSLContext`. With True, the bundle of
            `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE` or `CURL_CA_BUNDLE`, if one is set.
        submissions_per_minute: maximum number of jobs sent per minute (`QRR_SUBMISSIONS_PER_MINUTE`); None: no
            limit; by default 5 on the real service (its own limit for a user) and no limit on a loopback host.
        proxies: scheme (`http`, `https`) or `scheme://host` to proxy URL, in addition to the environment's proxies,
            which are not used for loopback hosts.
        application: name of the calling application, sent in `X-Qx-Client-Application`.
        save_to: folder to save each result in before it is decoded (`QRR_SAVE_TO`); None: results are not saved.
        token_cache: share bearer tokens with the user's other processes (`QRR_TOKEN_CACHE`): True: in the state file;
            or the path of a file.
        validate: check each response against the contract of its API version (`QRR_VALIDATE`): "responses" raises
            `ContractViolation`, "warn" warns with `ContractWarning`, and a function is called with the violation
            (an `AsyncRuntimeClient` awaits it). An error response raises its own error in any case. None or "off":
            no check. Needs the extra `contract`.
        primitives: which program runs `sampler` and `estimator` (`QRR_PRIMITIVES`): "service" (its own), or "executor",
            with the rest of the work in the client; None: the service's own, as long as it has them.
        allow_insecure_http: allow `http://` URLs of other machines, to which keys and tokens then travel in the clear.

    Raises:
        ConfigurationError: a setting cannot work; the message says what to do.

    Source: https://quantum.cloud.ibm.com/docs/guides/cloud-setup-rest-api (hosts and headers).
    """

    api_key: str | None
    token: str | None
    instance: str | None
    base_url: str
    iam_url: str
    api_version: str
    timeout: float | httpx.Timeout | None
    verify: bool | str | ssl.SSLContext
    submissions_per_minute: float | None
    proxies: Mapping[str, str]
    application: str
    save_to: Path | None
    token_cache: bool | Path
    validate: Validate | None
    primitives: Primitives | None
    allow_insecure_http: bool

    def __init__(self, *, environ: Mapping[str, str] | None = None, **options: Unpack[SettingsOptions]) -> None:
        """Resolve and check. `environ`: the environment variables, in place of those of the process."""
        environ = _Hidden(os.environ if environ is None else environ)
        options = cast("SettingsOptions", hidden(options))
        unknown = [name for name in options if name not in SettingsOptions.__annotations__]
        if unknown:
            raise TypeError(f"Settings() takes no argument {unknown[0]!r}.")
        arguments: dict[str, Any] = {name: options.get(name) for name in SettingsOptions.__annotations__}
        token, base_url, account = arguments["token"], arguments["base_url"], arguments["account"]
        account_path = arguments["account_path"]
        submissions_per_minute = options.get("submissions_per_minute", "default")
        _check_types(arguments)
        variables: dict[str, Any] = hidden(
            {name: _unquoted(environ[variable]) for name, variable in ENVIRONMENT.items() if environ.get(variable)}
        )
        found = [arguments, variables]
        if account is not None:
            found = [arguments, _saved(account_path, name=account), variables]
        elif not _pick(found, "instance") or not (token or _pick(found, "api_key")):
            found.append(_saved(account_path, channel=environ.get("QISKIT_IBM_CHANNEL")))

        for source in found:
            if (wrong := misplaced(source, [token, _pick(found, "api_key")])) is not None:
                raise ConfigurationError(wrong)
        instance = _pick(found, "instance") or None
        crn = None if instance is None or Crn.is_name(instance) else Crn.parse(instance)
        private = bool(_pick(found, "private_endpoint"))
        service = base_url or _service_url(_pick(found, "url"), crn, private=private)
        if is_one_of(submissions_per_minute, ["default"]):
            submissions_per_minute = variables.get("submissions_per_minute", "default")
        insecure = bool(arguments["allow_insecure_http"])
        iam_url = _pick(found, "iam_url") or _iam_url(crn, private=private)
        resolved: dict[str, Any] = {
            "api_key": None if token else _printable(_pick(found, "api_key"), "API key"),
            "token": _printable(token, "token"),
            "instance": str(crn) if crn else instance and instance.strip(),
            "base_url": _with_api(re.sub("(?<=[^/])/v1/?$", "", _http_url(service, "base_url", insecure=insecure))),
            "iam_url": re.sub("/identity/token/?$", "", _http_url(iam_url, "iam_url", insecure=insecure)),
            "api_version": _api_version(arguments["api_version"]),
            "timeout": _timeout(arguments["timeout"]),
            "verify": _verify(_pick(found, "verify", default=True), environ),
            "submissions_per_minute": _submission_limit(submissions_per_minute, service),
            "proxies": _proxies(_pick(found, "proxies", default={})),
            "application": _application(arguments["application"] or "qiskit-runtime-rest"),
            "save_to": _folder(_pick(found, "save_to")),
            "token_cache": _token_cache(_pick(found, "token_cache", default=False)),
            "validate": _validate(_pick(found, "validate")),
            "primitives": _primitives(_pick(found, "primitives")),
            "allow_insecure_http": insecure,
        }
        for name, value in resolved.items():
            object.__setattr__(self, name, value)

    @property
    def instance_name(self) -> str | None:
        """The instance, if it is a name that was not looked up yet."""
        return self.instance if self.instance is not None and Crn.is_name(self.instance) else None

    def with_instance(self, crn: str) -> Settings:
        """These settings for the instance with this CRN, which `instance_name` was found to be.

        The URL of the service follows from its region, unless another host was given.
        """
        found = Crn.parse(crn)
        changed = object.__new__(type(self))
        for name, value in vars(self).items():
            object.__setattr__(changed, name, value)
        object.__setattr__(changed, "instance", str(found))
        if self.base_url == DEFAULT_URL:
            object.__setattr__(changed, "base_url", found.base_url())
        return changed

    @property
    def user(self) -> str:
        """Identifies the user of these settings by a hash that reveals neither key nor token."""
        identity = f"{self.base_url}|{self.iam_url}|{self.api_key or self.token or ''}"
        return hashlib.sha256(identity.encode()).hexdigest()[:32]

    def __repr__(self) -> str:
        """All settings except secrets and the proxies' URLs, which can contain a password."""
        known = {field.name: getattr(self, field.name) for field in fields(self) if hasattr(self, field.name)}
        known |= {name: "***" for name in SECRETS if known.get(name) is not None}
        if "proxies" in known:
            known["proxies"] = dict.fromkeys(sorted(self.proxies), "***")
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in known.items())})"


class _Hidden(Mapping[str, str]):
    """The environment, of which tracebacks with local variables show nothing."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __repr__(self) -> str:
        return f"<{len(self)} environment variables>"


def _check_types(arguments: Mapping[str, Any]) -> None:
    """Refuse arguments of a wrong type. Their values are not shown: one can be a key in the wrong place."""
    for name, (kind, called) in ARGUMENT_TYPES.items():
        value = arguments[name]
        if value is not None and not isinstance(value, kind):
            raise ConfigurationError(f"{name}: expected {called}, got {type(value).__name__}.")
    if not FLAG.or_none.accepts(insecure := arguments["allow_insecure_http"]):
        raise ConfigurationError(f"allow_insecure_http={shown(insecure)}: expected {FLAG.or_none.expected}.")


def _pick(found: list[dict[str, Any]], name: str, *, default: Any = None) -> Any:
    return next((source[name] for source in found if source.get(name) is not None), default)


def _saved(path: str | Path | None, *, name: str | None = None, channel: str | None = None) -> dict[str, Any]:
    from . import account_file

    if channel:
        account_file.check_channel(channel)
    where = account_file.default_path() if path is None else Path(path)
    account = account_file.read_account(where, name=name, channel=channel or None)
    return vars(account) if account is not None else {}


def _service_url(url: str | None, crn: Crn | None, *, private: bool) -> str:
    """The service's base URL: `url`, except the URL of the platform; for it and for None, the CRN decides."""
    host = _host(url) if url else ""
    if host.endswith(CLASSIC_HOSTS):
        raise ConfigurationError(
            f"{host} was a host of the classic API, which was removed. Leave the URL out: the instance's CRN decides."
        )
    if url and host not in PLATFORM_HOSTS:
        return url
    return crn.base_url(private=private) if crn else DEFAULT_URL


def _host(url: str) -> str:
    """The host in lower case; empty for what is not a URL, which `_http_url` refuses."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _with_api(url: str) -> str:
    """`url`, with the path of the API where the host is the service's and the path was left out."""
    parts = urlsplit(url)
    known = SERVICE_HOST.fullmatch(parts.hostname or "") is not None and parts.path in ("", "/")
    return f"{url.rstrip('/')}/api" if known and not parts.query else url


def _iam_url(crn: Crn | None, *, private: bool) -> str:
    return crn.iam_url(private=private) if crn else "https://iam.cloud.ibm.com"


def _http_url(url: str, name: str, *, insecure: bool) -> str:
    if "@" in url.partition("?")[0]:
        raise ConfigurationError(
            f"{name} contains a user name or password: leave them out, the API key identifies you."
        )
    if not _is_url(url, ("http", "https")):
        raise ConfigurationError(f"{name}={url!r}: expected an http(s) URL such as https://quantum.cloud.ibm.com/api.")
    if urlsplit(url).scheme == "http" and not insecure and not _is_this_machine(url):
        raise ConfigurationError(
            f"{name}={url!r}: API key and token would travel to another machine in the clear. Use an https:// URL. If "
            "the network is your own, pass allow_insecure_http=True (`qrr`: --allow-insecure-http)."
        )
    return url


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    # A server on all addresses, such as 0.0.0.0, prints that one.
    return address.is_loopback or address.is_unspecified


def _is_url(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether `url` has one of `schemes` and a host; an international host name must be in its ASCII form."""
    try:
        parts = urlsplit(url)
        named = re.fullmatch(HOST, parts.netloc.rpartition("@")[2]) is not None and parts.port != 0
    except ValueError:
        return False
    return named and parts.scheme in schemes and re.fullmatch(r"[!-~]+", url) is not None


def _proxies(proxies: Mapping[str, str]) -> dict[str, str]:
    for scheme, url in proxies.items():
        if not isinstance(scheme, str) or not isinstance(url, str) or not _is_url(url, PROXY_SCHEMES):
            # The URL is not shown: it can contain a password.
            raise ConfigurationError(
                f"the proxy for {scheme!r}: expected a URL such as http://proxy.example:8080, of one of the schemes "
                f"{', '.join(PROXY_SCHEMES)}."
            )
    return dict(proxies)


def _application(name: str) -> str:
    if not (name.isascii() and name.isprintable()):
        raise ConfigurationError(f"application={name!r}: a header contains it, so it must be printable ASCII.")
    return name


def _api_version(version: str | date | None) -> str:
    if isinstance(version, date):
        version = f"{version:%Y-%m-%d}"
    if version is not None and not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", version):
        raise ConfigurationError(f"api_version={version!r}: expected a date such as {API_VERSION}.")
    return version or API_VERSION


def _timeout(timeout: Any) -> float | httpx.Timeout | None:
    if timeout is None:
        return None
    from numbers import Real

    if not isinstance(timeout, Real) or isinstance(timeout, bool):
        from qiskit_runtime_api.http_library import httpx

        if isinstance(timeout, httpx.Timeout):
            return timeout
        check_library({"timeout": timeout})
        raise ConfigurationError(f"timeout={shown(timeout)}: expected a number of seconds or an httpx.Timeout.")
    seconds = real_number(timeout)
    if not 0 < seconds < float("inf"):
        raise ConfigurationError(
            f"timeout={shown(timeout)}: must be more than 0 seconds. Leave it out for the default time-outs, or pass "
            "httpx.Timeout(None) for no time-out."
        )
    return seconds


def _verify(verify: Any, environ: Mapping[str, str]) -> bool | str | ssl.SSLContext:
    if verify is True:
        return _ca_bundle(environ) or True
    if isinstance(verify, bool | str):
        return verify
    if isinstance(verify, Path):
        return str(verify)
    import ssl

    if not isinstance(verify, ssl.SSLContext):
        raise ConfigurationError(
            f"verify={shown(verify)}: expected True, False, the path of a CA bundle, or an ssl.SSLContext."
        )
    return verify


def _ca_bundle(environ: Mapping[str, str]) -> str | None:
    """The CA bundle of the variables that httpx does not read; those that it reads come first."""
    if environ.get("SSL_CERT_FILE") or environ.get("SSL_CERT_DIR"):
        return None
    variable = next((name for name in CA_BUNDLES if environ.get(name)), None)
    if variable is None:
        return None
    path = _unquoted(environ[variable])
    if not Path(path).is_file():
        raise ConfigurationError(f"{variable}={path!r} is not a file: correct the path of the CA bundle, or unset it.")
    return path


def _unquoted(text: str) -> str:
    """`text` without a pair of quotes around it, which `docker --env-file` and copied lines leave there."""
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] in QUOTES and text[0] == text[-1] else text


def _printable(given: str | None, what: str) -> Secret | None:
    """The secret that was `given`, without white space around it.

    It must be printable ASCII for a header; errors do not show it.
    """
    secret = Secret(_unquoted(given)) if given is not None else None
    if secret and not (secret.isascii() and secret.isprintable()):
        raise ConfigurationError(
            f"the {what} contains a line break or a character that is not allowed in it: copy it again."
        )
    return secret or None


def _folder(path: str | Path | None) -> Path | None:
    return Path(path) if path else None


def _token_cache(wanted: bool | str | Path) -> bool | Path:
    if isinstance(wanted, str):
        wanted = SWITCHES.get(wanted.lower(), Path(wanted))
    if not isinstance(wanted, bool | Path):
        raise ConfigurationError(f"token_cache={shown(wanted)}: expected True, False or the path of a file.")
    return wanted


def _validate(wanted: Any) -> Validate | None:
    if wanted is None or wanted is False or (isinstance(wanted, str) and SWITCHES.get(wanted.lower()) is False):
        return None
    if is_one_of(wanted, ("responses", "warn")) or callable(wanted):
        return wanted  # type: ignore[no-any-return]  # one of the literals, or a function
    raise ConfigurationError(f"validate={shown(wanted)}: expected 'responses', 'warn', 'off' or a function.")


def _primitives(wanted: Any) -> Primitives | None:
    if wanted is None or is_one_of(wanted, ("service", "executor")):
        return wanted  # type: ignore[no-any-return]  # one of the literals
    raise ConfigurationError(f"primitives={shown(wanted)}: expected 'service' or 'executor'.")


def _submission_limit(limit: float | str | None, service: str) -> float | None:
    if is_one_of(limit, ["default"]):
        return None if _is_this_machine(service) else SERVICE_SUBMISSIONS_PER_MINUTE
    if limit is None or (isinstance(limit, str) and limit.lower() == "none"):
        return None
    try:
        number = float(limit) if isinstance(limit, str) else real_number(limit)
    except ValueError:
        number = 0.0
    if not number > 0:
        raise ConfigurationError(f"submissions_per_minute={shown(limit)}: expected a positive number or None.")
    return number if number < float("inf") else None


def require_instance(settings: Settings) -> str:
    """The instance's CRN. Raises a `ConfigurationError` if there is none."""
    if settings.instance is None:
        raise _missing(["instance"])
    return settings.instance


def require_credentials(settings: Settings, *, key: bool, instance: bool = True) -> None:
    """Raise one `ConfigurationError` for all missing settings: of the `key` (or token) and the `instance`."""
    missing = ["api_key"] if key and settings.api_key is None and settings.token is None else []
    if instance and settings.instance is None:
        missing.append("instance")
    if missing:
        raise _missing(missing)


def _missing(names: Sequence[str]) -> ConfigurationError:
    things, variables, sources = zip(*(NEEDED[name] for name in names), strict=True)
    return ConfigurationError(
        f"{' and '.join(f'no {thing}' for thing in things)}: pass {' and '.join(f'{name}=' for name in names)}, set "
        f"{' and '.join(variables)}, or save an account with `qrr login`. {' '.join(sources)} Without an account, use "
        "the emulator on this machine: `qrr emulator serve` prints the environment variables for it."
    )
