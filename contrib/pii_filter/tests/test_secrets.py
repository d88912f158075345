"""Keys and tokens, as their issuers make them and as texts hold them. None of these was ever issued."""

from __future__ import annotations

import base64
import json
import re
import string
from random import Random

import pytest
from gatehook_pii_filter.secrets import (
    RULES,
    find_aws_secret,
    find_private_keys,
    find_secrets,
    find_url_passwords,
    is_key_like,
)
from hypothesis import given, settings
from hypothesis import strategies as st

ALPHABETS = {
    "alnum": string.ascii_letters + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "base64": string.ascii_letters + string.digits + "+/",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "digits": string.digits,
    "hex": string.digits + "abcdef",
    "lower": string.ascii_lowercase + string.digits,
    "upper": string.ascii_uppercase + string.digits,
    "url": string.ascii_letters + string.digits + "-_",
}
JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0"
# `{hex:32}` stands for 32 random characters.
SPECIMENS = [
    ("aws_access_key_id", "AKIA{base32:16}"),
    ("aws_access_key_id", "ASIA{base32:16}"),
    ("aws_access_key_id", "A3TX{base32:16}"),
    ("aws_bedrock_key", "ABSK{base64:128}"),
    ("aws_bedrock_key", "bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t{base64:60}"),
    ("azure_account_key", "AccountKey=[{base64:86}==]"),
    ("azure_signature", "sig=[{alnum:42}%2B%3D]"),
    ("azure_client_secret", "{alnum:3}8Q~{url:34}"),
    ("google", "AIza{url:35}"),
    ("google", "ya29.{url:60}"),
    ("google", "GOCSPX-{url:28}"),
    ("google", "1//0{url:60}"),
    ("digitalocean", "dop_v1_{hex:64}"),
    ("alibaba", "LTAI{alnum:20}"),
    ("cloudflare", "cfut_{alnum:40}{hex:8}"),
    ("cloudflare", "v1.0-{hex:24}-{hex:146}"),
    ("heroku", "HRKU-AA{url:58}"),
    ("fly", "fo1_{url:43}"),
    ("fly", "fm2_{base64:200}=="),
    ("scalingo", "tk-us-{url:48}"),
    ("supabase", "sbp_{hex:40}"),
    ("supabase", "sb_secret_{alnum:31}"),
    ("github", "ghp_{alnum:36}"),
    ("github", "gho_{alnum:36}"),
    ("github", "ghs_{alnum:36}"),
    ("github", f"ghs_123456_{JWT}.{{url:43}}"),
    ("github", "github_pat_{alnum:22}_{alnum:59}"),
    ("gitlab", "glpat-{url:20}"),
    ("gitlab", "glpat-{url:27}.01{lower:7}"),
    ("gitlab", "glrt-{url:20}"),
    ("gitlab", "glptt-{hex:40}"),
    ("gitlab", "glcbt-64_{url:20}"),
    ("atlassian", "ATATT3{url:186}"),
    ("atlassian", "ATBB{alnum:32}"),
    ("npm", "npm_{alnum:36}"),
    ("pypi", "pypi-AgEIcHlwaS5vcmc{url:100}"),
    ("rubygems", "rubygems_{hex:48}"),
    ("clojars", "CLOJARS_{lower:60}"),
    ("docker", "dckr_pat_{url:27}"),
    ("artifactory", "AKCp{alnum:69}"),
    ("artifactory", "cmVmd{alnum:59}"),
    ("octopus", "API-{upper:25}7"),
    ("sourcegraph", "sgp_local_{hex:40}"),
    ("buildkite", "bkua_{hex:40}"),
    ("circleci", "CCIPAT_{alnum:22}_{hex:40}"),
    ("harness", "pat.{url:22}.{alnum:24}.{alnum:20}"),
    ("prefect", "pnu_{alnum:36}"),
    ("infracost", "ico-{alnum:32}"),
    ("sonarqube", "squ_{hex:40}"),
    ("postman", "PMAK-{hex:24}-{hex:34}"),
    ("figma", "figd_{url:40}"),
    ("vault", "hvs.{url:95}"),
    ("terraform", "{alnum:14}.atlasv1.{url:67}"),
    ("doppler", "dp.pt.{alnum:43}"),
    ("doppler", "dp.st.dev_2.{alnum:43}"),
    ("pulumi", "pul-{hex:40}"),
    ("databricks", "dapi{hex:32}"),
    ("databricks", "dapi{hex:32}-2"),
    ("planetscale", "pscale_tkn_{url:43}"),
    ("dynatrace", "dt0c01.{upper:24}.{upper:64}"),
    ("openshift", "sha256~{url:43}"),
    ("airtable", "pat{alnum:14}.{hex:64}"),
    ("1password", "ops_eyJ{base64:300}"),
    ("1password", "A3-{upper:6}-{upper:11}-{upper:5}-{upper:5}-{upper:5}"),
    ("grafana", "glsa_{alnum:32}_{hex:8}"),
    ("grafana", "glc_{base64:80}=="),
    ("sentry", "sntrys_{base64:120}=={base64:43}"),
    ("sentry", "sntryu_{hex:64}"),
    ("new_relic", "NRAK-{upper:27}"),
    ("new_relic", "NRJS-{hex:19}"),
    ("new_relic", "NRII-{url:32}"),
    ("age", "AGE-SECRET-KEY-1{bech32:58}"),
    ("slack", "xoxb-{digits:12}-{digits:13}-{alnum:24}"),
    ("slack", "xoxb-{digits:12}-{alnum:12}"),
    ("slack", "xapp-1-A{upper:10}-{digits:13}-{hex:64}"),
    ("slack", "hooks.slack.com/services/T{upper:8}/B{upper:8}/{alnum:24}"),
    ("discord", "MTA{alnum:21}.{url:6}.{url:38}"),
    ("discord", "discord.com/api/webhooks/{digits:18}/{url:68}"),
    ("telegram", "{digits:10}:AA{url:33}"),
    ("teams", "acme.webhook.office.com/webhookb2/{hex:8}-{hex:28}@{hex:36}/IncomingWebhook/{hex:32}/{hex:36}"),
    ("sendgrid", "SG.{url:22}.{url:43}"),
    ("mailgun", "key-{hex:32}"),
    ("mailchimp", "{hex:32}-us21"),
    ("sendinblue", "xkeysib-{hex:64}-{alnum:16}"),
    ("twilio", "SK{hex:32}"),
    ("twilio", "AC{hex:32}"),
    ("resend", "re_{alnum:8}_{alnum:24}"),
    ("stripe", "sk_live_{alnum:24}"),
    ("stripe", "rk_test_{alnum:24}"),
    ("stripe", "whsec_{base64:32}"),
    ("square", "sq0atp-{url:22}"),
    ("square", "EAAA{url:60}"),
    ("shopify", "shpat_{hex:32}"),
    ("shippo", "shippo_live_{hex:40}"),
    ("easypost", "EZAK{alnum:54}"),
    ("duffel", "duffel_live_{url:43}"),
    ("facebook", "EAAC{alnum:160}"),
    ("anthropic", "sk-ant-api03-{url:93}AA"),
    ("openai", "sk-proj-7{url:73}T3BlbkFJ{url:74}"),
    ("openai", "sk-7{alnum:19}T3BlbkFJ{alnum:20}"),
    ("openrouter", "sk-or-v1-{hex:64}"),
    ("huggingface", "hf_{alnum:34}"),
    ("groq", "gsk_{alnum:52}"),
    ("xai", "xai-{alnum:80}"),
    ("perplexity", "pplx-{alnum:48}"),
    ("replicate", "r8_{alnum:37}"),
    ("nvidia", "nvapi-{url:64}"),
    ("langsmith", "lsv2_pt_{hex:32}_{hex:10}"),
    ("linear", "lin_api_{alnum:40}"),
    ("notion", "ntn_{digits:11}{alnum:35}"),
    ("notion", "secret_7{alnum:42}"),
    ("readme", "rdme_{lower:70}"),
    ("typeform", "tfp_{url:59}"),
    ("dropbox", "sl.{url:135}"),
    ("frameio", "fio-u-{url:64}"),
    ("adobe", "p8e-{alnum:32}"),
    ("settlemint", "sm_pat_{alnum:16}"),
    ("jwt", f"{JWT}.{{url:43}}"),
    ("jwt", "eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.{url:86}.{url:16}.{url:60}.{url:22}"),
    ("jwt", "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..{url:16}.{url:60}.{url:22}"),
    ("url_password", "postgres://app:[{alnum:12}]@db.example.com:5432/shop"),
]
AROUND = [
    ("", ""), ('"', '"'), ("'", "',"), ("token=", "&page=2"), ('{"key":"', '"}'), ("key: ", "\n"), ("(", ")."),
    ("<", ">"), ("at ", "."), ("", ", and"), ("https://api.example.com/v1?key=", "&q=1"), ("key%3D", "%26"),
    (r"a\n", r"\n"), ("`", "`;"),
]  # fmt: skip


def find(text: str) -> list[tuple[str, str]]:
    """What is found in the words of a text, and by which rules."""
    found = [found for word in re.finditer(r"\S+", text) for found in find_secrets(text, *word.span())]
    return [(text[start:end], name) for start, end, name in (*found, *find_url_passwords(text, 0, len(text)))]


@st.composite
def specimens(draw: st.DrawFn, form: str) -> str:
    """Random characters in place of ``{alphabet:length}``."""
    # Hypothesis's own characters repeat themselves, which those of keys do not.
    dice = Random(draw(st.integers(0, 2**32)))
    return re.sub(r"\{(\w+):(\d+)\}", lambda part: "".join(dice.choices(ALPHABETS[part[1]], k=int(part[2]))), form)


def test_every_rule_has_a_specimen() -> None:
    assert {name for name, _ in SPECIMENS} == {rule.name for rule in RULES} | {"url_password"}


@pytest.mark.parametrize(("name", "form"), SPECIMENS)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_a_secret_is_found_whatever_stands_around_it(name: str, form: str, data: st.DataObject) -> None:
    specimen = data.draw(specimens(form))
    secret = specimen[specimen.find("[") + 1 : specimen.find("]")] if "[" in specimen else specimen
    specimen = specimen.replace("[", "").replace("]", "")
    for before, after in AROUND:
        assert (secret, name) in find(before + specimen + after), before + specimen + after


@pytest.mark.parametrize(
    "text",
    [
        "sk-learn-pipeline-with-steps-2",
        "sk-proj-card-title-with-a-long-name-and-more-2",
        "sk-SK-2024-locale-file-with-a-long-name",
        "public_key_store_2024",
        "pk_test_configuration_2_of_the_shop",
        "hf_transformers_model_v2_base_uncased_l12",
        "npm_config_registry_for_version_10_of_the_package",
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==",
        "550e8400-e29b-41d4-a716-446655440000",
        "978-3-16-148410-0",
        "2024-05-17T12:34:56.789+02:00",
        "1.2.3-rc.1+build.20240517.sha.5114f85",
        "https://example.com/api/v1/users/12345/orders?page=2&sort=created_at",
        "https://example.com:8443/a@2x.png",
        "http://localhost:8080,admin@example.com",
        "s3://bucket/year=2024/month=05/part-00001-tid-4711.c000.snappy.parquet",
        "github.com/acme/shop/v2@v2.0.0-20240517123456-abcdef123456",
        "node_modules/.pnpm/react-dom@18.2.0_react@18.2.0/node_modules",
        "tests/__snapshots__/test_render[dark-en-US-1].svg",
        "col-md-6 btn-2 mt-4 key-value-pair-1",
        "eyJpZCI6MTIzNDU2Nzg5MCwibmFtZSI6ImEgY3Vyc29yIn0=",
        "eyJpZCI6MTIzNDU2Nzg5MCwibmFtZSI6ImEgY3Vyc29yIn0.eyJwYWdlIjoxfQ.json",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.png",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "sk_live_000000000000000000000000",
        "AKIAXXXXXXXXXXXXXXXX",
        "postgres://app:${PASSWORD}@db.example.com/shop1",
        "postgres://app:<password>@db.example.com/shop1",
        "postgres://app:{password}@db.example.com/shop1",
        "postgres://app:******@db.example.com/shop1",
        "mailto:someone1@example.com",
        "ring bearer 2024-05-17",
        "basic authentication1 of 10,000,000",
        "Authorization: Bearer <YOUR_TOKEN_123>",
    ],
)
def test_what_only_resembles_a_secret_is_none(text: str) -> None:
    assert find(text) == []


NAMES = (
    "api",
    "key",
    "secret",
    "token",
    "sk",
    "pk",
    "hf",
    "npm",
    "store",
    "public",
    "v2",
    "2024",
    "sha256",
    "ghp",
    "eyJ",
)
WORDS = st.lists(st.sampled_from(NAMES), min_size=3)


@given(
    st.one_of(
        st.binary(min_size=8, max_size=64).map(bytes.hex),
        st.binary(min_size=8, max_size=400).map(lambda data: base64.b64encode(data).decode()),
        st.uuids().map(str),
        st.tuples(WORDS, st.sampled_from("-_./:")).map(lambda drawn: drawn[1].join(drawn[0])),
    )
)
def test_hashes_images_ids_and_names_are_no_secrets(text: str) -> None:
    assert find(f"value={text}") == []


@pytest.mark.parametrize(
    ("secret", "name"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "aws_access_key_id"),
        ("AKIA1234567890ABCDEF", "aws_access_key_id"),
        ("sk-1234567890abcdefghij", "openai"),
        ("sk-proj-abcdefghijklmnopqrstuvwxyz1234567890", "openai"),
    ],
)
def test_examples_of_documentation_are_found(secret: str, name: str) -> None:
    assert find(f"{secret}.") == [(secret, name)]


def test_neighbours_are_all_found() -> None:
    tokens = ["ghp_16C7e42F292c6912E7710c838347Ae178B4a", "glpat-a1B2c3D4e5F6g7H8i9J0", "AKIAIOSFODNN7EXAMPLE"]
    assert [secret for secret, _ in find(",".join(tokens))] == tokens


def test_a_refused_placeholder_hides_no_secret_behind_it() -> None:
    token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    assert find(f"ghp_{'x' * 36},{token}") == [(token, "github")]


@pytest.mark.parametrize("header", [{"typ": "JWT"}, ["alg"], "alg", {"note": 'no "alg" here'}])
def test_a_token_without_an_algorithm_is_no_jwt(header: object) -> None:
    head = base64.urlsafe_b64encode(json.dumps({"a": header}).encode()).decode().rstrip("=")
    assert find(f"{head}.{head}.c2lnbmF0dXJl") == []


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_bearer_token_is_found_by_its_scheme(scheme: str) -> None:
    assert find(f"Authorization: {scheme} mF_9.B5f-4.1JqM,") == [("mF_9.B5f-4.1JqM", "bearer")]


def test_a_basic_credential_is_a_name_and_password() -> None:
    assert find('"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="') == [("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "basic")]
    assert find("basic QWxhZGRpbm9wZW5zZXNhbWU12") == []


# -- named keys

AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"


def aws_secrets(text: str, named: bool) -> list[str]:
    return [text[start:end] for start, end, _ in find_aws_secret(text, 0, len(text), named)]


def test_an_aws_secret_is_found_only_where_something_names_it() -> None:
    assert aws_secrets(f'"{AWS_SECRET}",', named=True) == [AWS_SECRET]
    assert aws_secrets(f'"{AWS_SECRET}",', named=False) == []
    assert aws_secrets(f"aws_secret_access_key={AWS_SECRET}", named=False) == [AWS_SECRET]


@pytest.mark.parametrize(
    "text", ["da39a3ee5e6b4b0d3255bfef95601890afd80709", f"{AWS_SECRET}a", f"{AWS_SECRET}=", "a" * 40, f"x{AWS_SECRET}"]
)
def test_other_words_of_about_forty_characters_are_no_aws_secrets(text: str) -> None:
    assert aws_secrets(text, named=True) == []


@pytest.mark.parametrize(
    "value",
    [
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "9b74c9897bac770ffc029102a200c5de",
        "Zk3bX9qLr8TnWv2sYp5mHd7c",
        "q7w9e2r4t6y8u1i3o5p0a2s4",
        "prod-4f3a9c1b8e2d7a6f5c0b",
        "abc123def456ghi789",
        "live_k9X2mQ7vB4nR8tL1",
        "p8F+3kd/Q9z2Lm==",
    ],
)
def test_random_values_look_like_keys(value: str) -> None:
    assert is_key_like(value)


@given(st.integers(0, 2**32), st.sampled_from(["alnum", "hex", "lower", "url"]), st.sampled_from([24, 32, 40, 48, 64]))
def test_nearly_all_random_values_look_like_keys(seed: int, alphabet: str, length: int) -> None:
    dice = Random(seed)
    values = ["".join(dice.choices(ALPHABETS[alphabet], k=length)) for _ in range(20)]
    assert sum(map(is_key_like, values)) >= 16


@pytest.mark.parametrize(
    "value",
    [
        "",
        "short1",
        "password",
        "550e8400-e29b-41d4-a716-446655440000",
        "public_key_store_2024",
        "my-service-account-key-v2",
        "getAccessToken2FromRequest",
        "MyTestDatabaseSecret1",
        "base64.urlsafe_b64encode",
        "arn:aws:secretsmanager:us-west-2:123456789012:secret:db-a1b2c3",
        "SECRET_KEY_BASE_2",
        "config/secrets/production.key2",
        "/etc/ssl/private/server2.pem",
        "1.2.3-rc.1+build.5",
        "2024-05-17T12:34:56Z",
        "12345678901234567890",
        "https://example.com/token?id=1",
        "someone1@example.com",
        "${SECRET_KEY_1}",
        "<your-api-key-1>",
        "your_api_key_123",
        "changeme123456",
        "xxxxxxxxxxxxxxxx1",
        "aaaaaaaaaaaaaaaaaaa1",
        "two words 12345",
        "sha256-oauth2-base64",
    ],
)
def test_names_paths_versions_and_placeholders_do_not_look_like_keys(value: str) -> None:
    assert not is_key_like(value)


# -- private keys

LINES = "\n".join(["MIIEpAIBAAKCAQEA7bq98h0dVZxk3Jm2Zb1oYt5uN8wqXcR4sPLfGvEjHkTnAiDy"] * 6 + ["Zm9vYmFyMTI="])


def private_keys(text: str) -> list[str]:
    return [text[start:end] for start, end, _ in find_private_keys(text)]


def block(name: str, inside: str = LINES) -> str:
    return f"-----BEGIN {name}-----\n{inside}\n-----END {name}-----"


PUTTY = f"""\
PuTTY-User-Key-File-3: ssh-ed25519
Encryption: none
Comment: me
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIHx3k9bq98h0dVZxk3Jm2Zb1oYt5uN8wqXcR4sPL
fGvE
Private-Lines: 1
AAAAIHx3k9bq98h0dVZxk3Jm2Zb1
Private-MAC: {"0a" * 32}"""


@pytest.mark.parametrize(
    "key",
    [
        *map(
            block, ["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "ENCRYPTED PRIVATE KEY"]
        ),
        block("RSA PRIVATE KEY", f"Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n{LINES}"),
        block("PGP PRIVATE KEY BLOCK", f"Version: GnuPG v2\n\n{LINES}\n=aB3d"),
        block("RSA PRIVATE KEY", "MIIEpAIBAAKCAQEA..."),
        f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{LINES}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
        PUTTY,
    ],
)
@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\\n", "\\r\\n"])
def test_a_private_key_is_found_with_both_edges(key: str, end_of_line: str) -> None:
    key = key.replace("\n", end_of_line)
    assert private_keys(f'the key: "{key}", and more') == [key]


@pytest.mark.parametrize("end_of_line", ["\n", "\\n"])
@pytest.mark.parametrize("after", ["", "\n\nThat is all I have."])
def test_a_private_key_cut_off_is_found_as_far_as_it_goes(end_of_line: str, after: str) -> None:
    cut_off = f"-----BEGIN RSA PRIVATE KEY-----\n{LINES}".replace("\n", end_of_line)
    assert private_keys(f"{cut_off}{after}") == [cut_off]


def test_two_keys_are_two() -> None:
    keys = [block("EC PRIVATE KEY"), block("PRIVATE KEY")]
    assert private_keys(" and ".join(keys)) == keys


def test_a_key_cut_off_does_not_swallow_the_next() -> None:
    cut_off, whole = f"-----BEGIN RSA PRIVATE KEY-----\n{LINES}", block("PRIVATE KEY")
    assert private_keys(f"{cut_off}\n{whole}") == [cut_off, whole]
    assert private_keys(f"-----BEGIN RSA PRIVATE KEY-----\nVersion: {whole}") == [whole]


def test_a_key_in_base64_once_more_is_found() -> None:
    encoded = base64.b64encode(block("RSA PRIVATE KEY").encode()).decode()
    assert private_keys(f"tls.key: {encoded}\n") == [encoded]


@pytest.mark.parametrize(
    "text",
    [
        "A file that begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY----- is a key.",
        block("PRIVATE KEY", "..."),
        block("CERTIFICATE"),
        block("PUBLIC KEY"),
        "-----BEGIN PRIVATE KEY----- is how it begins",
        base64.b64encode(block("CERTIFICATE").encode()).decode(),
        "The PRIVATE KEY is not here.",
    ],
)
def test_what_holds_no_private_key_is_none(text: str) -> None:
    assert private_keys(text) == []
