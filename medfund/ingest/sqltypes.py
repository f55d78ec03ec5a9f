"""SQL expressions that turn text into contract types. Each gives NULL for a text that does not fit."""

from __future__ import annotations

from collections.abc import Sequence

from medfund.contract import Column

# Blanks that fixed-width exports and spreadsheets leave around values.
_BLANKS = " \t\r\n\u00a0\u2002\u2003\u3000\ufeff"

# Written with seconds, without, and dates alone, as bureaus' systems and spreadsheets print them.
_FORMATS = (
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%Y.%m.%d %H:%M:%S",
    "%Y.%m.%d",
    "%Y年%m月%d日 %H:%M:%S",
    "%Y年%m月%d日",
)

EXPECTED = {
    "text": "a value",
    "integer": "a whole number",
    "date": "a date such as 2024-01-31 or 20240131, from 1900 on",
    "timestamp": "a time such as 2024-01-31 09:30:00 or 20240131093000, from 1900 on",
    "month": "a month such as 202401, month 01-12, year 1990-2098",
}


def quoted(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def ident(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def expected(column: Column) -> str:
    """What a value of this column must look like, in words."""
    if column.scale is None:
        return EXPECTED[column.type]
    digits = column.type.removeprefix("decimal(").split(",")[0]
    if column.is_money and column.scale == 2:
        return f"an amount with at most 2 decimals and {int(digits) - 2} digits before the point"
    return f"a number with at most {int(digits) - column.scale} digits before the point"


def trimmed(raw: str, wide: bool) -> str:
    """The value without surrounding blanks; `wide` also takes full-width and no-break ones."""
    if wide:
        return f"trim({raw}, {quoted(_BLANKS)})"
    # Few values hold a space at all, and looking for one is much cheaper than trimming.
    return f"CASE WHEN contains({raw}, ' ') THEN trim({raw}) ELSE {raw} END"


def is_null_word(text: str, words: Sequence[str], keep: Sequence[str] = ()) -> str:
    """SQL condition: the trimmed text is one of the words that mean null (letters in any case)."""
    tests = []
    for word in dict.fromkeys(w.strip().lower() for w in words):
        if word in (k.strip().lower() for k in keep):
            continue
        if word.lower() != word.upper():
            tests.append(f"(strlen({text}) = {len(word.encode())} AND lower({text}) = {quoted(word)})")
        else:
            tests.append(f"{text} = {quoted(word)}")
    return "(" + " OR ".join(tests or ["false"]) + ")"


def _plain(raw: str) -> str:
    """Trimmed text with well-placed thousands separators taken out."""
    text = trimmed(raw, wide=True)
    return (
        f"CASE WHEN regexp_full_match({text}, '[+-]?[0-9]{{1,3}}(,[0-9]{{3}})+([.][0-9]+)?') "
        f"THEN replace({text}, ',', '') "
        f"WHEN regexp_full_match({text}, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{{1,3}})?') "
        f"THEN {text} END"
    )


def _decimal(raw: str, column: Column) -> str:
    """Exact decimals. Money takes float noise below a millionth of a yuan but no other digit below the
    fen; quantities, prices and ratios are rounded to their scale."""
    target = column.duckdb_type
    scale = column.scale
    wide = f"try_cast({_plain(raw)} AS DECIMAL(38,10))"
    if column.is_money:
        slow = f"CASE WHEN abs({wide} - round({wide}, 2)) < 0.000001 THEN try_cast({wide} AS {target}) END"
    else:
        slow = f"try_cast({wide} AS {target})"
    # A point with at most `scale` characters after it, or a text shorter than the scale: the cast is exact.
    fast = f"strlen({raw}) - strpos({raw}, '.') <= {scale}"
    return f"CASE WHEN {fast} THEN coalesce(try_cast({raw} AS {target}), {slow}) ELSE {slow} END"


def _integer(raw: str) -> str:
    wide = f"try_cast({_plain(raw)} AS DECIMAL(18,4))"
    return f"CASE WHEN {wide} = round({wide}, 0) THEN try_cast({wide} AS INTEGER) END"


def _slow_timestamp(raw: str, time_zone: str) -> str:
    text = trimmed(raw, wide=True)
    formats = "[" + ", ".join(quoted(f) for f in _FORMATS) + "]"
    fraction = f"regexp_replace(replace({text}, 'T', ' '), '[.][0-9]+$', '')"
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{8}}') THEN try_strptime({text}, '%Y%m%d') "
        f"WHEN regexp_full_match({text}, '[0-9]{{12}}') THEN try_strptime({text}, '%Y%m%d%H%M') "
        f"WHEN regexp_full_match({text}, '[0-9]{{14,20}}') THEN try_strptime(left({text}, 14), '%Y%m%d%H%M%S') "
        f"+ to_milliseconds(try_cast(left(rpad(substr({text}, 15), 3, '0'), 3) AS INTEGER)) "
        f"WHEN regexp_full_match({text}, '.*:[0-9.]+ ?(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)') "
        f"THEN timezone({quoted(time_zone)}, try_cast({text} AS TIMESTAMPTZ)) "
        f"WHEN regexp_full_match({text}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T][0-9:]{{8}}[.][0-9]{{1,9}}') "
        f"THEN try_cast({text} AS TIMESTAMP) "
        f"ELSE try_strptime({fraction}, {formats}) END"
    )


def _timestamp(raw: str, time_zone: str) -> str:
    slow = _slow_timestamp(raw, time_zone)
    fast = f"strlen({raw}) = 19 AND NOT contains({raw}, '+')"
    value = f"CASE WHEN {fast} THEN coalesce(try_cast({raw} AS TIMESTAMP), {slow}) ELSE {slow} END"
    return value


def _date(raw: str, time_zone: str) -> str:
    slow = f"CAST({_slow_timestamp(raw, time_zone)} AS DATE)"
    return f"CASE WHEN strlen({raw}) = 10 THEN coalesce(try_cast({raw} AS DATE), {slow}) ELSE {slow} END"


def _month(raw: str, time_zone: str) -> str:
    text = trimmed(raw, wide=True)
    return (
        f"CASE WHEN regexp_full_match({text}, '[0-9]{{6}}([.]0+)?') THEN try_strptime(left({text}, 6), '%Y%m') "
        f"WHEN regexp_full_match({text}, '[0-9]{{4}}[-/.年][0-9]{{1,2}}月?') "
        f"THEN try_strptime(regexp_replace({text}, '[-/.年月]', '-', 'g').rtrim('-'), '%Y-%m') "
        f"ELSE date_trunc('month', {_slow_timestamp(raw, time_zone)}) END"
    )


def typed(raw: str, column: Column, time_zone: str) -> str:
    """SQL of the typed value of a text expression; NULL where the text does not fit the type.

    Columns of type text are not handled here: they only lose blanks and null words.
    """
    if column.scale is not None:
        value = _decimal(raw, column)
    elif column.type == "integer":
        value = _integer(raw)
    elif column.type == "timestamp":
        value = _timestamp(raw, time_zone)
    elif column.type == "date":
        value = _date(raw, time_zone)
    elif column.type == "month":
        value = f"CAST({_month(raw, time_zone)} AS DATE)"
    else:
        raise ValueError(f"no typed form for {column.type}")
    return value


def bounds(column: Column) -> tuple[str, str] | None:
    """First and last plausible value of a date-like column, as SQL literals."""
    if column.type == "month":
        return "DATE '1990-01-01'", "DATE '2098-12-01'"
    if column.type == "date":
        return "DATE '1900-01-01'", "DATE '9999-12-31'"
    if column.type == "timestamp":
        return "TIMESTAMP '1900-01-01'", "TIMESTAMP '9999-12-31 23:59:59'"
    return None
