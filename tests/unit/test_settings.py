"""What a bureau may write into bureau.toml about its population, and what it is told when it may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from medfund.errors import MedfundError
from medfund.settings import Bureau

ORGS = '[[orgs]]\ncode = "970100"\nname_zh = "示例市"\nlevel = "city"\n'
STATED = {
    "org": '"970100"',
    "year": "2025",
    "basis": '"resident"',
    "persons": "1_024_000",
    "source": '"公报"',
}


def _load(path: Path, *blocks: dict[str, str]) -> Bureau:
    lines = [ORGS]
    for block in blocks:
        lines += ["[[populations]]", *(f"{key} = {value}" for key, value in block.items())]
    file = path / "bureau.toml"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Bureau.load(file)


def test_a_population_is_stated_by_division_year_and_basis(tmp_path: Path) -> None:
    (one, other) = _load(tmp_path, STATED, STATED | {"basis": '"registered"'}).populations
    assert (one.org, one.year, one.basis, one.persons, one.source) == (
        "970100", 2025, "resident", 1_024_000, "公报",
    )  # fmt: skip
    assert other.basis == "registered"


@pytest.mark.parametrize("persons", ["-5", "0", '"many"', '"1024000"', "102.4", "true", "9999999999"])
def test_a_population_that_is_no_count_of_persons_is_refused_in_one_sentence(
    tmp_path: Path, persons: str
) -> None:
    with pytest.raises(MedfundError) as refused:
        _load(tmp_path, STATED | {"persons": persons})
    said = str(refused.value)
    assert said.startswith(f"{tmp_path / 'bureau.toml'}: populations.0.persons: ")
    assert "a whole number of persons above 0, without quotes and not in 万人, seen " in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"org": '"970121"'}, "970121 stands under no [[orgs]]"),
        ({"basis": '"常住"'}, "populations.0.basis: Input should be 'resident' or 'registered', seen '常住'"),
        ({"year": '"2025"'}, "populations.0.year: Input should be a valid integer, seen '2025'"),
        ({"year": "25"}, "populations.0.year: Input should be greater than or equal to 2000, seen 25"),
        ({"source": '" "'}, "populations.0.source: String should have at least 1 character"),
    ],
)
def test_what_else_is_wrong_with_a_population_is_named(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    with pytest.raises(MedfundError) as refused:
        _load(tmp_path, STATED | change)
    assert said in str(refused.value)


def test_a_population_is_stated_once(tmp_path: Path) -> None:
    with pytest.raises(MedfundError, match="the resident population of 970100 for 2025 is stated twice"):
        _load(tmp_path, STATED, STATED | {"persons": "5"})
