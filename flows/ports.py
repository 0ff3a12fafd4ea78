"""The ports at which the servers of ``make up`` listen, and who holds one."""

from genrenet.serving.store import shown

PORTS = {"Prefect": 4200, "MLflow": 5000}
"""Where they listen unless they are told otherwise: the ports that both have by themselves."""


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
