"""Fetching a published checkpoint, from a hub of our own on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

from ecgview.errors import ModelError
from ecgview.models import cards, checkpoints
from ecgview.models.networks.net1d import Net1d, Net1dConfig

FILE = "1_lead_ECGFounder.pth"


class _Hub(ThreadingHTTPServer):
    content = b""
    etag = ""
    asked: list[str]
    breaks_off = False


class _Answer(BaseHTTPRequestHandler):
    server: _Hub

    def _head(self, start: int) -> None:
        hub = self.server
        hub.asked.append(f"{self.command} {self.path} {self.headers.get('Range', '')}".strip())
        self.send_response(206 if start else 200)
        self.send_header("ETag", f'"{hub.etag}"')
        self.send_header("X-Linked-ETag", f'"{hub.etag}"')
        self.send_header("X-Linked-Size", str(len(hub.content)))
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(hub.content) - start))
        if start:
            last = len(hub.content) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(hub.content)}")
        self.end_headers()

    def do_HEAD(self) -> None:
        self._head(0)

    def do_GET(self) -> None:
        text = self.headers.get("Range", "bytes=0-")
        start = int(text.removeprefix("bytes=").split("-")[0])
        self._head(start)
        if self.server.breaks_off and not start:
            self.wfile.write(self.server.content[: len(self.server.content) // 2])
            self.close_connection = True
            return
        self.wfile.write(self.server.content[start:])

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Hub]:
    from huggingface_hub import constants

    path = tmp_path / FILE
    torch.manual_seed(0)
    torch.save({"state_dict": Net1d(Net1dConfig(n_leads=1)).state_dict(), "epoch": 1}, path)
    server = _Hub(("127.0.0.1", 0), _Answer)
    server.content, server.asked = path.read_bytes(), []
    server.etag = hashlib.sha256(server.content).hexdigest()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    yield server
    server.shutdown()
    server.server_close()


def test_get_downloads_checks_and_converts(hub: _Hub) -> None:
    card = checkpoints.fetch("ecgfounder", leads=1)
    assert card.id == "ecgfounder-1"
    assert card.is_here
    assert hub.etag in card.source
    card.check_weights()
    asked = len(hub.asked)
    assert any(line.startswith(f"GET /PKUDigitalHealth/ECGFounder/resolve/main/{FILE}") for line in hub.asked)
    assert checkpoints.fetch("ecgfounder", leads=1) == card
    assert len(hub.asked) == asked  # it is here: nobody is asked again


def test_get_refuses_a_file_with_another_checksum(hub: _Hub) -> None:
    hub.etag = "0" * 64
    with pytest.raises(ModelError, match="downloaded file is damaged"):
        checkpoints.fetch("ecgfounder", leads=1)
    assert not (cards.user_folder() / "ecgfounder-1").exists()
    hub.etag = hashlib.sha256(hub.content).hexdigest()
    assert checkpoints.fetch("ecgfounder", leads=1).is_here  # the damaged copy is not taken again


def test_get_goes_on_where_the_connection_broke_off(hub: _Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.breaks_off = True
    assert checkpoints.fetch("ecgfounder", leads=1).is_here
    ranges = [line.split("bytes=")[1] for line in hub.asked if line.startswith("GET") and "bytes=" in line]
    assert ranges
    assert int(ranges[-1].split("-")[0]) > 0


def test_get_without_a_connection_says_what_to_do(hub: _Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    hub.shutdown()
    hub.server_close()
    with pytest.raises(ModelError, match="check the connection"):
        checkpoints.fetch("ecgfounder", leads=1)
