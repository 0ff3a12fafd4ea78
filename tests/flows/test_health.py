"""Whether a server answers is told as its client would find it."""

import base64
import datetime as dt
import os
import socket
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from flows.health import bypass_proxy, mlflow_silence, prefect_silence
from flows.orchestrator import answers

BOTH = {"/api/health": (200, b"true"), "/health": (200, b"OK")}


class Healthy(BaseHTTPRequestHandler):
    """Has the pages of its server, and no others."""

    def do_GET(self):
        """Answer."""
        self.server.asked = self.headers.get("Authorization")
        code, content = self.server.pages.get(self.path, (404, b"Not Found"))
        self.send_response(code)
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self):
        """Answer in the same way."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *_):
        """Keep quiet."""


@contextmanager
def serving(pages, context=None):
    """The port of a server with these pages: for each path, a code and what is said."""
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        server.pages = pages
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def certificate(tmp_path):
    """A certificate for this machine that nobody has signed but itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(
        signed.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def api(certificate, monkeypatch):
    """The address of an API behind that certificate."""
    for name in ("PREFECT_API_SSL_CERT_FILE", "PREFECT_API_TLS_INSECURE_SKIP_VERIFY"):
        monkeypatch.delenv(name, raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(BOTH, context) as server:
        yield f"https://127.0.0.1:{server.server_port}/api"


def test_an_api_with_a_certificate_of_its_own_answers_whom_was_given_it(
    api, certificate, monkeypatch
):
    """By the variables that Prefect's own client reads."""
    assert not answers(api)
    assert "certificate verify failed" in prefect_silence(api).why

    monkeypatch.setenv("PREFECT_API_SSL_CERT_FILE", str(certificate))
    assert answers(api)

    monkeypatch.delenv("PREFECT_API_SSL_CERT_FILE")
    monkeypatch.setenv("PREFECT_API_TLS_INSECURE_SKIP_VERIFY", "true")
    assert answers(api)


def test_an_mlflow_server_answers_as_its_client_is_set(api, certificate, monkeypatch):
    """By the variables that MLflow's own client reads; also with a password in its address."""
    server = api.removesuffix("/api").replace("://", "://me:se%20cret@")
    for name in ("MLFLOW_TRACKING_SERVER_CERT_PATH", "MLFLOW_TRACKING_INSECURE_TLS"):
        monkeypatch.delenv(name, raising=False)
    assert "certificate verify failed" in mlflow_silence(server).why

    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
    assert mlflow_silence(server) is None

    monkeypatch.delenv("MLFLOW_TRACKING_SERVER_CERT_PATH")
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    assert mlflow_silence(server) is None


def test_a_password_in_an_address_is_sent_in_a_header():
    """Python would take it for a part of the host's name."""
    with serving(BOTH) as server:
        assert mlflow_silence(f"http://me:se%20cret@127.0.0.1:{server.server_port}/") is None

    assert base64.b64decode(server.asked.removeprefix("Basic ")) == b"me:se cret"


def test_certificates_that_are_not_there_are_named(monkeypatch):
    """Python would say that no file is there, and not which."""
    monkeypatch.setenv("PREFECT_API_SSL_CERT_FILE", "/no/ca.pem")

    why = prefect_silence("https://127.0.0.1:1").why

    assert "no file of certificates at /no/ca.pem" in why


PREFECT = {"/api/health": (200, b"true"), "/": (200, b"<!doctype html>")}
MLFLOW = {"/health": (200, b"OK")}
ANY = dict.fromkeys(("/health", "/api/health"), (200, b"<!doctype html>"))


@pytest.mark.parametrize(
    ("silence", "path", "pages", "told"),
    [
        (prefect_silence, "", PREFECT, "no Prefect API (did you mean http://{}/api?)"),
        (prefect_silence, "/", PREFECT, "no Prefect API (did you mean http://{}/api?)"),
        (prefect_silence, "/api/v1", PREFECT, "no Prefect API (did you mean http://{}/api?)"),
        (prefect_silence, "/api", MLFLOW, "is the MLflow server, no Prefect API"),
        (mlflow_silence, "", PREFECT, "is the Prefect API, no MLflow server"),
        (mlflow_silence, "/api", MLFLOW, "no MLflow server (did you mean http://{}?)"),
        (mlflow_silence, "", ANY, "what answers there is no MLflow server"),
        (prefect_silence, "/api", ANY, "what answers there is no Prefect API"),
        (prefect_silence, "/api", {}, "what answers there is no Prefect API"),
    ],
)
def test_another_server_is_told_as_one(silence, path, pages, told):
    """With the address that was meant, where it is to be guessed; waiting does not help."""
    with serving(pages) as server:
        place = f"127.0.0.1:{server.server_port}"
        found = silence(f"http://{place}{path}")

    assert found.why.endswith(told.format(place))
    assert not found.may_end


@pytest.mark.parametrize(("code", "why"), [(401, None), (403, None), (503, "it answers 503")])
def test_a_server_that_asks_who_we_are_is_there(code, why):
    """Its client tells; one that is not well may be so in a while."""
    with serving({"/health": (code, b"")}) as server:
        found = mlflow_silence(f"http://127.0.0.1:{server.server_port}")

    assert found is None if why is None else (why in found.why and found.may_end)


def test_what_speaks_no_http_is_told():
    """As a database, whose port is easily taken for another."""

    def speak():
        with listener.accept()[0] as line:
            line.recv(65_536)
            line.sendall(b"SSH-2.0\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=speak, daemon=True).start()
        found = mlflow_silence(f"http://127.0.0.1:{listener.getsockname()[1]}")

    assert found.why == "what answers there speaks no HTTP"


@pytest.mark.parametrize(
    ("proxies", "exempt"), [({}, None), ({"http_proxy": "http://proxy:1"}, "127.0.0.1")]
)
def test_a_server_here_is_reached_past_a_proxy(proxies, exempt, monkeypatch):
    """Where there is no proxy the environment stays as it is: it is handed on."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in proxies.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("no_proxy", "")

    bypass_proxy("http://127.0.0.1:1/api")

    assert (os.environ["no_proxy"] or None) == exempt
