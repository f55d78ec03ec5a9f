"""File operations that survive a kill or a power cut at any moment, and name a full disk as such."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medfund.errors import DiskFull

# A quota, a file-size limit and a full volume mean the same to the person who waits for the build.
_FULL_ERRNOS = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FULL_TEXT = re.compile(r"no space left|file too large|disk quota exceeded|out of disk space", re.IGNORECASE)


def is_disk_full(error: BaseException | str) -> bool:
    """Whether an error (or the text of one) says that the volume holding the home cannot take more."""
    if isinstance(error, OSError) and error.errno in _FULL_ERRNOS:
        return True
    return bool(_FULL_TEXT.search(str(error)))


def disk_full(path: Path) -> DiskFull:
    """The one sentence for a full disk, with what is free where."""
    try:
        free = f"{shutil.disk_usage(path).free / 1_000_000:,.0f} MB free"
    except OSError:
        free = "unknown space free"
    return DiskFull(
        f"{path}: the disk is full or a file-size limit was met ({free}); nothing was published, "
        "the current release is unchanged. Make room (medfund release prune) and run the command again."
    )


def fsync_file(path: Path) -> None:
    """Force a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def fsync_dir(path: Path) -> None:
    """Force a directory's entries (names, renames) to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: Path, content: str | bytes) -> None:
    """Replace a small file; a reader sees the old content or the new one, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content.encode() if isinstance(content, str) else content)
        fsync_file(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    fsync_dir(path.parent)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A file beside `path` to write to, which takes its place at the end; gone after an error.

    Its name is its own: two writers of one file do not take each other's away.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp leaves it to the owner alone
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """`write_atomic` for JSON: sorted keys and a final newline, so that equal content is equal bytes."""
    write_atomic(path, json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True) + "\n")


def sha256_file(path: Path) -> str:
    """Hex SHA-256 of a file, read in blocks."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remove_tree(path: Path) -> None:
    """Remove a directory with everything in it; nothing happens when it is not there."""
    if path.is_symlink() or path.is_file():
        path.unlink()
        return
    if not path.exists():
        return

    shutil.rmtree(path)


@contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turn an operating-system error about space under `path` into the one sentence."""
    try:
        yield
    except OSError as error:
        if is_disk_full(error):
            raise disk_full(path) from error
        raise
