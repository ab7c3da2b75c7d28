"""The key of a linkage: made once, held by the data owners, never in a project, a parameter or an output."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from curv_eval.errors import RunError
from curv_eval.linkage.written import refuse_folder

_HEADER = re.compile(r"curv-eval linkage key 1 for ([a-z0-9][a-z0-9-]{1,58}[a-z0-9])")
_LENGTH = 32
_DOMAIN = b"curv-eval linkage 1/"
_MAKE = "make a key with `curv-eval link key`, and send it to the other key holder by a way you trust"


class Key:
    """32 secret bytes that cannot be printed, changed, copied or pickled; `project` and `fingerprint` are no secret.

    path: the file it was read from, None where it was made in memory. Raises RunError for bytes that are too short or
    that nobody drew at random.
    """

    __slots__ = ("__secret", "path", "project")

    def __init__(self, secret: bytes, *, project: str, path: Path | None = None) -> None:
        _refuse_weak(secret)
        for name, value in (("_Key__secret", bytes(secret)), ("path", path), ("project", project)):
            object.__setattr__(self, name, value)

    def derive(self, label: str) -> bytes:
        """Return the 32-byte sub-key of a label: HMAC-SHA-256 as in the expand step of HKDF (RFC 5869, section 2.3).

        Each field, block, pseudonym and record id has its own, so that no two of them can be compared.
        """
        return hmac.digest(self.__secret, _DOMAIN + label.encode() + b"\x01", "sha256")

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal figures by which two files show that one key made them; they do not lead back to it."""
        return self.derive("fingerprint").hex()[:16]

    def __repr__(self) -> str:
        return f"<Key of {self.project}: fingerprint {self.fingerprint}>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a key does not change")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a key does not change")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a key is neither pickled nor copied")


def keyed(sub_key: bytes) -> Callable[[bytes], bytes]:
    """Return HMAC-SHA-256 under a sub-key of at most 64 bytes, for many short texts: the key is worked in only once.

    Source: RFC 2104, section 4, which allows what the key alone determines to be stored.
    """
    padded = sub_key.ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C))

    def mac(text: bytes) -> bytes:
        within, around = inner.copy(), outer.copy()
        within.update(text)
        around.update(within.digest())
        return around.digest()

    return mac


def make_key(path: Path, *, project: str) -> Key:
    """Draw a key from the system's source of randomness and write it to `path`, readable by its owner only.

    project: small letters, digits and hyphens; it stands in the file's first line, so that keys are not mixed up.
    Raises RunError when `path` exists or lies in a project, in outputs or in a git repository.
    """
    header = f"curv-eval linkage key 1 for {project}"
    if not _HEADER.fullmatch(header):
        what = "expected 3 to 60 small letters, digits and hyphens"
        raise RunError("the project of a key needs a plain name", [what], "choose another --project")
    refuse_folder(path)
    _refuse_place(path)
    secret = secrets.token_bytes(_LENGTH)
    _write(path, f"{header}\n{base64.b64encode(secret).decode()}\n")
    return Key(secret, project=project, path=path.resolve())


def read_key(path: Path) -> Key:
    """Read a key file. Raises RunError when it is missing, open to others, in a wrong place, or not a key made here.

    What was given for the path is never quoted: it may be the key itself, given by mistake.
    """
    held = _read(path)
    _refuse_place(path, reading=True)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        do = "chmod 600 the file; if others could have read it, make a new key and encode again"
        raise RunError("the key file can be read by others on this machine", do=do)
    return Key(_secret(held), project=held.split("\n")[0].rsplit(" ", 1)[-1], path=path.resolve())


def _write(path: Path, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        do = "choose another path; a key that is written over is lost, and with it every link it could have made"
        raise RunError(f"{path.name} already exists", do=do) from None
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="\n") as file:
            file.write(text)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _read(path: Path) -> str:
    # an OSError names its path, and what was given for the path may be the key
    try:
        return path.read_text("ascii")
    except UnicodeDecodeError:
        raise RunError("this is not a key file", do=_MAKE) from None
    except (OSError, ValueError):
        what = "no file can be read where the path of the key points"
        do = "give the path of the key file; if you gave the key itself, others may have seen it: make a new one"
        raise RunError(what, do=do) from None


def _secret(held: str) -> bytes:
    lines = held.replace("\r\n", "\n").rstrip("\n").split("\n")
    if len(lines) != 2 or not _HEADER.fullmatch(lines[0]):
        what = "expected a first line `curv-eval linkage key 1 for ...` and one line of base64"
        raise RunError("this is not a key file", [what], _MAKE)
    try:
        return base64.b64decode(lines[1], validate=True)
    except binascii.Error:
        raise RunError("the key in this file is damaged", do="get the file again from whoever made it") from None


def _refuse_weak(secret: bytes) -> None:
    faults = []
    if len(secret) != _LENGTH:
        faults.append(f"it has {len(secret)} bytes; expected {_LENGTH}")
    elif len(set(secret)) < 16 or all(32 <= byte < 127 for byte in secret):
        # 32 random bytes do either less than once in 10^13 keys
        faults.append("it looks like words or a pattern; expected bytes drawn at random")
    if faults:
        raise RunError("this key is too easy to guess", faults, _MAKE)


def _refuse_place(path: Path, *, reading: bool = False) -> None:
    """Refuse a key where files are shared, published or versioned."""
    places = path.resolve().parents
    faults = [
        f"the key would lie in {what}"
        for what, found in (
            ("a curv-eval project", any((p / n).is_dir() for p in places for n in ("params", "data_contracts"))),
            ("a folder called outputs", any(p.name.lower() == "outputs" for p in places)),
            ("a git repository", any((p / ".git").exists() for p in places)),
        )
        if found
    ]
    if faults:
        faults = [fault.replace("would lie", "lies") for fault in faults] if reading else faults
        raise RunError("a key must not lie here", faults, "keep it in a folder of its own, which only you can read")
