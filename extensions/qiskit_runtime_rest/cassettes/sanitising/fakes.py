"""Replacements of secrets: the same text for the same secret, of the same form."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus, unquote

from ...base.redaction import LOOKS

__all__ = ["OPAQUE", "SHORTEST", "SHORTEST_NUMBER", "Fakes"]

OPAQUE = "replaced-"
SHORTEST = 8
"""Shorter texts are replaced where they were found, but not elsewhere: they could be parts of words."""
SHORTEST_NUMBER = 6
"""The same for texts with a digit, which are replaced as whole words only."""

PUBLIC_WORDS = frozenset(
    {"anonymous", "ibm-quantum", "not_supported", "qiskit-ibm-runtime", "qiskit-runtime-rest", "undefined"}
)
"""Words that may be the value of a secret's name, but are not secret."""

CRN_SEGMENTS = 10
CRN_SECRETS = {6: "a/", 7: "", 9: ""}
"""The secret segments of a CRN, with the prefix that stays: account, instance, resource."""


class Fakes:
    """Replaces secrets. Without the salt, a replacement does not reveal its secret."""

    def __init__(self, salt: bytes) -> None:
        """With the same salt, the same secret becomes the same text in any cassette."""
        self._salt = salt
        self._made: dict[str, str] = {}
        self.secrets: dict[str, None] = {}
        """Secrets to look for in all their forms; UUIDs are not among them."""
        self.words: dict[str, None] = {}
        """Secrets to look for as whole words: numbers and plain words."""

    def __call__(self, secret: str) -> str:
        """The replacement."""
        if secret not in self._made:
            self._made[secret] = self._make(secret)
        return self._made[secret]

    def replace(self, secret: str) -> str:
        """The replacement; from now on the secret is looked for everywhere."""
        if len(secret) >= SHORTEST and not secret.startswith(OPAQUE):
            self.secrets[secret] = None
        return self(secret)

    def replace_word(self, secret: str) -> str:
        """The same, but it is looked for as a whole word only, as written."""
        shortest = SHORTEST_NUMBER if re.search(r"\d", secret) else SHORTEST
        if len(secret) >= shortest and re.fullmatch(r"[\w.-]+", secret) and not self._is_public(secret):
            self.words[secret] = None
        return self(secret)

    @staticmethod
    def _is_public(word: str) -> bool:
        return word.lower() in PUBLIC_WORDS or word.startswith(OPAQUE)

    def forms(self, secret: str) -> Iterator[tuple[str, str]]:
        """Each form in which a secret may be written, with the same form of its replacement."""
        fake = self(secret)
        for written in (_as_is, quote_plus, _quoted, _in_json, lambda text: _in_json(_in_json(text)), _hex):
            yield written(secret), written(fake)

    def cores(self, secret: str) -> Iterator[tuple[str, str]]:
        """Each piece of base64 that reveals the secret inside, with its replacement."""
        for core in _base64_cores(secret.encode("utf-8", "surrogatepass")):
            yield core, self(core)

    def _make(self, secret: str) -> str:
        if not secret:
            return ""
        for name, make in self._SHAPES.items():
            if LOOKS[name].fullmatch(secret):
                return make(self, secret)
        if secret.isdecimal() and secret.isascii():
            return self._number(secret)
        return f"{OPAQUE}{self.digest(secret)[:16]}"

    def digest(self, secret: str) -> str:
        """Hexadecimal digits that depend on the secret and the salt."""
        return hmac.digest(self._salt, secret.lower().encode("utf-8", "surrogatepass"), "sha256").hex()

    def _crn(self, secret: str) -> str:
        encoded = "%3A" in secret.upper()
        segments = (unquote(secret) if encoded else secret).split(":")
        if len(segments) > CRN_SEGMENTS:
            segments = [*segments[: CRN_SEGMENTS - 1], ":".join(segments[CRN_SEGMENTS - 1 :])]
        for place, begin in CRN_SECRETS.items():
            own = segments[place].removeprefix(begin) if place < len(segments) else ""
            if own:
                segments[place] = begin + self.replace(own)
        fake = ":".join(segments)
        return quote(fake, safe="") if encoded else fake

    def _user(self, secret: str) -> str:
        kind, _, rest = secret.rpartition("-") if not LOOKS["uuid"].search(secret) else _before_uuid(secret)
        if LOOKS["uuid"].fullmatch(rest):
            return f"{kind}-{self(rest)}"
        return f"{kind}-{self.digest(secret)[: len(rest)].upper()}"

    def _mail(self, secret: str) -> str:
        return f"user-{self.digest(secret)[:8]}@example.com"

    def _uuid(self, secret: str) -> str:
        digits = self.digest(secret)
        fake = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
        return fake.upper() if secret.isupper() else fake

    def _account(self, secret: str) -> str:
        # The first digit is a letter, so that it still looks like an account id.
        return f"f{self.digest(secret)[1:32]}"

    def _number(self, secret: str) -> str:
        # It must not begin with 0, which JSON does not allow, and it must differ from the secret.
        digits = f"{int(self.digest(secret), 16):0{len(secret)}}"[-len(secret) :]
        first = 1 + int(self.digest(secret)[:8], 16) % 9
        fake = f"{first}{digits[1:]}"
        return fake if fake != secret else f"{first % 9 + 1}{digits[1:]}"

    _SHAPES: dict[str, Callable[[Fakes, str], str]] = {  # noqa: RUF012 - not changed
        "crn": _crn,
        "user": _user,
        "mail address": _mail,
        "uuid": _uuid,
        "account": _account,
    }


def _before_uuid(secret: str) -> tuple[str, str, str]:
    found = LOOKS["uuid"].search(secret)
    assert found is not None
    return secret[: found.start()].rstrip("-"), "-", found.group()


def _as_is(text: str) -> str:
    return text


def _quoted(text: str) -> str:
    return quote(text, safe="")


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _hex(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").hex()


def _base64_cores(secret: bytes) -> Iterator[str]:
    """The piece of base64 that encodes a secret, for each of its three possible offsets."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + secret).decode()
        core = encoded[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        if len(core) >= SHORTEST:
            yield core
            if re.search("[+/]", core):
                yield core.replace("+", "-").replace("/", "_")
