"""The hooks: the twelve, those of a host, what an implementation may look like, and who calls them."""

import functools
import threading
from dataclasses import dataclass, field

import pytest
from gatehook import (
    AuthPostCheckPayload,
    AuthPreCheckPayload,
    ConfigError,
    Content,
    FederationPostSyncPayload,
    FederationPreSyncPayload,
    GatehookError,
    ManifestError,
    Message,
    Payload,
    Plugin,
    PluginContext,
    PluginError,
    PluginLoadError,
    PluginResult,
    PluginViolation,
    PromptPosthookPayload,
    PromptPrehookPayload,
    PromptResult,
    ResourceContent,
    ResourcePostFetchPayload,
    ResourcePreFetchPayload,
    Runner,
    ServerPostRegisterPayload,
    ServerPreRegisterPayload,
    ToolPostInvokePayload,
    ToolPreInvokePayload,
    Verdict,
    hookimpl,
    hookspec,
)

CALL = ToolPreInvokePayload("lookup", {"q": 1})
TWELVE = [
    PromptPrehookPayload("p", {"a": "b"}),
    PromptPosthookPayload("p", PromptResult(messages=[Message(role="user", content=Content(type="text", text="t"))])),
    ToolPreInvokePayload("t", {"a": 1}),
    ToolPostInvokePayload("t", {"content": []}),
    ResourcePreFetchPayload("res://x"),
    ResourcePostFetchPayload("res://x", ResourceContent(uri="res://x", text="t")),
    ServerPreRegisterPayload("s", "https://s", "http", {}, {"tools": []}),
    ServerPostRegisterPayload("s", "https://s", "http", {}, "active"),
    AuthPreCheckPayload("POST", "/mcp", {"authorization": "x"}),
    AuthPostCheckPayload("alice", "acme", ["reader"], {"sub": "a"}, "jwt"),
    FederationPreSyncPayload("peer", "https://p"),
    FederationPostSyncPayload("peer", [{"name": "t"}], [], []),
]


@pytest.mark.parametrize("payload", TWELVE, ids=lambda payload: payload.hook)
async def test_each_of_the_twelve_hooks_runs_blocks_and_modifies(toys, payload):
    async def changes(self, payload, context):
        first = payload.subject_field or "method"
        setattr(payload, first, "changed")
        return PluginResult(modified_payload=payload)

    async def blocks(self, payload, context):
        return PluginResult(False, violation=PluginViolation("r", code="STOP"))

    changer = type("Changer", (Plugin,), {payload.hook: changes})
    blocker = type("Blocker", (Plugin,), {payload.hook: blocks})
    changed = await toys.run(payload, changer)
    blocked = await toys.run(payload, blocker)
    assert type(changed.payload) is type(payload)
    assert getattr(changed.payload, payload.subject_field or "method") == "changed"
    assert getattr(payload, payload.subject_field or "method") != "changed"
    assert blocked.violation.code == "STOP"
    assert blocked.records[0].hook == payload.hook


# -- identity


async def test_auth_post_check_binds_the_identity_before_any_other_hook(toys):
    class Elevates(Plugin):
        async def auth_post_check(self, payload, context):
            return PluginResult(modified_payload=AuthPostCheckPayload(payload.user, "acme", ["admin"]))

    seen = []

    class Looks(Plugin):
        async def tool_pre_invoke(self, payload, context):
            seen.append((context.request.user, context.request.tenant_id, tuple(context.request.roles)))

    async with toys.runner(Elevates, Looks) as runner, runner.request() as request:
        await request.run(AuthPostCheckPayload("alice", "elsewhere", ["reader"]))
        await request.run(CALL)
    assert seen == [("alice", "acme", ("admin",))]
    assert (request.user, request.tenant_id, request.roles) == ("alice", "acme", ("admin",))


async def test_the_identity_is_bound_without_any_plugin_too(toys):
    async with toys.runner() as runner, runner.request() as request:
        await request.run(AuthPostCheckPayload("alice"))
        assert request.user == "alice"


async def test_a_blocked_check_binds_nothing(toys):
    class Blocks(Plugin):
        async def auth_post_check(self, payload, context):
            return PluginResult(False)

    async with toys.runner(Blocks) as runner, runner.request() as request:
        await request.run(AuthPostCheckPayload("alice"))
        assert request.user is None


async def test_it_is_bound_once(toys):
    async with toys.runner() as runner, runner.request() as request:
        await request.run(AuthPostCheckPayload("alice"))
        with pytest.raises(GatehookError, match="once"):
            await request.run(AuthPostCheckPayload("mallory"))
        assert request.user == "alice"


# -- implementations


@pytest.mark.parametrize(
    "parameters", ["self", "self, payload", "self, context", "self, payload, context", "self, context, payload"]
)
@pytest.mark.parametrize("kind", ["def", "async def"])
async def test_a_method_may_be_def_or_async_def_and_take_a_subset_of_the_parameters_in_any_order(
    toys, parameters, kind
):
    names = [name.strip() for name in parameters.split(",")][1:]
    told = ", ".join(f"{name!r}: type({name}).__name__" for name in names)
    scope = {"PluginResult": PluginResult, "Plugin": Plugin}
    exec(
        f"class Toy(Plugin):\n {kind} tool_pre_invoke({parameters}):\n  return PluginResult(metadata={{{told}}})", scope
    )
    outcome = await toys.run(CALL, scope["Toy"])
    wanted = {"payload": "ToolPreInvokePayload", "context": "PluginContext"}
    assert dict(outcome.metadata) == ({"Toy": {name: wanted[name] for name in names}} if names else {})
    assert outcome.records[0].verdict is Verdict.OK


async def test_static_and_class_methods_and_inherited_ones_work(toys):
    class Base(Plugin):
        @staticmethod
        async def tool_pre_invoke(payload, context):
            return PluginResult(metadata={"static": payload.name})

    class Derived(Base):
        @classmethod
        def prompt_pre_fetch(cls, payload):
            return PluginResult(metadata={"cls": cls.__name__})

    async with toys.runner(Derived) as runner, runner.request() as request:
        assert (await request.run(CALL)).metadata["Derived"] == {"static": "lookup"}
        assert (await request.run(PromptPrehookPayload("p"))).metadata["Derived"] == {"cls": "Derived"}


async def test_hookimpl_may_give_a_method_the_name_of_a_hook(toys):
    class Named(Plugin):
        @hookimpl(specname="tool_pre_invoke")
        async def check_the_call(self, payload, context):
            return PluginResult(metadata={"n": 1})

        @hookimpl
        async def prompt_pre_fetch(self, payload):
            return PluginResult(metadata={"n": 2})

    async with toys.runner(Named) as runner, runner.request() as request:
        assert (await request.run(CALL)).metadata["Named"] == {"n": 1}
        assert (await request.run(PromptPrehookPayload("p"))).metadata["Named"] == {"n": 2}


async def test_a_wrapped_coroutine_function_is_awaited(toys):
    def logged(function):
        @functools.wraps(function)
        async def wrapper(*args):
            return await function(*args)

        return wrapper

    class Wrapped(Plugin):
        @logged
        async def tool_pre_invoke(self, payload, context):
            return PluginResult(False)

    # `*args` is no parameter of the hook, yet the signature that functools.wraps passes on is
    assert (await toys.run(CALL, Wrapped)).violation.code == "UNSPECIFIED"


def bad(body):
    scope = {"Plugin": Plugin, "hookimpl": hookimpl}
    exec("class Bad(Plugin):\n" + "\n".join(f"    {line}" for line in body.splitlines()), scope)
    return scope["Bad"]


OK = "def prompt_pre_fetch(self, payload): pass"
SIGNATURES = {
    "a default": ("async def tool_pre_invoke(self, payload, context=None): pass", "has a default"),
    "*args": ("async def tool_pre_invoke(self, *args): pass", r"\*args"),
    "**kwargs": ("async def tool_pre_invoke(self, payload, **kwargs): pass", r"\*\*kwargs"),
    "keyword-only": ("async def tool_pre_invoke(self, payload, *, context): pass", "keyword-only"),
    "another name": ("async def tool_pre_invoke(self, payload, ctx): pass", "'ctx'"),
    "one too many": ("async def tool_pre_invoke(self, payload, context, extra): pass", "'extra'"),
    "an async generator": ("async def tool_pre_invoke(self, payload): yield", "yield"),
    "a generator": ("def tool_pre_invoke(self, payload): yield", "yield"),
    "no method": ("tool_pre_invoke = 5", "int"),
    "a property": ("@property\ndef tool_pre_invoke(self): raise RuntimeError", "property"),
    "a typo": ("async def tool_pre_invok(self, payload, context): pass", "tool_pre_invoke"),
    "a typo with fewer parameters": ("async def tool_pre_invok(self, payload): pass", "tool_pre_invoke"),
    "a typo in specname": (
        "@hookimpl(specname='tool_pre_invok')\nasync def check(self, payload): pass",
        "tool_pre_invok",
    ),
    "a decorated method of another name": ("@hookimpl\nasync def check(self, payload): pass", "check"),
    "a wrapper": ("@hookimpl(wrapper=True)\ndef tool_pre_invoke(self): yield", "yield|wrapper"),
    "a hookwrapper": ("@hookimpl(hookwrapper=True)\ndef tool_pre_invoke(self): yield", "yield|wrapper"),
}


@pytest.mark.parametrize(("body", "says"), SIGNATURES.values(), ids=SIGNATURES)
@pytest.mark.parametrize("mode", ["enforce", "permissive"])
async def test_our_check_names_each_signature_that_would_never_run(toys, body, says, mode):
    runner = toys.runner((bad(f"{body}\n{OK}"), {"mode": mode}))
    if mode == "permissive":
        async with runner:
            (status,) = runner.plugins()
        assert status.state == "failed"
        assert "Bad" in status.reason
        return
    with pytest.raises(PluginLoadError, match=says) as caught:
        async with runner:
            pass
    assert caught.value.plugin == "Bad"


async def test_a_helper_that_merely_sounds_like_a_hook_is_left_alone(toys):
    class Helps(Plugin):
        async def tool_pre_invoke(self, payload, context):
            return self.tool_call(payload.name)

        def tool_call(self, name):
            return PluginResult(metadata={"name": name})

        def _tool_pre_invok(self, payload, context):
            raise AssertionError

    assert (await toys.run(CALL, Helps)).metadata["Helps"] == {"name": "lookup"}


async def test_a_property_of_a_plugin_is_not_run_at_load(toys):
    class Lazy(Plugin):
        @property
        def backend(self):
            raise AssertionError("looked at")

        async def tool_pre_invoke(self, payload, context):
            return PluginResult(metadata={"n": 1})

    assert (await toys.run(CALL, Lazy)).metadata["Lazy"] == {"n": 1}


async def test_a_class_without_hooks_is_refused(toys):
    with pytest.raises(PluginLoadError, match="implements no hook"):
        async with toys.runner(type("Empty", (Plugin,), {})):
            pass


async def test_a_constructor_that_forgets_super_is_named(toys):
    class Forgets(Plugin):
        def __init__(self, config):
            pass

        def tool_pre_invoke(self):
            pass

    with pytest.raises(PluginLoadError, match=r"super\(\).__init__"):
        async with toys.runner(Forgets):
            pass


# -- hooks: in the entry


class Both(Plugin):
    async def tool_pre_invoke(self, payload, context):
        return PluginResult(metadata={"pre": True})

    async def tool_post_invoke(self, payload, context):
        return PluginResult(metadata={"post": True})


@pytest.mark.parametrize("manifest", [None, {}])
async def test_hooks_narrows_what_the_class_implements(toys, manifest):
    async with toys.runner((Both, {"hooks": ["tool_post_invoke"], "manifest": manifest})) as runner:
        async with runner.request() as request:
            before, after = await request.run(CALL), await request.run(ToolPostInvokePayload("t", {}))
        assert runner.plugins()[0].hooks == ("tool_post_invoke",)
    assert dict(before.metadata) == {}
    assert before.records == ()
    assert dict(after.metadata) == {"Both": {"post": True}}


@pytest.mark.parametrize("manifest", [None, {}])
async def test_omitted_it_is_all_that_there_are(toys, manifest):
    async with toys.runner((Both, {"manifest": manifest})) as runner:
        assert set(runner.plugins()[0].hooks) == {"tool_pre_invoke", "tool_post_invoke"}


@pytest.mark.parametrize("manifest", [None, {}])
async def test_naming_a_hook_that_the_class_lacks_is_an_error(toys, manifest):
    with pytest.raises(ConfigError, match="does not implement prompt_pre_fetch"):
        async with toys.runner((Both, {"hooks": ["tool_pre_invoke", "prompt_pre_fetch"], "manifest": manifest})):
            pass


async def test_a_misspelt_hook_is_another_error(toys):
    with pytest.raises(ConfigError, match="no hook 'tool_pre_invok', did you mean 'tool_pre_invoke'"):
        toys.runner((Both, {"hooks": ["tool_pre_invok"]}))


async def test_a_manifest_that_lies_about_hooks_is_a_third(toys):
    with pytest.raises(ManifestError, match="advertises prompt_pre_fetch"):
        async with toys.runner(
            (Both, {"manifest": {"available_hooks": ["tool_pre_invoke", "tool_post_invoke", "prompt_pre_fetch"]}})
        ):
            pass
    with pytest.raises(ManifestError, match="implements tool_post_invoke"):
        async with toys.runner((Both, {"manifest": {"available_hooks": ["tool_pre_invoke"]}})):
            pass


# -- hooks that the host calls


@pytest.mark.parametrize("manifest", [None, {}])
@pytest.mark.parametrize("named", [True, False])
async def test_an_enforcing_entry_none_of_whose_hooks_is_called_keeps_it_from_starting(toys, manifest, named):
    entry = {"manifest": manifest, **({"hooks": ["tool_pre_invoke"]} if named else {})}
    with pytest.raises(ConfigError, match="calls none of its hooks"):
        async with toys.runner((Both, entry), hooks=["prompt_pre_fetch"]):
            pass


@pytest.mark.parametrize("manifest", [None, {}])
@pytest.mark.parametrize("keys", [{"mode": "permissive"}, {"on_error": "allow"}, {}])
async def test_some_uncalled_ones_are_a_loud_warning(toys, manifest, keys, caplog):
    async with toys.runner((Both, {"manifest": manifest, **keys}), hooks=["tool_pre_invoke"]) as runner:
        (status,) = runner.plugins()
    assert status.warnings == ("this host never calls tool_post_invoke",)
    assert "never calls tool_post_invoke" in caplog.text


async def test_an_observer_is_called_by_every_host(toys):
    class Watches(Plugin):
        def hook_finished(self, outcome):
            pass

    async with toys.runner(Watches, hooks=["tool_pre_invoke"]) as runner:
        assert runner.plugins()[0].warnings == ()


async def test_a_host_that_says_it_calls_a_hook_that_does_not_exist_is_told(toys):
    with pytest.raises(ConfigError, match="did you mean 'tool_pre_invoke'"):
        toys.runner(Both, hooks=["tool_pre_invok"])


# -- hooks of a host


@dataclass
class ShipmentPayload(Payload, hook="shipment_pre_send", subject="carrier", answerable=True):
    carrier: str
    parcels: list = field(default_factory=list)
    note: str = "none"
    weight: float | None = None


class ShippingSpecs:
    @hookspec
    def shipment_pre_send(self, payload: ShipmentPayload, context: PluginContext):
        """Before a shipment is sent."""


async def test_a_host_adds_hooks_of_its_own(toys):
    class Ships(Plugin):
        async def shipment_pre_send(self, payload, context):
            payload.parcels.append("insurance")
            payload.note += "!"
            return PluginResult(modified_payload=payload)

    class Vandal(Plugin):
        async def shipment_pre_send(self, payload, context):
            payload.parcels.clear()
            payload.note, payload.weight = "vandal", 5.0

    shipment = ShipmentPayload("post", ["box"])
    outcome = await toys.run(shipment, Vandal, Ships, hookspecs=ShippingSpecs)
    assert outcome.payload == ShipmentPayload("post", ["box", "insurance"], "none!")
    assert outcome.modified
    assert shipment == ShipmentPayload("post", ["box"])


async def test_a_host_s_hook_can_be_narrowed_answered_and_observed(toys):
    told = []

    class Ships(Plugin):
        def shipment_pre_send(self, payload):
            return PluginResult(response="sent")

        def tool_pre_invoke(self, payload):
            pass

    class Watches(Plugin):
        def hook_finished(self, outcome):
            told.append(outcome.response)

    plugins = [(Ships, {"hooks": ["shipment_pre_send"]}), Watches]
    outcome = await toys.run(ShipmentPayload("post"), *plugins, hookspecs=[ShippingSpecs])
    assert outcome.response == "sent"
    assert told == ["sent"]


async def test_the_final_subject_of_a_host_s_hook_is_looked_at_again(toys):
    class Guard(Plugin):
        def shipment_pre_send(self, payload):
            return PluginResult(payload.carrier != "pigeon")

    class Reroutes(Plugin):
        def shipment_pre_send(self, payload):
            return PluginResult(modified_payload=ShipmentPayload("pigeon"))

    assert (await toys.run(ShipmentPayload("post"), Guard, Reroutes, hookspecs=ShippingSpecs)).blocked


def specs(cls, **extra):
    def hook(self, payload: cls, context): ...

    return type("Specs", (), {cls.hook: hookspec(hook), **extra})


def declare(decorate, **keys):
    """A payload class for the hook ``x_hook``, made a dataclass by ``decorate``."""

    class XPayload(Payload, hook="x_hook", **keys):
        name: str = "n"
        items: list = None

    return decorate(XPayload)


@pytest.mark.parametrize(
    "decorate", [dataclass(frozen=True), dataclass(kw_only=True), dataclass(eq=False), dataclass(order=True)]
)
async def test_a_host_s_payload_may_be_any_dataclass_with_a_dict(toys, decorate):
    cls = declare(decorate, subject="name")

    class Looks(Plugin):
        def x_hook(self, payload):
            payload.items.append(2)
            return PluginResult(modified_payload=cls(name="m", items=payload.items))

    given = cls(name="n", items=[1])
    outcome = await toys.run(given, Looks, hookspecs=specs(cls))
    assert (outcome.payload.name, outcome.payload.items, given.items) == ("m", [1, 2], [1])


async def test_a_host_s_payload_with_slots_works_or_is_refused_at_once(toys):
    @dataclass(slots=True)
    class XPayload(Payload, hook="x_hook"):
        items: list

    class Writes(Plugin):
        def x_hook(self, payload):
            payload.items.append(2)
            return PluginResult(modified_payload=payload)

    with pytest.raises(TypeError, match="slots"):
        await toys.run(XPayload([1]), Writes, hookspecs=specs(XPayload))


async def test_a_host_s_payload_that_is_no_dataclass_is_refused_at_once(toys):
    with pytest.raises(TypeError, match="dataclass"):
        toys.runner(hookspecs=specs(declare(lambda cls: cls)))


async def test_a_hookspec_that_cannot_work_is_refused_at_once(toys):
    def parameters(self, payload: ShipmentPayload): ...
    def untyped(self, payload, context): ...
    def other(self, payload: ToolPreInvokePayload, context): ...

    for function in (parameters, untyped, other):
        function.__name__ = "shipment_pre_send"
        with pytest.raises(TypeError, match="shipment_pre_send"):
            toys.runner(hookspecs=type("Specs", (), {"shipment_pre_send": hookspec(function)}))


async def test_a_value_over_a_class_level_default_that_cannot_be_copied_is_a_failure_of_the_step(toys):
    class Looks(Plugin):
        def shipment_pre_send(self, payload):
            return PluginResult(metadata={"n": 1})

    uncopyable = ShipmentPayload("post", note=threading.Lock())
    outcome = await toys.run(uncopyable, Looks, hookspecs=ShippingSpecs)
    assert outcome.blocked
    assert outcome.records[0].error_type == "payload"
    outcome = await toys.run(uncopyable, (Looks, {"mode": "audit"}), hookspecs=ShippingSpecs)
    assert not outcome.blocked


async def test_running_what_is_no_payload_of_the_runner_is_a_clear_error(toys):
    async with toys.runner(Both) as runner, runner.request() as request:
        for wrong in ({"name": "t"}, None, ToolPreInvokePayload, ShipmentPayload("post")):
            with pytest.raises(TypeError, match="payload of a hook"):
                request.run(wrong)


async def test_errors_at_a_host_s_hook_name_it(toys):
    class Fails(Plugin):
        def shipment_pre_send(self):
            raise ValueError

    with pytest.raises(PluginError) as caught:
        await toys.run(ShipmentPayload("post"), Fails, hookspecs=ShippingSpecs, fail_on_plugin_error=True)
    assert caught.value.hook == "shipment_pre_send"


async def test_a_disabled_entry_may_not_name_a_hook_that_does_not_exist(toys):
    config = {"plugins": [{"name": "a", "kind": "not.There", "mode": "disabled", "hooks": ["tool_pre"]}]}
    with pytest.raises(ConfigError, match="there is no hook 'tool_pre'"):
        Runner.from_config(config)
