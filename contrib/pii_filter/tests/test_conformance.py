"""The plugin is what `gatehook.testing` holds every plugin to, when it masks and when it blocks."""

from gatehook.testing import conformance

SECRETS = ["123-45-6789", "4111 1111 1111 1111", "bob@example.com"]

TestMasking = conformance(
    "pii_filter", config={"log_detections": True, "audit_detections": True}, secrets=SECRETS, idempotent=True
)
TestBlocking = conformance("pii_filter", config={"block_on_detection": True}, secrets=SECRETS)
