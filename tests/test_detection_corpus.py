"""The texts that detectors are measured with say the truth about themselves."""

import json
import re
from collections import Counter
from itertools import pairwise

import phonenumbers
import pytest
from stdnum import ean, iban, isbn, luhn
from stdnum.us import rtn, ssn

from benchmarks.detection import checksums, held_out
from benchmarks.detection.corpus import Size, corpus, values
from benchmarks.detection.dice import Dice
from benchmarks.detection.disguises import DISGUISES, INVISIBLE
from benchmarks.detection.judge import Change, changes, judge
from benchmarks.detection.kinds import BY_NAME, KINDS
from benchmarks.detection.negatives import NEGATIVES, negative
from benchmarks.detection.sides import Answer
from benchmarks.detection.truth import Sample, Span, at, parsed, text_result

SMALL = Size(positives=60, disguised=12, held_out=20, benign=100, negatives=20)


@pytest.fixture(scope="module")
def samples():
    return corpus(SMALL, seed=7)


def made(name, count=300):
    return list(values(BY_NAME[name], count, seed=7))


def digits(text):
    return re.sub(r"\D", "", text)


def test_every_span_holds_its_value(samples):
    for sample in samples:
        for span in sample.spans:
            assert at(sample.result, span.path)[span.start : span.end] == span.value
            assert span.start <= span.inner[0] < span.inner[1] <= span.end


def test_the_identifying_part_has_letters_or_digits(samples):
    for sample in samples:
        for span in sample.spans:
            text = at(sample.result, span.path)
            assert any(map(str.isalnum, text[slice(*span.inner)]))


def test_spans_of_one_text_do_not_overlap(samples):
    for sample in samples:
        spans = sorted((span.path, span.start, span.end) for span in sample.spans)
        assert all(a[0] != b[0] or a[2] <= b[1] for a, b in pairwise(spans))


def test_every_kind_has_as_many_different_values_as_asked_for(samples):
    planted = Counter(sample.spans[0].kind for sample in samples if sample.group == "positive")
    assert planted == {kind.name: SMALL.positives for kind in KINDS}
    for kind in KINDS:
        assert len({value.text for value in made(kind.name)}) == 300


def test_the_same_seed_gives_the_same_corpus_and_another_gives_another(samples):
    assert corpus(SMALL, seed=7) == samples
    assert corpus(SMALL, seed=8) != samples


def test_benign_texts_and_hard_negatives_have_no_spans(samples):
    groups = {"benign", *NEGATIVES, held_out.PROSE, held_out.CODE}
    assert {sample.group for sample in samples if not sample.spans} == groups


def test_json_texts_parse(samples):
    texts = [sample for sample in samples if sample.form.startswith("JSON text")]
    assert texts
    for sample in texts:
        assert parsed(sample.result["content"][0]["text"]) is not None


def test_a_value_in_json_text_is_the_value_when_parsed():
    kind = BY_NAME["private_key"]
    sample = next(
        sample
        for sample in corpus(SMALL, seed=7)
        if sample.form == "JSON text, key" and sample.spans[0].kind == kind.name
    )
    assert json.loads(f'"{sample.spans[0].value}"') in {value.text for value in made("private_key")}


def test_every_disguise_changes_the_value_and_nothing_else(samples):
    plain = {sample.twin: sample for sample in samples if sample.group == "plain"}
    for sample in samples:
        if sample.group not in DISGUISES:
            continue
        (span,), (twin,) = sample.spans, plain[sample.twin].spans
        text, other = at(sample.result, span.path), at(plain[sample.twin].result, twin.path)
        assert span.value != twin.value
        assert text[: span.start] + text[span.end :] == other[: twin.start] + other[twin.end :]
        if mark := INVISIBLE.get(sample.group):
            assert span.value.replace(mark, "") == twin.value


# -- values are what their issuers would give out


def test_social_security_numbers_are_possible():
    for value in made("ssn"):
        assert ssn.is_valid(digits(value.text))


def test_card_numbers_have_their_check_digit():
    for value in made("credit_card"):
        assert luhn.is_valid(digits(value.text))


def test_phone_numbers_are_valid_in_their_country():
    for value in made("phone"):
        text = re.sub(r"^00", "+", value.text).replace("(0)", "")
        number = phonenumbers.parse(text, value.variant)
        assert phonenumbers.is_valid_number_for_region(number, value.variant), value


def test_ibans_have_their_check_digits():
    for value in made("iban"):
        assert iban.is_valid(value.text), value


def test_routing_numbers_have_their_check_digit():
    for value in made("bank_account"):
        if value.variant == "routing":
            assert rtn.is_valid(value.text)


def test_bitcoin_and_ethereum_addresses_match_published_examples():
    program = bytes.fromhex("751e76e8199196d454941c45d1b3a323f1433bd6")
    assert checksums.segwit(0, program) == "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    taproot = bytes.fromhex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    assert checksums.segwit(1, taproot) == "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"
    assert checksums.base58check(bytes.fromhex("0062e907b15cbf27d5425399ebf6f0fb50ebb88f18")) == (
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
    )
    assert checksums.ethereum(bytes.fromhex("5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")) == (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    )


def test_github_tokens_end_in_their_checksum():
    tokens = [value.text for value in made("api_keys") if value.text.startswith(("gho_", "ghp_", "npm_"))]
    assert tokens
    for token in tokens:
        assert checksums.base62_crc32(token[4:34]) == token[34:]


def test_isbns_and_eans_are_valid():
    dice = Dice("isbn")
    for _ in range(200):
        assert isbn.is_valid(longest(negative(dice, "ISBNs"), r"[\dX][\dX -]{8,}[\dX]"))
        assert ean.is_valid(longest(negative(dice, "EANs"), r"\d{13}"))


def longest(sample: Sample, pattern: str) -> str:
    text = str(sample.result.get("structuredContent") or sample.result["content"][0]["text"]).replace("ISBN-13", "")
    return max(re.findall(pattern, text), key=len)


# -- the judge


def planted(text, value, kind="email"):
    start = text.index(value)
    span = Span(("content", 0, "text"), start, start + len(value), kind, (start, start + len(value)), value)
    return Sample("positive", "", "", text_result(text), (span,))


def answered(text, **kinds):
    return Answer(text_result(text), kinds)


@pytest.mark.parametrize(
    ("masked", "changed"),
    [
        ("write to bob@example.com now", []),
        ("write to [REDACTED] now", [Change(9, 24)]),
        ("[REDACTED] to [REDACTED] now", [Change(0, 5), Change(9, 24)]),
        ("write to bob@[REDACTED]", [Change(13, 28)]),
        ("something else", [Change(0, 28)]),
    ],
)
def test_changes_are_the_parts_that_became_marks(masked, changed):
    assert changes("write to bob@example.com now", masked) == changed


def test_a_masked_value_is_found_and_its_kind_right():
    verdict = judge(planted("to bob@example.com", "bob@example.com"), answered("to [REDACTED]", email=1))
    assert verdict.found
    assert verdict.kind_right
    assert not verdict.false_alarms


def test_a_value_of_which_something_is_left_is_found_partly():
    verdict = judge(planted("to bob@example.com", "bob@example.com"), answered("to [REDACTED]com", email=1))
    assert verdict.partly
    assert not verdict.found


def test_a_change_elsewhere_is_a_false_alarm_and_the_label_alone_is_no_finding():
    verdict = judge(planted("mail bob@example.com", "bob@example.com"), answered("[REDACTED] bob@example.com", email=1))
    assert verdict.false_alarms == ("mail",)
    assert verdict.label_only
    assert not verdict.found


def test_a_report_of_another_kind_is_wrong():
    verdict = judge(planted("to bob@example.com", "bob@example.com"), answered("to [REDACTED]", phone=2))
    assert verdict.wrong_reports == ("phone", "phone")
    assert not verdict.kind_right


def test_json_text_that_no_longer_parses_or_changes_a_type_is_broken():
    sample = Sample("positive", "", "", text_result('{"n": 4111111111111111}'))
    assert judge(sample, answered('{"n": [REDACTED]}')).broken == "JSON text does not parse"
    assert judge(sample, answered('{"n": "[REDACTED]"}')).broken == "keys or types in JSON text"
    assert judge(sample, answered('{"n": 0}')).broken == ""
