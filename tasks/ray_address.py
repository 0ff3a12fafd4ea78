"""``RAY_ADDRESS``: whether a Ray can be reached there."""

import socket
from urllib.parse import urlsplit

CLIENT_PORT = 10_001
OWN = ("local", "auto")
"""Addresses that name no place: Ray starts or finds one by itself."""
EXPECTED = "ray://HOST:10001 or HOST:6379"
TIMEOUT_S = 2


def silence(address: str) -> str | None:
    """Why nothing can be reached at a Ray's address; None if something can.

    It is knocked at and not joined, which takes half a minute where nobody answers.
    """
    if address in OWN:
        return None
    try:
        place = urlsplit(address if "://" in address else f"ray://{address}")
        target = (place.hostname or "", place.port or CLIENT_PORT)
        with socket.create_connection(target, TIMEOUT_S):
            return None
    except (OSError, ValueError) as error:
        return str(error)
