"""What keys and tokens look like: a row for each format, with the prefix, alphabet and length that its issuer gives it.

The formats are those that the issuers document, and those of the rule set of gitleaks (``config/gitleaks.toml``, see
``LICENSES/gitleaks.txt``), which holds the entropy floors, too.

Every search takes time linear in the text. A format of fixed length looks no further than that; one without an upper
length takes all that its alphabet allows (``++`` gives nothing back), and the search goes on behind it even if it is
refused.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from math import log2

Found = tuple[int, int, str]
"""Start and end in the whole text, and the name of the rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    begins: str
    """What a secret begins with, divided by spaces. What begins with a sign (``:AA``) stands in a secret's midst."""
    rest: str
    """The expression after it, without groups."""
    entropy: float = 2.5
    """Bits per character that the rest must have: less is a placeholder, or words."""
    before: str = ""
    """The expression before what stands in the midst."""
    between: str | None = None
    """The expression between what only announces a secret (``sig=``) and the rest, which then is the whole secret."""
    accepts: Callable[[str], bool] | None = None
    """Judges the whole secret."""


def _has_jose_header(token: str) -> bool:
    """Whether the first part is an object that names an algorithm (RFC 7515, RFC 7516), and others follow."""
    head, _, rest = token.partition(".")
    if "." not in rest or len(head) > 8192:
        return False
    try:
        decoded = _base64(head)
        header = json.loads(decoded) if b'"alg"' in decoded else None
    except (ValueError, RecursionError):
        return False
    return isinstance(header, dict) and "alg" in header


def _base64(text: str) -> bytes:
    """Of either alphabet, padded or not. Raises binascii.Error, a ValueError."""
    return a2b_base64(text.translate(_URL_SAFE) + "=" * (-len(text) % 4))


def _is_no_template(password: str) -> bool:
    """Not ``$PASSWORD``, ``{password}``, ``<password>``, ``%s``, ``***``, ``xxxx`` or ``password``."""
    return password[0] not in "${<[%" and len(set(password)) > 1 and password.lower() not in _CALLED_PASSWORD


_CALLED_PASSWORD = frozenset({"pass", "passwd", "password", "passwort", "pwd", "secret", "token"})
_URL_SAFE = str.maketrans("-_", "+/")
_DIGIT = "(?=[A-Za-z]{0,63}[0-9])"

# fmt: off
RULES = (
    # -- clouds
    # AWS: IAM user guide, "IAM identifiers", unique id prefixes; Bedrock user guide, "API keys"
    Rule("aws_access_key_id", "AKIA ASIA ABIA ACCA", r"[A-Z0-9]{16}", 2.0),
    Rule("aws_access_key_id", "A3T", r"[A-Z0-9]{17}", 2.5),
    Rule("aws_bedrock_key", "ABSK", r"[A-Za-z0-9+/]{109,}+={0,2}"),
    Rule("aws_bedrock_key", "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t", r"[A-Za-z0-9+/=]{20,}+"),
    # Azure: Storage, "Configure connection strings", "Create a service SAS"; Entra, "Client secrets"
    Rule("azure_account_key", "AccountKey= SharedAccessKey= AccessKey=", r"[A-Za-z0-9+/]{43,}+={1,2}", between=""),
    Rule("azure_signature", "sig=", r"(?:[A-Za-z0-9/+]|%2[BFbf]){43,}+(?:=|%3[Dd])?", 4.0, between=""),
    Rule("azure_client_secret", "~", r"(?<=[0-9]Q~)[\w.~-]{31,34}", 3.5, before=r"[\w.~]{3}[0-9]Q"),
    # Google: Cloud documentation, "Manage API keys", "OAuth 2.0 client secrets", "Token types"
    Rule("google", "AIza", r"[\w-]{35}"),
    Rule("google", "ya29.", r"[\w-]{20,}+", 3.5),
    Rule("google", "GOCSPX-", r"[\w-]{28}"),
    Rule("google", "1//0", r"[\w-]{38,}+", 4.0),
    # DigitalOcean, "Create a personal access token"; Alibaba Cloud, "AccessKey pair"
    Rule("digitalocean", "dop_v1_ doo_v1_ dor_v1_", r"[0-9a-f]{64}"),
    Rule("alibaba", "LTAI", r"[A-Za-z0-9]{20}"),
    # Cloudflare, "Token formats" (40 characters and a checksum); "Origin CA keys"
    Rule("cloudflare", "cfk_ cfut_ cfat_", r"[A-Za-z0-9]{40,}+"),
    Rule("cloudflare", "v1.0-", r"[0-9a-f]{24}-[0-9a-f]{146}"),
    # Guides to tokens of Heroku ("Platform API: OAuth"), Fly.io, Scalingo and Supabase
    Rule("heroku", "HRKU-AA", r"[\w-]{58}", 4.0),
    Rule("fly", "fo1_", r"[\w-]{43}", 4.0),
    Rule("fly", "fm1r_ fm1a_ fm2_", r"[A-Za-z0-9+/]{100,}+={0,3}", 4.0),
    Rule("scalingo", "tk-us-", r"[\w-]{48}"),
    Rule("supabase", "sbp_", r"[0-9a-f]{40}"),
    Rule("supabase", "sb_secret_", r"[\w-]{22,}+"),

    # -- source code and packages
    # GitHub, "Behind GitHub's new authentication token formats" (2021); changelog of 2026-05-15 for those with a JWT
    Rule("github", "ghp_ gho_ ghu_ ghr_", r"[A-Za-z0-9]{36,}+"),
    Rule("github", "ghs_", r"(?:[\w-]|\.(?=[\w-])){36,}+"),
    Rule("github", "github_pat_", r"\w{36,}+"),
    # GitLab, "Token overview", "Token prefixes"
    Rule("gitlab", "glpat- gldt- glrt- glrtr- glft- glsoat- glffct- glimt- glagent- gloas- glwt- GR1348941",
         r"[\w-]{20,}+(?:\.[0-9a-z]{2}[0-9a-z]{7})?"),
    Rule("gitlab", "glptt-", r"[0-9a-f]{40}"),
    Rule("gitlab", "glcbt-", r"[0-9a-zA-Z]{1,5}_[\w-]{20,}+"),
    # Atlassian, "API tokens"; Bitbucket app passwords and access tokens
    Rule("atlassian", "ATATT3 ATCTT3", r"[\w=-]{100,}+"),
    Rule("atlassian", "ATBB", r"[A-Za-z0-9]{28,32}"),
    # npm, PyPI ("pypi-" and a macaroon), RubyGems, Clojars, Docker Hub, Artifactory, Octopus Deploy: guides to tokens
    Rule("npm", "npm_", r"[A-Za-z0-9]{36}"),
    Rule("pypi", "pypi-AgE", r"[\w-]{50,}+"),
    Rule("rubygems", "rubygems_", r"[0-9a-f]{48}"),
    Rule("clojars", "CLOJARS_", r"[0-9a-z]{60}"),
    Rule("docker", "dckr_pat_ dckr_oat_", r"[\w-]{27,}+"),
    Rule("artifactory", "AKCp", r"[A-Za-z0-9]{69}", 4.0),
    Rule("artifactory", "cmVmd", r"[A-Za-z0-9]{59}", 4.0),
    Rule("octopus", "API-", rf"{_DIGIT}[A-Z0-9]{{26}}"),
    # Sourcegraph, Buildkite, CircleCI, Harness, Prefect, Infracost, SonarQube, Postman, Figma: guides to tokens
    Rule("sourcegraph", "sgp_", r"(?:(?:[0-9a-fA-F]{16}|local)_)?[0-9a-fA-F]{40}"),
    Rule("buildkite", "bkua_", r"[0-9a-f]{40}"),
    Rule("circleci", "CCIPAT_", r"[A-Za-z0-9]{22}_[0-9a-f]{40}"),
    Rule("harness", "pat. sat.", r"[\w-]{22}\.[A-Za-z0-9]{24}\.[A-Za-z0-9]{20}"),
    Rule("prefect", "pnu_", r"[A-Za-z0-9]{36}"),
    Rule("infracost", "ico-", r"[A-Za-z0-9]{32}"),
    Rule("sonarqube", "squ_ sqp_ sqa_", r"[0-9a-f]{40}"),
    Rule("postman", "PMAK-", r"[0-9a-f]{24}-[0-9a-f]{34}"),
    Rule("figma", "figd_ figo_ figor_ figoh_", r"[\w-]{40,}+"),

    # -- infrastructure
    # HashiCorp Vault, "Tokens"; HCP Terraform, "API tokens"; Doppler, "Token formats"; Pulumi, "Access tokens"
    Rule("vault", "hvs. hvb. hvr.", r"[\w-]{24,}+", 3.5),
    Rule("terraform", ".atlasv1.", r"(?<=[A-Za-z0-9]{14}\.atlasv1\.)[\w=-]{60,70}", 3.5,
         before=r"[A-Za-z0-9]{14}"),
    Rule("doppler", "dp.pt. dp.ct. dp.sa. dp.scim. dp.audit.", r"[A-Za-z0-9]{40,44}"),
    Rule("doppler", "dp.st.", r"(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,44}"),
    Rule("pulumi", "pul-", r"[0-9a-f]{40}"),
    # Databricks, PlanetScale, Dynatrace ("Token format"), OpenShift, Airtable, 1Password: guides to tokens
    Rule("databricks", "dapi", r"[0-9a-f]{32}(?:-[0-9])?"),
    Rule("planetscale", "pscale_tkn_ pscale_pw_ pscale_oauth_", r"[\w=-]{32,}+"),
    Rule("dynatrace", "dt0c01. dt0s01. dt0s16.", r"[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    Rule("openshift", "sha256~", r"[\w-]{43}", 3.5),
    Rule("airtable", "pat", r"[A-Za-z0-9]{14}\.[0-9a-f]{64}"),
    Rule("1password", "ops_eyJ", r"[A-Za-z0-9+/]{200,}+={0,3}"),
    Rule("1password", "A3-", r"[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}"),
    # Grafana, Sentry and New Relic, guides to service accounts, auth tokens and API keys
    Rule("grafana", "glsa_", r"[A-Za-z0-9]{32}_[0-9A-Fa-f]{8}"),
    Rule("grafana", "glc_ eyJrIjoi", r"[A-Za-z0-9+/]{32,}+={0,3}"),
    Rule("sentry", "sntrys_", r"[\w+/=-]{60,}+", 4.0),
    Rule("sentry", "sntryu_", r"[0-9a-f]{64}"),
    Rule("new_relic", "NRAK-", r"[A-Z0-9]{27}"),
    Rule("new_relic", "NRJS-", r"[0-9a-f]{19}", 2.5),
    Rule("new_relic", "NRII-", r"[\w-]{32}"),
    # age, "age(1)": Bech32 in capitals
    Rule("age", "AGE-SECRET-KEY-1", r"[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),

    # -- messages and mail
    # Guides to tokens and webhooks of Slack, Discord, Telegram ("Authorizing your bot") and Microsoft Teams
    Rule("slack", "xoxb- xoxp- xoxa- xoxr- xoxs- xoxo- xoxe- xoxe.xoxb- xoxe.xoxp- xapp-",
         r"(?=[A-Za-z-]{0,12}[0-9])[A-Za-z0-9-]{10,}+", 2.5),
    Rule("slack", "hooks.slack.com/", r"(?:services|workflows|triggers)/[A-Za-z0-9+/]{36,}+"),
    Rule("discord", "MT Mj MD Mz NT Nj ND Nz OT OD", r"[A-Za-z0-9]{22,26}\.[\w-]{6}\.[\w-]{27,38}", 4.0),
    Rule("discord", "discord.com/api/webhooks/ discordapp.com/api/webhooks/", r"[0-9]{15,20}/[\w-]{60,}+"),
    Rule("telegram", ":AA", r"[\w-]{32,33}", 3.5, before=r"(?:bot)?[0-9]{8,10}"),
    Rule("teams", ".webhook.office.com/", r"webhookb2/[0-9a-f@/-]{40,}+IncomingWebhook/[\w/-]{32,}+",
         before=r"[a-z0-9]{1,63}"),
    # SendGrid, Mailgun, Mailchimp, Brevo (Sendinblue), Twilio, Resend: guides to API keys
    Rule("sendgrid", "SG.", r"[\w-]{22}\.[\w-]{43}"),
    Rule("mailgun", "key- pubkey-", r"[0-9a-f]{32}"),
    Rule("mailchimp", "-us", r"(?<=[0-9a-f]{32}-us)[0-9]{1,2}", 0.0, before=r"[0-9a-f]{32}"),
    Rule("sendinblue", "xkeysib- xsmtpsib-", r"[0-9a-f]{64}-[A-Za-z0-9]{16}"),
    Rule("twilio", "SK AC", r"[0-9a-f]{32}"),
    Rule("resend", "re_", r"[A-Za-z0-9]{8}_[A-Za-z0-9]{24}"),

    # -- trade
    # Stripe, "API keys" and "Webhooks"; Square, "Access tokens"; Shopify, "Access tokens"; Shippo; EasyPost; Duffel
    Rule("stripe", "sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ pk_live_ pk_test_",
         r"(?=[a-z]{0,63}[A-Z0-9])[A-Za-z0-9]{16,}+"),
    Rule("stripe", "whsec_", r"[A-Za-z0-9+/]{32,}+={0,2}"),
    Rule("square", "sq0atp- sq0csp- sq0idp-", r"[\w-]{22,43}"),
    Rule("square", "EAAA", r"[\w-]{60}", 4.0),
    Rule("shopify", "shpat_ shpca_ shppa_ shpss_", r"[0-9a-fA-F]{32}"),
    Rule("shippo", "shippo_live_ shippo_test_", r"[0-9a-fA-F]{40}"),
    Rule("easypost", "EZAK EZTK", r"[A-Za-z0-9]{54}"),
    Rule("duffel", "duffel_test_ duffel_live_", r"[\w=-]{43}"),
    Rule("facebook", "EAAB EAAC EAAG EAAM", r"[A-Za-z0-9]{100,}+", 4.0),

    # -- models
    # OpenAI ("T3BlbkFJ" is base64 of its name), Anthropic, Hugging Face, Groq, xAI, Perplexity, Replicate, NVIDIA,
    # LangSmith, OpenRouter: as their consoles issue them
    Rule("anthropic", "sk-ant-", r"[a-z0-9]{3,10}-[\w-]{24,}+", 3.5),
    Rule("openai", "sk-proj- sk-svcacct- sk-admin- sk-None-",
         r"(?=[A-Za-z_-]{0,63}[0-9])(?:(?=[a-z0-9_-]{0,63}[A-Z])|(?=[a-z0-9]{20}))[\w-]{20,}+", 2.5),
    Rule("openrouter", "sk-or-v1-", r"[0-9a-f]{64}"),
    Rule("openai", "sk-", rf"{_DIGIT}[A-Za-z0-9]{{20,}}+"),
    Rule("huggingface", "hf_ api_org_", r"[A-Za-z0-9]{34}"),
    Rule("groq", "gsk_", r"[A-Za-z0-9]{52}"),
    Rule("xai", "xai-", r"[A-Za-z0-9]{80}"),
    Rule("perplexity", "pplx-", r"[A-Za-z0-9]{48}"),
    Rule("replicate", "r8_", r"[A-Za-z0-9]{37}"),
    Rule("nvidia", "nvapi-", r"[\w-]{64}"),
    Rule("langsmith", "lsv2_pt_ lsv2_sk_", r"[0-9a-f]{32}_[0-9a-f]{10}"),

    # -- work
    # Linear, Notion, ReadMe, Typeform, Dropbox, Frame.io, Adobe, SettleMint: guides to API keys
    Rule("linear", "lin_api_ lin_oauth_", r"[A-Za-z0-9]{40,}+"),
    Rule("notion", "ntn_", r"[0-9]{11}[A-Za-z0-9]{35}"),
    Rule("notion", "secret_", rf"{_DIGIT}[A-Za-z0-9]{{43}}", 4.0),
    Rule("readme", "rdme_", r"[a-z0-9]{70}"),
    Rule("typeform", "tfp_", r"[\w.=-]{59}"),
    Rule("dropbox", "sl.", r"[\w=-]{130,}+", 4.0),
    Rule("frameio", "fio-u-", r"[\w=-]{64}"),
    Rule("adobe", "p8e-", r"[A-Za-z0-9]{32}"),
    Rule("settlemint", "sm_aat_ sm_pat_ sm_sat_", r"[A-Za-z0-9]{16}"),

    # -- protocols
    # JSON Web Token (RFC 7519): three parts, or five if encrypted
    Rule("jwt", "eyJ", r"[\w-]{14,}+(?:\.[\w-]++\.[\w-]*+(?:\.[\w-]++\.[\w-]++)?|\.\.[\w-]++\.[\w-]++\.[\w-]++)?",
         accepts=_has_jose_header),
)
# fmt: on


# -- how they are found


def _one_expression(rules: Iterable[Rule]) -> tuple[re.Pattern[str], list[tuple[Rule, int]]]:
    """All rules, each a group, so that almost all that is no secret is refused by `re` alone.

    Returns:
        The expression; and for each group the rule, and how many characters of the secret stand before the group.
    """
    pairs = [(begin, rule) for rule in rules for begin in rule.begins.split()]
    # By the first letter, so that few alternatives are tried, the longest first; then by the first sign.
    pairs.sort(key=lambda pair: (not pair[0][0].isalnum(), pair[0][0], -len(pair[0])))
    words, midsts = [], {}
    for first, group in groupby(pairs, key=lambda pair: pair[0][0]):
        rest = "|".join(
            f"{re.escape(begin[1:])}{rule.between or ''}({rule.rest}{_end(rule.rest)})" for begin, rule in group
        )
        if first.isalnum():
            words.append(f"{first}(?:{rest})")
        else:
            midsts[re.escape(first)] = f"(?<={re.escape(first)})(?:{rest})"
    expression = re.compile(
        # Begins with a set of characters, to which `re` skips fast. A sign before a secret may be written %3D or
        # \u003d, the end of a line \n.
        r"[^A-Za-z0-9](?:(?:(?<=[%\\])(?:[0-9A-Fa-f]{2}|[nrt]|u[0-9A-Fa-f]{4}))?"
        f"(?:{'|'.join(words)})|(?<=[{''.join(midsts)}])(?:{'|'.join(midsts.values())}))",
        re.ASCII,
    )
    return expression, [(rule, 0 if rule.between is not None else len(begin)) for begin, rule in pairs]


def _end(rest: str) -> str:
    """A fixed length ends before anything else of the alphabet, any other where the alphabet ends."""
    if re.search(r"}\+|\+\+|@", rest):
        return ""
    return r"(?![\w-])" if r"\w" in rest[-16:] else "(?![A-Za-z0-9])"


_SECRET, _GROUPS = _one_expression(RULES)
_BEFORE = {
    rule.before: re.compile(
        rf"(?:(?<![\w\\-])|(?<=%[0-9A-Fa-f]{{2}})|(?<=\\[nrt])|(?<=\\u[0-9A-Fa-f]{{4}})){rule.before}\Z", re.ASCII
    )
    for rule in RULES
    if rule.before
}


def find_secrets(text: str, start: int, end: int) -> Iterator[Found]:
    """The secrets in a run of text without white space, in order."""
    if start == 0:
        # A secret begins after a sign, so give it one.
        for first, last, name in find_secrets(f" {text[:end]}", 1, end + 1):
            yield first - 1, last - 1, name
        return
    if text[start - 1] == " " and text[start - 2 : start - 1] in _LAST_OF_SCHEME:
        yield from _credentials(text, start, end)
    position = start - 1
    while match := _SECRET.search(text, position, end):
        position = match.end()
        index = match.lastindex or 0
        rule, length = _GROUPS[index - 1]
        first, last = match.span(index)
        if not _varies(text[first : min(last, first + 1024)], rule.entropy):
            continue
        first -= length
        if rule.before:
            before = _BEFORE[rule.before].search(text, max(0, first - 64), first)
            if not before:
                continue
            first = before.start()
        if rule.accepts is None or rule.accepts(text[first:last]):
            yield first, last, rule.name


_TIMES_LOG = [0.0, *(count * log2(count) for count in range(1, 1025))]


def _varies(text: str, bits: float) -> bool:
    """Whether Shannon's entropy is at least ``bits`` per character. The text has 1,024 characters at most."""
    length, characters = len(text), set(text)
    most = _TIMES_LOG[length] - bits * length
    # Entropy is least where all but one of the characters are there once.
    if _TIMES_LOG[length - len(characters) + 1] <= most:
        return True
    return sum(map(_TIMES_LOG.__getitem__, map(text.count, characters))) <= most


# -- the Authorization header

_LAST_OF_SCHEME = frozenset("rRcC")
_SCHEME = re.compile(r"(?<![\w-])(?:(bearer)|basic)[ ]{1,4}\Z", re.IGNORECASE)
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]{8,8192}={0,2}")


def _credentials(text: str, start: int, end: int) -> Iterator[Found]:
    """After ``Bearer`` (RFC 6750) what looks like a key, after ``Basic`` (RFC 7617) a name and password in base64."""
    scheme = _SCHEME.search(text, max(0, start - 12), start)
    token = _TOKEN68.match(text, start, end)
    if scheme and token and (is_key_like(token[0]) if scheme[1] else _is_name_and_password(token[0])):
        yield token.start(), token.end(), "bearer" if scheme[1] else "basic"


def _is_name_and_password(text: str) -> bool:
    try:
        decoded = _base64(text.rstrip("=")).decode()
    except ValueError:
        return False
    return ":" in decoded and decoded.isprintable()


# -- keys that only their name gives away

_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_AWS_NAME = re.compile(r"aws|secret_?access|secret_?key", re.IGNORECASE)


def find_aws_secret(text: str, start: int, end: int, named: bool) -> Iterator[Found]:
    """Secret access keys: forty characters that could be anything, so something must name them.

    Args:
        named: whether the words before the token do; otherwise the token itself must (``aws_secret_access_key=``).
    """
    for match in _AWS_SECRET.finditer(text, start, end):
        secret = match[0]
        if (
            any(map(str.isdigit, secret))
            and any(map(str.isupper, secret))
            and any(map(str.islower, secret))
            and _varies(secret, 4.0)
            and (named or _AWS_NAME.search(text, max(start, match.start() - 40), match.start()))
        ):
            yield match.start(), match.end(), "aws_secret_access_key"


_KEY = re.compile(r"[\w.~+/=:@!#$%^&*-]{10,512}", re.ASCII)
_NOT_KEY = re.compile(
    r"""
      [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\W{0,3}          # UUID
    | arn:[\w-]{1,16}:.*                                          # Amazon Resource Name
    | v?\d{1,5}(?:\.\d{1,5}){1,4}(?:[-+.][\w.+-]*)?               # version
    | \d{4}-\d\d-\d\d(?:[t_].*)?                                  # time
    | [a-z][a-z0-9+.-]{1,20}://.*                                 # URL
    | [^@:]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}               # e-mail address
    | [$%]?[{<(\[].*                                              # template
    | .*(?:example|placeholder|change_?me|redacted|dummy|your[_-]|xxxx|\.\.\.|\*\*\*).*
    | [~.]?/?(?:[\w.@-]{0,64}/){0,32}[\w.@-]{1,64}\.[a-z]\w{1,4}    # path of a file
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_ALNUM = re.compile(r"[A-Za-z0-9]+")
# A part of a name in a program, of a file or of a class of CSS.
_PART_OF_NAME = re.compile(
    r"""[0-9]{1,20}
      | (?:[A-Z]{1,24} | (?:[A-Z]{0,3}[a-z]{2,24}+ | [A-Z][a-z]){1,8}+ | [a-z])   # store, MyStore, HTTPServer
        (?:[0-9]{1,4}[a-z]? | [0-9]{6} | [0-9]{8})?                               # sha256, oauth2, 20240517
        (?:[A-Z][a-z]{2,24}+){0,8}+                                               # getToken2FromRequest
      | [a-z]{1,4}[0-9]{1,2}[a-z]{3,24}                                           # b64encode
    """,
    re.VERBOSE,
)


def is_key_like(value: str) -> bool:
    """Whether what is called a key, token or secret looks like one, not like a name, path, version or UUID."""
    return (
        _KEY.fullmatch(value) is not None
        and any(map(str.isdigit, value))
        and any(map(str.isalpha, value))
        and not _NOT_KEY.fullmatch(value)
        and not all(map(_PART_OF_NAME.fullmatch, _ALNUM.findall(value)))
        and _varies(value, 2.9)
    )


_PASSWORD = re.compile(
    r""":(?<=[A-Za-z0-9]:)//[^\s/?#:@"'<>\\]{0,128}+:(?![0-9]{1,5},)([^\s/?#"'<>\\]{3,256})(?=@[\w\[])""", re.ASCII
)


def find_url_passwords(text: str, start: int, end: int) -> Iterator[Found]:
    """The passwords of URLs (RFC 3986, "User information"), of whatever characters."""
    for match in _PASSWORD.finditer(text, start, end):
        if _is_no_template(match[1]):
            yield *match.span(1), "url_password"


# -- private keys

_EDGE = re.compile(
    r"""(?P<begin>-----BEGIN[ ](?:[A-Z0-9]{1,16}[ ]){0,4}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----
               | ----[ ]BEGIN[ ]SSH2[ ](?:ENCRYPTED[ ])?PRIVATE[ ]KEY[ ]----
               | PuTTY-User-Key-File-[0-9]:[ ]?[\w@.-]{1,64})
      | (?P<end>-----END[ ](?:[A-Z0-9]{1,16}[ ]){0,4}PRIVATE[ ]KEY(?:[ ]BLOCK)?-----
               | ----[ ]END[ ]SSH2[ ](?:ENCRYPTED[ ])?PRIVATE[ ]KEY[ ]----
               | Private-(?:MAC|Hash):[ ]?[0-9a-fA-F]{40,64})""",
    re.VERBOSE,
)
# What tells key material from prose between two mentions: letters and digits without a space, not all small letters.
_MATERIAL = re.compile(r"(?=[a-z]{0,9}[A-Z0-9+/=])[A-Za-z0-9+/=]{10}")
_BREAK = r"(?:[ \t>#*\"',+]|\r?\n|(?:\\r)?\\n){0,9}+"
_CUT_OFF = re.compile(
    # Headers, and lines of base64 of which the last may be short if it stands alone.
    rf"""(?:{_BREAK}(?:
            (?:Proc-Type|DEK-Info|Version|Comment|Charset|Hash|Encryption|Key-Derivation|Argon2-\w{{1,16}}
              |Public-Lines|Private-Lines):[ ]?[^\r\n\\]{{0,200}}+
          | [A-Za-z0-9+/=]{{20,}}+ (?:{_BREAK}[A-Za-z0-9+/=]{{1,19}}+(?![\w.,;:-]|[ ]\w))?
          ))*+""",
    re.VERBOSE,
)
_LONGEST = 65_536
_ENCODED = re.compile(r"(?<![A-Za-z0-9+/])LS0tLS1CRUdJTi[A-Za-z0-9+/]{64,}+={0,2}")


def find_private_keys(text: str) -> Iterator[Found]:
    """Private keys in PEM (RFC 7468), OpenPGP's armor (RFC 9580), SSH2 (RFC 4716) and PuTTY's format, with both edges.

    Ends of lines may be written ``\\n``. Of a key that is cut off, the lines that are there; a PEM file that is base64
    itself (Kubernetes' ``data:``) is found, too.
    """
    if "PRIVATE KEY" in text or "PuTTY-User-Key" in text:
        begin: re.Match[str] | None = None
        for edge in _EDGE.finditer(text):
            if begin:
                inside = edge["end"] and edge.start() - begin.end() <= _LONGEST
                if inside and _MATERIAL.search(text, begin.end(), edge.start()):
                    yield begin.start(), edge.end(), "private_key"
                elif not inside:
                    yield from _cut_off(text, begin, edge.start())
            begin = edge if edge["begin"] else None
        if begin:
            yield from _cut_off(text, begin, len(text))
    if "LS0tLS1CRUdJTi" in text:
        for encoded in _ENCODED.finditer(text):
            if b"PRIVATE KEY" in _base64(encoded[0][:64]):
                yield encoded.start(), encoded.end(), "private_key"


def _cut_off(text: str, begin: re.Match[str], end: int) -> Iterator[Found]:
    match = _CUT_OFF.match(text, begin.end(), end)
    if match and _MATERIAL.search(text, begin.end(), match.end()):
        yield begin.start(), match.end(), "private_key"
