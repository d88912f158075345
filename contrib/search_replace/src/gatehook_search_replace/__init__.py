"""Replaces text in prompts, tool arguments and tool results by regular expressions."""
