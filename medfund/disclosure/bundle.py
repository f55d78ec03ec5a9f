"""Writing a disclosure bundle: one directory of XLSX, CSV and JSON under a signed manifest."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from medfund.checker import check_documents
from medfund.checker.document import parse_document
from medfund.disclosure.figures import Figures, Period, read_figures
from medfund.disclosure.forms import FORMS, Settings, build_documents
from medfund.disclosure.layout import lay_out
from medfund.disclosure.render import to_csv, to_xlsx
from medfund.disclosure.words import LANGS
from medfund.errors import MedfundError, Refused, UsageError
from medfund.release import open_release
from medfund.settings import Bureau, Home

MANIFEST = "manifest.json"
FORMAT_VERSION = 1


def disclose(
    home: Home,
    bureau: Bureau,
    form: str,
    *,
    period: str,
    org: str | None = None,
    out: Path | None = None,
    lang: str = "zh",
    say: Callable[[str], None],
) -> Path:
    """Write the bundle of a form from the current release and return its directory.

    `out` is the bundle's directory itself; by default `<home>/disclosures/<form>-<period>[-<org>][-en]`. An
    earlier bundle of the same form, period and place is replaced as a whole. The same release gives the same
    bytes. Raises UsageError for a form, period or org that cannot be; Refused when the filled form doesn't foot.
    """
    if form not in FORMS:
        raise UsageError(f"no form {form!r}; there are {', '.join(FORMS)}")
    if lang not in LANGS:
        raise UsageError(f"--lang: expected one of {', '.join(LANGS)}, seen {lang!r}")
    span = Period.parse(period)
    with open_release(home) as connection:
        figures = read_figures(connection, span, org)
    settings = _settings(bureau, form, lang, figures)
    files = bundle_files(figures, settings, say)
    manifest = _manifest(figures, settings, files)
    key = _signing_key(home)
    manifest["public_key"] = public_hex(key)
    manifest["signature"] = key.sign(signed_bytes(manifest)).hex()
    files[MANIFEST] = canonical(manifest)
    name = "-".join([form, span.text, *([org] if org else []), *(["en"] if lang == "en" else [])])
    directory = home.root / "disclosures" / name if out is None else out
    _write(directory, files, (form, span.text, org))
    say(f"{form} {span.text}: {len(files) - 1} files from release {figures.release.release_id}.")
    return directory


def _settings(bureau: Bureau, form: str, lang: str, figures: Figures) -> Settings:
    cities = [place for place in figures.orgs.values() if place.level == "city"]
    city = cities[0] if len(cities) == 1 else None
    return Settings(
        form=form,
        lang=lang,
        publisher=bureau.name_zh,
        place_zh=city.name_zh if city else bureau.name_zh,
        place_en=city.name_en if city else bureau.name_en or bureau.name_zh,
        area_code=city.code if city and city.code else bureau.code,
        small_cell=bureau.small_cell,
    )


def bundle_files(figures: Figures, settings: Settings, say: Callable[[str], None]) -> dict[str, bytes]:
    """Name → bytes of every file but the manifest. Raises Refused when the form doesn't foot."""
    documents = build_documents(figures, settings)
    report = check_documents([parse_document(document, index) for index, document in enumerate(documents)])
    for one in report.documents:
        for finding in one.findings:
            what = f"{one.id}: {finding.expr or ', '.join(finding.cells)}: {finding.message_en}"
            if finding.verdict == "fail":
                raise Refused(f"{settings.form} {figures.period.text} does not foot, nothing written; {what}")
            if finding.verdict == "suspicious":
                say(f"Worth a look before publishing: {what}.")
    sheets = [lay_out(document) for document in documents]
    files = {f"{sheet.name}.csv": to_csv(sheet) for sheet in sheets}
    stem = f"{settings.form}-{figures.period.text}-{figures.org or settings.area_code}"
    files[f"{stem}.json"] = canonical({"disclosures": documents})
    files[f"{stem}.xlsx"] = to_xlsx(sheets, figures.release.built_at)
    return files


def canonical(value: Any) -> bytes:
    """The one byte form of a JSON value in a bundle."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def signed_bytes(manifest: Mapping[str, Any]) -> bytes:
    """What the signature covers: the manifest without it."""
    return canonical({key: value for key, value in manifest.items() if key != "signature"})


def _manifest(figures: Figures, settings: Settings, files: Mapping[str, bytes]) -> dict[str, Any]:
    release = figures.release
    return {
        "format": FORMAT_VERSION,
        "form": settings.form,
        "period": figures.period.text,
        "org": figures.org,
        "settings": asdict(settings),
        "release_id": release.release_id,
        "inputs_sha256": release.inputs_sha256,
        "code_version": release.code_version,
        "built_at": release.built_at.isoformat(),
        "gate": release.gate,
        "waivers": release.waivers,
        "files": {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in sorted(files.items())
        },
    }


def public_hex(key: Ed25519PrivateKey) -> str:
    """The raw public key in hex."""
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()


def load_signing_key(home: Home) -> Ed25519PrivateKey | None:
    """The home's signing key, or None before the first bundle. Raises MedfundError when it can't be read."""
    try:
        key = serialization.load_pem_private_key(home.signing_key.read_bytes(), password=None)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise MedfundError(f"{home.signing_key}: not a readable signing key ({error})") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise MedfundError(f"{home.signing_key}: expected an Ed25519 key")
    return key


def _signing_key(home: Home) -> Ed25519PrivateKey:
    """The home's signing key; made at the first bundle, readable by its owner alone."""
    existing = load_signing_key(home)
    if existing is not None:
        return existing
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    home.signing_key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = home.signing_key.with_name(f".{home.signing_key.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, home.signing_key)  # never overwrites a key that another command just made
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    made = load_signing_key(home)
    assert made is not None
    return made


def _write(directory: Path, files: Mapping[str, bytes], identity: tuple[str, str, str | None]) -> None:
    """Put the whole bundle in place in one step; refuses to touch a directory that holds anything else."""
    replace = _may_replace(directory, identity)
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        temporary = directory.parent / f".{directory.name}.{os.getpid()}.tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        for name, content in files.items():
            (temporary / name).write_bytes(content)
        if replace:
            old = directory.parent / f".{directory.name}.{os.getpid()}.old"
            directory.rename(old)
            temporary.rename(directory)
            shutil.rmtree(old)
        else:
            temporary.rename(directory)
    except OSError as error:
        raise MedfundError(
            f"{directory}: the bundle cannot be written ({error.strerror or error})"
        ) from error


def _may_replace(directory: Path, identity: tuple[str, str, str | None]) -> bool:
    """Whether an earlier bundle of the same form is there to be replaced."""
    if not directory.exists() and not directory.is_symlink():
        return False
    if not directory.is_dir() or directory.is_symlink():
        raise UsageError(f"--out: {directory} is not a directory of its own; expected a new one")
    names = {path.name for path in directory.iterdir()}
    if not names:
        return True
    try:
        manifest = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        same = (manifest["form"], manifest["period"], manifest["org"]) == identity
        same = same and names == {*manifest["files"], MANIFEST}
    except (OSError, ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise UsageError(
            f"--out: {directory} holds other files; expected a new directory, an empty one, "
            "or an earlier bundle of the same form, period and place"
        )
    return True


SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$")
