"""The plugin is what `gatehook.testing` holds every plugin to."""

from gatehook.testing import conformance

TestConformance = conformance(
    "search_replace",
    config={"words": [{"search": "qu[aeiou]gga", "replace": "zebra"}]},
    secrets=["quagga"],
    idempotent=True,
)
