-- A hand-made release: see fixture_release.py. Set the variables `seeds` (a folder) and `release` first.
create temp table flow_base (fund_code varchar, direction varchar, item_key varchar, parent varchar,
    thousand integer, step integer, december_only boolean);
insert into flow_base values
    ('310_pool', 'income', 'premium', null, 1000, 4, false),
    ('310_pool', 'income', 'interest', null, 20, 0, false),
    ('310_pool', 'expenditure', 'benefit', null, 800, 10, false),
    ('310_pool', 'expenditure', 'benefit_ipt', 'benefit', 500, 6, false),
    ('310_pool', 'expenditure', 'benefit_opt', 'benefit', 300, 16, false),
    ('310_pool', 'expenditure', 'other_out', null, 10, 0, false),
    ('310_acct', 'income', 'premium', null, 400, 0, false),
    ('310_acct', 'expenditure', 'benefit', null, 350, 0, false),
    ('390', 'income', 'premium', null, 3000, 4, true),
    ('390', 'income', 'fiscal_subsidy', null, 400, 5, false),
    ('390', 'expenditure', 'benefit', null, 600, 3, false),
    ('390', 'expenditure', 'catastrophic', null, 40, 0, false),
    ('610', 'income', 'fiscal_subsidy', null, 30, 0, false),
    ('610', 'expenditure', 'benefit', null, 28, 0, false);
create temp table book (org_code varchar, size integer);
-- Each book's size; flows are thousand yuan a month in the first year, with a yearly step in percent.
insert into book values ('430199', 5), ('430121', 2), ('430122', 1);
create temp table months as
    select cast(unnest(generate_series(date '2024-01-01', date '2026-10-01', interval 1 month)) as date) as month;
create temp table flow as
    select org_code, fund_code, direction, month, item_key, parent is not null as is_memo, false as is_transfer,
        cast(size * thousand * 1000 * (100 + step * (year(month) - 2024)) / 100 as decimal(18, 2)) as amount
    from flow_base cross join book cross join months
    where not december_only or month(month) in (1, 12)
    union all
    -- What the two counties pass up each month, and what the city level receives.
    select org_code, '310_pool', 'expenditure', month, 'to_upper', false, true, size * 10000
    from book cross join months where org_code <> '430199'
    union all
    select '430199', '310_pool', 'income', month, 'from_lower', false, true, 30000 from months;

create schema marts;
create schema reference;
create table reference.fund_item as
    select * from read_csv(getvariable('seeds') || '/codes/fund_item.csv', types = {'class_digit': 'varchar'});
create table reference.published_scheme as select * from read_csv(getvariable('seeds') || '/published/published_scheme.csv');
create table reference.published_item as select * from read_csv(getvariable('seeds') || '/published/published_item.csv');
create table reference.published_unit as select * from read_csv(getvariable('seeds') || '/published/published_unit.csv');
create table reference.published_vintage as select * from read_csv(getvariable('seeds') || '/published/published_vintage.csv');
create table marts.dim_policy_event as
    select event_key, unnest(string_split(schemes || ';total', ';')) as scheme, effective_date, name_zh, name_en, short_zh,
        short_en, source
    from read_csv(getvariable('seeds') || '/policy/policy_event.csv');
create table marts.dim_org (org_code varchar, name_zh varchar, name_en varchar, level varchar, parent_org_code varchar);
insert into marts.dim_org values
    ('430100', '示例市', 'Sample city', 'city', null),
    ('430199', '示例市本级', 'Sample city level', 'city_direct', '430100'),
    ('430121', '甲县', 'County A', 'county', '430100'),
    ('430122', '乙县', 'County B', 'county', '430100');
create table marts.dim_fund (fund_code varchar, name_zh varchar, name_en varchar, scheme varchar, account_kind varchar);
insert into marts.dim_fund values
    ('310_pool', '职工医保统筹基金', 'Employee pooled fund', 'employee', 'pooled'),
    ('310_acct', '职工医保个人账户', 'Employee personal accounts', 'employee', 'personal'),
    ('390', '城乡居民医保基金', 'Resident fund', 'resident', 'pooled'),
    ('610', '医疗救助基金', 'Medical assistance fund', 'assistance', 'pooled');
create table marts.dim_indicator (indicator_id varchar, indicator_key varchar, name_zh varchar, name_en varchar, level varchar,
    definition_zh varchar, definition_en varchar, unit varchar, direction varchar, source varchar);
insert into marts.dim_indicator values
    ('F01', 'fund_income', '基金收入', 'Fund income', 'fund', '本期基金收入合计', 'All income of the period', 'yuan', 'up', 'practice'),
    ('F02', 'fund_expenditure', '基金支出', 'Fund expenditure', 'fund', '本期基金支出合计', 'All expenditure of the period', 'yuan', 'both', 'practice'),
    ('F08', 'income_growth', '收入增长率', 'Income growth', 'fund', '收入同比增长', 'Growth of income on last year', '%', 'up', 'practice'),
    ('F09', 'expenditure_growth', '支出增长率', 'Expenditure growth', 'fund', '支出同比增长', 'Growth of expenditure on last year', '%', 'down', 'practice'),
    ('F03', 'current_balance', '当期结余', 'Current balance', 'fund', '基金收入减基金支出', 'Income less expenditure', 'yuan', 'up', '国家医疗保障局统计公报'),
    ('F06', 'cumulative_balance', '累计结余', 'Cumulative balance', 'fund', '期初结余加调整加当期结余', 'Opening plus adjustment plus current balance', 'yuan', 'up', '国家医疗保障局统计公报'),
    ('F07', 'payable_months', '累计结余可支付月数', 'Months of expenditure covered', 'fund', '累计结余除以近12个月月均支出', 'Closing balance over mean monthly expenditure of 12 months', 'month', 'both', '医保办函〔2024〕101号'),
    ('F10', 'growth_gap', '支出收入增速差', 'Expenditure minus income growth', 'fund', '支出增长率减收入增长率', 'Expenditure growth less income growth', 'percentage point', 'down', 'practice'),
    ('F20', 'budget_execution_rate', '预算执行率', 'Budget execution', 'fund', '累计执行数除以预算数', 'Executed to date over budget', '%', 'both', 'practice');
alter table marts.dim_indicator add column numerator varchar default '见定义';
alter table marts.dim_indicator add column also_needs varchar;
alter table marts.dim_indicator add column also_needs_zh varchar;
update marts.dim_indicator set also_needs = 'external population figure', also_needs_zh = '外部人口数' where indicator_id = 'F08';
alter table marts.dim_indicator add column denominator varchar;
alter table marts.dim_indicator add column required_tables varchar default 'fund_acct_bal';
create table marts.fund_income_monthly as
    select org_code, fund_code, month, item_key, amount, is_memo, is_transfer from flow where direction = 'income';
create table marts.fund_expenditure_monthly as
    select org_code, fund_code, month, item_key, amount, is_memo, is_transfer from flow where direction = 'expenditure';

create temp table net as
    select org_code, fund_code, month,
        sum(amount) filter (direction = 'income') as income,
        sum(amount) filter (direction = 'expenditure') as expenditure,
        sum(amount) filter (direction = 'income' and not is_transfer) as own_income,
        sum(amount) filter (direction = 'expenditure' and not is_transfer) as own_expenditure,
        case when org_code = '430122' and fund_code = '310_pool' and month = date '2026-01-01'
            then -5000.00 else 0.00 end as adjustment
    from flow where not is_memo group by all;
create temp table rolled as
    select *,
        2000000 + sum(income - expenditure + adjustment) over book as closing,
        2000000 + sum(income - expenditure + adjustment) over book - (income - expenditure + adjustment) as opening,
        sum(income) over year_to_date as income_ytd,
        sum(expenditure) over year_to_date as expenditure_ytd,
        sum(own_expenditure) over twelve as spent_12, count(*) over twelve as months_12,
        lag(income, 12) over book as income_before, lag(expenditure, 12) over book as expenditure_before,
        sum(income - expenditure) over year_to_date as balance_ytd
    from net
    window book as (partition by org_code, fund_code order by month),
        year_to_date as (partition by org_code, fund_code, year(month) order by month),
        twelve as (partition by org_code, fund_code order by month rows between 11 preceding and current row);
create table marts.fund_balance_monthly as
    select org_code, fund_code, month,
        cast(opening as decimal(18, 2)) as opening_balance,
        cast(adjustment as decimal(18, 2)) as opening_adjustment,
        cast(coalesce(income, 0) as decimal(18, 2)) as income,
        cast(coalesce(expenditure, 0) as decimal(18, 2)) as expenditure,
        cast(income - expenditure as decimal(18, 2)) as current_balance,
        cast(closing as decimal(18, 2)) as closing_balance,
        cast(closing + case when org_code = '430121' and fund_code = '390' and month = date '2026-10-01'
            then 1234.56 else 0 end as decimal(18, 2)) as ledger_closing_balance,
        cast(case when org_code = '430121' and fund_code = '390' and month = date '2026-10-01'
            then 1234.56 else 0 end as decimal(18, 2)) as unexplained_gap,
        cast(income_ytd as decimal(18, 2)) as income_ytd, cast(expenditure_ytd as decimal(18, 2)) as expenditure_ytd,
        cast(balance_ytd as decimal(18, 2)) as current_balance_ytd,
        cast(null as double) as income_ytd_yoy, cast(null as double) as expenditure_ytd_yoy,
        cast(income / nullif(income_before, 0) - 1 as double) as income_yoy,
        cast(expenditure / nullif(expenditure_before, 0) - 1 as double) as expenditure_yoy,
        cast((income - expenditure) / nullif(income, 0) as double) as surplus_rate,
        case when months_12 = 12 and fund_code in ('310_pool', '390')
            then cast(closing / (spent_12 / 12) as double) end as payable_months,
        cast(own_income as decimal(18, 2)) as own_income, cast(own_expenditure as decimal(18, 2)) as own_expenditure
    from rolled;
create table marts.fund_balance_consolidated_monthly as
    with total as (
        select fund_code, month, sum(opening_balance) as opening_balance, sum(opening_adjustment) as opening_adjustment,
            sum(own_income) as income, sum(own_expenditure) as expenditure, sum(closing_balance) as closing_balance,
            sum(ledger_closing_balance) as ledger_closing_balance, sum(unexplained_gap) as unexplained_gap,
            sum(income) - sum(own_income) as eliminated_transfers
        from marts.fund_balance_monthly group by all
    )
    select fund_code, month, opening_balance, opening_adjustment, income, expenditure,
        income - expenditure as current_balance, closing_balance, ledger_closing_balance, unexplained_gap,
        sum(income) over year_to_date as income_ytd, sum(expenditure) over year_to_date as expenditure_ytd,
        cast(sum(income - expenditure) over year_to_date as decimal(18, 2)) as current_balance_ytd,
        cast(null as double) as income_ytd_yoy, cast(null as double) as expenditure_ytd_yoy,
        cast(income / lag(income, 12) over book - 1 as double) as income_yoy,
        cast(expenditure / lag(expenditure, 12) over book - 1 as double) as expenditure_yoy,
        cast((income - expenditure) / income as double) as surplus_rate,
        case when count(*) over twelve = 12 and fund_code in ('310_pool', '390')
            then cast(closing_balance / (sum(expenditure) over twelve / 12) as double) end as payable_months,
        income as own_income, expenditure as own_expenditure, eliminated_transfers,
        cast(0 as decimal(18, 2)) as transfer_imbalance
    from total
    window book as (partition by fund_code order by month),
        year_to_date as (partition by fund_code, year(month) order by month),
        twelve as (partition by fund_code order by month rows between 11 preceding and current row);

create table marts.fund_indicator_monthly as
    with book as (
        select org_code, fund_code, month, income_ytd, expenditure_ytd, closing_balance, payable_months
        from marts.fund_balance_monthly
        union all
        select '430100', fund_code, month, income_ytd, expenditure_ytd, closing_balance, payable_months
        from marts.fund_balance_consolidated_monthly
    ),
    compared as (
        select *, lag(income_ytd, 12) over w as income_before, lag(expenditure_ytd, 12) over w as expenditure_before,
            lag(closing_balance, 12) over w as closing_before, lag(payable_months, 12) over w as payable_before
        from book window w as (partition by org_code, fund_code order by month)
    ),
    value as (
        select org_code, fund_code, 'F06' as indicator_id, month, 'month' as period_kind,
            cast(closing_balance as double) as value, cast(closing_before as double) as value_prior_year,
            cast(null as double) as low, cast(null as double) as high from compared
        union all
        select org_code, fund_code, 'F07', month, 'month', payable_months, payable_before,
            case fund_code when '310_pool' then 6.0 when '390' then 6.0 end, case fund_code when '310_pool' then 15.0 end
        from compared
        union all
        select org_code, fund_code, 'F03', month, 'ytd', cast(income_ytd - expenditure_ytd as double),
            cast(income_before - expenditure_before as double), 0.0, null from compared
        union all
        select org_code, fund_code, 'F10', month, 'ytd',
            cast(expenditure_ytd / nullif(expenditure_before, 0) - income_ytd / nullif(income_before, 0) as double),
            null, null, 0.0 from compared
    )
    select org_code, fund_code, indicator_id, month, period_kind, cast(null as double) as numerator,
        cast(null as double) as denominator, value, value_prior_year, low as threshold_low, high as threshold_high,
        case when value < low then 'amber' when value > high then 'amber' end as flag
    from value;

create temp table budget_line as
    with budgeted as (
        select org_code, fund_code, year(month) as year, direction, item_key, month, amount,
            sum(amount) over (partition by org_code, fund_code, direction, item_key, year(month) order by month) as actual_ytd
        from flow where not is_memo and not is_transfer and year(month) >= 2025
    ),
    budget as (
        select org_code, fund_code, direction, item_key, year, max(amount) * 12 as budget
        from budgeted where not (fund_code = '390' and item_key = 'premium') group by all
    )
    select org_code, false as is_consolidated, fund_code, year, direction, item_key, month, budget, actual_ytd
    from budgeted join budget using (org_code, fund_code, direction, item_key, year);
create table marts.fund_budget_summary_monthly as
    with book as (
        from budget_line
        union all
        select '430100', true, * exclude (org_code, is_consolidated) from budget_line
    ),
    line as (
        from book
        union all
        select * replace ('total' as item_key) from book
    ),
    added as (
        select org_code, is_consolidated, fund_code, year, direction, item_key, month, month(month) / 12.0::double as share,
            sum(budget) as budget, sum(actual_ytd) as actual_ytd, count(*) as org_count
        from line group by all
    )
    select org_code, fund_code, year, direction, item_key, month, cast(budget as decimal(18, 2)) as budget,
        cast(actual_ytd as decimal(18, 2)) as actual_ytd, cast(actual_ytd / budget as double) as execution_rate,
        share as elapsed_share, share as seasonal_share, share as expected_share,
        cast(actual_ytd / budget as double) - share as deviation, false as is_memo, is_consolidated, org_count
    from added;
create table marts.fund_signal_monthly as
    select org_code, fund_code, month, 'unexplained_gap' as signal, unexplained_gap as amount, 'major' as severity,
        month as stands_until
    from marts.fund_balance_monthly where unexplained_gap <> 0
    union all
    select org_code, fund_code, month, 'opening_adjustment', opening_adjustment, 'minor', make_date(year(month), 12, 1)
    from marts.fund_balance_monthly where opening_adjustment <> 0;

create table marts.fund_expenditure_change_monthly as
    with own as (
        select org_code, fund_code, month, item_key, is_memo, amount from marts.fund_expenditure_monthly
        union all
        select '430100', fund_code, month, item_key, is_memo, sum(amount) from marts.fund_expenditure_monthly
        where not is_transfer group by all
    ),
    to_date as (
        select *, sum(amount) over (partition by org_code, fund_code, item_key, year(month) order by month) as ytd
        from own
    ),
    compared as (
        select *, lag(ytd, 12) over (partition by org_code, fund_code, item_key order by month) as before from to_date
    )
    select org_code, fund_code, month, 'ytd' as period_kind, item_key, is_memo,
        cast(ytd as decimal(18, 2)) as amount, cast(before as decimal(18, 2)) as amount_prior_year,
        cast(ytd - before as decimal(18, 2)) as change,
        cast((ytd - before) / sum(before) filter (not is_memo) over w as double) as contribution,
        cast(sum(ytd) filter (not is_memo) over w as decimal(18, 2)) as total,
        cast(sum(before) filter (not is_memo) over w as decimal(18, 2)) as total_prior_year
    from compared
    where before is not null
    window w as (partition by org_code, fund_code, month);

create table marts.fund_published_annual (region varchar, scheme varchar, year integer, vintage varchar, item varchar,
    value decimal(20, 2), source_title varchar, check_note varchar, scheme_name_zh varchar default '城乡居民基本医疗保险',
    scheme_name_en varchar default 'Resident scheme');
insert into marts.fund_published_annual (region, scheme, year, vintage, item, value, source_title, check_note) values
    ('national', 'resident', 2020, 'bulletin', 'income', 911456000000.00, '2020年统计公报', null),
    ('national', 'resident', 2020, 'bulletin', 'expenditure', 816515000000.00, '2020年统计公报', null),
    ('national', 'resident', 2021, 'bulletin', 'income', 972400000000.00, '2021年统计公报', null),
    ('national', 'resident', 2021, 'bulletin', 'expenditure', 929600000000.00, '2021年统计公报', null),
    ('national', 'resident', 2021, 'bulletin', 'cumulative_balance', 671700000000.00, '2021年统计公报', '上年累计加当期不等于累计,差211.48亿元'),
    ('national', 'resident', 2020, 'quick_report', 'income', 900000000000.00, '2020年快报', null),
    ('national', 'resident', 2021, 'quick_report', 'income', 970000000000.00, '2021年快报', null);
create table marts.quality_check (check_id varchar, suite varchar, table_name varchar, severity varchar, dimension varchar,
    observed varchar, unexpected_count bigint, passed boolean, first_failed_in varchar, state varchar, description_zh varchar, description_en varchar);
insert into marts.quality_check values
    ('balance_rolls', 'marts', 'fund_balance_monthly', 'critical', 'consistency', '0', 0, true, null, null, '期初加收支等于期末', 'Opening and flows give the closing'),
    ('closing_printed', 'marts', 'fund_balance_monthly', 'minor', 'accuracy', '1', 1, false, getvariable('release'), 'new', '账面期末与推算一致', 'Ledger closing equals the roll-forward'),
    ('unit_listed', 'raw', 'fund_acct_bal', 'major', 'validity', '2', 2, false, '20261001T010000Z-00000000', 'persisting', '金额单位在码表内', 'Units are listed'),
    ('subject_mapped', 'staging', 'fund_acct_bal', 'critical', 'completeness', '0', 0, true, null, 'resolved', '科目都已对应', 'Every subject is mapped');
create table marts.load_batch (batch_id varchar, table_name varchar, source_file varchar, sha256 varchar, rows_read bigint,
    rows_landed bigint, rows_rejected bigint, rows_identical bigint, rows_superseded bigint, values_nulled bigint, loaded_at timestamp);
insert into marts.load_batch values
    ('000001', 'fund_acct_bal', 'fund_acct_bal_2026.csv', repeat('a', 64), 1000, 997, 3, 0, 0, 1, timestamp '2026-11-01 09:00:00'),
    ('000002', 'fixmedins_b', '=HYPERLINK("http://x")', repeat('b', 64), 12, 12, 0, 0, 0, 0, timestamp '2026-11-01 09:01:00');
create table marts.release_info (release_id varchar, built_at timestamp, data_through date, code_version varchar,
    inputs_sha256 varchar, gate varchar, waivers varchar);
insert into marts.release_info values
    (getvariable('release'), timestamp '2026-11-01 09:30:00', date '2026-10-20', '0.1.0', repeat('c', 64), 'passed', '[]');
create table marts.published_finding (identity varchar, scheme varchar, period varchar, vintage varchar, year integer,
    identity_name_zh varchar, identity_name_en varchar, size decimal(20, 6), left_printed varchar, right_printed varchar,
    difference_printed decimal(18, 6), size_printed decimal(18, 6), printed_unit varchar);
insert into marts.published_finding values
    ('opening_plus_balance', 'resident', '2021', 'bulletin', 2021, '上年累计结余加当期结余等于累计结余',
        'Prior cumulative balance and current balance give the cumulative balance', 21148000000, '6716.58',
        '6077 + 428.1', 211.48, 211.48, '亿元');
create table marts.published_comparison (kind varchar, scheme varchar, item varchar, year integer, vintage varchar, other_vintage varchar,
    printed_value varchar, other_printed varchar, difference_printed decimal(18, 6), printed_unit varchar, verdict varchar);
insert into marts.published_comparison values
    ('same_figure', 'resident', 'income', 2021, 'bulletin', 'quick_report', '9724.48', '9700', 24.48, '亿元', 'differs'),
    ('same_figure', 'resident', 'income', 2020, 'bulletin', 'quick_report', '9114.56', '9114.56', 0, '亿元', 'agrees'),
    ('recomputed', 'employee', 'hospitalisation_rate', 2021, 'bulletin', 'benefit_series', '17.7', '5900.4 / 35430.9', 1.05, '%', 'differs');
