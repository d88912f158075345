"""How much content plugins find, and what they take for it wrongly: `python -m benchmarks.detection`."""
