"""From a network to answers."""
