"""Keyed pseudonyms of persons. The key never leaves the home directory and never stands in SQL text."""

from __future__ import annotations

import hashlib
import os
import secrets

import duckdb

from medfund.errors import MedfundError
from medfund.ingest.sqltypes import HIDDEN, ident, quoted
from medfund.settings import Home

MASK = HIDDEN


def pseudonym_key(home: Home) -> bytes:
    """The home's key, made at the first ingest; readable by its owner alone.

    Raises MedfundError when a key file is there but is not a key: a new key would silently break the link
    to everything landed before.
    """
    path = home.pseudonym_key
    try:
        key = bytes.fromhex(path.read_text(encoding="ascii").strip())
    except FileNotFoundError:
        return _make_key(home)
    except (ValueError, UnicodeDecodeError) as error:
        raise MedfundError(f"{path}: not a pseudonym key; expected 64 hexadecimal digits") from error
    if len(key) != 32:
        raise MedfundError(f"{path}: not a pseudonym key; expected 64 hexadecimal digits")
    return key


def _make_key(home: Home) -> bytes:
    path = home.pseudonym_key
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = secrets.token_bytes(32)
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(key.hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    return key


def install(con: duckdb.DuckDBPyConnection, key: bytes) -> None:
    """Give a connection the two derived keys as session variables, so no statement or error shows them."""
    for name in ("inner", "outer"):
        derived = hashlib.sha256(name.encode() + key).hexdigest()[:32]
        con.execute(f"SET VARIABLE {ident('pseudonym_' + name)} = {quoted(derived)}")


def pseudonym(text: str, unless: str | None = None) -> str:
    """SQL of the pseudonym (32 hex digits) of a text expression: a nested keyed SHA-256, null for null."""
    hashed = f"left(sha256(getvariable('pseudonym_outer') || sha256(getvariable('pseudonym_inner') || {text})), 32)"
    if unless is None:
        return hashed
    return f"CASE WHEN regexp_full_match({text}, {quoted(unless)}) THEN {text} ELSE {hashed} END"
