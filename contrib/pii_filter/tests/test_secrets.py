"""Keys and tokens, as their issuers make them and as texts hold them. None of these was ever issued."""

from __future__ import annotations

import base64
import json
import re
import string
import uuid
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatehook_pii_filter.secrets import RULES, find_aws_secret, find_private_keys, find_secrets, is_key_like

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
    ("azure_signature", "sig=[{alnum:41}%2B%3D]"),
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
    ("stripe", "sk_live_{alnum:23}7"),
    ("stripe", "rk_test_{alnum:23}7"),
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
    ("url_password", "postgres://app:[{alnum:12}]@db.example.com:5432/shop"),
]
AROUND = [
    ("", ""), ('"', '"'), ("'", "',"), ("token=", "&page=2"), ('{"key":"', '"}'), ("key: ", "\n"), ("(", ")."), ("<", ">"),
    ("at ", "."), ("", ", and"), ("https://api.example.com/v1?key=", "&q=1"), ("key%3D", "%26"), (r"a\n", r"\n"), ("`", "`;"),
]  # fmt: skip


def find(text: str) -> list[tuple[str, str]]:
    """What is found in the words of a text, and by which rules."""
    return [
        (text[start:end], name)
        for word in re.finditer(r"\S+", text)
        for start, end, name in find_secrets(text, *word.span())
    ]


@st.composite
def specimens(draw: st.DrawFn, form: str) -> str:
    """Random characters in place of ``{alphabet:length}``."""
    # Hypothesis's own characters repeat themselves, which those of keys do not.
    dice = Random(draw(st.integers(0, 2**32)))
    return re.sub(r"\{(\w+):(\d+)\}", lambda part: "".join(dice.choices(ALPHABETS[part[1]], k=int(part[2]))), form)


def test_every_rule_has_a_specimen() -> None:
    assert {name for name, _ in SPECIMENS} == {rule.name for rule in RULES}


@pytest.mark.parametrize(("name", "form"), SPECIMENS)
@given(data=st.data())
def test_a_secret_is_found_whatever_stands_around_it(name: str, form: str, data: st.DataObject) -> None:
    specimen = data.draw(specimens(form))
    secret = specimen[specimen.find("[") + 1 : specimen.find("]")] if "[" in specimen else specimen
    specimen = specimen.replace("[", "").replace("]", "")
    for before, after in AROUND:
        assert (secret, name) in find(before + specimen + after), before + specimen + after
