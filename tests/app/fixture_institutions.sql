-- Added to the hand-made release for the institutions page: two groups of peers, whose figures are typed.
create table marts.dim_institution (institution_code varchar, name varchar, is_current boolean);
insert into marts.dim_institution values
    ('H1', '示例市第一医院', true), ('H2', '<b>示例市第二医院</b>', true), ('H3', '示例市第三医院', true),
    ('H1', '示例市医院（旧名）', false), ('P1', '示例卫生院', true);
alter table marts.dim_indicator add column stored_unit varchar default 'yuan';
alter table marts.dim_indicator add column sort_order integer default 1;
insert into marts.dim_indicator (indicator_id, name_zh, name_en, definition_zh, definition_en, unit, source, stored_unit, sort_order) values
    ('I01', '次均费用', 'Cost per visit', '总费用除以人次', 'Expense over visits', 'yuan', 'practice', 'yuan', 1),
    ('I03', '药占比', 'Share of drugs', '药品费除以总费用', 'Drugs over expense', '%', 'practice', 'fraction', 2);
create table marts.institution_indicator_monthly (institution_code varchar, indicator_id varchar, visit_bucket varchar,
    month date, period_kind varchar, value double, value_prior_year double, peer_group varchar, peer_count bigint,
    peer_median double, peer_percentile double, flag varchar, specifications_survived varchar, data_explanation varchar,
    volume bigint, is_ranked boolean, funnel_low double, funnel_high double, trend_low double, trend_high double);
insert into marts.institution_indicator_monthly values
    ('H1', 'I01', 'all', '2026-10-01', 'ytd', 900, 800, 'hospital/secondary', 3, 500, 1, 'red', 'raw,funnel', null, 400, true, 350, 650, null, null),
    ('H2', 'I01', 'all', '2026-10-01', 'ytd', 500, 450, 'hospital/secondary', 3, 500, 0.5, 'normal', null, null, 300, true, 320, 680, null, null),
    ('H3', 'I01', 'all', '2026-10-01', 'ytd', 7000, null, 'hospital/secondary', 3, 500, null, null, null, null, 3, false, null, null, null, null),
    ('P1', 'I01', 'all', '2026-10-01', 'ytd', 77, 70, 'primary/ungraded', 1, 77, 0.5, 'normal', null, null, 90, true, 60, 90, null, null),
    ('H1', 'I03', 'all', '2026-10-01', 'ytd', 0.456, 0.4, 'hospital/secondary', 3, 0.3, 0.9, 'normal', null, null, 400, true, 0.2, 0.5, null, null),
    ('H1', 'I01', 'all', '2026-09-01', 'month', 850, 790, 'hospital/secondary', 3, 480, 1, 'red', 'raw', null, 40, true, 350, 650, 700, 820),
    ('H1', 'I01', 'all', '2026-10-01', 'month', 910, 805, 'hospital/secondary', 3, 505, 1, 'red', 'raw', null, 41, true, 350, 650, 700, 830);
create table marts.doctor_indicator_monthly (doctor_code varchar, institution_code varchar, indicator_id varchar, month date,
    period_kind varchar, value double, peer_median double, peer_percentile double, persons bigint, is_ranked boolean);
insert into marts.dim_indicator (indicator_id, name_zh, name_en, definition_zh, definition_en, unit, source, stored_unit, sort_order) values
    ('D01', '医师人均费用', 'Expense per patient', '费用除以人数', 'Expense over patients', 'yuan', 'practice', 'yuan', 3),
    ('D02', '医师药占比', 'Drug share', '药费除以费用', 'Drugs over expense', '%', 'practice', 'fraction', 4);
insert into marts.doctor_indicator_monthly values
    ('DR1', 'H1', 'D01', '2026-10-01', 'ytd', 320.5, 200, 1, 45, true), ('DR2', 'H1', 'D01', '2026-10-01', 'ytd', 180, 200, 0.25, 30, true),
    ('DR3', 'H1', 'D01', '2026-10-01', 'ytd', 9999, 200, null, 29, false), ('DR4', 'H2', 'D01', '2026-10-01', 'ytd', 210, 200, 0.5, 60, true),
    ('DR1', 'H1', 'D01', '2026-10-01', 'month', 111, 100, 0.5, 31, true), ('DR1', 'H1', 'D02', '2026-10-01', 'ytd', 0.375, 0.3, 0.75, 45, true);
create table marts.drug_monthly (institution_code varchar, item_code varchar, month date, item_name varchar, quantity decimal(18, 4),
    amount decimal(18, 2), persons bigint, is_centrally_procured boolean, is_negotiated boolean, is_key_monitored boolean);
insert into marts.drug_monthly values
    ('H1', 'X1', '2026-10-01', '药一', 10, 300, 3, true, false, false), ('H1', 'X1', '2026-09-01', '药一', 5, 150, 2, true, false, false),
    ('H2', 'X2', '2026-10-01', '药二', 1, 900, 1, false, true, false);
create table marts.drug_concentration_monthly (scope_kind varchar, scope_code varchar, month date, period_kind varchar, drugs bigint,
    top_drug varchar, top_1_share double, top_10_share double, gini double);
insert into marts.drug_concentration_monthly values ('institution', 'H1', '2026-10-01', 'month', 12, '药一', 0.4, 0.95, 0.4321);
