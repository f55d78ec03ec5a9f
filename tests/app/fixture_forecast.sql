-- Forecasts for the hand-made release, every figure reasoned: from October 2026 the pool area's employee fund gains
-- 100,000 a month (income 1,000,000, expenditure 900,000); the scenario "less" takes 50,000 of each month's income.
create temp table ahead as select step, cast(date '2026-10-01' + to_months(step) as date) as month
    from (select cast(unnest(range(1, 25)) as integer) as step);
create table marts.fund_forecast_series (org_code varchar, fund_code varchar, is_consolidated boolean, state varchar,
    first_month date, origin_month date, months integer, opening_balance decimal(18, 2), income_model varchar,
    expenditure_model varchar, unfit_models varchar);
insert into marts.fund_forecast_series values
    ('430100', '310_pool', true, 'forecast', '2024-01-01', '2026-10-01', 34, 52875000, 'ets', 'seasonal_naive', ''),
    ('430100', '310_acct', true, 'forecast', '2024-01-01', '2026-10-01', 34, 5000000, 'ets', 'ets', ''),
    ('430100', '390', true, 'forecast', '2024-01-01', '2026-10-01', 34, 5000000, 'ets', 'ets', ''),
    ('430100', '610', true, 'too_short', '2024-01-01', '2026-10-01', 34, 0, null, null, null),
    ('430121', '310_pool', false, 'stale', '2024-01-01', '2026-06-01', 30, 0, null, null, null),
    ('430122', '310_pool', false, 'library_missing', '2024-01-01', '2026-10-01', 34, 0, null, null, null);
create table marts.fund_forecast_scenario as
    select scenario, 1 as ordinal, 1 as part, name_zh, name_en, sort_order, false as is_bureau, lever, lever_zh as lever_name_zh,
        lever_en as lever_name_en, value, unit, cast(null as varchar) as fund_code, item_key, direction,
        cast(null as double) as base, 1 as first_month, cast(null as integer) as months, formula as formula_zh, formula as formula_en
    from (values
        ('baseline', '基准', 'Baseline', 0, null, null, null, null, null, null, null, null),
        ('less', '费率降低5%', 'Rate 5 % lower', 1, 'contribution_rate', '缴费费率', 'Contribution rate', -0.05, 'ratio', 'premium', 'income', 'a × v'),
        ('more', '就诊率降低2%', 'Visits 2 % fewer', 2, 'visit_rate', '就诊率', 'Visit rate', -0.02, 'ratio', 'benefit', 'expenditure', 'b × v')
    ) as row (scenario, name_zh, name_en, sort_order, lever, lever_zh, lever_en, value, unit, item_key, direction, formula);
create temp table scenario_shift as
    select scenario, fund_code, income, expenditure
    from (values ('baseline', '310_pool', 0, 0), ('less', '310_pool', -50000, 0), ('more', '310_pool', 0, -18000),
        ('baseline', '390', 0, 0), ('less', '390', -50000, 0), ('baseline', '310_acct', 0, 0))
        as shift (scenario, fund_code, income, expenditure);
create temp table path as
    select '430100' as org_code, series.fund_code, scenario, step, month, opening_balance,
        1000000 + income as income, 900000 + expenditure as expenditure,
        opening_balance + step * (100000 + income - expenditure) as balance,
        step * (income - expenditure) as balance_shift, income as income_shift, expenditure as expenditure_shift
    from scenario_shift join marts.fund_forecast_series as series using (fund_code) cross join ahead
    where series.org_code = '430100';
create table marts.fund_forecast_monthly as
    select org_code, fund_code, measure, scenario, month, 'ets' || case measure when 'balance' then '/seasonal_naive' else '' end as model,
        date '2026-10-01' as origin_month, step as horizon, cast(point as decimal(18, 2)) as point,
        cast(point - 20000 * step as decimal(18, 2)) as lower_80, cast(point + 20000 * step as decimal(18, 2)) as upper_80,
        cast(point - 30000 * step as decimal(18, 2)) as lower_95, cast(point + 30000 * step as decimal(18, 2)) as upper_95,
        cast(shift as decimal(18, 2)) as shift,
        case when measure = 'balance' and fund_code <> '310_acct' then 6.9 - step * case scenario when 'less' then 0.1 else 0 end end as payable_months,
        case when measure = 'balance' and fund_code <> '310_acct' then 6.5 - step * case scenario when 'less' then 0.1 else 0 end end as payable_months_lower_80
    from (
        select *, 'income' as measure, income as point, income_shift as shift from path
        union all by name select *, 'expenditure' as measure, expenditure as point, expenditure_shift as shift from path
        union all by name select *, 'balance' as measure, balance as point, balance_shift as shift from path
    );
create table marts.fund_forecast_outlook as
    select org_code, fund_code, scenario, step as horizon, month,
        case scenario when 'less' then 'contribution_rate' when 'more' then 'visit_rate' end as lever,
        cast(null as double) as value, cast(step * income as decimal(18, 2)) as income,
        cast(step * expenditure as decimal(18, 2)) as expenditure,
        cast(step * (income - expenditure) as decimal(18, 2)) as current_balance, cast(balance as decimal(18, 2)) as closing_balance,
        cast(balance_shift as decimal(18, 2)) as closing_change,
        case when fund_code <> '310_acct' then 6.9 - step * case scenario when 'less' then 0.1 else 0 end end as payable_months,
        case when fund_code <> '310_acct' then -step * case scenario when 'less' then 0.1 else 0 end end as payable_change
    from path where step in (12, 24);
create table marts.fund_forecast_effect as
    select org_code, fund_code, scenario, 1 as ordinal, 1 as part, month,
        case scenario when 'less' then 'contribution_rate' else 'visit_rate' end as lever,
        case scenario when 'less' then 'income' else 'expenditure' end as direction,
        case scenario when 'less' then 'premium' else 'benefit' end as item_key,
        cast(case scenario when 'less' then 1000000 else 900000 end as decimal(18, 2)) as base_amount,
        case scenario when 'less' then -0.05 else -0.02 end as factor,
        cast(income_shift + expenditure_shift as decimal(18, 2)) as effect
    from path where scenario <> 'baseline';
create table marts.fund_forecast_floor as
    select '430100' as org_code, '310_pool' as fund_code, * from (values
        ('baseline', 'amber', 6.0, null::date, null::date, 6.9, date '2026-11-01', 6.9),
        ('baseline', 'red', 3.0, null, null, 6.9, date '2026-11-01', 6.9),
        ('less', 'amber', 6.0, date '2027-08-01', date '2027-04-01', 4.5, date '2028-10-01', 4.5),
        ('less', 'red', 3.0, null, null, 4.5, date '2028-10-01', 4.5),
        ('more', 'amber', 6.0, null, null, 6.9, date '2026-11-01', 6.9),
        ('more', 'red', 3.0, null, null, 6.9, date '2026-11-01', 6.9)
    ) as floor (scenario, band, threshold, first_month, first_month_lower_80, lowest_payable_months, lowest_month, last_payable_months);
create table marts.fund_forecast_score as
    select '430100' as org_code, fund_code, measure, model, horizon, 6 as origins, 6 * horizon as periods, mase, 0.04 as wape, 0.83 as coverage_80,
        0.96 as coverage_95, is_shown
    from (values
        ('income', 'seasonal_naive', 0.9, false), ('income', 'ets', 0.6, true),
        ('expenditure', 'seasonal_naive', 0.8, true), ('expenditure', 'ets', 0.85, false),
        ('balance', 'seasonal_naive', 1.1, false), ('balance', 'ets/seasonal_naive', 0.7, true)
    ) as score (measure, model, mase, is_shown)
    cross join (values (3), (24)) as horizons (horizon) cross join (values ('310_pool'), ('390'), ('310_acct')) as funds (fund_code);
create table marts.fund_forecast_published as
    select 'total' as scheme, item, 'theta' as model, origin_year, year, year - origin_year as horizon,
        cast(actual * 100000000 as decimal(18, 2)) as actual, cast(point * 100000000 as decimal(18, 2)) as point,
        cast(null as decimal(18, 2)) as lower_80, cast(null as decimal(18, 2)) as upper_80,
        cast(null as decimal(18, 2)) as lower_95, cast(null as decimal(18, 2)) as upper_95,
        (point - actual) / actual as relative_error, true as is_shown,
        '基本医疗保险合计' as scheme_name_zh, 'All' as scheme_name_en,
        case item when 'income' then '基金收入' else '基金支出' end as item_name_zh, item as item_name_en
    from (values ('income', 2023, 2024, 100.0, 104.0), ('income', 2024, 2025, 110.0, 108.0), ('income', 2025, 2026, null, 120.0),
        ('expenditure', 2023, 2024, 90.0, 95.0), ('expenditure', 2024, 2025, 95.0, 97.0), ('expenditure', 2025, 2026, null, 99.0))
        as published (item, origin_year, year, actual, point);
create table marts.fund_forecast_published_score as
    select 'total' as scheme, item, 'theta' as model, 1 as horizon, 2 as origins, 2 as periods, 0.9 as mase, wape, 0.8 as coverage_80,
        1.0 as coverage_95, true as is_shown
    from (values ('income', 0.043), ('expenditure', 0.07)) as score (item, wape);
