"""The plugin in a real runner."""

from gatehook.testing import plugin_fixtures

configured, run = plugin_fixtures("deny_list")
