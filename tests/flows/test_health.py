"""Whether a server answers is told as its client would find it."""

import base64
import datetime as dt
import os
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from flows.health import bypass_proxy, mlflow_silence, why_silent
from flows.orchestrator import answers


class Healthy(BaseHTTPRequestHandler):
    """Says so at any address."""

    def do_GET(self):
        """Answer."""
        self.server.asked = self.headers.get("Authorization")
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"true")

    def log_message(self, *_):
        """Keep quiet."""


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
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_port}/api"
        server.shutdown()


def test_an_api_with_a_certificate_of_its_own_answers_whom_was_given_it(
    api, certificate, monkeypatch
):
    """By the variables that Prefect's own client reads."""
    assert not answers(api)
    assert "certificate verify failed" in why_silent(api)

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
    assert "certificate verify failed" in mlflow_silence(server)

    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", str(certificate))
    assert mlflow_silence(server) is None

    monkeypatch.delenv("MLFLOW_TRACKING_SERVER_CERT_PATH")
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    assert mlflow_silence(server) is None


def test_a_password_in_an_address_is_sent_in_a_header():
    """Python would take it for a part of the host's name."""
    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        assert why_silent(f"http://me:se%20cret@127.0.0.1:{server.server_port}/") is None
        server.shutdown()

    assert base64.b64decode(server.asked.removeprefix("Basic ")) == b"me:se cret"


def test_certificates_that_are_not_there_are_named():
    """Python would say that no file is there, and not which."""
    assert "no file of certificates at /no/ca.pem" in why_silent(
        "https://127.0.0.1:1", certificates="/no/ca.pem"
    )


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
