"""The ports at which the servers of ``make up`` listen: whether they can be had, who holds one."""

import socket
from collections.abc import Mapping

from genrenet.errors import DataError
from genrenet.serving.store import shown

HOST = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104  only if it is asked for

PORTS = {"Prefect": 4200, "MLflow": 5000}
"""Where they listen unless they are told otherwise: the ports that both have by themselves."""


def check_host(host: str) -> None:
    """Refuse what this machine cannot listen at.

    Raises
    ------
    DataError
        It is no address of its own, or none of IPv4.
    """
    with socket.socket() as listener:
        try:
            listener.bind((host, 0))
        except OSError as error:
            raise DataError(
                f"LISTEN is '{host}', where this machine cannot listen ({error.strerror}). "
                f"Expected an IPv4 address or a name of its own, such as {HOST}; {EVERYWHERE}: all."
            ) from error


def check_ports(host: str, ports: Mapping[str, int]) -> None:
    """Refuse ports that somebody listens at, and one for two servers.

    Raises
    ------
    DataError
        One is taken, cannot be had, or is asked for twice.
    """
    for name, port in ports.items():
        _check_port(host, port, name)
    if len(set(ports.values())) < len(ports):
        raise DataError(f"both servers cannot have port {port}. Give each its own.")


def _check_port(host: str, port: int, name: str) -> None:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            raise DataError(
                f"port {port} of {host} cannot be had ({error.strerror}: {holder(port)}). End what "
                f"holds it, or give another port: make up {name}={port + 1}"
            ) from error


def holder(port: int) -> str:
    """Who listens at a port, as far as this user may know."""
    import psutil

    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == psutil.CONN_LISTEN]
        pid = next((c.pid for c in listening if c.laddr.port == port and c.pid), None)
        if pid is not None:
            return f"PID {pid} ({shown(' '.join(psutil.Process(pid).cmdline()))[:60]})"
    except psutil.Error:  # somebody else's; macOS tells root alone
        pass
    return "a process of somebody else"
