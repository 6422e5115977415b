"""Texts without what is secret in them: in URLs, forms, JSON, JSON in JSON, base64 and compressed values."""

from __future__ import annotations

import base64
import binascii
import functools
import ipaddress
import itertools
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ..secrets import LOOKS
from .fakes import OPAQUE, SHORTEST, Fakes
from .packing import inflated, unpacked

__all__ = ["Sanitiser"]

DEEPEST = 6
"""So many encodings may be inside of each other; what is deeper is replaced whole."""

CREDENTIALS = re.compile(
    r"(?:\wkey(?:[_-]?id)?|token|passw(?:or)?d|passcode|secret|credentials?|signature|authorization|cookie|^sig)$",
    re.IGNORECASE,
)
"""Names, in JSON, forms and queries, of what opens something."""

IDENTITIES = re.compile(
    r"^(?:user|username|user[_-]?name|user_?id|iam_?id|ims_?id|ims_?user_?id|iui|account|account_?id|bss|bss_?account"
    r"|owner|owner_?id|created_?by|updated_?by|e?-?mail|given_?name|family_?name|trace|transaction_?id|request_?id)$",
    re.IGNORECASE,
)
"""Names of who somebody is, or which request it was."""

PACKED = frozenset({"__value__", "circuit_b64"})
"""Names of values that are packed, and may look like anything."""

CLAIMS_THAT_TELL_NOTHING = frozenset({"iss", "grant_type", "scope", "client_id", "acr", "amr", "realmid"})

HIGH_ENTROPY = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[\w+/=~.-]{40,}", re.ASCII)
API_KEY = re.compile(r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=\D*\d)[\w-]{43,48}", re.ASCII)

KINDS: Mapping[str, str] = {
    "url": r"https?://[^\s\"'<>\\?]{1,1000}\?[^\s\"'<>\\]+",
    "percent": r"(?<![\w.~+-])[\w.~+-]*(?:%[0-9A-Fa-f]{2}[\w.~+-]*)+",
    "token": LOOKS["token"].pattern,
    "credential": f"(?i:{LOOKS['credential'].pattern})",
    "looks": "|".join(f"(?i:{looks.pattern})" for name, looks in LOOKS.items() if name not in ("token", "credential")),
    "address": (
        r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])|(?<![\w:.])[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?![\w:.])"
    ),
    "base64": r"[\w+/-]{11,}={0,2}",
}
"""What may be a secret or hold one, wherever it stands; where two of them fit, the first counts."""

JSON_TEXT = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?', re.DOTALL)
STRONG = re.compile(rb"\beyJ[\w-]{5,}\.eyJ[\w-]{5,}\.|IBMid-\w{6,}|crn:v1:\w+:\w+:|iam-ServiceId-")


class Sanitiser:
    """Replaces what is secret. What it met, it finds again in any form: show it everything before anything is kept."""

    def __init__(self, fakes: Fakes, *, known: Iterable[str] = (), moved: Mapping[str, str] | None = None) -> None:
        """`known`: secrets. `moved`: addresses, and what to write in their place."""
        self._fakes = fakes
        for secret in known:
            fakes.keep_out(secret)
        self._met = 0
        self._moved = dict(moved or {})
        self._forms = dict(self._moved)
        self._cores: dict[str, str] = {}
        self._text_of_json = functools.lru_cache(maxsize=20_000)(self._uncached_text_of_json)

    # Each of these gives the text without secrets.

    def text(self, text: str, *, depth: int = 0, data: bool = False) -> str:
        """Any text; `data`: what merely looks like a key is none."""
        return self._json(text, depth, data) if '"' in text else self._plain(text, depth)

    def value(self, value: str, *, name: str = "", depth: int = 0) -> str:
        """A header's value or a query's, of which nothing is known but its name: what looks like a key is one."""
        if not value:
            return value
        if CREDENTIALS.search(name) or IDENTITIES.search(name):
            return self._named(value)
        cleaned = self.text(value, depth=depth)
        if cleaned == value and HIGH_ENTROPY.fullmatch(value):
            return self._fakes.keep_out(value)
        return cleaned

    def credential(self, value: str) -> str:
        """The value of a header that authenticates: `Bearer ...`."""
        scheme, space, credential = value.partition(" ")
        if not space:
            return self._fakes.keep_out(value)
        if credential.startswith("eyJ"):
            self._learn_claims(credential)
        return f"{scheme} {self._fakes.keep_out(credential)}"

    def opaque(self, value: str) -> str:
        """A text that tells nothing but who it belongs to."""
        return self._fakes.keep_out(value)

    def query(self, query: str, *, depth: int = 0) -> str:
        """A query, or a form."""
        parts = []
        for part in query.split("&"):
            name, equals, value = part.partition("=")
            plain = unquote_plus(value)
            cleaned = self.value(plain, name=unquote_plus(name), depth=depth)
            # What is not changed stays to the letter.
            parts.append(f"{self._plain(name, depth)}{equals}{value if cleaned == plain else quote_plus(cleaned)}")
        return "&".join(parts)

    def path(self, path: str) -> str:
        """The path of a URL, percent-encoded."""
        return "/".join(
            segment if (cleaned := self.value(unquote(segment))) == unquote(segment) else quote(cleaned, safe="")
            for segment in path.split("/")
        )

    def body(self, body: bytes, *, is_result: bool = False) -> bytes:
        """A body: a text, or one that is replaced whole if something is in it.

        `is_result`: what merely looks like a key is none.
        """
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            return OPAQUE.encode() if self._betrays(body) else body
        cleaned = self.text(text, data=is_result)
        return body if cleaned == text else cleaned.encode("utf-8", "surrogatepass")

    def leaks(self, document: str) -> bool:
        """Whether a secret that was met is in the document all the same, in any form."""
        forms = (form for form in self._all_forms() if form not in self._moved)
        return any(form in document for form in itertools.chain(forms, self._cores))

    # How it is done.

    def _json(self, text: str, depth: int, data: bool) -> str:
        """JSON, whole or not, or a text with JSON in it; nothing is changed but texts that hold a secret."""
        parts, end, name = [], 0, ""
        for form, fake in self._all_forms().items():
            if '"' in form:  # It would be taken apart.
                text = text.replace(form, fake)
        for found in JSON_TEXT.finditer(text):
            between, literal, colon = text[end : found.start()], found[1], found[2]
            if len(between) >= SHORTEST and re.search(r"[A-Za-z]", between):
                between = self._plain(between, depth)
            if colon:
                name = _unescaped(literal)
                literal = self._text_of_json(literal, "", depth, data)
            else:
                literal = self._text_of_json(literal, name, depth, data)
            parts += [between, literal, colon or ""]
            end = found.end()
        rest = text[end:]
        return "".join([*parts, self._plain(rest, depth) if len(rest) >= SHORTEST else rest])

    def _uncached_text_of_json(self, literal: str, name: str, depth: int, data: bool) -> str:
        text = _unescaped(literal)
        if not text:
            return literal
        if CREDENTIALS.search(name) or IDENTITIES.search(name):
            cleaned = self._named(text)
        else:
            cleaned = self.text(text, depth=depth + 1, data=data)
            unknown = cleaned == text and name not in PACKED and not data
            if unknown and API_KEY.fullmatch(text) and unpacked(text) is None:
                cleaned = self._fakes.keep_out(text)
        return literal if cleaned == text else json.dumps(cleaned)

    def _named(self, secret: str) -> str:
        """What its name gives away; a plain word is not looked for elsewhere."""
        if secret.startswith("eyJ"):
            self._learn_claims(secret)
        tells = re.search(r"[\d@ ]", secret) is not None
        return self._fakes.keep_out(secret) if tells else self._fakes(secret)

    def _plain(self, text: str, depth: int, *, packed: bool = True) -> str:
        """A text without a structure; `packed`: it may hold base64."""
        if len(text) < SHORTEST:
            return text
        if depth > DEEPEST:
            return self._fakes(text)
        kinds = {name: pattern for name, pattern in KINDS.items() if packed or name != "base64"}
        forms = self._all_forms() if packed else {**self._all_forms(), **self._cores}
        if met := sorted((form for form in forms if form in text), key=len, reverse=True):
            kinds = {"form": "|".join(map(re.escape, met)), **kinds}
        pattern = "|".join(f"(?P<{name}>{pattern})" for name, pattern in kinds.items())

        def replaced(found: re.Match[str]) -> str:
            match found.lastgroup:
                case "form":
                    return forms[found[0]]
                case "token":
                    self._learn_claims(found[0])
                    return self._fakes.keep_out(found[0])
                case "credential":
                    return self._fakes.keep_out(found[0])
                case "looks":
                    # A UUID opens nothing, and there may be thousands.
                    is_uuid = LOOKS["uuid"].fullmatch(found[0])
                    return self._fakes(found[0]) if is_uuid else self._fakes.keep_out(found[0])
                case "url":
                    address, _, query = found[0].partition("?")
                    return f"{self._plain(address, depth + 1)}?{self.query(query, depth=depth + 1)}"
                case "percent":
                    plain = unquote(found[0])
                    cleaned = self.text(plain, depth=depth + 1)
                    return found[0] if cleaned == plain else quote(cleaned, safe="")
                case "address":
                    return self._address(found[0])
                case _:
                    return self._unpacked(found[0], depth)

        return re.sub(pattern, replaced, text, flags=re.ASCII)

    def _unpacked(self, packed: str, depth: int) -> str:
        """A text that may be base64."""
        alphabet = b"-_" if "-" in packed or "_" in packed else b"+/"
        bare = packed.rstrip("=")
        try:
            content = base64.b64decode(bare + "=" * (-len(bare) % 4), alphabet, validate=True)
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            return self._fakes(packed) if self._betrays(content) else self._plain(packed, depth, packed=False)
        except binascii.Error:
            return self._plain(packed, depth, packed=False)
        cleaned = self.text(text, depth=depth + 1)
        if cleaned == text:
            return self._plain(packed, depth, packed=False)
        encoded = base64.b64encode(cleaned.encode(), alphabet).decode()
        return encoded if packed.endswith("=") else encoded.rstrip("=")

    def _betrays(self, content: bytes) -> bool:
        """Whether there is a secret in bytes that are no text, or in what they are compressed of."""
        for plain in (content, inflated(content) or b""):
            if STRONG.search(plain) or any(
                secret.encode("utf-8", "surrogatepass") in plain for secret in self._fakes.secrets
            ):
                return True
        return False

    def _address(self, text: str) -> str:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_unspecified:
            return text
        digits = self._fakes.digest(text)
        return f"192.0.2.{int(digits[:2], 16)}" if address.version == 4 else f"2001:db8::{digits[:4]}"

    def _learn_claims(self, token: str) -> None:
        """Who a bearer token says that somebody is."""
        payload = token.partition(".")[2].partition(".")[0]
        try:
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (ValueError, RecursionError):
            return
        for text in _leaves(claims):
            if re.search(r"[\d@ ]", text):
                self._fakes.keep_out(text)

    def _all_forms(self) -> Mapping[str, str]:
        for secret in list(self._fakes.secrets)[self._met :]:
            self._forms.update(self._fakes.forms(secret))
            self._cores.update(self._fakes.cores(secret))
            self._text_of_json.cache_clear()
        self._met = len(self._fakes.secrets)
        return self._forms


def _unescaped(literal: str) -> str:
    if "\\" not in literal:
        return literal[1:-1]
    try:
        return str(json.loads(literal, strict=False))
    except ValueError:
        return literal[1:-1]


def _leaves(claims: object) -> Iterator[str]:
    if isinstance(claims, str):
        yield claims
    elif isinstance(claims, Mapping):
        for name, value in claims.items():
            if name not in CLAIMS_THAT_TELL_NOTHING:
                yield from _leaves(value)
    elif isinstance(claims, list):
        for value in claims:
            yield from _leaves(value)
