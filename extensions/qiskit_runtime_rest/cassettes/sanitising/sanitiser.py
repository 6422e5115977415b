"""Replace secrets in texts: in URLs, forms, JSON, JSON in JSON, base64 and compressed values."""

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

from ...base.redaction import LOOKS
from .fakes import OPAQUE, SHORTEST, Fakes
from .packing import deflated, inflated, unpacked
from .patterns import (
    API_KEY,
    FORM,
    HIGH_ENTROPY,
    INNER_NAMES,
    KINDS,
    MARKS,
    NUMBER,
    PACKED_NAMES,
    STATED_NAMES,
    STRONG,
    is_credential,
    is_secret,
)

__all__ = ["Sanitiser"]

DEEPEST = 6
"""Encodings inside each other that are unpacked; a text below them is replaced whole."""

PUBLIC_CLAIMS = frozenset({"iss", "grant_type", "scope", "client_id", "acr", "amr", "realmid"})

PRINTED = re.compile(rb"[^\x00-\x08\x0e-\x1f\x7f]+")
JSON_TEXT = re.compile(r'("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?', re.DOTALL)


class Sanitiser:
    """Replaces secrets in texts.

    A secret that was found once is replaced in any form afterwards: pass everything twice, and keep the second outcome.
    """

    def __init__(self, fakes: Fakes, *, known: Iterable[str] = (), moved: Mapping[str, str] | None = None) -> None:
        """`known`: secrets. `moved`: addresses, each with the one to write in its place."""
        self._fakes = fakes
        for secret in known:
            fakes.replace(secret)
        self._met = 0
        self._moved = dict(moved or {})
        self._forms = dict(self._moved)
        self._cores: dict[str, str] = {}
        self._text_of_json = functools.lru_cache(maxsize=20_000)(self._uncached_text_of_json)

    def text(self, text: str, *, depth: int = 0, data: bool = False) -> str:
        """Any text. `data`: do not take a text for a key by its looks."""
        return self._json(text, depth, data) if '"' in text else self._plain(text, depth, data=data)

    def value(self, value: str, *, name: str = "", depth: int = 0) -> str:
        """The value of a header or of a query's field: a text that looks like a key is one."""
        if not value:
            return value
        if is_secret(name):
            return self._named(value)
        cleaned = self.text(value, depth=depth)
        if cleaned == value and HIGH_ENTROPY.fullmatch(value):
            return self._fakes.replace(value)
        return cleaned

    def credential(self, value: str) -> str:
        """The value of a header that authenticates: `Bearer ...`."""
        scheme, space, credential = value.partition(" ")
        if not space:
            return self._fakes.replace(value)
        if credential.startswith("eyJ"):
            self._learn_claims(credential)
        elif scheme.lower() == "basic":
            self._learn_basic(credential)
        return f"{scheme} {self._fakes.replace(credential)}"

    def opaque(self, value: str) -> str:
        """A text that is replaced whole, such as the id of a request."""
        return self._fakes.replace(value)

    def query(self, query: str, *, depth: int = 0) -> str:
        """A query, or a form."""
        parts = []
        for part in query.split("&"):
            name, equals, value = part.partition("=")
            plain = unquote_plus(value)
            cleaned = self.value(plain, name=unquote_plus(name), depth=depth)
            # An unchanged value keeps its encoding.
            parts.append(f"{self._plain(name, depth)}{equals}{value if cleaned == plain else quote_plus(cleaned)}")
        return "&".join(parts)

    def path(self, path: str) -> str:
        """The path of a URL, percent-encoded."""
        return "/".join(
            segment if (cleaned := self.value(unquote(segment))) == unquote(segment) else quote(cleaned, safe="")
            for segment in path.split("/")
        )

    def body(self, body: bytes, *, is_result: bool = False) -> bytes:
        """A body: a text, or bytes that are replaced whole if they contain a secret.

        `is_result`: do not take a text for a key by its looks.
        """
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            cleaned_bytes = self._cleaned(body, 0, is_result)
            return OPAQUE.encode() if cleaned_bytes is None else cleaned_bytes
        cleaned = self.query(text) if FORM.fullmatch(text) else self.text(text, data=is_result)
        return body if cleaned == text else cleaned.encode("utf-8", "surrogatepass")

    def leaks(self, document: str) -> bool:
        """Whether a document still contains a secret that was found, in any form."""
        forms = (form for form in self._all_forms() if form not in self._moved)
        if any(form in document for form in itertools.chain(forms, self._cores)):
            return True
        # Names of fields stay, even if a user has the same name.
        words = self._words_in(document)
        return words is not None and re.search(rf"{words}(?!\\*\"\s*:)", document) is not None

    def _json(self, text: str, depth: int, data: bool) -> str:
        """JSON, whole or in part, or a text with JSON in it; only strings with a secret are changed."""
        parts, end, names = [], 0, _Names()
        for form, fake in self._all_forms().items():
            if '"' in form:  # The loop below would take it apart.
                text = text.replace(form, fake)
        for found in JSON_TEXT.finditer(text):
            between, literal, colon = text[end : found.start()], found[1], found[2]
            if between.strip(", \n"):
                parts.append(self._between(between, names.current, depth, data))
                names.pass_over(between)
            else:
                parts.append(between)
            said = _unescaped(literal)
            if colon:
                names.call(said)
                is_name = said.isalpha() and said in self._fakes.words
                cleaned = literal if is_name else self._text_of_json(literal, "", depth, data)
            else:
                cleaned = self._text_of_json(literal, names.current, depth, data)
                names.state(said)
            parts += [cleaned, colon or ""]
            end = found.end()
        rest, quote_, cut = text[end:].partition('"')
        parts.append(self._between(rest, names.current, depth, data))
        names.pass_over(rest)
        if quote_:
            parts.append(self._cut(cut, names.current, depth, data))
        return "".join(parts)

    def _between(self, text: str, name: str, depth: int, data: bool) -> str:
        """The part between two strings of JSON: numbers, or any text if it is not JSON."""
        if name and is_secret(name):
            text = NUMBER.sub(lambda found: self._named(found[0]), text)
        return self._plain(text, depth, data=data) if re.search(r"[A-Za-z]", text) else self._whole_words(text)

    def _whole_words(self, text: str) -> str:
        words = self._words_in(text)
        return text if words is None else re.sub(words, lambda found: self._fakes(found[0]), text, flags=re.ASCII)

    def _cut(self, text: str, name: str, depth: int, data: bool) -> str:
        """A string of JSON that was cut off, with its opening quote."""
        literal = f'"{text}"'
        cleaned = self._text_of_json(literal, name, depth, data)
        return cleaned.removesuffix('"')

    def _uncached_text_of_json(self, literal: str, name: str, depth: int, data: bool) -> str:
        text = _unescaped(literal)
        if not text:
            return literal
        data = data or name in PACKED_NAMES
        if name and is_secret(name):
            cleaned = self._named(text)
        else:
            cleaned = self.text(text, depth=depth + 1, data=data)
            unknown = cleaned == text and not data
            if unknown and API_KEY.fullmatch(text) and unpacked(text) is None:
                cleaned = self._fakes.replace(text)
        return literal if cleaned == text else json.dumps(cleaned)

    def _named(self, secret: str) -> str:
        """A value whose name says that it is secret. A number or a plain word is replaced elsewhere as a whole word."""
        if secret.startswith("eyJ"):
            self._learn_claims(secret)
        is_part = len(secret) < SHORTEST or secret.isdecimal() or re.search(r"[\d@ ]", secret) is None
        return self._fakes.replace_word(secret) if is_part else self._fakes.replace(secret)

    def _plain(self, text: str, depth: int, *, packed: bool = True, data: bool = False) -> str:
        """A text without structure. `packed`: it may contain base64. `data`: as for `text`."""
        if len(text) < SHORTEST:
            return self._whole_words(text)
        if depth > DEEPEST:
            return self._fakes(text)
        left_out = {name for name, mark in MARKS.items() if not mark.search(text)}
        left_out |= {"base64", "key"} if not packed else {"key"} if data else set()
        kinds = {name: pattern for name, pattern in KINDS.items() if name not in left_out}
        forms = self._all_forms() if packed else {**self._all_forms(), **self._cores}
        if words := self._words_in(text):
            kinds = {"word": words, **kinds}
        if met := sorted((form for form in forms if form in text), key=len, reverse=True):
            kinds = {"form": "|".join(map(re.escape, met)), **kinds}
        pattern = "|".join(f"(?P<{name}>{pattern})" for name, pattern in kinds.items())

        def replaced(found: re.Match[str]) -> str:
            whole = found[0]
            match found.lastgroup:
                case "form":
                    return forms[whole]
                case "word":
                    return self._fakes(whole)
                case "token":
                    self._learn_claims(whole)
                    return self._fakes.replace(whole)
                case "credential":
                    return self._fakes.replace(whole)
                case "basic":
                    is_one = self._learn_basic(whole)
                    return self._fakes.replace(whole) if is_one else self._unpacked(whole, depth, data)
                case "assigned":
                    value = found["assigned_value"]
                    begin, end = (place - found.start() for place in found.span("assigned_value"))
                    return f"{whole[:begin]}{forms.get(value) or self._named(value)}{whole[end:]}"
                case "looks":
                    # A UUID is not a credential, and there may be thousands.
                    return self._fakes(whole) if LOOKS["uuid"].fullmatch(whole) else self._fakes.replace(whole)
                case "key":
                    is_key = unpacked(whole) is None
                    return self._fakes.replace(whole) if is_key else self._unpacked(whole, depth, data)
                case "query":
                    return whole[0] + self.query(whole[1:], depth=depth + 1)
                case "userinfo":
                    return ":".join(map(self._named, whole.split(":", 1)))
                case "percent":
                    plain = unquote(whole)
                    cleaned = self.text(plain, depth=depth + 1, data=data)
                    return whole if cleaned == plain else quote(cleaned, safe="")
                case "address":
                    return self._address(whole)
                case _:
                    return self._unpacked(whole, depth, data)

        return re.sub(pattern, replaced, text, flags=re.ASCII)

    def _unpacked(self, packed: str, depth: int, data: bool) -> str:
        """A text that may be base64."""
        alphabet = b"-_" if "-" in packed or "_" in packed else b"+/"
        bare = packed.rstrip("=")
        try:
            content = base64.b64decode(bare + "=" * (-len(bare) % 4), alphabet, validate=True)
        except binascii.Error:
            return self._plain(packed, depth, packed=False, data=data)
        if (cleaned := self._cleaned(content, depth, data)) is None:
            return self._fakes(packed)
        if cleaned == content:
            return self._plain(packed, depth, packed=False, data=data)
        encoded = base64.b64encode(cleaned, alphabet).decode()
        return encoded if packed.endswith("=") else encoded.rstrip("=")

    def _cleaned(self, content: bytes, depth: int, data: bool) -> bytes | None:
        """Bytes of a text, plain or compressed; None if secrets in them cannot be replaced."""
        try:
            return self.text(content.decode("utf-8"), depth=depth + 1, data=data).encode()
        except UnicodeDecodeError:
            pass
        plain = inflated(content) or b""
        if PRINTED.fullmatch(plain):
            cleaned = self.text(plain.decode("utf-8", "replace"), depth=depth + 1, data=data).encode()
            if cleaned != plain:
                plain, content = cleaned, deflated(cleaned, content)
        return None if self._contains_secret(content, plain) else content

    def _contains_secret(self, *contents: bytes) -> bool:
        """Whether bytes that are not a text contain a secret."""
        secrets = [secret.encode("utf-8", "surrogatepass") for secret in self._fakes.secrets]
        return any(STRONG.search(content) or any(one in content for one in secrets) for content in contents)

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
        """Take the identities in a bearer token for secrets."""
        payload = token.partition(".")[2].partition(".")[0]
        try:
            claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        except (ValueError, RecursionError):
            return
        for name, text in _leaves(claims):
            if is_secret(name) or re.search(r"[\d@ ]", text):
                self._named(text)

    def _learn_basic(self, packed: str) -> bool:
        """Take name and password for secrets; False if it is not a pair of them."""
        try:
            name, colon, password = base64.b64decode(packed).decode("utf-8").partition(":")
        except ValueError:
            return False
        for secret in (name, password) if colon else ():
            self._named(secret)
        return bool(colon)

    def _words_in(self, text: str) -> str | None:
        """A pattern of the secret words in the text; None without any."""
        words = [re.escape(word) for word in self._fakes.words if word in text]
        return rf"(?<![\w.])(?:{'|'.join(words)})(?!\w|\.\d)" if words else None

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


class _Names:
    """The name of the current value while a JSON document is read from begin to end."""

    def __init__(self) -> None:
        self.current = ""
        self._outer: list[str] = []
        self._stated = ""

    def pass_over(self, between: str) -> None:
        """Go on over the part between two strings."""
        for brace in re.findall(r"[{}]", between):
            self._stated = ""
            if brace == "{":
                self._outer.append(self.current)
                self.current = ""
            else:
                self.current = self._outer.pop() if self._outer else ""

    def call(self, name: str) -> None:
        """Take a string for the name of the next value."""
        outer = self._outer[-1] if self._outer else ""
        if name in INNER_NAMES and is_secret(outer):
            name = outer
        elif name in INNER_NAMES and self._stated:
            name = self._stated
        self.current = name

    def state(self, value: str) -> None:
        """Take a value into account, which may be the name of another value."""
        if self.current in STATED_NAMES and is_credential(value):
            self._stated = value


def _leaves(claims: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Texts, and numbers with the name of an id, each with its name."""
    if isinstance(claims, str) or (type(claims) is int and is_secret(name)):
        yield name, str(claims)
    elif isinstance(claims, Mapping):
        for inner, value in claims.items():
            if inner not in PUBLIC_CLAIMS:
                yield from _leaves(value, inner)
    elif isinstance(claims, list):
        for value in claims:
            yield from _leaves(value, name)
