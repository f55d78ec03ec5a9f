"""Where state lives (the home directory) and what a bureau decides (bureau.toml)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from medfund.errors import MedfundError

PROJECT_ROOT = Path(__file__).resolve().parents[1]

OrgCode = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{5}$")]


@dataclass(frozen=True)
class Home:
    """The directory that holds all state. Only this class knows its layout."""

    root: Path

    @property
    def landing(self) -> Path:
        """Typed Parquet, one directory per table and batch: `landing/<table>/batch=<id>/`."""
        return self.root / "landing"

    @property
    def candidate(self) -> Path:
        """The release being built; thrown away and made anew by the next build."""
        return self.root / "candidate"

    @property
    def candidate_db(self) -> Path:
        return self.candidate / "medfund.duckdb"

    @property
    def releases(self) -> Path:
        return self.root / "releases"

    @property
    def current(self) -> Path:
        """Symbolic link to the release being served."""
        return self.root / "current"

    @property
    def waivers(self) -> Path:
        return self.root / "waivers.json"

    @property
    def pseudonym_key(self) -> Path:
        """Key of the person pseudonyms; readable by its owner alone."""
        return self.root / "secret" / "pseudonym.key"

    @property
    def signing_key(self) -> Path:
        """Ed25519 key that signs disclosure bundles; readable by its owner alone."""
        return self.root / "secret" / "signing.key"

    @property
    def bureau_file(self) -> Path:
        return self.root / "bureau.toml"

    @property
    def contract_file(self) -> Path:
        """The bureau's own columns and header spellings; may be missing."""
        return self.root / "contract.yml"

    @property
    def lock(self) -> Path:
        """One writer at a time: ingest, build, rollback, prune and waive hold it."""
        return self.root / ".lock"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Org(_Strict):
    """One node of the bureau's own division tree (医保区划)."""

    code: OrgCode
    name_zh: str
    name_en: str = ""
    level: Literal["province", "city", "city_direct", "county"]
    parent: OrgCode | None = None


class Modes(_Strict):
    """How this bureau's exports are to be read. `detect` looks at the data and says what it found."""

    refunds: Literal["netted", "restated"] = "netted"
    fund_scope: Literal["detect", "excl", "incl"] = "detect"
    mutual_aid: Literal["detect", "inside", "outside"] = "detect"
    closing: Literal["detect", "annual", "monthly"] = "detect"
    headcount: Literal["paid", "relations"] = "paid"


class Gate(_Strict):
    """Tolerances of the quality gate."""

    payer_mismatch_share: float = Field(default=0.001, ge=0, le=1)
    replacement_character_share: float = Field(default=0.001, ge=0, le=1)


class ScenarioLever(_Strict):
    """One thing that a forecast scenario turns; units and formulas stand in seeds/policy/forecast_lever.csv."""

    lever: Literal[
        "contribution_rate",
        "subsidy",
        "enrolment_ageing",
        "visit_rate",
        "cost_growth",
        "payment_ratio",
        "premium_relief",
    ]
    value: float = Field(ge=-1, le=1)
    fund: str | None = None
    item: str | None = None
    base: float | None = Field(default=None, gt=0, lt=1)
    first_month: int = Field(default=1, ge=1, le=24)
    months: int | None = Field(default=None, ge=1)


class Scenario(_Strict):
    """A forecast scenario of the bureau's own."""

    key: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    name_zh: str
    name_en: str = ""
    levers: list[ScenarioLever] = Field(min_length=1)

    @field_validator("key")
    @classmethod
    def _baseline_stays(cls, key: str) -> str:
        if key == "baseline":
            raise ValueError("the baseline assumes nothing and cannot be replaced")
        return key


class Population(_Strict):
    """How many people a division has at the end of a year, as the bureau states it: no export holds them."""

    org: OrgCode
    year: int = Field(ge=2000, le=2100, strict=True)
    basis: Literal["resident", "registered"]
    persons: int
    source: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

    @field_validator("persons", mode="before")
    @classmethod
    def _counted(cls, persons: object) -> object:
        # Yearbooks print 万人, so fractions and texts are the likeliest slips.
        if isinstance(persons, bool) or not isinstance(persons, int) or not 0 < persons <= 2_000_000_000:
            raise ValueError(
                "a population is a whole number of persons above 0, without quotes and not in 万人"
            )
        return persons


class Bureau(_Strict):
    """bureau.toml: names, division tree, conventions. Every key has a default."""

    code: OrgCode = "100000"
    name_zh: str = ""
    name_en: str = ""
    time_zone: str = "Asia/Shanghai"
    pool_area: list[str] = Field(
        default_factory=list,
        description="Division prefixes of the pool area; by default the orgs' own first four digits.",
    )
    orgs: list[Org] = Field(default_factory=list)
    modes: Modes = Modes()
    gate: Gate = Gate()
    small_cell: int = Field(default=10, ge=0, description="Public counts below this are suppressed.")
    keep_releases: int = Field(default=12, ge=1)
    scenarios: list[Scenario] = Field(default_factory=list)
    populations: list[Population] = Field(default_factory=list)

    @field_validator("populations")
    @classmethod
    def _stated_once(cls, populations: list[Population], info: ValidationInfo) -> list[Population]:
        known = {org.code for org in info.data.get("orgs", ())}
        seen = set()
        for one in populations:
            if known and one.org not in known:
                raise ValueError(f"{one.org} stands under no [[orgs]]")
            if (one.org, one.year, one.basis) in seen:
                raise ValueError(f"the {one.basis} population of {one.org} for {one.year} is stated twice")
            seen.add((one.org, one.year, one.basis))
        return populations

    @classmethod
    def load(cls, path: Path) -> Bureau:
        """Read a bureau file; a missing file means all defaults.

        Raises MedfundError naming the key, the value seen and what was expected.
        """
        if not path.exists():
            return cls()
        try:
            return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8-sig")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise MedfundError(f"{path}: not a readable TOML file ({error})") from error
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            # A whole table of the file would say less than its place does.
            seen = "" if isinstance(first["input"], list | dict) else f", seen {first['input']!r}"
            raise MedfundError(f"{path}: {where}: {first['msg']}{seen}") from error
