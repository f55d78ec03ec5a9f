-- Added to the hand-made release for the tests of the pages about people; every figure typed, to be checked by eye.
create table marts.enrolment_monthly (org_code varchar, scheme varchar, person_group varchar, age_band varchar, sex varchar,
    month date, enrolled bigint, newly_enrolled bigint, lapsed bigint, duplicate_enrolled bigint, enrolled_once bigint);
insert into marts.enrolment_monthly values
    ('430121', 'employee', 'active', '18-44', 'male', '2026-10-01', 700, 30, 10, 5, 700),
    ('430121', 'employee', 'retired', '60-69', 'female', '2026-10-01', 300, 2, 4, 0, 300),
    ('430122', 'employee', 'active', '18-44', 'male', '2026-10-01', 200, 5, 6, 1, 199),
    ('430121', 'resident', 'adult', '45-59', 'female', '2026-10-01', 2000, 40, 60, 4, 2000),
    ('430121', 'employee', 'active', '18-44', 'male', '2025-10-01', 650, 20, 10, 0, 650),
    ('430121', 'employee', 'retired', '60-69', 'female', '2025-10-01', 300, 1, 1, 0, 300),
    ('430122', 'employee', 'active', '18-44', 'male', '2025-10-01', 149, 1, 1, 0, 149);
create table marts.enrolment_duplicate_monthly (org_code varchar, scheme varchar, duplicate_kind varchar, month date,
    persons bigint, subsidy decimal(18, 2));
insert into marts.enrolment_duplicate_monthly values
    ('430121', 'resident', 'other_scheme', '2026-10-01', 3, 174.99),
    ('430121', 'resident', 'other_place', '2026-10-01', 1, 58.33),
    ('430121', 'employee', 'other_scheme', '2026-10-01', 5, 0);
create table marts.contribution_monthly (org_code varchar, scheme varchar, payer_kind varchar, month date,
    due decimal(18, 2), received decimal(18, 2), arrears decimal(18, 2), relief decimal(18, 2), subsidy decimal(18, 2),
    payers bigint, deferred decimal(18, 2), arrears_under_3_months decimal(18, 2), arrears_3_to_12_months decimal(18, 2),
    arrears_over_12_months decimal(18, 2));
insert into marts.contribution_monthly values
    ('430121', 'employee', 'employer', '2026-09-01', 90000, 88000, 5000, 0, 0, 690, 0, 4000, 0, 1000),
    ('430121', 'employee', 'employer', '2026-10-01', 91000, 92000.5, 4000, 500, 0, 695, 0, 2000, 800, 1200),
    ('430122', 'employee', 'individual', '2026-10-01', 9000, 8000, 1000, 0, 0, 80, 0, 1000, 0, 0),
    ('430121', 'resident', 'individual', '2026-10-01', 400, 12000, 700, 0, 21000, 30, 0, 0, 700, 0);
create table marts.utilisation_monthly (org_code varchar, scheme varchar, visit_bucket varchar, remote_kind varchar,
    hospital_level varchar, month date, visits bigint, persons bigint, bed_days bigint, med_fee decimal(18, 2),
    in_scope decimal(18, 2), fund_pay decimal(18, 2), account_pay decimal(18, 2), cash_pay decimal(18, 2));
insert into marts.utilisation_monthly values
    ('430121', 'employee', 'outpatient', 'local', 'primary', '2026-10-01', 900, 600, null, 90000, 80000, 50000, 20000, 20000),
    ('430121', 'employee', 'inpatient', 'local', 'tertiary', '2026-10-01', 40, 38, 400, 400000, 360000, 300000, 0, 100000),
    ('430122', 'employee', 'inpatient', 'cross_province', 'tertiary', '2026-09-01', 7, 7, 80, 140000, 110000, 80000, 0, 60000);
create table marts.benefit_layer_monthly (org_code varchar, scheme varchar, visit_bucket varchar, month date, visits bigint,
    med_fee decimal(18, 2), in_scope decimal(18, 2), deductible decimal(18, 2), pooled_pay decimal(18, 2),
    catastrophic_pay decimal(18, 2), assistance_pay decimal(18, 2), other_fund_pay decimal(18, 2),
    account_pay decimal(18, 2), cash_pay decimal(18, 2), hospital_pay decimal(18, 2));
insert into marts.benefit_layer_monthly values
    ('430121', 'employee', 'outpatient', '2026-10-01', 900, 90000, 80000, 0, 50000, 0, 0, 0, 20000, 20000, 0),
    ('430121', 'employee', 'inpatient', '2026-10-01', 40, 400000, 360000, 20000, 260000, 30000, 10000, 0, 0, 100000, 0);
create table marts.stay_cost_monthly (org_code varchar, scheme varchar, cost_band varchar, month date, stays bigint,
    med_fee decimal(18, 2), fund_pay decimal(18, 2), person_pay decimal(18, 2));
insert into marts.stay_cost_monthly values
    ('430121', 'employee', 'under_5k', '2026-10-01', 20, 60000, 40000, 20000),
    ('430121', 'employee', 'over_100k', '2026-09-01', 2, 300000, 240000, 60000);
create table marts.remote_care_monthly (org_code varchar, scheme varchar, direction varchar, place_code varchar,
    visit_bucket varchar, month date, filings bigint, visits bigint, direct_settled_visits bigint, med_fee decimal(18, 2),
    fund_pay decimal(18, 2));
insert into marts.remote_care_monthly values
    ('430121', 'employee', 'outflow', '310100', 'inpatient', '2026-10-01', null, 7, 6, 140000, 80000),
    ('430122', 'employee', 'outflow', '110100', 'inpatient', '2026-09-01', null, 2, 2, 50000, 30000),
    ('430121', 'employee', 'outflow', '310100', 'all', '2026-10-01', 9, null, null, null, null),
    ('430121', 'employee', 'inflow', '420100', 'outpatient', '2026-10-01', null, 5, 5, 1000, 600);
create table marts.remote_clearing_monthly (org_code varchar, fund_code varchar, channel varchar, month date,
    notices bigint, due_notices bigint, in_term_notices bigint, paid_notices bigint, amount decimal(18, 2),
    in_term_amount decimal(18, 2), late_amount decimal(18, 2), sent_back_amount decimal(18, 2), open_amount decimal(18, 2));
insert into marts.remote_clearing_monthly values
    ('430121', '310_pool', 'cross_province', '2026-06-01', 4, 4, 3, 4, 90000, 70000, 25000, -5000, 0),
    ('430121', '310_pool', 'cross_province', '2026-10-01', 2, 0, 0, 0, 30000, 0, 0, 0, 30000);
create table marts.org_indicator_monthly (org_code varchar, scheme varchar, indicator_id varchar, visit_bucket varchar,
    month date, period_kind varchar, numerator decimal(18, 2), denominator decimal(18, 2), value double,
    value_prior_year double, threshold_low double, threshold_high double, flag varchar);
insert into marts.org_indicator_monthly values
    ('430100', 'employee', 'R01', 'all', '2026-10-01', 'ytd', 8, 9, 0.8889, 0.80, null, null, null),
    ('430100', 'employee', 'R01', 'all', '2026-10-01', 'rolling_12', 18, 20, 0.9, 0.85, null, null, null),
    ('430100', 'employee', 'R04.level', 'inpatient', '2026-10-01', 'rolling_12', 300, 200, 1.5, 1.4, null, null, null),
    ('430100', 'employee', 'R05', 'all', '2026-06-01', 'rolling_12', 3, 4, 0.75, null, null, null, null),
    ('430100', 'employee', 'R05.months', 'all', '2026-06-01', 'rolling_12', 13, 4, 3.25, null, null, null, null),
    ('430100', 'employee', 'E02', 'all', '2026-10-01', 'month', 6, 1199, 0.005, null, null, null, null),
    ('430121', 'employee', 'E02', 'all', '2026-10-01', 'month', 5, 1000, 0.005, null, null, null, null);
create table marts.population_monthly (org_code varchar, basis varchar, month date, population_year integer, persons bigint,
    source varchar);
insert into marts.population_monthly values
    ('430100', 'resident', '2026-10-01', 2025, 3366, '统计公报'),
    ('430100', 'registered', '2026-10-01', 2025, 3500, '公安年报');
insert into marts.org_indicator_monthly values
    ('430100', 'all', 'E01', 'all', '2026-10-01', 'month', 3199, 3366, 3199 / 3366, 0.9400, 0.95, null, 'normal'),
    ('430100', 'all', 'E01.registered', 'all', '2026-10-01', 'month', 3199, 3500, 0.914, null, 0.95, null, 'red');
insert into marts.dim_indicator (indicator_id, indicator_key, name_zh, name_en, level, definition_zh, definition_en, unit,
    direction, source) values
    ('E02', 'duplicate_enrolment_rate', '重复参保率', 'Duplicate enrolment', 'enrolment', '同时有两条及以上有效参保关系的人数占比', 'Two or more relations in force', '%', 'down', 'practice'),
    ('R01', 'direct_settlement_rate', '异地直接结算率', 'Direct settlement rate', 'remote', '直接结算人次占比', 'Visits settled directly', '%', 'up', 'practice'),
    ('R05', 'clearing_timeliness', '跨省清算及时率', 'Clearing timeliness', 'remote', '规定期限内拨付的占比', 'Paid within the term', '%', 'up', 'practice'),
    ('R05.months', 'clearing_wait', '异地清算平均月数', 'Months to clearing', 'remote', '从费款所属期到入账的平均月数', 'From care to payment', '月', 'down', 'practice'),
    ('R04.level', 'remote_local_cost_ratio_level', '异地次均费用比（同级别医院）', 'Remote to local cost ratio, same level', 'remote', '同级别医院费用之比', 'Cost at the same level', 'ratio', 'down', 'practice');
insert into marts.fund_indicator_monthly (org_code, fund_code, indicator_id, month, period_kind, value, value_prior_year)
values
    ('430100', '310_pool', 'F11', '2026-10-01', 'month', 0.985, 0.98),
    ('430100', '310_pool', 'F16', '2026-10-01', 'ytd', 4100.0, 4000.0),
    ('430100', '310_pool', 'F16', '2026-10-01', 'rolling_12', 4950.25, 4800.0);
