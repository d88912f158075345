"""What every plugin is to be held to: a test class of checks, each of which says what is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gatehook.payloads import Payload
from gatehook.testing.conformance.answers import AnswerChecks
from gatehook.testing.conformance.conduct import ConductChecks
from gatehook.testing.conformance.documents import DocumentChecks
from gatehook.testing.conformance.subject import Subject
from gatehook.testing.running import Tested


def conformance(
    plugin: Tested,
    *,
    secrets: Sequence[str] = (),
    payloads: Sequence[Payload] = (),
    changes: Sequence[str] = (),
    idempotent: bool = False,
    **keys: Any,
) -> type:
    """A class of tests that hold a plugin to what hosts and operators rely on; one line in a test module::

        TestConformance = conformance("pii_filter", secrets=["123-45-6789"], idempotent=True)

    Args:
        plugin: its entry point, its class, or an entry as in YAML.
        secrets: texts in which it finds something, with this config: none of them may show in what it says.
        payloads: further payloads to try, such as calls of the tool that it is for.
        changes: paths, as globs, at which it changes more than text: ``["args.limit", "result._meta.*"]``.
        idempotent: claims that it leaves alone what it made itself.
        keys: of its entry: ``config``, ``mode``, ``conditions``, ….

    A check that has nothing to go by is skipped, and says what to give it.
    """
    if isinstance(plugin, Mapping):
        keys |= plugin
    kind = keys.pop("kind", keys.get("name")) if isinstance(plugin, Mapping) else plugin
    subject = Subject(kind, keys, tuple(secrets), tuple(payloads), tuple(changes), idempotent)
    return type("TestConformance", (ConductChecks, AnswerChecks, DocumentChecks), {"subject": subject})


__all__ = ["conformance"]
