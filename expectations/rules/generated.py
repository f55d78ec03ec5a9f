"""Rules that follow from the raw contract and the marts' keys: mere typing, so they are not written out."""

from __future__ import annotations

from collections.abc import Iterator

from expectations.rules import Rule
from medfund.contract import load_contract

# Keys of the public tables (docs: the interface of a release).
GRAINS: dict[str, tuple[str, ...]] = {
    "dim_org": ("org_code",),
    "dim_fund": ("fund_code",),
    "dim_institution": ("institution_code", "valid_from"),
    "dim_indicator": ("indicator_id",),
    "fund_income_monthly": ("org_code", "fund_code", "month", "item_key"),
    "fund_expenditure_monthly": ("org_code", "fund_code", "month", "item_key"),
    "fund_balance_monthly": ("org_code", "fund_code", "month"),
    "fund_balance_consolidated_monthly": ("fund_code", "month"),
    "fund_budget_execution": ("org_code", "fund_code", "year", "direction", "item_key", "month"),
    "fund_published_annual": ("region", "scheme", "year", "vintage", "item"),
    "settlement": ("setl_id",),
    "institution_monthly": ("institution_code", "scheme", "visit_bucket", "month"),
    "utilisation_monthly": ("org_code", "scheme", "visit_bucket", "remote_kind", "hospital_level", "month"),
    "fund_indicator_monthly": ("org_code", "fund_code", "indicator_id", "month", "period_kind"),
    "fund_budget_summary_monthly": ("org_code", "fund_code", "year", "direction", "item_key", "month"),
    "fund_signal_monthly": ("org_code", "fund_code", "month", "signal"),
    "dim_policy_event": ("event_key", "scheme"),
    "quality_identity_row": ("identity", "measure", "setl_id", "row_key"),
    "quality_identity_monthly": ("identity", "institution_code", "month"),
    "load_batch": ("batch_id",),
}

# Staging models that keep one row per key, with what their keys are called there. Settlements keep every
# landed version in staging; that one row per settlement comes out is checked on the mart.
STAGING_KEYS: dict[str, tuple[str, ...]] = {
    "stg_fixmedins_b": ("institution_code", "valid_from_at"),
    "stg_fund_acct_bal": ("org_code", "fund_code", "month", "subject_code"),
    "stg_fund_vchr_d": ("org_code", "fund_code", "month", "voucher_number", "line_number"),
    "stg_fund_budg_a": ("org_code", "fund_code", "year", "item_key", "budget_version"),
}


def contract_rules() -> Iterator[Rule]:
    """Per raw table: delivered, required columns filled, key not repeated in a batch, codes listed."""
    for table, spec in load_contract().tables.items():
        columns = {column.name: column for column in spec.landed}
        relation = f'raw."{table}"'
        zh, en = spec.zh, spec.en
        key = [name for name in spec.key if name in columns]
        yield Rule(
            id=f"raw.{table}.delivered",
            suite="raw",
            table=table,
            severity="major" if spec.role == "core" else "minor",
            dimension="completeness",
            zh=f"已导入“{zh}”；未导入时依赖它的表为空",
            en=f"{en} are delivered; without them the tables made from them are empty",
            owner="loading",
            kind="has_rows",
            sql=f"select * from {relation}",
        )
        required = [name for name, column in columns.items() if column.required]
        if required:
            named = " || ".join(f"case when \"{c}\" is null then '{c} ' else '' end" for c in required)
            anyone = " or ".join(f'"{c}" is null' for c in required)
            yield Rule(
                id=f"raw.{table}.required_filled",
                suite="raw",
                table=table,
                severity="critical",
                dimension="completeness",
                zh=f"“{zh}”的必填列都有值",
                en=f"Required columns are filled ({en})",
                owner="loading",
                key=("batch_id", "row_number"),
                sql=f"select batch as batch_id, _row_no as row_number, trim({named}) as empty_columns "
                f"from {relation} where {anyone}",
            )
        if key and not spec.snapshot:
            by = ", ".join(f'"{c}"' for c in key)
            yield Rule(
                id=f"raw.{table}.key_once_per_batch",
                suite="raw",
                table=table,
                severity="critical",
                dimension="uniqueness",
                zh=f"“{zh}”同一批内无完全相同的重复行",
                en=f"No batch holds two identical rows ({en})",
                owner="loading",
                key=("batch_id", *key),
                # Among millions of rows equal hashes are found cheaply; batches and keys decide.
                sql=f"with suspect as (select _row_hash from {relation} group by all having count(*) > 1) "
                f"select batch as batch_id, {by}, count(*) as row_count from {relation} "
                f"semi join suspect using (_row_hash) group by batch, {by}, _row_hash having count(*) > 1",
            )
        # Divisions follow patterns, not a list; dim_org says which are the bureau's own.
        coded = {name: c.dictionary for name, c in columns.items() if c.dictionary not in (None, "admdvs")}
        if coded:
            names = ", ".join(f'"{name}"' for name in coded)
            # One pass over the files for all columns; a row of a set holds one column's code and how often.
            sets = ", ".join(f'("{name}")' for name in coded)
            which = " ".join(f"when grouping(\"{name}\") = 0 then '{name}'" for name in coded)
            listed_in = " ".join(f"when '{name}' then '{d}'" for name, d in coded.items())
            found = (
                f"select column_name, case column_name {listed_in} end as dictionary, code, row_count from ("
                f"select case {which} end as column_name, coalesce({names}) as code, count(*) as row_count "
                f"from {relation} group by grouping sets ({sets})) where code is not null"
            )
            yield Rule(
                id=f"raw.{table}.codes_listed",
                suite="raw",
                table=table,
                severity="minor",
                dimension="validity",
                zh=f"“{zh}”的代码都在字典中",
                en=f"Every code is listed in its dictionary ({en})",
                owner="loading",
                key=("column_name", "code"),
                sql=f"with found as ({found}) "
                "select column_name, code, dictionary, row_count from found anti join work.listed_code as listed "
                "on listed.dictionary = found.dictionary and ("
                "listed.code = found.code "
                "or (listed.pads_zeros and ltrim(listed.code, '0') = ltrim(found.code, '0')) "
                "or (listed.is_prefix and starts_with(replace(found.code, '_', ''), listed.code)))",
            )


def grain_rules() -> Iterator[Rule]:
    """Per staging model and mart with a key: the key is filled and unique."""
    for suite, keys in (("staging", STAGING_KEYS), ("marts", GRAINS)):
        for table, key in keys.items():
            relation = f"scratch.staging.{table}" if suite == "staging" else f"medfund.marts.{table}"
            by = ", ".join(key)
            yield Rule(
                id=f"{suite}.{table}.key_unique",
                suite=suite,  # type: ignore[arg-type]
                table=table,
                severity="critical",
                dimension="uniqueness",
                zh=f"{table} 的主键不重复",
                en=f"The key of {table} is unique",
                owner="warehouse",
                key=key,
                sql=f"select {by}, count(*) as row_count from {relation} group by {by} having count(*) > 1",
            )
            for column in key:
                yield Rule(
                    id=f"{suite}.{table}.{column}_filled",
                    suite=suite,  # type: ignore[arg-type]
                    table=table,
                    severity="critical",
                    dimension="completeness",
                    zh=f"{table} 的主键列 {column} 不为空",
                    en=f"Key column {column} of {table} is filled",
                    owner="warehouse",
                    kind="not_null",
                    relation=relation,
                    column=column,
                )
