"""Keys and tokens in the formats that their vendors document, from random bytes; none was ever issued."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable

from benchmarks.detection.checksums import base62_crc32
from benchmarks.detection.dice import ALNUM, BASE64, BASE64URL, HEX, LOWER, UPPER, Dice
from benchmarks.detection.values import Value

BASE32 = UPPER + "234567"


def aws_keys(dice: Dice) -> Value:
    if dice.chance(0.5):
        prefix = dice.pick(["AKIA", "AKIA", "ASIA"])
        return Value(prefix + dice.chars(BASE32, 16), "access key id")
    label = dice.pick(
        ["aws_secret_access_key", "AWS_SECRET_ACCESS_KEY", "AWS secret", "secret access key", "SecretAccessKey"]
    )
    return Value(dice.chars(BASE64, 40), "secret", named=True, label=label)


def _checked(prefix: str) -> Callable[[Dice], str]:
    """GitHub's format, and npm's: thirty random characters and their checksum."""

    def make(dice: Dice) -> str:
        body = dice.chars(ALNUM, 30)
        return prefix + body + base62_crc32(body)

    return make


def _github(dice: Dice) -> str:
    if dice.chance(0.3):
        return f"github_pat_{dice.chars(ALNUM, 22)}_{dice.chars(ALNUM, 59)}"
    return _checked(dice.pick(["ghp_", "gho_", "ghu_", "ghs_"]))(dice)


def _slack(dice: Dice) -> str:
    if dice.chance(0.7):
        return f"{dice.pick(['xoxb', 'xoxp'])}-{dice.digits(12)}-{dice.digits(13)}-{dice.chars(ALNUM, 24)}"
    return f"xapp-1-A{dice.chars(UPPER + '0123456789', 10)}-{dice.digits(13)}-{dice.chars(HEX, 64)}"


def _openai(dice: Dice) -> str:
    # T3BlbkFJ is base64 of "OpenAI".
    if dice.chance(0.5):
        return f"sk-{dice.chars(ALNUM, 20)}T3BlbkFJ{dice.chars(ALNUM, 20)}"
    return f"sk-proj-{dice.chars(BASE64URL, 74)}T3BlbkFJ{dice.chars(BASE64URL, 73)}A"


def _pypi(dice: Dice) -> str:
    body = base64.urlsafe_b64encode(b"\x02\x01\x08pypi.org\x02$" + dice.bytes(120)).decode().rstrip("=")
    return f"pypi-{body}"


def _jwt(dice: Dice) -> str:
    def part(data: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).decode().rstrip("=")

    head = part({"alg": dice.pick(["HS256", "RS256", "ES256"]), "typ": "JWT"})
    claims = part({"sub": str(dice.number(1, 10**9)), "iat": dice.number(1_600_000_000, 1_800_000_000)})
    return f"{head}.{claims}.{dice.chars(BASE64URL, 42)}A"


TOKENS: dict[str, Callable[[Dice], str]] = {
    "github": _github,
    "gitlab": lambda dice: f"glpat-{dice.chars(BASE64URL, 19)}{dice.pick(ALNUM)}",
    "slack": _slack,
    "stripe": lambda dice: f"{dice.pick(['sk', 'rk'])}_{dice.pick(['live', 'test'])}_{dice.chars(ALNUM, 24)}",
    "openai": _openai,
    "anthropic": lambda dice: f"sk-ant-api03-{dice.chars(BASE64URL, 93)}AA",
    "google": lambda dice: f"AIza{dice.chars(BASE64URL, 34)}{dice.pick(ALNUM)}",
    "npm": _checked("npm_"),
    "pypi": _pypi,
    "huggingface": lambda dice: f"hf_{dice.chars(ALNUM, 34)}",
    "sendgrid": lambda dice: f"SG.{dice.chars(BASE64URL, 22)}.{dice.chars(BASE64URL, 42)}A",
    "twilio": lambda dice: f"SK{dice.chars(HEX, 32)}",
    "jwt": _jwt,
}
NAMES = ("api_key", "API key", "apikey", "X-Api-Key", "access_token", "client_secret", "auth_token", "secret_key")


def api_keys(dice: Dice) -> Value:
    """One of a vendor, or a generic one that only its name gives away."""
    kind = dice.pick([*TOKENS, "generic", "generic"])
    if kind != "generic":
        return Value(TOKENS[kind](dice), kind)
    alphabet = dice.pick([ALNUM, HEX, LOWER + "0123456789"])
    return Value(dice.chars(alphabet, dice.pick([24, 32, 40, 48])), kind, named=True, label=dice.pick(NAMES))


PEM = ("RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PRIVATE KEY", "ENCRYPTED PRIVATE KEY")


def private_key(dice: Dice) -> Value:
    name = dice.pick([*PEM, "PGP PRIVATE KEY BLOCK"])
    body = base64.b64encode(b"0\x82" + dice.bytes(dice.pick([120, 610, 1190]))).decode()
    lines = [body[start : start + 64] for start in range(0, len(body), 64)]
    if name.startswith("PGP"):
        lines.insert(0, "")
    end = dice.pick(["\n", "\n", "\n", "\r\n", "\\n"])  # the last as in environment variables
    head, foot = f"-----BEGIN {name}-----{end}", f"{end}-----END {name}-----"
    inside = end.join(lines)
    variant = f"{name}, one line" if end == "\\n" else name
    return Value(head + inside + foot, variant, inner=(len(head), len(head) + len(inside)))
