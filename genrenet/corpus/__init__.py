"""Which recordings, whose, and on which side of the split."""
