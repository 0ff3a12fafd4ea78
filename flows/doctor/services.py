"""The services: whether Prefect, MLflow and Ray answer where they are said to be."""

import os
import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from flows.addresses import told
from flows.doctor.finding import Finding, note, ok, problem
from flows.health import MLFLOW, PREFECT, TIMEOUT_S, is_at, mlflow_silence, prefect_silence
from flows.login import mlflow_refusal, prefect_refusal
from flows.ports import PORTS, holder
from genrenet.serving.store import SERVER, SQLITE
from tasks.ray_address import EXPECTED, OWN, silence

SERVICES = {"Prefect": PREFECT, "MLflow": MLFLOW}


def prefect(_: Path) -> Iterator[Finding]:
    """The API of ``$PREFECT_API_URL``, else of Prefect's active profile."""
    from flows.engines import found_api, profile_url

    said, profile = os.environ.get("PREFECT_API_URL"), profile_url()
    without = "a rebuild starts one for its duration, a stage by itself works without"
    if said and (why := prefect_silence(said) or prefect_refusal(said)):
        cure = "Start that server, or correct or unset PREFECT_API_URL; until then " + without
        yield problem("Prefect", f"PREFECT_API_URL={said}: {why}", cure)
    elif (found := found_api()) and (why := prefect_refusal(found)):
        yield problem("Prefect", f"{found}: {why}", f"Set it; until then {without}")
    elif found:
        yield ok("Prefect", f"{found} answers")
    elif profile and not said:
        cure = f"Start that server, or: prefect config unset PREFECT_API_URL; until then {without}"
        yield note("Prefect", f"{profile} of Prefect's profile does not answer", cure)
    else:
        yield ok("Prefect", f"no API is set: {without}")


def mlflow(_: Path) -> Iterator[Finding]:
    """The server or the database of ``$MLFLOW_TRACKING_URI``."""
    uri = os.environ.get("MLFLOW_TRACKING_URI", "")
    if not uri:
        yield ok("MLflow", "no server is set: the checkout has a store of its own")
    elif uri.startswith(SQLITE):
        yield ok("MLflow", f"MLFLOW_TRACKING_URI={uri}: a file, no server to ask")
    elif why := (uri.startswith(SERVER) and mlflow_silence(uri)) or mlflow_refusal(uri):
        cure = "Start it, or correct or unset MLFLOW_TRACKING_URI: stages that record fail."
        yield problem("MLflow", f"MLFLOW_TRACKING_URI={uri}: {why}", cure)
    else:
        yield ok("MLflow", f"{uri} answers")


def ray(_: Path) -> Iterator[Finding]:
    """The Ray of ``$RAY_ADDRESS``, knocked at and not joined."""
    address = os.environ.get("RAY_ADDRESS", "")
    if not address:
        yield ok("Ray", "no address is set: one is started where it pays")
        return
    if address in OWN:
        yield ok("Ray", f"RAY_ADDRESS={address}: Ray looks for itself")
    elif why := silence(address):
        cure = f"Expected {EXPECTED}. Start it (ray start --head), or correct or unset RAY_ADDRESS."
        yield problem("Ray", f"RAY_ADDRESS={address}: cannot be reached ({why})", cure)
    else:
        yield ok("Ray", f"{address} can be reached")


def ports(_: Path) -> Iterator[Finding]:
    """The ports of both servers: free, held by the one that belongs there, or by another."""
    for name, port in {**PORTS, **_told()}.items():
        url = f"http://127.0.0.1:{port}"
        if not _is_taken(port):
            yield ok("ports", f"{port} is free for {name}")
        elif is_at(SERVICES[name], f"{url}{SERVICES[name].path}"):
            yield ok("ports", f"{port}: {name} is up at {url}")
        else:
            elsewhere = f"make up {name.upper()}_PORT={port + 1}"
            cure = f"To have {name}'s server there, stop it; or: {elsewhere}"
            yield note("ports", f"{port} is held by {holder(port)}, which is no {name}", cure)


def proxies(_: Path) -> Iterator[Finding]:
    """Whether what runs on this machine is reached past the proxy."""
    set_here = sorted(urllib.request.getproxies().keys() - {"no"})
    caught = [host for host in ("localhost", "127.0.0.1") if not _is_exempt(host)]
    if set_here and caught:
        exempt = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
        cure = f"export NO_PROXY={','.join(filter(None, [exempt, *caught]))}"
        found = f"a proxy for {', '.join(set_here)} is set, {', '.join(caught)} not exempt"
        yield note("proxy", found, cure)
    else:
        yield ok("proxy", "localhost is exempt" if set_here else "none is set")


def _told() -> dict[str, int]:
    """Where ``make up`` has its servers now."""
    services = told()
    pages = {"Prefect": services.prefect, "MLflow": services.mlflow} if services else {}
    return {name: port for name, url in pages.items() if (port := urlsplit(url).port)}


def _is_exempt(host: str) -> bool:
    return bool(urllib.request.proxy_bypass(host))


def _is_taken(port: int) -> bool:
    with socket.socket() as knocking:
        knocking.settimeout(TIMEOUT_S)
        return knocking.connect_ex(("127.0.0.1", port)) == 0
