"""From a recording to rows of features."""
