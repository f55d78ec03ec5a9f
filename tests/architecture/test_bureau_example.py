"""bureau.example.toml can be copied as it is, shows every key, and says the truth about defaults."""

from __future__ import annotations

import re
import tomllib

from pydantic import BaseModel

from medfund.settings import PROJECT_ROOT, Bureau

EXAMPLE = PROJECT_ROOT / "bureau.example.toml"


def _keys(model: type[BaseModel]) -> set[str]:
    found = set(model.model_fields)
    for field in model.model_fields.values():
        for kind in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                found |= _keys(kind)
    return found


def test_example_loads() -> None:
    bureau = Bureau.load(EXAMPLE)
    assert bureau.code == "970100"
    assert [org.level for org in bureau.orgs] == ["city", "city_direct", "county"]


def test_example_shows_every_key() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert set(re.findall(r"^(?:\[\[?(?:\w+\.)*)?(\w+)(?:\]\]?$| = )", text, re.MULTILINE)) == _keys(Bureau)


def test_example_has_a_word_on_every_key() -> None:
    explained = set()
    for block in EXAMPLE.read_text(encoding="utf-8").split("\n\n"):
        lines = block.splitlines()
        if lines[0].startswith("#"):
            # The division tree is explained once, before its first block.
            explained |= {
                match[1] for line in lines if (match := re.match(r"(?:\[\[?)?(\w+)(?:\]\]?$| = )", line))
            }
            explained |= set(re.findall(r"`(\w+)`", block))
    assert _keys(Bureau) - explained == {"modes", "gate"} - explained


def test_example_shows_the_defaults() -> None:
    """But for the names, the tree, the area, a scenario and a population, copying the example changes nothing."""
    given = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    default = Bureau().model_dump()
    own = {"code", "name_zh", "name_en", "pool_area", "orgs", "scenarios", "populations"}
    assert {key: given[key] for key in given if key not in own} == {
        key: value for key, value in default.items() if key not in own
    }
