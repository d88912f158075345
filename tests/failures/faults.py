"""The matrix: what can go wrong, over which transport, and what is to come of it."""

from __future__ import annotations

from itertools import product
from typing import Final, NamedTuple

MODES: Final = ("enforce", "permissive", "audit")
ON_ERROR: Final = ("block", "allow", "disable")


class Ends(NamedTuple):
    """How a call ends that meets a fault."""

    error_type: str
    says: str
    """An expression that finds, in the record's reason, which fault it was."""
    arrives: int = 1
    """How often the call comes to the server: only what surely never arrived may be tried again."""


IN_PROCESS: Final = "in process"
STDIO: Final = "stdio"
JSON: Final = "HTTP, JSON"
STREAM: Final = "HTTP, event streams"
UNIX: Final = "HTTP, Unix socket"
OLD: Final = "HTTP+SSE of 2024"
GRPC: Final = "gRPC"
PEER: Final = "gRPC of cpex"
GUARD: Final = "http_guard"
TRANSPORTS: Final = (IN_PROCESS, STDIO, JSON, STREAM, UNIX, OLD, GRPC, PEER, GUARD)

SLOW: Final = "longer than"

FAULTS: Final = {
    "refused": Ends("backend", "cannot be reached|refuses connections", arrives=0),
    "TLS error": Ends("backend", "TLS", arrives=0),
    "wrong certificate": Ends("backend", "certificate", arrives=0),
    "hang": Ends("timeout", SLOW),
    "slow drip": Ends("timeout", SLOW),
    "crash in mid-reply": Ends("backend", "broke off|closed|ended"),
    "garbage": Ends("backend", "not speak HTTP|not HTTP"),
    "not JSON": Ends("backend", "not JSON|no JSON"),
    "oversize": Ends("backend", "(over|more than) [0-9,]+ bytes|over the limit"),
    "wrong id": Ends("backend", "another call|no answer|without"),
    "late reply": Ends("timeout", SLOW),
    "wrong plugin name": Ends("backend", "another plugin"),
    "HTTP 301": Ends("backend", "301.*not followed"),
    "HTTP 401": Ends("backend", "401"),
    "HTTP 429": Ends("backend", "429"),
    "HTTP 500": Ends("backend", "500"),
    "HTTP 503": Ends("backend", "503"),
    "version mismatch": Ends("backend", "error -32022"),  # UnsupportedProtocolVersion of MCP
    "cancel": Ends("cancelled", "the run ended while it was waiting"),
}
"""Over a network, unless ELSEWHERE says otherwise."""

ELSEWHERE: Final = {
    ("refused", IN_PROCESS): Ends("exception", "raised ConnectionRefusedError at toys.py"),
    ("TLS error", IN_PROCESS): Ends("exception", "raised SSLError at toys.py"),
    ("wrong certificate", IN_PROCESS): Ends("exception", "raised SSLCertVerificationError at toys.py"),
    ("crash in mid-reply", IN_PROCESS): Ends("exception", "raised SystemExit at toys.py"),
    ("garbage", IN_PROCESS): Ends("invalid_result", "returned a bytes"),
    ("not JSON", IN_PROCESS): Ends("payload", "generator"),
    ("oversize", IN_PROCESS): Ends("payload", "deeper than 200"),
    **{
        (fault, transport): ends
        for transport in (GRPC, PEER)
        for fault, ends in {
            "refused": Ends("backend", "refuses connections|unavailable", arrives=0),
            "TLS error": Ends("backend", "TLS|unavailable", arrives=0),
            "wrong certificate": Ends("backend", "certificate|unavailable", arrives=0),
            "crash in mid-reply": Ends("backend", "unavailable"),
            "garbage": Ends("backend", "unavailable|status"),
            "oversize": Ends("backend", "over the limit"),
            "wrong id": Ends("timeout", SLOW),
            "HTTP 301": Ends("backend", "status"),
            "HTTP 401": Ends("backend", "credentials"),
            "HTTP 429": Ends("backend", "unavailable"),
            "HTTP 500": Ends("backend", "status"),
            "HTTP 503": Ends("backend", "unavailable"),
            "version mismatch": Ends("backend", "no such method"),
        }.items()
    },
    ("refused", STDIO): Ends("backend", "ended with status|closed its standard", arrives=0),
    ("crash in mid-reply", STDIO): Ends("backend", "ended with status 3|closed its standard"),
    ("garbage", STDIO): Ends("timeout", SLOW),  # a line that is no JSON is nobody's answer
    # Lines and events are told apart by their ids; and a connection begins with the version.
    ("wrong id", STDIO): Ends("timeout", SLOW),
    ("wrong id", OLD): Ends("timeout", SLOW),
    ("version mismatch", STDIO): Ends("backend", "version of MCP", arrives=0),
    ("version mismatch", OLD): Ends("backend", "version of MCP", arrives=0),
    ("not JSON", GRPC): Ends("backend", "not understood"),
    ("not JSON", PEER): Ends("backend", "no InvokeHookResponse"),
    ("version mismatch", GUARD): Ends("backend", r"nothing at \$\.blocked"),
    ("wrong id", IN_PROCESS): Ends("invalid_result", "returned a PromptPrehookPayload"),
}

NOT_THERE: Final = {
    ("wrong plugin name", IN_PROCESS): "an answer bears no name: the runner signs it with the entry's",
    ("version mismatch", IN_PROCESS): "found before the first call: a plugin that asks for another gatehook never runs",
    **{
        (fault, IN_PROCESS): "a call of a method has no status"
        for fault in ("HTTP 301", "HTTP 401", "HTTP 429", "HTTP 500", "HTTP 503")
    },
    ("TLS error", STDIO): "a pipe to a child has no TLS",
    ("wrong certificate", STDIO): "a pipe to a child has no TLS",
    **{
        (fault, STDIO): "a pipe has no status" for fault in ("HTTP 301", "HTTP 401", "HTTP 429", "HTTP 500", "HTTP 503")
    },
    ("TLS error", UNIX): "a socket of this machine has no TLS",
    ("wrong certificate", UNIX): "a socket of this machine has no TLS",
    ("wrong id", GUARD): "the answer to an HTTP/1.1 request bears no id: it is the next one on that connection",
    ("wrong plugin name", GUARD): "the answer names no plugin: what it holds is the operator's to say",
}
"""What cannot happen over a transport, and why."""


class Cell(NamedTuple):
    transport: str
    fault: str
    mode: str
    on_error: str

    def __str__(self) -> str:
        return "-".join(self)

    @property
    def ends(self) -> Ends:
        return ELSEWHERE.get((self.fault, self.transport)) or FAULTS[self.fault]

    @property
    def timed(self) -> bool:
        """Whether the fault is that it takes too long."""
        return self.ends.error_type == "timeout"

    @property
    def waits(self) -> bool:
        """Whether most of its time is spent waiting, for an answer or for the next attempt to connect."""
        return self.timed or not self.ends.arrives

    @property
    def blocks(self) -> bool:
        """Whether its failure blocks the call."""
        return self.mode != "audit" and self.on_error != "allow" and self.fault != "cancel"


CELLS: Final = [
    Cell(transport, fault, mode, on_error)
    for transport, fault, mode, on_error in product(TRANSPORTS, FAULTS, MODES, ON_ERROR)
    if (fault, transport) not in NOT_THERE
]
SECURED: Final = ("TLS error", "wrong certificate")

# -- faults that are there before the plugin is

AT_LOAD: Final = ("refused", "TLS error", "wrong certificate", "version mismatch")
"""Those of the connection."""
POLICIES: Final = (("enforce", "block"), ("enforce", "allow"), ("permissive", "block"), ("audit", "disable"))
VERSIONS: Final = {GRPC: "version 2 of gatehook's protocol"}
"""What is said at load of a version that is not known; elsewhere, it is MCP's."""

NOT_AT_LOAD: Final = {
    IN_PROCESS: "there is nothing to connect to",
    GUARD: "it connects at the first call",
}
NO_VERSION: Final = {PEER: "cpex's messages bear none"}

STARTS: Final = [
    Cell(transport, fault, *policy)
    for transport, fault, policy in product(TRANSPORTS, AT_LOAD, POLICIES)
    if (fault, transport) not in NOT_THERE
    if transport not in NOT_AT_LOAD
    if not (fault == "version mismatch" and transport in NO_VERSION)
]
