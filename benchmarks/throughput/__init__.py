"""How fast content plugins are: pii_filter beside its peer, long deny lists, hostile texts."""
