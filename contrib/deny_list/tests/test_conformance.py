"""The plugin is what `gatehook.testing` holds every plugin to, when it blocks and when it masks."""

from gatehook.testing import conformance

WORDS = ["quetzal plan", "zyx"]

TestBlocking = conformance("deny_list", config={"words": WORDS}, secrets=WORDS)
TestMasking = conformance(
    "deny_list", access="write", config={"words": WORDS, "action": "mask"}, secrets=WORDS, idempotent=True
)
