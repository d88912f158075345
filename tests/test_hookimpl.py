"""What `@hookimpl` may not say."""

import pytest
from gatehook import Plugin, PluginLoadError, hookimpl


@pytest.mark.parametrize("option", ["tryfirst", "trylast"])
async def test_an_order_among_plugins_is_refused_since_priority_decides_it(toys, option):
    class Pushy(Plugin):
        @hookimpl(**{option: True})
        def tool_pre_invoke(self, payload): ...

    says = (
        f"cannot be registered: Pushy.tool_pre_invoke says {option}, which has no effect; order comes from `priority`"
    )
    with pytest.raises(PluginLoadError, match=says):
        async with toys.runner(Pushy):
            pass


async def test_two_methods_for_one_hook_are_both_named(toys):
    class Twice(Plugin):
        @hookimpl(specname="tool_pre_invoke")
        def check(self, payload): ...

        def tool_pre_invoke(self, payload): ...

    says = r"cannot be registered: Twice.check and Twice.tool_pre_invoke both implement tool_pre_invoke; only one can"
    with pytest.raises(PluginLoadError, match=says):
        async with toys.runner(Twice):
            pass
