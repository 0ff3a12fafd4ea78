"""Leak-proof features, tracked networks and honest reports for classified music."""
