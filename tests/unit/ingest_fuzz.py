"""Damaged raw exports, made from a seed: whatever was done to a file, ingest answers for every row of it.

    python -m tests.unit.ingest_fuzz --inputs 2000 [--first SEED]

An input is a real-shaped export of one table in one form, with one to three kinds of damage. Of each is asked:
no exception but a refusal in one sentence, an answer in time, rows read = landed + rejected + identical with
as many rows on the disk, and, where the damage leaves it clear how many records there are, that many rows read.
"""

from __future__ import annotations

import argparse
import csv
import faulthandler
import gzip
import io
import random
import shutil
import sys
import tempfile
import time
import traceback
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from medfund.errors import Refused
from medfund.ingest import read_batches
from medfund.ingest.mend import MAX_LINE
from medfund.settings import Gate, Home
from tests.unit.ingest_files import BUREAU, INSTITUTION, LEDGER, SETTLEMENT, delimited, land, write

SECONDS = 30
FORMS = (*(".csv",) * 6, ".txt", ".tsv", ".csv.gz", ".zip", ".xlsx", ".parquet")
# Half of the inputs go to a bureau that takes files with any number of lost characters, to get beyond that gate.
LENIENT = BUREAU.model_copy(update={"gate": Gate(replacement_character_share=1)})
_CONTROL = dict.fromkeys((*range(9), 11, 12, 13, *range(14, 32), 127))
csv.field_size_limit(1 << 30)

FEE_LINE = {
    "feedetl_sn": "1",
    "mdtrt_id": "M1",
    "psn_no": "99010000000000000001",
    "fixmedins_code": "H99010100001",
    "med_type": "21",
    "fee_ocur_time": "2024-01-05",
    "med_chrgitm_type": "09",
    "medins_list_name": "阿莫西林, 胶囊",
    "cnt": "3.0000",
    "pric": "12.345600",
    "det_item_fee_sumamt": "37.04",
    "vali_flag": "1",
    "updt_time": "2024-01-05",
}
RELATION = {
    "psn_insu_rlts_id": "1",
    "psn_no": "99010000000000000001",
    "insutype": "390",
    "psn_type": "1401",
    "psn_insu_stas": "1",
    "insutype_retr_flag": "0",
    "insu_admdvs": "990101",
    "updt_time": "2024-03-05 10:00:00",
}
BASES = {
    "setl_d": (SETTLEMENT | {"psn_name": "测试甲", "fixmedins_name": '示例"人民"医院'}, "setl_id"),
    "fund_acct_bal": (LEDGER, "subj_code"),
    "fixmedins_b": (INSTITUTION, "fixmedins_code"),
    "fee_list_d": (FEE_LINE, "feedetl_sn"),
    "psn_insu_d": (RELATION, "psn_insu_rlts_id"),
}


@dataclass
class Input:
    """A damaged file. `text` is what the damaged delimited text was before packing, None for other forms or
    where the packing itself is damaged; `records` the data rows of a workbook or Parquet left whole."""

    name: str
    content: bytes
    encoding: str
    delimiter: str
    header: list[str]
    text: bytes | None = None
    records: int | None = None
    damage: list[str] = field(default_factory=list)


def make(seed: int, folder: Path) -> Input:
    """The input of a seed; the same seed always gives the same bytes."""
    chance = random.Random(seed)
    table = chance.choice(list(BASES))
    base, counted = BASES[table]
    data = [dict(base) | {counted: f"{base[counted]}{n}"} for n in range(chance.randint(1, 25))]
    names = list(base)
    chance.shuffle(names)
    data = [{name: row[name] for name in names} for row in data]
    form = chance.choice(FORMS)
    one = Input(
        name=table + form,
        content=b"",
        encoding=chance.choice(["utf-8", "utf-8-sig", "gb18030"]),
        delimiter="\t" if form == ".tsv" else chance.choice([",", ",", "\t"]),
        header=names,
    )
    if form in (".xlsx", ".parquet"):
        path = write(folder / f"whole{form}", data)
        one.content, one.records = path.read_bytes(), len(data)
        path.unlink()
        if form == ".xlsx" and chance.random() < 0.5:
            one.content = _inside_workbook(chance, one.content)
            one.damage.append("inside the workbook")
        else:
            one.content = _damage(chance, one.content, one, BYTES)
        one.records = None
        return one
    quoting = chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    text = delimited(data, one.delimiter, quoting).encode(one.encoding)
    if chance.random() < 0.3:
        text = text.replace(b"\n", b"\r\n")
    packed = form in (".csv.gz", ".zip")
    if not packed or chance.random() < 0.5:
        for _ in range(chance.randint(1, 3)):
            text = _damage(chance, text, one, LINES + BYTES)
    one.text = one.content = text
    if packed:
        one.content = _pack(chance, form, table, text)
        if not one.damage or chance.random() < 0.3:
            one.content = _damage(chance, one.content, one, BYTES)
            one.text = None
    return one


def _pack(chance: random.Random, form: str, table: str, text: bytes) -> bytes:
    if form == ".csv.gz":
        return gzip.compress(text, mtime=0)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(f"{table}{chance.choice(['.txt', '.csv'])}"), text)
    return out.getvalue()


def _inside_workbook(chance: random.Random, content: bytes) -> bytes:
    """Damage one part of a workbook and pack it again, so that the archive itself is whole."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        names = old.namelist()
        struck = chance.choice([n for n in names if "sheet" in n or "shared" in n or "styles" in n])
        for name in names:
            part = old.read(name)
            if name == struck:
                part = chance.choice(BYTES)(chance, part)
            new.writestr(zipfile.ZipInfo(name), part)
    return out.getvalue()


# -- damage ----------------------------------------------------------------------------------------------------

Damage = Callable[[random.Random, bytes], bytes]


def _damage(chance: random.Random, content: bytes, one: Input, kinds: list[Damage]) -> bytes:
    kind = chance.choice(kinds)
    one.damage.append(kind.__name__)
    return kind(chance, content)


def _at(chance: random.Random, content: bytes) -> int:
    return chance.randrange(len(content) + 1)


def flipped_bits(chance: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 3, 20]) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def random_bytes(chance: random.Random, content: bytes) -> bytes:
    at = _at(chance, content)
    return content[:at] + chance.randbytes(chance.choice([1, 2, 7, 300])) + content[at:]


def overwritten_bytes(chance: random.Random, content: bytes) -> bytes:
    at, count = _at(chance, content), chance.choice([1, 4, 64])
    return content[:at] + chance.randbytes(count) + content[at + count :]


def cut_off(chance: random.Random, content: bytes) -> bytes:
    return content[: _at(chance, content)]


def cut_out(chance: random.Random, content: bytes) -> bytes:
    at = _at(chance, content)
    return content[:at] + content[at + chance.choice([1, 5, 200]) :]


def zeros(chance: random.Random, content: bytes) -> bytes:
    at = _at(chance, content)
    return content[:at] + b"\0" * chance.choice([1, 3, 40]) + content[at:]


def appended(chance: random.Random, content: bytes) -> bytes:
    return content + chance.choice([b"\x1a", b"\0" * 20, chance.randbytes(50), content[:40], b"\n\n\n"])


BYTES: list[Damage] = [
    flipped_bits,
    random_bytes,
    overwritten_bytes,
    cut_off,
    cut_out,
    zeros,
    appended,
]


def _inserted(*choices: bytes) -> Damage:
    def inserted(chance: random.Random, content: bytes) -> bytes:
        for _ in range(chance.choice([1, 1, 2, 6])):
            at = _at(chance, content)
            content = content[:at] + chance.choice(choices) + content[at:]
        return content

    return inserted


def quotes(chance: random.Random, content: bytes) -> bytes:
    return _inserted(b'"', b'""', b'"""', b',"', b'",', b'"\n', b'\n"', b"'")(chance, content)


def marks(chance: random.Random, content: bytes) -> bytes:
    """Byte order marks, lost characters, blanks and line ends of other systems in the middle."""
    return _inserted(
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        "\ufffd".encode(),
        "锟斤拷".encode(),
        "\u3000".encode(),
        "\u2028".encode(),
        "\x85".encode(),
        b"\x0b",
        b"\x0c",
    )(chance, content)


def line_ends(chance: random.Random, content: bytes) -> bytes:
    return _inserted(b"\n", b"\r", b"\r\n", b"\n\r", b"\n\n", b"\n \n")(chance, content)


def delimiters(chance: random.Random, content: bytes) -> bytes:
    return _inserted(b",", b"\t", b",,", b"\t\t", b";", b"|", b"," * 500)(chance, content)


def huge_field(chance: random.Random, content: bytes) -> bytes:
    at, size = _at(chance, content), chance.choice([5_000, 300_000, 3_000_000])
    return content[:at] + chance.choice([b"9", b"x", "中".encode(), b" "]) * size + content[at:]


def _lines(change: Callable[[random.Random, list[bytes]], None]) -> Damage:
    def changed(chance: random.Random, content: bytes) -> bytes:
        lines = content.split(b"\n")
        if len(lines) > 1:
            change(chance, lines)
        return b"\n".join(lines)

    changed.__name__ = change.__name__
    return changed


def doubled_lines(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    lines[at:at] = [lines[at]] * chance.choice([1, 3])


def deleted_lines(chance: random.Random, lines: list[bytes]) -> None:
    del lines[chance.randrange(len(lines))]


def shuffled_lines(chance: random.Random, lines: list[bytes]) -> None:
    rest = lines[1:]
    chance.shuffle(rest)
    lines[1:] = rest


def swapped_delimiters(chance: random.Random, lines: list[bytes]) -> None:
    for at in chance.sample(range(len(lines)), chance.randint(1, len(lines))):
        lines[at] = lines[at].translate(bytes.maketrans(b",\t", b"\t,"))


def other_encoding(chance: random.Random, lines: list[bytes]) -> None:
    at = chance.randrange(len(lines))
    text = lines[at].decode("utf-8", errors="replace")
    lines[at] = text.encode(chance.choice(["gb18030", "utf-16", "utf-8"]), errors="replace")


def odd_lines(chance: random.Random, lines: list[bytes]) -> None:
    odd = [b"", b" ", b",", b'""', b'"', b"\x00", b"\xef\xbb\xbf", "合计".encode(), lines[0], b"," * 60]
    lines.insert(chance.randrange(len(lines) + 1), chance.choice(odd))


def odd_values(chance: random.Random, lines: list[bytes]) -> None:
    odd = [b"1e308", b"-inf", b"nan", b"9" * 60, b"0x1F", b"2024-13-45", b"=1+1", b"'", b"\\", b"\\N", b"{}"]
    for _ in range(3):
        at = chance.randrange(len(lines))
        fields = lines[at].split(b",")
        fields[chance.randrange(len(fields))] = chance.choice([*odd, "九百".encode(), "😀".encode(), b"%s{}"])
        lines[at] = b",".join(fields)


def odd_headers(chance: random.Random, lines: list[bytes]) -> None:
    fields = lines[0].split(b",")
    at = chance.randrange(len(fields))
    fields[at] = chance.choice(
        [b"", b" ", fields[0], b'"', b"x" * 300, "人员姓名".encode(), b"_row_no", b"c0"]
    )
    lines[0] = b",".join(fields)


LINES: list[Damage] = [
    quotes,
    marks,
    line_ends,
    delimiters,
    huge_field,
    *map(
        _lines,
        [
            doubled_lines,
            deleted_lines,
            shuffled_lines,
            swapped_delimiters,
            other_encoding,
            odd_lines,
            odd_values,
            odd_headers,
        ],
    ),
]


# -- what must hold --------------------------------------------------------------------------------------------


def records(one: Input, encoding: str) -> int | None:
    """Data records of a delimited text, counted without the loader; None where the damage leaves it open.

    It is clear where the header still is the first line and every quote stands where it may.
    """
    if one.text is None:
        return None
    text = one.text.decode(encoding, errors="replace").translate(_CONTROL).removeprefix("\ufeff")
    if one.delimiter != "\t":
        text = text.replace("\t", "")
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=one.delimiter, strict=True)
    lines = 0
    found: list[list[str]] = []
    try:
        for record in reader:
            if record:
                found.append(record)
            lines = reader.line_num
    except csv.Error:
        return None
    if (
        not found
        or [name.strip() for name in found[0]] != one.header
        or lines != text.rstrip("\n").count("\n") + 1
    ):
        return None
    if _loose_quote(text, one.delimiter):
        return None
    # A line too long for a record is set aside by itself; the rest of a record over several lines is then a row of its own.
    if lines > len(found) and max(map(len, one.text.split(b"\n"))) > MAX_LINE:
        return None
    return len(found) - 1


def _loose_quote(text: str, delimiter: str) -> bool:
    """A quote inside a field that did not begin with one: readers differ on it."""
    inside = False
    before = "\n"
    for at, letter in enumerate(text):
        if letter == '"':
            after = text[at + 1 : at + 2]
            if not inside:
                if before not in ("\n", delimiter):
                    return True
                inside = True
            elif after == '"' and before != "escape":
                before = "escape"
                continue
            elif before == "escape":
                before = letter
                continue
            else:
                inside = False
        before = letter
    return inside


def check(seed: int, home: Home, folder: Path) -> tuple[str, str | None]:
    """Ingest the input of a seed and say what became of it and, where something is wrong, what."""
    one = make(seed, folder)
    shutil.rmtree(home.root / "landing", ignore_errors=True) if seed % 200 == 0 else _forget(home)
    path = folder / one.name
    path.write_bytes(one.content)
    said: list[str] = []
    began = time.monotonic()
    try:
        land(home, path, say=said.append, bureau=LENIENT if seed % 2 else BUREAU)
        outcome = "taken"
    except Refused as error:
        outcome = "refused"
        if "\n" in str(error) or "Traceback" in str(error) or one.name not in str(error):
            return outcome, f"not one sentence on the file: {error}"
    except Exception:
        return "broken", " < ".join(reversed(traceback.format_exc(limit=-3).splitlines()))
    finally:
        path.unlink()
    seconds = time.monotonic() - began
    if seconds > SECONDS:
        return outcome, f"took {seconds:.0f} s"
    batches = read_batches(home)
    for batch in batches:
        wrong = _account(home, batch)
        if wrong:
            return outcome, wrong
    if any("\n" in line for line in said):
        return outcome, f"a message of several lines: {said}"
    if len(batches) == 1 and one.text is not None:
        clear = records(one, str(batches[0].get("encoding")))
        if clear is not None:
            if clear != batches[0]["rows_read"]:
                return outcome, f"{clear} records in the file, {batches[0]['rows_read']} rows read"
            return "counted", None
    if batches and outcome == "refused":
        outcome = "all rejected"
    return outcome, None


def _forget(home: Home) -> None:
    """Undo the last input: all batches but the empty ones go."""
    for batch in home.landing.glob("*/batch=*"):
        if batch.name != "batch=000000":
            shutil.rmtree(batch)


def _account(home: Home, batch: dict[str, object]) -> str | None:
    folder = home.landing / str(batch["table_name"]) / f"batch={batch['batch_id']}"
    held = {
        name: duckdb.execute(f"SELECT count(*) FROM read_parquet('{folder / name}.parquet')").fetchall()[0][0]
        if (folder / f"{name}.parquet").exists()
        else 0
        for name in ("rows", "rejects")
    }
    landed, rejected = batch["rows_landed"], batch["rows_rejected"]
    if (held["rows"], held["rejects"]) != (landed, rejected):
        return f"account {landed} landed, {rejected} rejected; on the disk {held}"
    if batch["rows_read"] != held["rows"] + held["rejects"] + int(str(batch["rows_identical"])):
        return f"the account does not add up: {batch}"
    return None


def run(seeds: Sequence[int], say: Callable[[str], None]) -> list[tuple[int, str]]:
    """Try the inputs of all seeds; returns what was wrong, by seed."""
    wrong: list[tuple[int, str]] = []
    outcomes: Counter[str] = Counter()
    longest = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        home = Home(folder / "home")
        for seed in seeds:
            faulthandler.dump_traceback_later(4 * SECONDS, exit=True)
            began = time.monotonic()
            outcome, problem = check(seed, home, folder)
            longest = max(longest, time.monotonic() - began)
            outcomes[outcome] += 1
            if problem:
                wrong.append((seed, problem))
                say(f"seed {seed}: {problem}")
        faulthandler.cancel_dump_traceback_later()
        _forget(home)
        [report] = land(home, write(folder / "fund_acct_bal.csv", [LEDGER]), bureau=BUREAU)
        if report.rows_landed != 1:
            wrong.append((-1, "a good file did not land after the damaged ones"))
    say(f"{len(seeds)} inputs: {dict(outcomes.most_common())}; longest {longest:.1f} s; {len(wrong)} wrong")
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description="Damage raw exports and ingest them.")
    parser.add_argument("--inputs", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args()
    wrong = run(range(arguments.first, arguments.first + arguments.inputs), print)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
