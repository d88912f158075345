"""Blocks requests and results that hold a denied word."""
