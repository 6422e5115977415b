"""The environment variables that lead a program, in any language, to the proxy and its certificate authority."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from attrs import frozen

from .authority import TRUST_STORE_PASSWORD, Authority
from .hosts import CLASSIC_HOSTS, SERVICE_HOSTS

__all__ = ["Environment"]

PRELOAD = Path(__file__).parent / "preload.cjs"

LOCAL = ("localhost", "127.0.0.1", "::1")
"""Hosts that programs reach without the proxy."""

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "WS_PROXY", "WSS_PROXY")
CERTIFICATE_VARIABLES = (
    "SSL_CERT_FILE",  # OpenSSL: Python, Ruby, PHP; Go, Rust, .NET
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "DENO_CERT",
    "GIT_SSL_CAINFO",
    "PIP_CERT",
    "AWS_CA_BUNDLE",
    "JULIA_SSL_CA_ROOTS_PATH",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
    "WEBSOCKET_CLIENT_CA_BUNDLE",
)
ADDRESSES = (
    "QISKIT_IBM_URL",
    "IAM_URL",
    "GLOBAL_SEARCH_URL",
    "GLOBAL_CATALOG_URL",
    "RESOURCE_CONTROLLER_URL",
)
"""Addresses of services. Those elsewhere are taken away: the program finds the services by their names."""

PLATFORM = "cloud.ibm.com"
"""What SDKs call the address of the service, from which they make its name."""

TOKEN = "QISKIT_IBM_TOKEN"  # noqa: S105 - the name of the variable
APPENDED = ("JAVA_TOOL_OPTIONS", "NODE_OPTIONS")
"""Variables with options, to which those of the run are added."""


@frozen(kw_only=True)
class Environment:
    """What a program is given, besides the environment that it would have anyway."""

    proxy: str
    tls_port: int
    authority: Authority
    api_key: str | None = None
    """For programs whose environment and account file have none."""

    @property
    def variables(self) -> Mapping[str, str]:
        """The variables to set."""
        host, port = self.proxy.removeprefix("http://").rsplit(":", 1)
        exempt = {name: ",".join(LOCAL) for name in ("NO_PROXY", "no_proxy")}
        proxies = {name: self.proxy for upper in PROXY_VARIABLES for name in (upper, upper.lower())}
        hosts = [*SERVICE_HOSTS, *CLASSIC_HOSTS]
        java = {
            "http.proxyHost": host,
            "http.proxyPort": port,
            "https.proxyHost": host,
            "https.proxyPort": port,
            "http.nonProxyHosts": '"localhost|127.0.0.1|[::1]"',
            "javax.net.ssl.trustStore": f'"{self.authority.trust_store}"',
            "javax.net.ssl.trustStoreType": "PKCS12",
            "javax.net.ssl.trustStorePassword": TRUST_STORE_PASSWORD,
        }
        return {
            **proxies,
            **exempt,
            **dict.fromkeys(CERTIFICATE_VARIABLES, str(self.authority.certificate)),
            "SSL_CERT_DIR": str(self.authority.no_certificates),
            "JAVA_TOOL_OPTIONS": " ".join(f"-D{name}={value}" for name, value in java.items()),
            "NODE_OPTIONS": f"--require {json.dumps(str(PRELOAD))}",
            "NODE_USE_ENV_PROXY": "1",
            "QRR_OFFLINE": json.dumps({"front": int(port), "tls": self.tls_port, "hosts": hosts}),
        }

    def added_to(self, given: Mapping[str, str], *, has_account: bool) -> dict[str, str]:
        """The environment of a program that would otherwise have the one `given`.

        Args:
            given: the environment, which stays as it is.
            has_account: whether the user's account file has an account.
        """
        kept = {name: value for name, value in given.items() if name not in ADDRESSES or _is_known(value)}
        variables = dict(self.variables)
        for name in APPENDED:
            variables[name] = " ".join(filter(None, (given.get(name), variables[name])))
        if self.api_key is not None and not has_account and not given.get(TOKEN):
            variables[TOKEN] = self.api_key
        return {**kept, **variables}


def _is_known(url: str) -> bool:
    try:
        return urlsplit(url).hostname in (PLATFORM, *SERVICE_HOSTS)
    except ValueError:
        return False
