"""A certificate authority for one run. Its key, and those of its certificates, stay in this process."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from pathlib import Path

import trustme
from attrs import field, frozen
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12Certificate, serialize_java_truststore

__all__ = ["TRUST_STORE_PASSWORD", "Authority"]

TRUST_STORE_PASSWORD = "changeit"  # noqa: S105 - Java's well-known default; the file holds no secret
PROTOCOLS = ["http/1.1"]
"""What TLS offers: clients that would like HTTP/2 fall back to it."""


@frozen(kw_only=True)
class Authority:
    """The certificates that a program must trust, as files, and the server's TLS context."""

    certificate: Path
    """The authority's certificate, PEM."""
    trust_store: Path
    """The same for Java, PKCS #12."""
    no_certificates: Path
    """An empty folder: in place of the system's folder of certificates."""
    context: ssl.SSLContext = field(repr=False)

    @classmethod
    def create(cls, folder: Path, *, hosts: Iterable[str]) -> Authority:
        """Make an authority and a certificate for `hosts`; its files are below `folder`."""
        authority = trustme.CA(organization_name="qrr offline")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_alpn_protocols(PROTOCOLS)
        authority.issue_cert(*hosts).configure_cert(context)
        pem = authority.cert_pem.bytes()
        one = cls(
            certificate=folder / "ca.pem",
            trust_store=folder / "ca.p12",
            no_certificates=folder / "no-certificates",
            context=context,
        )
        one.certificate.write_bytes(pem)
        trusted = PKCS12Certificate(x509.load_pem_x509_certificate(pem), b"qrr offline")
        encryption = BestAvailableEncryption(TRUST_STORE_PASSWORD.encode())
        one.trust_store.write_bytes(serialize_java_truststore([trusted], encryption))
        one.no_certificates.mkdir(exist_ok=True)
        return one
