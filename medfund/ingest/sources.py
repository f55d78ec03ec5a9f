"""From the paths a user names to local files that can be read: folders, archives, compression, hashes."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from threading import Event
from typing import IO, cast

from medfund.errors import UsageError
from medfund.ingest import limits
from medfund.ingest.report import FileProblem
from medfund.settings import Home

TEXT_SUFFIXES = (".csv", ".txt", ".tsv")
FORMS = (*(s + ".gz" for s in TEXT_SUFFIXES), *TEXT_SUFFIXES, ".zip", ".xlsx", ".parquet")
EXPECTED = "CSV (utf-8 or gb18030; comma or TAB), .csv.gz, .zip, .xlsx or .parquet"


def form_of(name: str) -> str | None:
    """The accepted ending of a file name, or None."""
    lower = name.lower()
    return next((form for form in FORMS if lower.endswith(form)), None)


@dataclass(frozen=True)
class Found:
    """A file to be read: where it is and what the user calls it."""

    path: Path
    shown: str


@dataclass
class Source:
    """One table-bearing file on the local disk: text, workbook or Parquet, never compressed."""

    shown: str
    stem: str
    kind: str
    path: Path
    hashed: Future[str]
    size: int
    container: dict[str, str | int] = field(default_factory=dict)
    temporary: list[Path] = field(default_factory=list)

    @property
    def sha256(self) -> str:
        """The hash of the bytes delivered; waits for it."""
        return self.hashed.result()

    def discard(self) -> None:
        """Remove what was unpacked for this source."""
        for path in self.temporary:
            path.unlink(missing_ok=True)


def find(paths: Sequence[Path], home: Home, ignored: list[str]) -> Iterator[Found | FileProblem]:
    """Every file that the paths mean, folders in name order. Files of no accepted form inside folders
    are listed in `ignored`. Raises UsageError for a path that does not exist or lies in the home's own rooms."""
    own = [p.resolve() for p in (home.landing, home.candidate, home.releases, home.pseudonym_key.parent)]
    for path in paths:
        if not path.exists():
            raise UsageError(f"{path}: there is no such file or folder; expected the path of a raw export")
        real = path.resolve()
        if any(real == room or room in real.parents for room in own):
            raise UsageError(
                f"{path}: lies in the home directory's own rooms; expected a folder of raw exports"
            )
        if path.is_dir():
            yield from _walk(path, own, ignored)
        elif not path.is_file():
            raise UsageError(f"{path}: is neither a file nor a folder; expected a raw export")
        else:
            yield Found(path, path.name)


def _walk(folder: Path, own: list[Path], ignored: list[str]) -> Iterator[Found | FileProblem]:
    root = folder.resolve()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(
            f for f in folders if not f.startswith(".") and (Path(parent) / f).resolve() not in own
        )
        for name in sorted(names):
            path = Path(parent) / name
            shown = path.relative_to(folder).as_posix()
            if name.startswith((".", "~$")) or form_of(name) is None:
                ignored.append(shown)
            elif root not in path.resolve().parents:
                yield FileProblem(
                    f"{shown}: is a link to a place outside {folder}; expected files inside the folder"
                )
            elif not path.is_file():
                yield FileProblem(f"{shown}: is not a readable file; expected a raw export")
            else:
                yield Found(path, shown)


def hash_file(path: Path, stop: Event | None = None) -> str:
    """SHA-256 of a file's bytes, in hex; of those read until `stop` was set."""
    digest, block = hashlib.sha256(), memoryview(bytearray(limits.MIB))
    with path.open("rb", buffering=0) as stream:
        while (size := stream.readinto(block)) and not (stop and stop.is_set()):
            digest.update(block[:size])
    return digest.hexdigest()


@contextmanager
def hashing(path: Path) -> Iterator[Future[str]]:
    """The SHA-256 of a file, worked out on another core while the file is looked through; given up at the end."""
    stop = Event()
    with ThreadPoolExecutor(1, thread_name_prefix="hash") as pool:
        try:
            yield pool.submit(hash_file, path, stop)
        finally:
            stop.set()


def _told(sha256: str) -> Future[str]:
    """A hash that is there already."""
    told: Future[str] = Future()
    told.set_result(sha256)
    return told


def _magic(head: bytes) -> str:
    """What the first bytes say the content is."""
    if not head:
        return "empty"
    if head.startswith(b"%PDF"):
        return "PDF"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "ZIP"
    if head.startswith(b"\x1f\x8b"):
        return "GZIP"
    if head.startswith(b"PAR1"):
        return "Parquet"
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        return "old Excel or Word (.xls, .doc)"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    if head.startswith((b"\x7fELF", b"MZ", b"\x89PNG", b"\xff\xd8\xff", b"7z\xbc\xaf", b"Rar!")):
        return "binary"
    return "text"


_WANTED = {"text": "text", "xlsx": "ZIP", "parquet": "Parquet", ".zip": "ZIP", ".gz": "GZIP"}


def _check_magic(shown: str, kind: str, path: Path) -> None:
    with path.open("rb") as stream:
        seen = _magic(stream.read(16))
    if seen == "empty":
        raise FileProblem(f"{shown}: the file is empty; expected a header row and data rows")
    wanted = _WANTED[kind]
    if seen != wanted:
        if wanted == "text":
            raise FileProblem(
                f"{shown}: the content is {seen}, not text, although the name says CSV; expected {EXPECTED}"
            )
        raise FileProblem(
            f"{shown}: the content is {seen}, not {wanted} as the name says; expected {EXPECTED}"
        )


def _copy_bounded(
    shown: str, stream: IO[bytes], packed: int, target: Path, spent: int = 0
) -> tuple[str, int]:
    """Unpack a stream to a file while counting; returns SHA-256 and size of the unpacked bytes.

    Stops at once when the content grows beyond what an honest export can.
    """
    digest, size = hashlib.sha256(), 0
    try:
        with target.open("wb") as out:
            while chunk := stream.read(limits.CHUNK):
                size += len(chunk)
                if size > limits.RATIO_FLOOR and size > limits.MAX_RATIO * max(packed, 1):
                    raise FileProblem(
                        f"{shown}: unpacks to more than {limits.MAX_RATIO} times its size ({packed} bytes); "
                        "expected an export, this looks like a decompression bomb"
                    )
                if spent + size > limits.MAX_UNPACKED:
                    raise FileProblem(
                        f"{shown}: unpacks to more than {limits.MAX_UNPACKED // limits.MIB} MiB; "
                        "expected a smaller file, deliver it in parts"
                    )
                digest.update(chunk)
                out.write(chunk)
    except (zlib.error, EOFError, zipfile.BadZipFile, gzip.BadGzipFile) as error:
        raise FileProblem(
            f"{shown}: the compressed data is damaged ({error}); expected a whole file, deliver it again"
        ) from error
    return digest.hexdigest(), size


def stem_of(name: str) -> str:
    """A file's name without folders and ending."""
    base = PurePosixPath(name.replace("\\", "/")).name
    form = form_of(base)
    return base[: -len(form)] if form else base


def open_found(found: Found, hashed: Future[str], work: Path) -> Iterator[Source | FileProblem]:
    """The sources in one delivered file; archives give one each for their members.

    Unpacked copies are written below `work`. Problems of one member do not stop the others.
    """
    form = form_of(found.path.name)
    if form is None:
        raise FileProblem(f"{found.shown}: the form of the file is not known; expected {EXPECTED}")
    size = found.path.stat().st_size
    if form == ".zip":
        _check_magic(found.shown, ".zip", found.path)
        yield from _members(found, hashed.result(), work)
        return
    if form.endswith(".gz"):
        _check_magic(found.shown, ".gz", found.path)
        target = work / "unpacked"
        with gzip.open(found.path) as stream:
            _copy_bounded(found.shown, cast(IO[bytes], stream), size, target)
        _check_magic(found.shown, "text", target)
        yield Source(found.shown, stem_of(found.shown), "text", target, hashed, size, temporary=[target])
        return
    kind = {".xlsx": "xlsx", ".parquet": "parquet"}.get(form, "text")
    _check_magic(found.shown, kind, found.path)
    yield Source(found.shown, stem_of(found.shown), kind, found.path, hashed, size)


def _member_name(info: zipfile.ZipInfo) -> str:
    """Name of a member; archives made on Chinese Windows carry GBK without saying so."""
    if info.flag_bits & 0x800:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("gb18030")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return info.filename


def _members(found: Found, sha256: str, work: Path) -> Iterator[Source | FileProblem]:
    try:
        archive = zipfile.ZipFile(found.path)
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileProblem(
            f"{found.shown}: the archive cannot be opened ({error}); expected a whole .zip, deliver it again"
        ) from error
    spent = 0
    with archive:
        infos = archive.infolist()
        if len(infos) > limits.MAX_MEMBERS:
            raise FileProblem(
                f"{found.shown}: holds {len(infos)} members; expected at most {limits.MAX_MEMBERS}"
            )
        members = [(info, _member_name(info)) for info in infos if not info.is_dir()]
        members = [
            (info, name)
            for info, name in members
            if not name.startswith("__MACOSX/") and not stem_of(name).startswith(".")
        ]
        if not members:
            raise FileProblem(f"{found.shown}: the archive holds no files; expected raw exports inside")
        for info, name in members:
            shown = f"{found.shown}/{name}"
            try:
                source = _member(archive, info, name, shown, work / "unpacked", spent)
            except FileProblem as problem:
                yield problem
                continue
            spent += source.path.stat().st_size
            source.container = {"name": found.shown, "sha256": sha256, "members": len(members)}
            yield source


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, shown: str, target: Path, spent: int
) -> Source:
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (len(name) > 1 and name[1] == ":"):
        raise FileProblem(f"{shown}: names a place outside the archive; expected a plain member name")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise FileProblem(f"{shown}: is a symbolic link; expected a plain member")
    if info.flag_bits & 0x1:
        raise FileProblem(f"{shown}: is encrypted; expected an archive without a password")
    form = form_of(name)
    if form is None or form in (".zip",) or form.endswith(".gz"):
        raise FileProblem(
            f"{shown}: a member of this form is not read; expected CSV, .xlsx or .parquet inside the archive"
        )
    try:
        with archive.open(info) as stream:
            sha256, size = _copy_bounded(shown, stream, info.compress_size, target, spent)
    except (NotImplementedError, RuntimeError, zipfile.BadZipFile, OSError) as error:
        target.unlink(missing_ok=True)
        # A damaged directory points before the file's begin; other errors of the system are not the file's.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        raise FileProblem(
            f"{shown}: cannot be unpacked ({error}); expected a member packed with deflate"
        ) from error
    except FileProblem:
        target.unlink(missing_ok=True)
        raise
    kind = {".xlsx": "xlsx", ".parquet": "parquet"}.get(form, "text")
    try:
        _check_magic(shown, kind, target)
    except FileProblem:
        target.unlink(missing_ok=True)
        raise
    return Source(shown, stem_of(name), kind, target, _told(sha256), size, temporary=[target])
