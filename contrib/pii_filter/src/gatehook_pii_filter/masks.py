"""What is put where personal data stood.

Marks hold no digits, so nothing takes one for data and masks it in turn: ``[ssn:kfmb-ajcd-nnpe-gbla]``.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

from gatehook import PluginContext

Strategy = Literal["redact", "partial", "hash", "tokenize", "remove"]

_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_TOKEN = re.compile(r"\[[a-z][a-z0-9_]*:[a-p]{4}(?:-[a-p]{4}){4}\]")


def mark(kind: str, number: bytes) -> str:
    """``[kind:abcd-efgh-…]``, four letters for two bytes."""
    letters = number.hex().translate(_LETTERS)
    return f"[{kind}:{'-'.join(letters[place : place + 4] for place in range(0, len(letters), 4))}]"


def hashed(kind: str, text: str, key: bytes) -> str:
    """A mark that is the same for the same text, and cannot be guessed without the key: HMAC-SHA-256, 64 bits of it."""
    return mark(kind, hmac.digest(key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")[:8])


class Vault:
    """The texts behind the tokens of one request, over what the plugin's state keeps of them.

    They live and die with the request, and are JSON data, so that the plugin may run on another machine. Only what the
    caller sent is ever given back, and only to the same principal.
    """

    def __init__(self, kept: dict[str, Any]) -> None:
        self._texts: dict[str, str] = kept["texts"]
        self._tokens: dict[str, dict[str, str]] = kept["tokens"]

    @classmethod
    def of(cls, context: PluginContext) -> Vault:
        """The request's vault; a new one if another principal asks."""
        principal = [context.request.user, context.request.tenant_id]
        kept = context.get_state("vault")
        if kept is None or kept["principal"] != principal:
            kept = {"principal": principal, "texts": {}, "tokens": {}}
            context.set_state("vault", kept)
        return cls(kept)

    def token(self, kind: str, text: str, keep: bool) -> str:
        """The token for a text, the same one for the same text; ``keep`` if it may be given back."""
        tokens = self._tokens.setdefault(kind, {})
        if text not in tokens:
            tokens[text] = mark(kind, secrets.token_bytes(10))
        token = tokens[text]
        if keep:
            self._texts[token] = text
        return token

    def restored(self, text: str) -> str:
        """The text with what the caller sent in the place of its tokens."""
        if not self._texts or "[" not in text:
            return text
        return _TOKEN.sub(lambda match: self._texts.get(match[0], match[0]), text)


Mask = Callable[[str, str, Callable[[str], str] | None], str]
"""Takes a kind, the text that was found and its partial form; gives what to put there."""


def masking(
    strategies: Mapping[str, Strategy],
    default: Strategy,
    redaction_text: str,
    hash_key: bytes,
    token: Callable[[str, str], str] | None,
) -> Mask:
    """The strategies of a config as one function; without ``token`` there are no tokens."""

    def mask(kind: str, text: str, partial: Callable[[str], str] | None) -> str:
        match strategies.get(kind, default):
            case "remove":
                return ""
            case "hash":
                return hashed(kind, text, hash_key)
            case "tokenize" if token is not None:
                return token(kind, text)
            case "partial" if partial is not None:
                return partial(text)
            case _:
                return redaction_text.replace("{kind}", kind)

    return mask
