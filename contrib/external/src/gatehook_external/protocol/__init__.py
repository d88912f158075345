"""The protocol of external plugins as JSON data, whatever carries it: payloads, who asks, answers, descriptions.

It is that of cpex 0.1 and of ContextForge from 0.9 on, with a few words more between two gatehooks. What comes from the
other side is checked field by field and copied before anything else sees it; how large it may be is the transport's
matter.
"""

from gatehook_external.protocol.answers import CODES, RemoteError, answer_of, failure_of, refusal, result_of
from gatehook_external.protocol.asking import apply_context, ask, context_from, context_to_wire
from gatehook_external.protocol.configs import PROTOCOL, Described, described
from gatehook_external.protocol.payloads import HOOKS, changed, from_wire, to_wire

__all__ = [
    "CODES",
    "HOOKS",
    "PROTOCOL",
    "Described",
    "RemoteError",
    "answer_of",
    "apply_context",
    "ask",
    "changed",
    "context_from",
    "context_to_wire",
    "described",
    "failure_of",
    "from_wire",
    "refusal",
    "result_of",
    "to_wire",
]
