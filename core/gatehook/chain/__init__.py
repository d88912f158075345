"""The mechanism: chains of steps, and what running them takes. No I/O."""

from gatehook.chain.chain import Chain, ClosedChain
from gatehook.chain.observers import Observer
from gatehook.chain.steps import Breaker, Step, Tally

__all__ = ["Breaker", "Chain", "ClosedChain", "Observer", "Step", "Tally"]
