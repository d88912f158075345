"""Masks or blocks personal data in prompts, tool calls and resources."""
