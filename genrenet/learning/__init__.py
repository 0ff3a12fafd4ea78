"""From rows to a judged network."""
