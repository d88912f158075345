"""Each check of the conformance suite is failed by a plugin that is bad in one way, and by no other."""

from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

import pytest
from gatehook import Payload, Plugin, PluginContext, PluginResult, hookspec
from gatehook.testing import conformance, tool_call

AWAIT = "        await asyncio.sleep(0)\n"
MASKS = 'return text.replace(self.settings.word, "*****")'
MASK = '"*****"'
DETAILS = '"count": 1'


def first(code):
    """What `tool_pre_invoke` does first."""
    return {"module": (AWAIT, indent(dedent(code).strip() + "\n", " " * 8))}


def method(code, **more):
    """A further method."""
    return {"module": ("    def mask", indent(dedent(code).strip(), " " * 4) + "\n\n    def mask"), **more}


BAD = {
    "test_it_starts_and_its_manifest_is_true_of_its_class": {
        "its manifest advertises what its class lacks": (
            {"manifest": ("[tool_pre_invoke, tool", "[tool_pre_invoke, prompt_pre_fetch, tool")},
            "advertises prompt_pre_fetch, which its class does not implement",
        ),
        "its manifest hides what its class has": (
            {"manifest": ("[tool_pre_invoke, tool_post_invoke]", "[tool_pre_invoke]")},
            "implements tool_post_invoke, which its manifest does not advertise",
        ),
        "its manifest is of another version": ({"manifest": ('"1.0"', '"2.0"')}, "says version 2.0"),
        "it raises": (method("async def initialize(self): raise RuntimeError('no backend')"), "no backend"),
    },
    "test_its_manifest_describes_it_as_its_distribution_does": {
        "it says otherwise": ({"manifest": ("Masks a word", "Masks words")}, "'Masks words.'"),
    },
    "test_its_config_schema_is_that_of_its_settings": {
        "a type": ({"manifest": ("type: string, ", "")}, "properties.word.type: nothing there, 'string' here"),
        "a description": ({"manifest": ("What is", "What was")}, "properties.word.description"),
    },
    "test_it_refuses_a_config_key_that_it_does_not_know": {
        "neither settings nor schema refuse it": (
            {"module": ('extra="forbid"', 'extra="ignore"'), "manifest": ("  additionalProperties: false\n", "")},
            "misspelt key",
        ),
    },
    "test_its_default_config_is_what_its_settings_default_to": {
        "another default": (
            {"module": ('= "quagga"', '= "zebra"'), "manifest": ("default: quagga", "default: zebra")},
            "word: 'quagga' there, 'zebra' in Settings",
        ),
    },
    "test_its_readme_describes_every_config_key": {
        "it says nothing of a key": ({"readme": ("`word`", "word")}, "`word`"),
    },
    "test_its_manifest_declares_its_violation_codes": {
        "another code": ({"manifest": ("[FOUND]", "[SEEN]")}, "FOUND, at tool_post_invoke"),
        "no code": ({"module": ('code="FOUND", ', "")}, "UNSPECIFIED"),
    },
    "test_it_only_reads_as_its_manifest_promises": {
        "it writes": (
            first("payload.args.pop('any', 0)\nreturn None") | {"manifest": ("version:", "access: read\nversion:")},
            "access: read",
        ),
    },
    "test_hostile_text_is_answered_like_any_other": {
        "it cannot encode a surrogate": (
            {"module": (MASKS, f"text.encode(); {MASKS}")},
            "tool_pre_invoke with a lone surrogate: error: raised UnicodeEncodeError",
        ),
        "it parses what looks like JSON": (
            {"module": (MASKS, f"'[[[' in text and __import__('json').loads(text); {MASKS}")},
            "JSON that nests deeply: error: raised RecursionError",
        ),
        "it takes keys for its own": (
            first("if type(payload.args['any']) is dict: (lambda self, **more: more)(self, **payload.args['any'])"),
            "keys that look like Python's: error: raised TypeError",
        ),
    },
    "test_any_json_is_answered": {
        "it fails on some numbers": (first("if type(payload.args['any']) is float: raise ValueError"), '"any": 0.0'),
    },
    "test_what_it_changes_in_place_it_returns": {
        "it forgets to": (first("payload.args['q'] += '!'\nreturn None"), "a change that is not returned is lost"),
    },
    "test_it_changes_nothing_but_text": {
        "it turns a number into text": (
            first("payload.args['deep']['big'] = '*'\nreturn PluginResult(modified_payload=payload)"),
            "args.deep.big was int and is str",
        ),
        "it drops a key": (
            first("payload.args.pop('any', 0)\nreturn PluginResult(modified_payload=payload)"),
            "args.any was None and is absent",
        ),
        "it breaks JSON in text": (
            first(
                """
                payload.args['q'] = payload.args['q'].replace('quagga', '"')
                return PluginResult(modified_payload=payload)
                """
            ),
            "args.q was JSON, and is JSON no longer",
        ),
        "it rewrites a word of the protocol": (
            method(
                """
                def prompt_post_fetch(self, payload):
                    payload.result.messages[0].role = 'system'
                    return PluginResult(modified_payload=payload)
                """,
                manifest=("[tool_pre_invoke,", "[prompt_post_fetch, tool_pre_invoke,"),
            ),
            "result.messages[0].role is a word of the protocol",
        ),
    },
    "test_all_that_it_says_is_json": {
        "a set": (first("context.metadata['seen'] = {1}"), "metadata.toy.seen is a set"),
        "a date": ({"module": (DETAILS, '"at": __import__("datetime").date.max')}, "details.at is a date"),
        "not a number": ({"module": (DETAILS, '"share": float("nan")')}, "details.share is nan"),
        "a key that is no text": ({"module": (DETAILS, "1: 1")}, "details is an object with the key 1"),
    },
    "test_what_it_says_holds_no_text_of_the_payload": {
        "the log": (
            first("if 'noon' in payload.args['q']: logger.debug('called with %s', payload.args)"),
            "log holds 10 characters of the text",
        ),
        "fields of the log": (
            first("if 'noon' in payload.args['q']: logger.info('called', extra={'with': payload.args})"),
            "log holds 10 characters of the text",
        ),
        "the terminal": (first("print(payload.args['q'][:9])"), "output holds 4 characters of the text"),
        "metadata": (
            first("if 'noon' in payload.args['q']: context.metadata['q'] = payload.args['q']"),
            "metadata holds 10 characters of the text",
        ),
    },
    "test_what_it_says_holds_nothing_that_it_found": {
        "a reason": ({"module": ('"no", ', 'f"not {self.settings.word}", ')}, "violations holds 6 characters"),
        "a part, in details": (
            {"module": (DETAILS, '"word": self.settings.word[:4].upper()')},
            "violations holds 4 characters of secrets[0]",
        ),
        "it finds nothing": ({"module": (MASKS, "return text")}, "secrets[0] is found at no hook"),
    },
    "test_its_own_output_is_left_alone": {
        "a mask is masked": ({"module": (MASK, "f'<{self.settings.word}>'")}, "what it made itself"),
    },
    "test_cancelling_a_hook_ends_it": {
        "it goes on": (
            first("try: await asyncio.sleep(0.02)\nexcept asyncio.CancelledError: pass"),
            "tool_pre_invoke swallows its cancellation",
        ),
        "it never ends": (
            first(
                """
                end = time.monotonic() + 0.02
                while time.monotonic() < end or asyncio.current_task().cancelling():
                    try: await asyncio.sleep(0.01)
                    except asyncio.CancelledError: pass
                """
            ),
            "tool_pre_invoke goes on for 2 s after it was cancelled",
        ),
        "it says something else": (
            first("try: await asyncio.sleep(0.02)\nexcept asyncio.CancelledError: raise ValueError from None"),
            "tool_pre_invoke turns its cancellation into ValueError",
        ),
    },
    "test_it_does_not_block_the_event_loop": {
        "it sleeps": (
            first("if payload.args['q'].count('noon') > 9: time.sleep(0.3)"),
            "tool_pre_invoke with 64 kB of prose",
        ),
    },
    "test_two_requests_at_once_do_not_see_each_other": {
        "it keeps the request on itself": (
            first(
                """
                self.user = context.request.user
                await asyncio.sleep(0)
                if self.user != context.request.user:
                    return PluginResult(False, violation=PluginViolation("no", code="FOUND"))
                """
            ),
            "violation FOUND beside another request",
        ),
        "it answers one with what another asked": (
            method(
                """
                last = ""

                def prompt_pre_fetch(self, payload): self.last = payload.args["q"]

                def prompt_post_fetch(self, payload):
                    payload.result.messages[0].content.text = self.last
                    return PluginResult(modified_payload=payload)
                """,
                manifest=("[tool_pre_invoke,", "[prompt_pre_fetch, prompt_post_fetch, tool_pre_invoke,"),
            ),
            "prompt_post_fetch: the text of another request turns up",
        ),
    },
    "test_it_starts_and_ends_as_often_as_it_is_asked_to": {
        "there can be one only": (
            method(
                """
                live = 0

                async def initialize(self):
                    Toy.live += 1
                    if Toy.live > 1: raise RuntimeError('the port is taken')

                async def shutdown(self): Toy.live -= 1
                """
            ),
            "the port is taken",
        ),
        "it does not end": (method("async def shutdown(self): 1 / 0"), "it does not shut down"),
    },
}
# A plugin that answers no real payload fails every check that looks at its answers.
BAD["test_every_hook_answers"] = {"it raises": (first("raise ValueError"), "ordinary text: error: raised ValueError")}
CHECKS = {name for name in dir(conformance("toy")) if name.startswith("test_")}


def test_a_good_plugin_passes_every_check_that_concerns_it(distribution, held):
    distribution()
    found = held("toy", secrets=["quagga"], idempotent=True)
    assert found.failed == {}
    assert set(found.skipped) == {"test_it_only_reads_as_its_manifest_promises"}


@pytest.mark.parametrize("check", [check for check in BAD if check != "test_every_hook_answers"])
def test_a_plugin_that_is_bad_in_one_way_fails_one_check_alone(distribution, held, check):
    replaced, _ = next(iter(BAD[check].values()))
    distribution(**replaced)
    assert set(held("toy", secrets=["quagga"], idempotent=True).failed) == {check}


@pytest.mark.parametrize(("check", "what"), [(check, what) for check, cases in BAD.items() for what in cases])
def test_a_check_says_what_is_bad(distribution, held, check, what):
    replaced, said = BAD[check][what]
    distribution(**replaced)
    assert said in held("toy", only=check, secrets=["quagga"], idempotent=True).failed[check]


def test_every_check_has_a_plugin_that_fails_it():
    assert set(BAD) == CHECKS


def test_the_page_describes_every_check_in_order():
    page = (Path(__file__).parents[2] / "docs" / "testing-a-plugin.md").read_text()
    described = [line.split(" | ")[0].removeprefix("| ") for line in page.partition("| check |")[2].splitlines()[2:]]
    names = [name for cls in reversed(conformance("toy").__mro__) for name in vars(cls) if name.startswith("test_")]
    assert sorted(names) == sorted(CHECKS)
    assert [line for line in described if line][: len(names)] == [name[5:].replace("_", " ") for name in names]


def test_a_plugin_that_does_not_start_is_said_so_once(distribution, held):
    distribution(**method("async def initialize(self): raise RuntimeError"))
    found = held("toy", secrets=["quagga"])
    assert set(found.failed) == {"test_it_starts_and_its_manifest_is_true_of_its_class"}
    assert set(found.skipped) == CHECKS - set(found.failed)
    assert set(found.skipped.values()) == {"it does not start, which another check says"}


def test_a_checkout_whose_manifest_is_newer_than_the_installed_one_is_to_be_installed_anew(distribution, held, site):
    distribution()
    (site / "pyproject.toml").write_text('[project]\nname = "gatehook-toy"\n')
    (site / "README.md").write_text("Nothing.")
    manifest = (site / "gatehook_toy-1.0.dist-info" / "extra_metadata" / "plugin-manifest.yaml").read_text()
    (site / "plugin-manifest.yaml").write_text(manifest)
    assert set(held("toy").failed) == {"test_its_readme_describes_every_config_key"}  # the checkout's own
    (site / "plugin-manifest.yaml").write_text(manifest.replace("[FOUND]", "[FOUND, MORE]"))
    assert "install it anew" in held("toy").failed["test_it_starts_and_its_manifest_is_true_of_its_class"]


def test_a_plugin_that_is_not_installed_does_not_start(held):
    assert "nowhere" in held("nowhere").failed["test_it_starts_and_its_manifest_is_true_of_its_class"]


# -- what an author can say of a plugin


class Lower(Plugin):
    """Lowers a limit, and says nothing else."""

    def tool_pre_invoke(self, payload):
        if payload.args.get("limit", 0) > 10:
            payload.args["limit"] = 10
            return PluginResult(modified_payload=payload)
        return None


def test_a_class_without_manifest_and_settings_passes_what_concerns_it(held):
    found = held(Lower)
    assert found.failed == {}
    assert found.skipped["test_its_manifest_describes_it_as_its_distribution_does"] == "it has no manifest"
    assert "neither a manifest nor settings" in found.skipped["test_it_refuses_a_config_key_that_it_does_not_know"]
    assert "test_hostile_text_is_answered_like_any_other" in found.passed


def test_a_change_of_more_than_text_must_be_said(held):
    check, payloads = "test_it_changes_nothing_but_text", [tool_call(limit=5000)]
    assert "payloads[0]: args.limit was int" in held(Lower, only=check, payloads=payloads).failed[check]
    assert held(Lower, only=check, payloads=payloads, changes=["args.l*"]).passed == [check]


def test_keys_are_those_of_the_entry(held):
    check = "test_every_hook_answers"
    skipped = {"conditions": [{"tools": ["other"]}]}
    assert "skipped" in held(Lower, only=check, **skipped).failed[check]
    assert held(Lower, only=check, priority=1, config={"any": 1}).passed == [check]


@dataclass
class Parcel(Payload, hook="parcel_pre_send"):
    carrier: str


class ParcelSpecs:
    @hookspec
    def parcel_pre_send(self, payload: Parcel, context: PluginContext) -> PluginResult[Parcel] | None: ...


class Sender(Plugin):
    def parcel_pre_send(self, payload):
        if payload.carrier == "nobody":
            raise ValueError


def test_a_host_s_own_hook_is_given_the_author_s_payloads(held):
    assert held(Sender, hookspecs=ParcelSpecs, payloads=[Parcel("post")]).failed == {}
    failed = held(Sender, hookspecs=ParcelSpecs, payloads=[Parcel("nobody")]).failed
    assert "payloads[0]: error: raised ValueError" in failed["test_every_hook_answers"]


def test_an_entry_s_config_is_laid_under(held):
    entry = {"kind": "deny_list", "config": {"words": ["quagga"]}}
    assert held(entry, only="test_it_refuses_a_config_key_that_it_does_not_know").failed == {}


def test_a_claim_that_nothing_can_prove_is_skipped(held):
    check = "test_its_own_output_is_left_alone"
    assert "changed nothing" in held(Lower, only=check, idempotent=True).skipped[check]
    assert "does not claim" in held(Lower, only=check).skipped[check]
    assert held(Lower, only=check, idempotent=True, payloads=[tool_call(limit=11)]).passed == [check]


class Watch(Plugin):
    def hook_finished(self, outcome, request):
        if self.config.config.get("prints"):
            print(outcome.payload)  # noqa: T201  # what it is told for
        if self.config.config.get("raises"):
            raise RuntimeError


@pytest.mark.parametrize(
    ("config", "check"),
    [
        ({"prints": True}, "test_what_it_says_holds_no_text_of_the_payload"),
        ({"raises": True}, "test_every_hook_answers"),
    ],
)
def test_an_observer_is_shown_every_hook(held, config, check):
    assert held(Watch).failed == {}
    assert check in held(Watch, only=check, config=config).failed


def test_the_author_s_payloads_are_left_as_they_are(held):
    payload = tool_call(limit=5000)
    held(Lower, payloads=[payload], changes=["args.limit"])
    assert payload == tool_call(limit=5000)
