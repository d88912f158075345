"""The plugin is what `gatehook.testing` holds every plugin to."""

from gatehook.testing import conformance

TestConformance = conformance("deny_list", config={"words": ["quetzal plan"]}, secrets=["quetzal plan"])
