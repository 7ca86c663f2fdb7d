"""Published files, fetched over https from the one hub that is named here, and kept only if they are the pinned ones.

Nothing of the environment moves the address: no other endpoint, no token, no mirror. Every request and every redirect
is https with the system's certificates; a proxy of the environment may carry it, and sees nothing. What comes is a file
of one revision and one checksum, or it is thrown away.
"""

import hashlib
import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ecgview.errors import ModelError
from ecgview.progress import Progress, silent

HUB = "https://huggingface.co"
LARGEST = 4_000_000_000  # bytes
CHUNK = 1 << 20
TRIES = 4  # a broken connection is taken up where it ended
TIMEOUT_S = 60.0


def pinned(checkpoint: Mapping[str, str], sha256: str, revision: str, where: str) -> tuple[str, str]:
    """Return checksum and revision of a published file: the card's, or those that the user gives where it has none.

    Raises:
        ModelError: one is missing or no such thing, or the user's differ from the card's.
    """
    found = []
    for name, given, digits in (("sha256", sha256, 64), ("revision", revision, 40)):
        kept = checkpoint.get(name, "")
        if kept and given and given.lower() != kept:
            raise ModelError(
                f"the card names another {name}",
                where=f"{where}: checkpoint",
                expected=kept,
                found=given[:80],
            )
        value = kept or given.lower()
        if len(value) != digits or set(value) - set("0123456789abcdef"):
            expected = (
                f"--{name} as the hub's page of the file names it, {digits} hexadecimal digits, or the file fetched "
                "by hand and brought with `ecgview models import`"
            )
            raise ModelError(
                f"no {name} is pinned: what comes could not be told from another file",
                where=f"{where}: checkpoint",
                expected=expected,
                found=value[:80] or None,
            )
        found.append(value)
    return found[0], found[1]


def fetch(
    repository: str, revision: str, file: str, sha256: str, into: Path, progress: Progress = silent
) -> Path:
    """Return a file of the hub after its checksum was compared; one that was broken off is gone on with.

    Raises:
        ModelError: no connection, an answer that is not https, or another file than the pinned one.
    """
    address = f"{HUB}/{urllib.parse.quote(repository)}/resolve/{revision}/{urllib.parse.quote(file)}"
    into.mkdir(parents=True, exist_ok=True)
    part, whole = into / f"{sha256}.part", into / f"{sha256}{Path(file).suffix}"
    try:
        for left in reversed(range(TRIES)):
            try:
                _append(address, part, progress)
                break
            except (http.client.HTTPException, ConnectionError, TimeoutError):
                if not left:
                    raise
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ModelError(
            "could not be downloaded; check the connection, or fetch the file elsewhere and bring it with"
            f" `ecgview models import {file}`",
            where=address,
            found=str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__,
        ) from None
    with open(part, "rb") as done:
        found = hashlib.file_digest(done, "sha256").hexdigest()
    if found != sha256:
        part.unlink()  # or the next attempt would go on with it
        raise ModelError(
            "the downloaded file is not the pinned one", where=address, expected=sha256, found=found
        )
    os.replace(part, whole)
    return whole


def _append(address: str, part: Path, progress: Progress) -> None:
    """Write what is missing of a file behind what is there."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(address, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = _opener().open(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code == 416 and have:  # it was whole already
            return
        raise
    with answer, open(part, "ab" if answer.status == 206 else "wb") as file:
        have = have if answer.status == 206 else 0
        length = int(answer.headers.get("Content-Length") or 0)
        total = have + length
        while raw := answer.read(CHUNK):
            have += len(raw)
            if have > LARGEST:
                raise ValueError(f"more than {LARGEST:,} bytes")
            file.write(raw)
            progress(0.6 * have / total if total else 0.0, "downloading")
        if length and have < total:
            raise ConnectionError("the connection broke off")


class _HttpsAlone(urllib.request.HTTPRedirectHandler):
    """Follows no redirect that leaves https."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        """Return the next request."""
        if urllib.parse.urlsplit(newurl).scheme != "https":
            raise ValueError(f"redirected to what is not https: {newurl[:80]!r}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    """Return what opens https and nothing else: it has no hands for http, files or anything else."""
    opener = urllib.request.OpenerDirector()
    proxies = {name: where for name, where in urllib.request.getproxies().items() if name == "https"}
    for handler in (
        urllib.request.ProxyHandler(proxies),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _HttpsAlone(),
        urllib.request.HTTPSHandler(context=_context()),
    ):
        opener.add_handler(handler)
    opener.addheaders = [("User-Agent", "ecgview")]
    return opener


def _context() -> Any:
    import ssl

    return ssl.create_default_context()
