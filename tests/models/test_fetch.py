"""Fetching a published checkpoint, from a hub of our own on this machine, which speaks https."""

import datetime
import hashlib
import ipaddress
import re
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from ecgview.errors import ModelError
from ecgview.models import cards, checkpoints, fetching
from ecgview.models.networks.net1d import Net1d, Net1dConfig

FILE = "1_lead_ECGFounder.pth"
REVISION = "0123456789abcdef" * 2 + "01234567"


class _Hub(ThreadingHTTPServer):
    content = b""
    asked: list[str]
    breaks_off = False
    moved_to = ""


class _Answer(BaseHTTPRequestHandler):
    server: _Hub

    def do_GET(self) -> None:
        hub = self.server
        text = self.headers.get("Range", "")
        hub.asked.append(f"{self.command} {self.path} {text}".strip())
        if hub.moved_to:
            self.send_response(302)
            self.send_header("Location", hub.moved_to)
            self.end_headers()
            return
        start = int(text.removeprefix("bytes=").split("-")[0]) if text else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(hub.content) - start))
        self.end_headers()
        if hub.breaks_off and not start:
            self.wfile.write(hub.content[: len(hub.content) // 2])
            self.close_connection = True
            return
        self.wfile.write(hub.content[start:])

    def log_message(self, *args: object) -> None:
        pass


def certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate of this machine."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hub")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    kind = serialization.PrivateFormat.TraditionalOpenSSL
    path = folder / "hub.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, kind, plain)
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Hub]:
    path = tmp_path / FILE
    torch.manual_seed(0)
    torch.save({"state_dict": Net1d(Net1dConfig(n_leads=1)).state_dict(), "epoch": 1}, path)
    server = _Hub(("127.0.0.1", 0), _Answer)
    server.content, server.asked = path.read_bytes(), []
    pem = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(fetching, "HUB", f"https://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(fetching, "_context", lambda: ssl.create_default_context(cafile=str(pem)))
    monkeypatch.setenv("HF_ENDPOINT", "http://elsewhere.invalid")
    monkeypatch.setenv("HF_TOKEN", "a secret")
    monkeypatch.setenv("http_proxy", "http://elsewhere.invalid:1")
    yield server
    server.shutdown()
    server.server_close()


def pins(hub: _Hub) -> dict[str, str]:
    return {"sha256": hashlib.sha256(hub.content).hexdigest(), "revision": REVISION}


def test_get_downloads_checks_pins_and_converts(hub: _Hub) -> None:
    card = checkpoints.fetch("ecgfounder", leads=1, **pins(hub))
    assert card.id == "ecgfounder-1"
    assert card.is_here
    assert pins(hub)["sha256"] in card.source
    assert REVISION in card.source
    card.check_weights()
    assert hub.asked == [
        f"GET /PKUDigitalHealth/ECGFounder/resolve/{REVISION}/{FILE}"
    ]  # whatever HF_ENDPOINT says
    assert cards.read_card(card.folder / "card.json").checkpoint["revision"] == REVISION
    assert checkpoints.fetch("ecgfounder", leads=1) == card
    assert len(hub.asked) == 1  # it is here: nobody is asked again


@pytest.mark.parametrize("missing", ["sha256", "revision"])
@pytest.mark.parametrize("odd", ["", "main", "0" * 39, "g" * 64])
def test_nothing_is_fetched_that_is_not_pinned(hub: _Hub, missing: str, odd: str) -> None:
    with pytest.raises(ModelError, match=f"no {missing} is pinned"):
        checkpoints.fetch("ecgfounder", leads=1, **{**pins(hub), missing: odd})
    assert hub.asked == []


def test_what_a_card_pins_is_not_changed_by_who_asks() -> None:
    kept = {"sha256": "a" * 64, "revision": REVISION}
    assert fetching.pinned(kept, "", "", "card") == ("a" * 64, REVISION)
    with pytest.raises(ModelError, match="the card names another sha256"):
        fetching.pinned(kept, "b" * 64, "", "card")


def test_get_refuses_a_file_with_another_checksum(hub: _Hub) -> None:
    with pytest.raises(ModelError, match="not the pinned one"):
        checkpoints.fetch("ecgfounder", leads=1, sha256="0" * 64, revision=REVISION)
    assert not (cards.user_folder() / "ecgfounder-1").exists()
    assert checkpoints.fetch("ecgfounder", leads=1, **pins(hub)).is_here  # the other file is not taken again


def test_get_goes_on_where_the_connection_broke_off(hub: _Hub) -> None:
    hub.breaks_off = True
    assert checkpoints.fetch("ecgfounder", leads=1, **pins(hub)).is_here
    assert f"bytes={len(hub.content) // 2}-" in hub.asked[1]


@pytest.mark.parametrize(
    "where", ["http://127.0.0.1:1/x", "file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"]
)
def test_a_redirect_away_from_https_is_not_followed(hub: _Hub, where: str) -> None:
    hub.moved_to = where
    with pytest.raises(ModelError, match="could not be downloaded") as caught:
        checkpoints.fetch("ecgfounder", leads=1, **pins(hub))
    assert re.search("not https|is not allowed", str(caught.value.found))
    assert len(hub.asked) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1", "file:///etc"])
def test_no_other_address_than_https_can_be_opened(
    hub: _Hub, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "HUB", address)
    with pytest.raises(ModelError, match="could not be downloaded") as caught:
        checkpoints.fetch("ecgfounder", leads=1, **pins(hub))
    assert "unknown url type" in str(caught.value.found)


def test_a_certificate_that_nobody_knows_is_refused(hub: _Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_context", ssl.create_default_context)
    with pytest.raises(ModelError, match="could not be downloaded") as caught:
        checkpoints.fetch("ecgfounder", leads=1, **pins(hub))
    assert "CERTIFICATE_VERIFY_FAILED" in str(caught.value.found)
    assert hub.asked == []


def test_get_without_a_connection_says_what_to_do(hub: _Hub) -> None:
    hub.shutdown()
    hub.server_close()
    with pytest.raises(ModelError, match="check the connection"):
        checkpoints.fetch("ecgfounder", leads=1, **pins(hub))
