"""Statements as people and BI tools write them, over the tables of `conftest` and two resources.

Each is run by billql and by a real PostgreSQL with the same rows.
"""

from __future__ import annotations

STATEMENTS = r"""
-- plain reading, and what columns are called
SELECT * FROM charges ORDER BY id
SELECT "public"."charges"."id" AS "id", "public"."charges"."amount" AS "amount" FROM "public"."charges" WHERE "public"."charges"."paid" ORDER BY "public"."charges"."id" ASC LIMIT 1048575
SELECT c.* FROM charges AS c WHERE c.customer = 'Ada' ORDER BY 1
SELECT c.customer, t.country FROM charges c, customers t WHERE c.customer = t.name ORDER BY c.id
SELECT 1, 'a', 1.5, true, NULL, now() IS NOT NULL
SELECT 1 AS "sum:total:ok", 2 AS "select", 3 AS "Mixed Case"
SELECT count(*), upper(note), id::text, id + 1, -id, coalesce(note, 'none'), CASE WHEN paid THEN 1 END FROM charges GROUP BY id, note, paid ORDER BY id
SELECT id AS select FROM charges ORDER BY id LIMIT 1
SELECT DISTINCT customer FROM charges ORDER BY customer
SELECT DISTINCT paid, quantity > 1 FROM charges ORDER BY 1 NULLS FIRST, 2
SELECT DISTINCT ON (customer) customer, id, amount FROM charges ORDER BY customer, amount DESC NULLS LAST
TABLE customers ORDER BY name
VALUES (1, 'a'), (2, 'b'), (NULL, 'c')
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) AS v(number, letter) ORDER BY number DESC
SELECT id FROM charges ORDER BY id FETCH FIRST 2 ROWS ONLY
SELECT id FROM charges ORDER BY id OFFSET 3 ROWS FETCH NEXT 2 ROWS ONLY
SELECT id FROM charges ORDER BY id LIMIT 2::bigint OFFSET 1::bigint
SELECT id FROM charges ORDER BY id LIMIT ALL
SELECT id FROM charges ORDER BY id LIMIT 0
-- order, and where NULL stands
SELECT customer FROM charges ORDER BY customer
SELECT customer FROM charges ORDER BY customer DESC
SELECT id, rate FROM charges ORDER BY rate DESC NULLS LAST, id
SELECT id FROM charges ORDER BY amount * 2 DESC, id
SELECT id, amount AS total FROM charges ORDER BY total, id
SELECT id FROM charges ORDER BY lower(customer), id
SELECT id FROM charges ORDER BY created - TIMESTAMP WITH TIME ZONE '2026-01-01', id
-- conditions
SELECT id FROM charges WHERE amount > 7.25 ORDER BY id
SELECT id FROM charges WHERE amount BETWEEN 0 AND 12.50 ORDER BY id
SELECT id FROM charges WHERE amount NOT BETWEEN 0 AND 12.50 ORDER BY id
SELECT id FROM charges WHERE amount BETWEEN SYMMETRIC 12.5 AND 0 ORDER BY id
SELECT id FROM charges WHERE customer IN ('Ada', 'Bob') ORDER BY id
SELECT id FROM charges WHERE customer NOT IN ('Ada', 'Bob') ORDER BY id
SELECT id FROM charges WHERE customer = ANY('{Ada,Eve}'::text[]) ORDER BY id
SELECT id FROM charges WHERE customer <> ALL(ARRAY['Ada', 'Bob']) ORDER BY id
SELECT id FROM charges WHERE quantity = ANY(ARRAY[1, 3]) ORDER BY id
SELECT id FROM charges WHERE amount > ANY(ARRAY[10, 100]) ORDER BY id
SELECT id FROM charges WHERE amount >= ALL('{7.25,12.5}'::numeric[]) ORDER BY id
SELECT id FROM charges WHERE customer LIKE 'A%' ORDER BY id
SELECT id FROM charges WHERE customer ILIKE 'a%' ORDER BY id
SELECT id FROM charges WHERE customer NOT LIKE '%a' ORDER BY id
SELECT id FROM charges WHERE customer LIKE 'Cy\_d' ORDER BY id
SELECT id FROM charges WHERE note LIKE '%100/%' ESCAPE '/' ORDER BY id
SELECT id FROM charges WHERE customer ~ '^[AB]' ORDER BY id
SELECT id FROM charges WHERE customer !~* '^a' ORDER BY id
SELECT id FROM charges WHERE customer ~~* '%ADA%' ORDER BY id
SELECT id FROM charges WHERE note IS DISTINCT FROM 'First' ORDER BY id
SELECT id FROM charges WHERE paid IS NOT TRUE ORDER BY id
SELECT id FROM charges WHERE paid IS UNKNOWN ORDER BY id
SELECT id FROM charges WHERE NOT paid AND quantity >= 1 OR id = 8 ORDER BY id
SELECT id FROM charges WHERE (customer, quantity) IN (('Ada', 3), ('Bob', 2)) ORDER BY id
SELECT id FROM charges WHERE day = '2026-01-31' ORDER BY id
SELECT id FROM charges WHERE created >= '2026-01-31' AND created < '2026-03-01' ORDER BY id
SELECT id FROM charges WHERE created BETWEEN '2026-01-01T00:00:00Z' AND '2026-02-01T00:00:00Z' ORDER BY id
SELECT id FROM charges WHERE created >= timestamp with time zone '2026-02-01 00:00:00.000Z' ORDER BY id
SELECT id FROM charges WHERE created = '2026-02-01 01:00:00+01' ORDER BY id
SELECT id FROM charges WHERE created::date = DATE '2026-02-28' ORDER BY id
SELECT id FROM charges WHERE CAST(created AS date) BETWEEN CAST('2026-01-01' AS date) AND CAST('2026-01-31' AS date) ORDER BY id
SELECT id FROM charges WHERE created > day ORDER BY id
SELECT id FROM charges WHERE rate > 1 AND rate < 3::numeric ORDER BY id
SELECT id FROM charges WHERE quantity = 3.0 ORDER BY id
SELECT id FROM charges WHERE EXISTS (SELECT 1 FROM customers t WHERE t.name = charges.customer AND t.country = 'US') ORDER BY id
SELECT id FROM charges WHERE customer IN (SELECT name FROM customers WHERE since > '2021-01-01') ORDER BY id
SELECT id FROM charges WHERE amount > (SELECT avg(amount) FROM charges WHERE amount < 100) ORDER BY id
SELECT id FROM charges WHERE id::text = '3'
-- numbers
SELECT id, amount * quantity, amount / 3, quantity / 2, quantity % 2, -amount, amount ^ 2 FROM charges WHERE id <> 4 ORDER BY id
SELECT 7 / 2, -7 / 2, 7 % -2, 7.0 / 2, 1 / 3.0, 10 / 4.00, 2 ^ 10, 2.0 ^ 0.5, 1.10 * 1.10, 0.1 + 0.2
SELECT round(2.5), round(-2.5), round(2.567, 1), round(1234.5, -2), trunc(-1.7), ceil(1.2), floor(-1.2), abs(-3), sign(-2.5)
SELECT round(2.5::float8), round(3.5::float8), trunc(-1.7::float8), ceiling(1.2::float8), floor(-1.2::float8)
SELECT 2.5::int, 3.5::float8::int, -2.5::numeric::bigint, 1e3::int, '42'::smallint, 3::numeric(10,2), 1.005::numeric(10,2)
SELECT 1.5::float8, 0.1::float8 + 0.2::float8, 1e20::float8, 1e-7::float8, 123456789012345678::float8, 1e15::float8, 100::float8, -0.5::float8
SELECT 1::float8 / 3, sqrt(2), sqrt(2::float8), power(2, 0.5), exp(1), ln(2.0), log(100), mod(10, 3), div(7, 2), pi()
SELECT sqrt(4.0), sqrt(2.25), power(2::numeric, 3), 2::numeric ^ 3, log(2.0, 8.0), exp(1.0)
SELECT 9999999999 + 1, 2147483647::bigint + 1, 1000000 * 1000000::bigint, 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 256 >> 2
SELECT greatest(1, 2.5, 2), least(3, 1), greatest('a', 'b'), least(NULL, 1), nullif(1, 1), nullif(2, 1)
SELECT to_char(1234.5, '9,999.99'), to_char(1234.5, 'FM9999.00'), to_char(-12, '999'), to_char(0.5, '0.00'), to_char(12, '0000')
SELECT amount::float8, amount::int, amount::text, quantity::float8 / 3, rate::numeric, rate::text FROM charges WHERE id IN (1, 3, 6, 8) ORDER BY id
SELECT 12::text, 1.50::text, true::text, 'true'::boolean, 1::boolean, true::int, '1.5'::numeric + 1
-- texts
SELECT upper(customer), lower(customer), length(customer), initcap('hello wORLD'), reverse('abc'), repeat('ab', 2) FROM charges ORDER BY id
SELECT substring('PostgreSQL' FROM 5 FOR 3), substr('abc', 2), substring('abc', 0, 2), left('abc', 2), right('abc', 2), left('abc', -1), right('abc', -1)
SELECT position('b' IN 'abc'), strpos('abc', 'z'), split_part('a,b,c', ',', 2), split_part('a,b,c', ',', -1), replace('aXbX', 'X', '-'), translate('abc', 'ab', 'x')
SELECT trim('  a '), trim(both 'x' from 'xxaxx'), ltrim('xa', 'x'), rtrim('ax', 'x'), btrim(' a '), lpad('5', 3, '0'), rpad('5', 3, '-'), lpad('abcd', 2)
SELECT 'a' || 'b', 'n=' || 5, 'a' || NULL, concat('a', NULL, 1, true), concat_ws('-', 'a', NULL, 'b'), format('%s is %L %I %%', 'x', 'it''s', 'my col')
SELECT md5('a'), ascii('A'), chr(65), to_hex(255), quote_ident('a b'), quote_literal('it''s'), starts_with('abc', 'ab'), overlay('abcdef' placing 'ZZ' from 2 for 3)
SELECT regexp_replace('a1b2', '[0-9]', '#'), regexp_replace('a1b2', '[0-9]', '#', 'g'), regexp_match('foobar', 'o(.)b'), substring('foobar' from 'o.b'), regexp_split_to_array('a, b', ',\s*')
SELECT E'tab\there', 'it''s', $$dollar$$, 'back\slash', U&'d\0061ta'
SELECT customer || ' ' || coalesce(note, '-') AS label FROM charges WHERE customer IS NOT NULL ORDER BY id
SELECT cast(customer AS varchar(2)), 'abc'::varchar(2), 'a'::char(3) || '|', 'x'::"char" FROM charges WHERE customer IS NOT NULL ORDER BY id
SELECT note FROM charges WHERE note >= 'b' ORDER BY note
SELECT encode('abc'::bytea, 'hex'), encode('abc', 'base64'), 'abc'::bytea, decode('616263', 'hex'), length('abc'::bytea)
-- times
SELECT date_trunc('month', created), date_trunc('week', created), date_trunc('day', created), date_trunc('quarter', created), date_trunc('year', created), date_trunc('hour', created) FROM charges ORDER BY id
SELECT date_trunc('month', day), date_trunc('month', timestamp '2026-03-15 10:11:12.5'), date_trunc('decade', date '2026-03-15') FROM charges WHERE id = 1
SELECT extract(year FROM created), extract(month FROM created), extract(day FROM day), extract(hour FROM created), extract(dow FROM created), extract(isodow FROM created), extract(doy FROM created), extract(week FROM created), extract(quarter FROM day), extract(epoch FROM created), extract(second FROM created) FROM charges ORDER BY id
SELECT date_part('year', created), date_part('epoch', created), date_part('day', interval '3 days 04:00'), extract(epoch FROM interval '1 day 01:00'), extract(century FROM date '2026-01-01'), extract(julian FROM date '2026-01-01') FROM charges WHERE id = 1
SELECT floor(extract(epoch FROM created) / 86400) * 86400 AS time, count(*) FROM charges WHERE created IS NOT NULL GROUP BY 1 ORDER BY 1
SELECT created + interval '1 day', created - interval '1 month', created + interval '1 month' * 2, day + interval '1 day', day + 7, day - 1, day - date '2026-01-01' FROM charges WHERE id < 4 ORDER BY id
SELECT date '2026-01-31' + interval '1 month', timestamp '2026-03-31 10:00' - interval '1 month', date '2024-02-29' + interval '1 year'
SELECT created - timestamp with time zone '2026-01-01 00:00:00Z', age(timestamp '2026-03-01', timestamp '2024-02-29'), age(date '2026-03-01', date '2026-01-31') FROM charges WHERE id IN (1, 2, 6) ORDER BY id
SELECT interval '1 day', interval '-30 day', interval '1 year 2 months 3 days 04:05:06', interval '90 minutes', interval '1.5 hours', interval '2 weeks', '36:00:00'::interval, interval 'P1Y2M3DT4H5M6S', interval '-1 day 2 hours'
SELECT interval '1 day' * 1.5, interval '1 month' / 2, interval '1 day' + interval '2 hours', interval '1 day' > interval '23 hours', -interval '1 day', interval '30 days' = interval '1 month'
SELECT justify_hours(interval '36 hours'), justify_days(interval '40 days'), make_interval(days => 3) IS NULL
SELECT to_char(created, 'YYYY-MM-DD HH24:MI:SS'), to_char(created, 'YYYY-MM'), to_char(created, 'Mon DD, YYYY'), to_char(created, 'FMMonth FMDay'), to_char(created, 'IYYY-IW'), to_char(day, 'DD/MM/YY Q'), to_char(created, 'HH12:MI AM') FROM charges ORDER BY id
SELECT to_timestamp('2026-01-05 10:00:00.000000', 'YYYY-MM-DD HH24:MI:SS.US'), to_date('2026-01-05', 'YYYY-MM-DD'), to_timestamp(1767225600), to_timestamp(1767225600.5), to_date('05 Jan 2026', 'DD Mon YYYY')
SELECT created::date, created::timestamp, day::timestamp, day::timestamptz, created::text, day::text, created::time FROM charges ORDER BY id
SELECT created AT TIME ZONE 'UTC', created AT TIME ZONE 'Europe/Berlin', timestamp '2026-07-01 12:00' AT TIME ZONE 'America/New_York', timezone('UTC', created) FROM charges WHERE id < 4 ORDER BY id
SELECT '2026-01-05'::date, '2026-01-05 10:00'::timestamp, '2026-01-05T10:00:00.123456Z'::timestamptz, '2026-01-05 10:00+02'::timestamptz, '20260105'::date, '10:30'::time, 'epoch'::timestamptz
SELECT make_date(2026, 2, 28), make_timestamp(2026, 1, 2, 3, 4, 5.5), date_bin('15 minutes', timestamp '2026-01-01 10:07', timestamp '2026-01-01'), timestamp 'epoch' + 86400 * interval '1 second'
SELECT min(created), max(created), min(day), max(day), max(created) - min(created) FROM charges
SELECT now() - now(), current_date - current_date, now()::date = current_date, current_timestamp = now(), localtimestamp::date = current_date
SELECT '2026-01-05 10:00:00.5'::timestamp(0), '2026-01-05 10:00:00.123456'::timestamptz(3), time '10:00' + interval '90 minutes'
SELECT generate_series('2026-01-01'::date, '2026-01-03'::date, '1 day'), generate_series(1, 3)
SELECT d::date AS day, coalesce(sum(c.amount), 0) AS total FROM generate_series('2026-01-30'::timestamptz, '2026-02-02'::timestamptz, interval '1 day') AS d LEFT JOIN charges c ON c.day = d::date GROUP BY 1 ORDER BY 1
-- aggregates
SELECT count(*), count(note), count(DISTINCT customer), sum(amount), avg(amount), min(amount), max(amount), sum(quantity), avg(quantity), sum(rate), avg(rate) FROM charges
SELECT sum(amount), count(*), max(customer), avg(quantity) FROM charges WHERE false
SELECT customer, sum(amount) AS total FROM charges GROUP BY customer HAVING sum(amount) > 1 ORDER BY total DESC
SELECT customer, count(*) FILTER (WHERE paid) AS paid, sum(amount) FILTER (WHERE amount > 10) FROM charges GROUP BY customer ORDER BY customer
SELECT date_trunc('month', created) AS month, count(*) AS n, sum(amount) AS total FROM charges GROUP BY 1 ORDER BY 1
SELECT date_trunc('month', "source"."created") AS "created", sum("source"."amount") AS "sum" FROM (SELECT "public"."charges"."created" AS "created", "public"."charges"."amount" AS "amount" FROM "public"."charges") AS "source" GROUP BY date_trunc('month', "source"."created") ORDER BY date_trunc('month', "source"."created") ASC
SELECT lower(customer) AS who, count(*) FROM charges GROUP BY lower(customer) ORDER BY 2 DESC, 1
SELECT paid, country, count(*) FROM charges c LEFT JOIN customers t ON t.name = c.customer GROUP BY paid, country ORDER BY 1, 2, 3
SELECT string_agg(customer, ', ' ORDER BY id), string_agg(DISTINCT customer, ';'), array_agg(id ORDER BY id), array_agg(customer ORDER BY id) FROM charges
SELECT json_agg(id ORDER BY id), jsonb_agg(customer ORDER BY id), json_agg(amount ORDER BY id), bool_and(paid), bool_or(paid), every(quantity > 0) FROM charges
SELECT json_object_agg(id::text, amount ORDER BY id) FROM charges WHERE id < 3
SELECT stddev(amount), variance(amount), stddev_pop(quantity), var_pop(quantity), stddev(rate), var_samp(rate) FROM charges WHERE id <> 5
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), percentile_disc(0.5) WITHIN GROUP (ORDER BY quantity), mode() WITHIN GROUP (ORDER BY customer), percentile_cont(0.9) WITHIN GROUP (ORDER BY rate) FROM charges
SELECT round(avg(amount), 2), sum(amount) / count(*), sum(amount * quantity), 100.0 * count(*) FILTER (WHERE paid) / count(*) AS share FROM charges
SELECT sum(CASE WHEN paid THEN amount ELSE 0 END), sum(CASE WHEN paid THEN 1 ELSE 0 END), max(CASE WHEN paid THEN note END) FROM charges
SELECT customer, sum(amount) FROM charges GROUP BY customer ORDER BY sum(amount) DESC NULLS LAST, customer LIMIT 3
SELECT sum(created - timestamptz '2026-01-01'), avg(created - timestamptz '2026-01-01') FROM charges
SELECT quantity % 2 AS odd, count(*) FROM charges GROUP BY odd ORDER BY odd
SELECT count(*) FROM charges HAVING count(*) > 100
SELECT DISTINCT sum(amount) OVER (PARTITION BY customer) FROM charges ORDER BY 1
-- windows
SELECT id, row_number() OVER (ORDER BY id), rank() OVER (ORDER BY paid), dense_rank() OVER (PARTITION BY customer ORDER BY amount DESC) FROM charges ORDER BY id
SELECT id, sum(amount) OVER (ORDER BY id), avg(amount) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), count(*) OVER () FROM charges ORDER BY id
SELECT id, lag(amount) OVER (ORDER BY id), lead(id, 2) OVER (ORDER BY id), lag(id, 1, 0::bigint) OVER (ORDER BY id), first_value(customer) OVER w, ntile(3) OVER (ORDER BY id) FROM charges WINDOW w AS (PARTITION BY paid ORDER BY id) ORDER BY id
SELECT customer, sum(amount) AS total, sum(sum(amount)) OVER (ORDER BY customer) AS running FROM charges GROUP BY customer ORDER BY customer
SELECT id, amount, round(100 * amount / sum(amount) OVER (), 2) AS share FROM charges WHERE amount > 0 ORDER BY share DESC, id
SELECT * FROM (SELECT id, customer, row_number() OVER (PARTITION BY customer ORDER BY amount DESC) AS place FROM charges) AS ranked WHERE place = 1 ORDER BY customer
SELECT id, sum(rate) OVER (ORDER BY id), max(amount) OVER (ORDER BY id), min(created) OVER (ORDER BY id), percent_rank() OVER (ORDER BY id), cume_dist() OVER (ORDER BY id) FROM charges ORDER BY id
-- joins, subqueries, WITH, set operations
SELECT c.id, t.country FROM charges c JOIN customers t ON t.name = c.customer ORDER BY c.id
SELECT c.id, t.name, t."Credit Limit" FROM charges c FULL JOIN customers t ON t.name = c.customer ORDER BY c.id, t.name
SELECT c.id, t.name FROM charges c RIGHT JOIN customers t ON t.name = c.customer AND c.paid ORDER BY t.name, c.id
SELECT * FROM (SELECT customer AS name, count(*) AS n FROM charges GROUP BY 1) a JOIN customers USING (name) ORDER BY name
SELECT name, a.n FROM (SELECT customer AS name, count(*) AS n FROM charges GROUP BY 1) a FULL JOIN customers USING (name) ORDER BY name
SELECT * FROM (SELECT 'Ada' AS name, 1 AS one) a NATURAL JOIN customers
SELECT count(*) FROM charges CROSS JOIN customers
SELECT a.id, b.id FROM charges a JOIN charges b ON a.customer = b.customer AND a.id < b.id ORDER BY 1, 2
WITH paid AS (SELECT * FROM charges WHERE paid), totals(who, total) AS (SELECT customer, sum(amount) FROM paid GROUP BY customer) SELECT * FROM totals ORDER BY who
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i, i * i FROM n
SELECT customer FROM charges UNION SELECT name FROM customers ORDER BY 1
SELECT 1 AS x UNION ALL SELECT 2.5 UNION ALL SELECT NULL ORDER BY x
SELECT customer FROM charges WHERE customer IS NOT NULL INTERSECT SELECT name FROM customers ORDER BY customer
SELECT name FROM customers EXCEPT SELECT customer FROM charges ORDER BY name
(SELECT id FROM charges ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM charges ORDER BY id DESC LIMIT 1)
SELECT (SELECT max(id) FROM charges), (SELECT country FROM customers WHERE name = 'Bob'), (SELECT 1 WHERE false)
SELECT name, (SELECT sum(amount) FROM charges c WHERE c.customer = t.name) AS total FROM customers t ORDER BY name
SELECT name, ARRAY(SELECT id FROM charges c WHERE c.customer = t.name ORDER BY id) FROM customers t ORDER BY name
-- JSON and arrays
SELECT id, details -> 'plan', details ->> 'plan', details #> '{deep,x}', details #>> '{deep,x,0}', details -> 'tags' -> 0 FROM charges ORDER BY id
SELECT id, details FROM charges ORDER BY id
SELECT id, jsonb_typeof(details), details ? 'plan', details @> '{"plan": "pro"}' FROM charges ORDER BY id
SELECT id, (details ->> 'n')::numeric * 2 FROM charges WHERE details ? 'n' ORDER BY id
SELECT id, t.value FROM charges, jsonb_array_elements_text(details -> 'tags') AS t ORDER BY id, t.value
SELECT id, e.key, e.value FROM charges CROSS JOIN LATERAL jsonb_each_text(details) AS e WHERE jsonb_typeof(details) = 'object' AND id = 1 ORDER BY e.key
SELECT json_build_object('a', 1, 'b', NULL, 'c', 'x', 'd', true, 'e', 1.50), jsonb_build_object('b', 1, 'a', '2'), json_build_array(1, 'a', NULL), to_json('x'::text), to_jsonb(1.5)
SELECT '{"b": 1, "a": [1, 2.0]}'::jsonb, '{"b": 1,  "a": 2}'::json, '[1, 2]'::jsonb -> -1, '{"a": 1}'::jsonb || '{"b": 2}', '{"a": 1, "b": 2}'::jsonb - 'a'
SELECT ARRAY[1, 2, 3], ARRAY['a', 'b c', NULL, 'NULL', ''], '{1,2}'::int[], ARRAY[1.5, 2], ARRAY[[1, 2], [3, 4]], ARRAY[]::text[]
SELECT (ARRAY['a', 'b'])[1], (ARRAY['a', 'b'])[3], array_length(ARRAY[1, 2], 1), cardinality(ARRAY[1, 2]), array_to_string(ARRAY[1, NULL, 3], ',', '-'), string_to_array('a,b', ','), ARRAY[1, 2] || 3, ARRAY[1] || ARRAY[2], array_position(ARRAY['a', 'b'], 'b')
SELECT unnest(ARRAY[1, 2]) AS n, unnest(ARRAY['a', 'b', 'c']) AS l
SELECT * FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS u(letter, place)
SELECT n, n * 2 FROM generate_series(1, 10, 3) AS n
SELECT ARRAY[1, 2] @> ARRAY[1], ARRAY[1, 2] && ARRAY[2, 3], 2 = ANY(ARRAY[1, 2]), ARRAY[1, 2] = ARRAY[1, 2]
-- the session
SELECT current_schema(), current_schemas(true), current_setting('server_version_num')::int / 10000 AS major, current_setting('TimeZone')
SELECT pg_typeof(1) IS NOT NULL
SELECT 'charges'::regclass::text, to_regclass('no_such'), 'int4'::regtype, format_type(1700, 655366), format_type(23, NULL)
-- siblings that nobody named
SELECT id FROM charges WHERE customer > 'Ada' ORDER BY id
SELECT id FROM charges WHERE lower(customer) = 'ada' ORDER BY id
SELECT 'a' < 'B', 'Z' < 'a', 'a' = 'a ', 'é' > 'z', upper('é'), lower('Ü')
SELECT amount = 0.1 + 0.2 - 0.2, amount FROM charges WHERE id = 6
SELECT id FROM charges WHERE amount * 3 = 0.3
SELECT id FROM charges WHERE amount + 0.1 = 0.3
SELECT id FROM charges WHERE amount IN (0.1, 0.2, 12.50) ORDER BY id
SELECT id FROM charges WHERE amount NOT IN (0.1, 0.2) ORDER BY id
SELECT DISTINCT amount * 0 FROM charges ORDER BY 1
SELECT amount * 1.0 AS x, count(*) FROM charges GROUP BY amount * 1.0 ORDER BY x
SELECT sum(DISTINCT quantity), count(DISTINCT amount), avg(DISTINCT quantity) FROM charges
SELECT max(amount * 2), min(-amount) FROM charges
SELECT id FROM charges ORDER BY -amount, id
SELECT id FROM charges ORDER BY amount DESC, id LIMIT 3
SELECT sum(rate), sum(amount::float8), avg(amount::float8) FROM charges
SELECT id, created FROM charges ORDER BY created DESC, id
SELECT max(created + interval '0.5 seconds'), min(created - interval '1 second') FROM charges
SELECT id FROM charges WHERE created + interval '1 hour' > '2026-02-01' ORDER BY id
SELECT id FROM charges WHERE created::text LIKE '2026-02%' ORDER BY id
SELECT id FROM charges WHERE day::text >= '2026-02' ORDER BY id
SELECT id FROM charges WHERE extract(month FROM created) = 2 ORDER BY id
SELECT id FROM charges WHERE date_trunc('month', created) = '2026-02-01' ORDER BY id
SELECT id FROM charges WHERE created IN ('2026-02-01', '2026-01-05 10:00') ORDER BY id
SELECT id FROM charges WHERE day IN ('2026-02-01') OR day = current_date ORDER BY id
SELECT id FROM charges WHERE created = day ORDER BY id
SELECT id FROM charges WHERE created::date = day ORDER BY id
SELECT id FROM charges WHERE day BETWEEN created - interval '1 day' AND created ORDER BY id
SELECT id FROM charges WHERE paid = true ORDER BY id
SELECT id FROM charges WHERE paid = 'f' ORDER BY id
SELECT id FROM charges WHERE paid IN (true) ORDER BY id
SELECT id FROM charges WHERE NOT (paid AND amount > 5) ORDER BY id
SELECT id FROM charges WHERE (paid OR NULL) IS NULL ORDER BY id
SELECT NULL AND false, NULL OR true, NOT NULL, NULL = NULL, NULL IS NULL, 1 = NULL
SELECT NULL IN (1, 2), 1 IN (1, NULL), 3 IN (1, NULL), 3 NOT IN (1, NULL), 1 = ANY(ARRAY[NULL, 1]), 2 = ANY(ARRAY[NULL, 1]), 2 <> ALL(ARRAY[1, NULL])
SELECT 1 = ANY('{}'::int[]), 1 = ALL('{}'::int[]), 1 > ANY(SELECT 2 WHERE false), 1 > ALL(SELECT 2 WHERE false)
SELECT id FROM charges WHERE quantity > ALL(SELECT quantity FROM charges WHERE id < 3 AND quantity IS NOT NULL) ORDER BY id
SELECT coalesce(amount, 0), coalesce(amount, quantity), coalesce(rate, amount) FROM charges ORDER BY id
SELECT CASE WHEN amount > 10 THEN 'big' WHEN amount IS NULL THEN NULL ELSE 'small' END, CASE customer WHEN 'Ada' THEN 1 WHEN 'Bob' THEN 2.5 END FROM charges ORDER BY id
SELECT CASE WHEN true THEN 1 ELSE 1/0 END
SELECT count(*) FILTER (WHERE amount > 1 AND NOT paid), sum(quantity) FILTER (WHERE false) FROM charges
SELECT greatest(created, '2026-02-01'), least(day, date '2026-02-01'), greatest(amount, quantity, 1.5) FROM charges ORDER BY id
SELECT -7 / 2, -7 % 3, 7 / -2, mod(-7, 3), -7.5 % 2, 5.0 / 2, 5 / 2.0, 1 / 3::numeric, 10::numeric / 3, 1e10::numeric / 7, 0.0001 / 3
SELECT 3 - -2, 2 + 3 * 4, (2 + 3) * 4, 2 ^ 3 ^ 2, -2 ^ 2, 7 / 2 * 2, 10 - 4 - 3, 2 * 3 % 4, 100 / 10 / 2
SELECT 1 + 2 || 'a', 'a' || 1 + 2
SELECT 'a' || 1 || 2, 1 || 'a'
SELECT 1 BETWEEN 0 AND 2 AND true, 5 NOT IN (1, 2) AND true, 'a' LIKE 'a' = true
SELECT round(1.45, 1), round(-1.45, 1), round(1.55::float8), round(0.5), round(1.5), round(-0.5), round(2.5::float8), round(12345.678, -2), round(5, 1), round(5)
SELECT trunc(1.999, 2), trunc(-1.999), ceil(-0.5), floor(-0.5), ceil(5), floor(5), abs(-1.50), abs(-5), sign(-3), sign(0.0)
SELECT 0.1::float8 + 0.2::float8 = 0.3::float8, 0.1 + 0.2 = 0.3, 1e-10, 1.0e5, 12345678901234567890, 1e25
SELECT 1::bigint + 1.5, 1::smallint + 1, 1.5::float4, 1.1::real, 3.4e38::real, 16777217::real, 0.1::real::float8
SELECT 123456789.123456789::numeric(20,4), 1e5::numeric(10,1), '  12.50 '::numeric, '1e3'::numeric, '.5'::numeric, 5::numeric(3,1)::text
SELECT 'yes'::bool, 'off'::bool, 'T'::bool, ' true '::bool, '1'::bool
SELECT 2::bool
SELECT '5' + 3, '5' * 2.5, 3 > '2', '10' < 9
SELECT id FROM charges WHERE id = '3'
SELECT id FROM charges WHERE amount > '7' ORDER BY id
SELECT date '2026-01-31' + 1, date '2026-03-01' - date '2026-02-01', date '2026-01-01' - interval '1 day', date '2026-01-01' + time '10:00'
SELECT timestamp '2026-01-31 10:00' + interval '1 month', timestamp '2026-01-31' + interval '1 month 1 day', timestamptz '2026-03-29 00:30+00' + interval '1 day'
SELECT interval '1 month' + interval '30 days', interval '1 year' - interval '13 months', interval '1 day' / 3, interval '1 hour' * 2.5, 2 * interval '3 days', interval '1 mon' * 0.5, interval '7 days' / 2, interval '1 month' * 1.5
SELECT extract(epoch FROM interval '1 month'), extract(day FROM interval '40 days'), extract(hour FROM interval '30 hours'), extract(minute FROM time '10:35'), extract(epoch FROM date '2026-01-01'), extract(epoch FROM timestamp '2026-01-01 00:00:01.5'), extract(milliseconds FROM timestamp '2026-01-01 00:00:01.5'), extract(microseconds FROM time '00:00:01.5')
SELECT extract(week FROM date '2027-01-01'), extract(isoyear FROM date '2027-01-01'), extract(dow FROM date '2026-11-29'), extract(decade FROM date '2026-01-01'), extract(century FROM date '2000-12-31'), extract(millennium FROM date '2001-01-01')
SELECT extract(timezone FROM timestamptz '2026-01-01'), date_part('hour', time '10:30'), date_part('month', date '2026-05-01')
SELECT age(timestamp '2026-01-31', timestamp '2026-02-28'), age(timestamptz '2026-05-15', timestamptz '2025-12-31'), timestamp '2026-01-02' - timestamp '2026-01-01 12:00', timestamp '2025-01-01' - timestamp '2026-01-01 01:00'
SELECT to_char(1234567.891, 'FM999,999,999.00'), to_char(-5.5, 'FM990.0'), to_char(0, '9'), to_char(12345, '999'), to_char(1.5, '9'), to_char(2.5, '9'), to_char(-1, 'S9'), to_char(1, '9MI'), to_char(1234, '9G999'), to_char(0.05, '9.99'), to_char(5, '000'), to_char(1e3, '99999')
SELECT to_date('2026 05 01', 'YYYY MM DD'), to_date('01/05/26', 'DD/MM/YY'), to_timestamp('2026-01-01 3:05 PM', 'YYYY-MM-DD HH12:MI AM'), to_date('20260105', 'YYYYMMDD')
SELECT date_trunc('week', date '2026-01-01'), date_trunc('century', timestamp '2026-01-01'), date_trunc('minute', timestamptz '2026-01-01 10:11:12.5'), date_trunc('day', interval '3 days 05:00'), date_trunc('day', timestamptz '2026-01-01 10:00', 'America/New_York')
SELECT length('äöü'), octet_length('äöü'), char_length('a'), bit_length('ä'), reverse('äö'), left('äöü', 2), position('ö' in 'äöü')
SELECT substring('abc' from 2), substring('abc', -1, 3), substring('abc' from 5), substr('abc', 2, 0), overlay('abc' placing 'X' from 2), repeat('x', 0), repeat('x', -1), lpad('abc', 5), rpad('abc', 6, 'xy'), lpad('abc', -1)
SELECT split_part('a.b.c', '.', 4), split_part('', ',', 1), string_to_array('', ','), string_to_array('abc', NULL), string_to_array('a,,b', ','), string_to_array('a,NULL', ',', 'NULL'), array_to_string(ARRAY['a', NULL], ','), regexp_split_to_array('abc', '')
SELECT trim(leading '0' from '0012'), trim(' x '), ltrim('  x'), rtrim('x  '), btrim('xyaxy', 'xy'), trim(trailing from 'a  ')
SELECT format('%2$s %1$s', 'a', 'b'), format('%5s|%-5s|', 'a', 'b'), format('%s', NULL), format('%L', NULL)
SELECT md5(''), sha256('a'::bytea), encode(sha256('a'), 'hex')
SELECT regexp_replace('abc', 'b', '[\&]'), regexp_replace('aBc', 'b', 'x', 'i'), regexp_replace('foo bar', '(\w+) (\w+)', '\2 \1'), regexp_match('abc', 'x'), 'abc' ~ 'B', 'abc' ~* 'B', 'foo' ~ '^\mfoo\M$', 'a.b' ~ 'a\.b', 'x1' ~ '[[:digit:]]'
SELECT '[1, 2, 3]'::jsonb -> 1, '{"a": {"b": 1}}'::jsonb #> '{a,b}', '{"a": 1}'::jsonb -> 'x', '{"a": null}'::jsonb -> 'a', '{"a": null}'::jsonb ->> 'a', '"x"'::jsonb #>> '{}', '{"a": 1.0}'::jsonb, '{"a": 1e2}'::jsonb, '{"b": 1, "aa": 2, "a": 3}'::jsonb
SELECT '{"a": 1}'::jsonb = '{"a": 1.0}'::jsonb, '{"a": 1, "b": 2}'::jsonb = '{"b": 2, "a": 1}'::jsonb, '[1]'::jsonb @> '1'::jsonb, '{"a": [1, 2]}'::jsonb @> '{"a": [2]}', jsonb_array_length('[1, 2]'), '{"a": 1}'::jsonb ?| ARRAY['b', 'a'], '{"a": 1}'::jsonb ?& ARRAY['b', 'a']
SELECT details ->> 'plan' AS plan, count(*) FROM charges GROUP BY 1 ORDER BY 1
SELECT details, count(*) FROM charges GROUP BY details ORDER BY 2 DESC, min(id)
SELECT DISTINCT details -> 'plan' FROM charges ORDER BY 1
SELECT json_agg(json_build_object('id', id, 'd', day) ORDER BY id) FROM charges WHERE id < 3
SELECT array_agg(DISTINCT customer), array_agg(paid ORDER BY id), array_agg(amount ORDER BY id), array_agg(created ORDER BY id) FROM charges WHERE id < 4
SELECT (array_agg(customer ORDER BY id))[1] FROM charges
SELECT id, unnest(ARRAY[1, 2]) AS u FROM charges WHERE id < 3 ORDER BY id, u
SELECT generate_series(1, 3) AS g ORDER BY g DESC
SELECT x FROM generate_series(3, 1, -1) x
SELECT * FROM generate_series(1, 2) a, generate_series(a, 2) b
SELECT a.id FROM charges a LEFT JOIN charges b ON a.id = b.id + 7 WHERE b.id IS NULL ORDER BY 1
SELECT a.id, b.id FROM charges a LEFT JOIN charges b ON a.id = b.id AND b.amount > 10 AND a.paid ORDER BY 1
SELECT count(*) FROM charges a, charges b WHERE a.id < b.id
SELECT c.id FROM (charges c JOIN customers t ON c.customer = t.name) ORDER BY 1
SELECT c.id FROM (charges c JOIN customers t ON c.customer = t.name) LEFT JOIN (charges d JOIN customers e ON d.customer = e.name) ON c.id = d.id ORDER BY 1
SELECT * FROM customers a FULL JOIN customers b ON a.name = b.country ORDER BY a.name, b.name
SELECT name FROM customers t WHERE EXISTS (SELECT 1 FROM charges c WHERE c.customer = t.name AND c.amount > (SELECT avg(amount) FROM charges d WHERE d.customer = c.customer)) ORDER BY 1
SELECT t.name, x.n FROM customers t LEFT JOIN (SELECT customer, count(*) n FROM charges GROUP BY customer) x ON x.customer = t.name ORDER BY 1
SELECT customer, count(*) FROM charges GROUP BY customer HAVING count(*) > 1 AND max(amount) > 1
SELECT customer FROM charges GROUP BY customer ORDER BY count(*) DESC, customer LIMIT 2
SELECT upper(customer) AS customer, count(*) FROM charges GROUP BY customer ORDER BY 1, 2
SELECT 1 FROM charges GROUP BY 1
SELECT customer, quantity + 1 FROM charges GROUP BY customer, quantity + 1 ORDER BY 1, 2
SELECT count(*) + 1, sum(quantity) * 2, max(customer) || 'x' FROM charges
SELECT id, count(*) OVER (PARTITION BY customer ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM charges ORDER BY id
SELECT id, sum(quantity) OVER (ORDER BY paid) FROM charges ORDER BY id
SELECT id, last_value(id) OVER (ORDER BY id), nth_value(customer, 2) OVER (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM charges ORDER BY id
SELECT avg(quantity) OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND 1 FOLLOWING) FROM charges ORDER BY id
SELECT NULL UNION SELECT 'a' ORDER BY 1
SELECT 1 UNION ALL SELECT 2 ORDER BY 1 DESC LIMIT 1
SELECT day FROM charges WHERE id = 1 UNION ALL SELECT created FROM charges WHERE id = 2 ORDER BY 1
WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS y FROM a) SELECT * FROM a, b
WITH a AS (SELECT 1 AS x) SELECT (SELECT x FROM a) + 1 AS z
WITH RECURSIVE t(n, f) AS (VALUES (1, 1.0) UNION ALL SELECT n + 1, f * (n + 1) FROM t WHERE n < 5) SELECT * FROM t
SELECT * FROM (SELECT id, amount FROM charges ORDER BY amount DESC NULLS LAST LIMIT 2) x ORDER BY id
SELECT x.* FROM (VALUES (1, 2.5, 'a'), (3, NULL, NULL)) x
SELECT charges.* FROM charges WHERE charges.id = 1
SELECT ID FROM CHARGES WHERE id = 1
SELECT id "My ID" FROM charges WHERE id = 1
SELECT current_user = session_user, current_catalog, current_database()
SELECT * FROM charges WHERE id = 1 OFFSET 0 LIMIT 5
SELECT id FROM charges ORDER BY 1 ASC NULLS FIRST LIMIT (SELECT 2)
SELECT id FROM charges ORDER BY customer COLLATE "C", id
SELECT id FROM charges WHERE customer COLLATE "C" > 'B' ORDER BY id
SELECT CAST(amount AS int), CAST(amount AS varchar), CAST(paid AS text), CAST(created AS varchar(10)) FROM charges WHERE id = 1
SELECT 1 WHERE EXISTS (SELECT)
SELECT count(*) FROM (SELECT FROM charges) x
SELECT interval '1 day' < interval '25 hours', greatest(interval '1 day', interval '23 hours'), sum(x) FROM (VALUES (interval '1 hour'), (interval '2 hours')) v(x) GROUP BY 1, 2
SELECT min(x), max(x) FROM (VALUES (interval '1 month'), (interval '29 days')) v(x)
SELECT true::int + 1, (id > 3)::int FROM charges ORDER BY id
SELECT '2026-01-01 10:00'::timestamp = '2026-01-01 10:00:00.000', '10:00'::time < '9:00'::time
SELECT now() > '2020-01-01', now()::date - 1 < current_date, date_trunc('month', now()) <= now(), clock_timestamp() >= now()
SELECT id FROM charges WHERE note = '' ORDER BY id
SELECT nullif(note, '') FROM charges ORDER BY id
SELECT stddev(x), variance(x), avg(x), sum(x) FROM (VALUES (1.5), (2.5), (4)) v(x)
SELECT id FROM ONLY charges WHERE id = 1
SELECT (1, 'a') = (1, 'a'), (1, 2) <> (1, 3)
SELECT '550e8400-e29b-41d4-a716-446655440000'::uuid
SELECT count(*) FROM charges WHERE customer OPERATOR(pg_catalog.=) 'Ada'
SELECT all customer FROM charges WHERE id = 1
SELECT to_char(0, '9.99'), to_char(0, '999'), to_char(0, 'FM9'), to_char(0.0, '9'), to_char(0, '0.9'), to_char(0, 'FM9.9'), to_char(0.4, '9'), to_char(10, '99.'), to_char(-0.5, '9.9'), to_char(0.5, 'FM9.9')
SELECT 16777217::real, 1e6::real, 123456::real, 1234567::real, 0.0001::real, 0.00001::real, 1e14::float8, 123456789012345.6::float8, 1.7976931348623157e308::float8, 5e-324::float8, 0.1::real + 0.2::real, 1.5::real * 2, 3::real / 2
SELECT '[1, 1.0]'::jsonb, '1'::jsonb = '1.00'::jsonb, count(DISTINCT x) FROM (VALUES ('1'::jsonb), ('1.0')) v(x) GROUP BY 1, 2
SELECT id FROM charges WHERE paid <> (quantity > 1) ORDER BY id
SELECT a.customer, b.country FROM charges AS a LEFT OUTER JOIN customers AS b ON (a.customer = b.name) WHERE (b.country IN ('US', 'GB') OR b.country IS NULL) AND a.amount IS NOT NULL ORDER BY 1, 2
SELECT to_char(date_trunc('month', created), 'YYYY-MM') AS month, customer, round(sum(amount), 2) AS total FROM charges WHERE created >= now() - interval '10 years' GROUP BY 1, 2 ORDER BY 1, 2
SELECT EXTRACT(YEAR FROM created)::int AS y, EXTRACT(MONTH FROM created)::int AS m, SUM(amount)::float AS v FROM charges GROUP BY 1, 2 ORDER BY 1, 2
SELECT CAST(date_trunc('day', CAST(created AS timestamp)) AS date) AS d, COUNT(*) AS c FROM charges GROUP BY CAST(date_trunc('day', CAST(created AS timestamp)) AS date) ORDER BY d
SELECT "t0"."customer" AS "c", SUM("t0"."amount") AS "s", (SUM("t0"."amount") / NULLIF(COUNT("t0"."amount"), 0)) AS "a" FROM "public"."charges" "t0" GROUP BY "t0"."customer" HAVING (COUNT(1) > 0) ORDER BY "c"
SELECT date_trunc('week', (created + interval '1 day')) - interval '1 day' AS week, count(*) FROM charges GROUP BY 1 ORDER BY 1
SELECT (created AT TIME ZONE 'UTC')::date AS d, sum(amount) FROM charges GROUP BY 1 ORDER BY 1
SELECT CASE WHEN amount < 1 THEN '<1' WHEN amount < 10 THEN '1-10' ELSE '10+' END AS bucket, count(*), min(amount), max(amount) FROM charges WHERE amount IS NOT NULL GROUP BY 1 ORDER BY 1
SELECT floor(amount / 5) * 5 AS bin, count(*) FROM charges WHERE amount < 100 GROUP BY 1 ORDER BY 1
SELECT width_bucket(amount::float8, 0, 100, 4), count(*) FROM charges WHERE amount IS NOT NULL GROUP BY 1 ORDER BY 1
SELECT customer, amount, amount - lag(amount) OVER (PARTITION BY customer ORDER BY created) AS change FROM charges ORDER BY customer, created
SELECT day, sum(amount) OVER (ORDER BY day ROWS UNBOUNDED PRECEDING) AS running FROM charges WHERE day IS NOT NULL ORDER BY day
WITH m AS (SELECT date_trunc('month', created)::date AS month, sum(amount) AS total FROM charges WHERE created IS NOT NULL GROUP BY 1) SELECT month, total, lag(total) OVER (ORDER BY month), round(100 * (total - lag(total) OVER (ORDER BY month)) / nullif(lag(total) OVER (ORDER BY month), 0), 1) AS growth FROM m ORDER BY month
SELECT customer, percentile_cont(0.25) WITHIN GROUP (ORDER BY amount) FROM charges GROUP BY customer ORDER BY customer
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount DESC), percentile_cont(0) WITHIN GROUP (ORDER BY quantity DESC) FROM charges
SELECT string_agg(customer || '=' || amount, ', ' ORDER BY amount DESC) FROM charges WHERE amount > 1
SELECT array_to_string(array_agg(customer ORDER BY customer), '|') FROM charges WHERE paid
SELECT coalesce(sum(amount) FILTER (WHERE day >= '2026-02-01'), 0) - coalesce(sum(amount) FILTER (WHERE day < '2026-02-01'), 0) AS delta FROM charges
SELECT sum(amount) FILTER (WHERE customer = 'Ada')::float8 / sum(amount)::float8 FROM charges
SELECT count(*) * 100.0 / sum(count(*)) OVER () AS pct, paid FROM charges GROUP BY paid ORDER BY paid
SELECT * FROM (SELECT customer, rank() OVER (ORDER BY sum(amount) DESC NULLS LAST) AS r FROM charges GROUP BY customer) x WHERE r <= 2 ORDER BY r
SELECT DISTINCT ON (date_trunc('month', created)) date_trunc('month', created) AS m, customer, amount FROM charges WHERE created IS NOT NULL ORDER BY date_trunc('month', created), amount DESC
SELECT x.customer FROM charges x WHERE x.amount = (SELECT max(y.amount) FROM charges y WHERE y.customer = x.customer) ORDER BY 1
SELECT id, (SELECT count(*) FROM charges b WHERE b.created < a.created) AS earlier FROM charges a ORDER BY id
SELECT NOT EXISTS (SELECT 1 FROM charges WHERE amount > 1e9), EXISTS (SELECT 1 FROM charges HAVING count(*) > 3)
SELECT max(id) - min(id), count(*)::numeric / 3, sum(quantity)::int FROM charges
SELECT 10 / NULLIF(quantity, 0) FROM charges ORDER BY id
SELECT amount::numeric(10,1), amount::int8, round(amount), amount::varchar(3) FROM charges ORDER BY id
SELECT quantity::numeric / 3, quantity / 3.0, quantity * 1.1, quantity + rate, amount + rate, amount * rate FROM charges ORDER BY id
SELECT rate * 3, rate / 7, rate ^ 2, -rate, abs(rate), round(rate::numeric, 3), floor(rate), rate::int FROM charges WHERE id <> 5 ORDER BY id
SELECT length(note), note || '!', upper(left(note, 1)) || substr(note, 2), strpos(note, 'r') FROM charges ORDER BY id
SELECT note ~ '^\s*$', note LIKE '%\%%', note ILIKE '%GR%' FROM charges ORDER BY id
SELECT created::date - day, created - day, day - created::date, (created - '2026-01-01')::text, extract(day FROM created - '2026-01-01'), age('2026-03-01', created)::text FROM charges ORDER BY id
SELECT created > now(), created < current_date, day < now(), day = created, created::time > '12:00' FROM charges ORDER BY id
SELECT min(created)::date, max(created) - min(created), date_trunc('month', max(created)) + interval '1 month' - interval '1 day', (max(day) - min(day)) / 7 FROM charges
SELECT to_char(sum(amount), 'FM999G999G990D00'), to_char(avg(quantity), '0.000'), to_char(count(*), '000') FROM charges
SELECT jsonb_agg(jsonb_build_object('c', customer, 'a', amount) ORDER BY id) FROM charges WHERE id < 4
SELECT jsonb_object_agg(id, customer) FROM charges WHERE id < 4
SELECT details #>> '{tags,0}', details -> 'n', (details -> 'n')::int, details ->> 'n' > '1', jsonb_typeof(details -> 'n') FROM charges WHERE jsonb_typeof(details) = 'object' AND details ? 'n' AND id <> 2 ORDER BY id
SELECT t.k FROM charges c, jsonb_object_keys(c.details) AS t(k) WHERE c.id = 1 ORDER BY 1
SELECT c.id, x FROM charges c, unnest(ARRAY[c.id, c.quantity]) AS x WHERE c.id < 3 ORDER BY 1, 2
SELECT a.n, b.n FROM generate_series(1, 2) AS a(n) CROSS JOIN generate_series(1, 2) AS b(n) ORDER BY 1, 2
SELECT d::date, extract(isodow FROM d) FROM generate_series(timestamp '2026-01-01', timestamp '2026-01-05', '2 days') d
SELECT name, since, "Credit Limit", coalesce("Credit Limit", 0) > 1 AS rich FROM customers ORDER BY "Credit Limit" DESC NULLS LAST, name
SELECT * FROM customers WHERE ("Credit Limit" > 1) IS TRUE ORDER BY name
SELECT name FROM customers WHERE since > '2020-02-28' AND since <= date '2020-02-28' + 1
SELECT since + interval '1 year', since + 365, extract(year FROM age('2026-03-01', since)) FROM customers ORDER BY name
SELECT '{"a": 1}'::json ->> 'a', '{"a": [1, 2]}'::json #>> '{a,1}', json_array_length('[1]'), json_typeof('null')
SELECT 'a' IN ('a', 'b'), 1 IN (SELECT 1), (SELECT 1) = 1, NOT 'a' IN ('b'), 'x' NOT IN (SELECT 'y')
SELECT id FROM charges WHERE customer IN (SELECT customer FROM charges GROUP BY customer HAVING count(*) > 1) ORDER BY id
SELECT id FROM charges WHERE (amount, id) IN ((12.5, 1), (7.250, 2)) ORDER BY id
SELECT 1 AS a, 2 AS a, 3
SELECT a FROM (SELECT 1 AS a, 2 AS b) x ORDER BY b
SELECT x.a + y.a FROM (SELECT 1 AS a) x, (SELECT 2 AS a) y
SELECT count(DISTINCT created), count(DISTINCT day), count(DISTINCT details), count(DISTINCT rate), count(DISTINCT amount * 2) FROM charges
SELECT bool_and(amount > 0), bool_or(amount IS NULL), every(true) FROM charges
SELECT avg(x), sum(x), min(x), max(x) FROM (VALUES (1), (NULL), (4)) v(x)
SELECT sum(x) FROM (SELECT 0.1::numeric AS x UNION ALL SELECT 0.2) y
SELECT sum(x), avg(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1) y
SELECT sum(x) FROM (SELECT 2147483647 AS x UNION ALL SELECT 2147483647) y
SELECT 9223372036854775807::numeric + 1, 9223372036854775807 * 2.0, (9223372036854775807::numeric * 3) / 7
SELECT 99999999999999999999.99 + 0.01, 123456789.987654321 * 987654321.123456789, 1.0 / 3.0 * 3.0, (1.0 / 3.0)::numeric(5,4)
SELECT c1.id FROM charges c1 JOIN charges c2 ON c1.id = c2.id - 1 ORDER BY 1 LIMIT 2
WITH c1 AS (SELECT id AS c2 FROM charges), c2 AS (SELECT c2 AS c1 FROM c1) SELECT max(c1) FROM c2
WITH charges AS (SELECT 1 AS id) SELECT * FROM charges
SELECT * FROM (SELECT 1 AS value, 2 AS key) x WHERE value = ANY(ARRAY[key, value])
SELECT x.value FROM (SELECT 'a' AS value) x WHERE x.value LIKE ANY(ARRAY['b', x.value])
SELECT t.name, (SELECT string_agg(c.note, ',' ORDER BY c.id) FROM charges c WHERE c.customer = t.name) FROM customers t ORDER BY 1
SELECT t.name, (SELECT count(*) FROM charges c WHERE c.customer = t.name AND c.id > (SELECT min(id) FROM charges d WHERE d.customer = t.name)) FROM customers t ORDER BY 1
SELECT customer, max(amount) FILTER (WHERE paid) OVER (PARTITION BY customer) FROM charges ORDER BY id
SELECT sum(count(*)) OVER (), customer FROM charges GROUP BY customer ORDER BY customer
SELECT rank() OVER (ORDER BY amount DESC NULLS LAST), id FROM charges ORDER BY 1, 2
SELECT id FROM charges ORDER BY CASE WHEN paid THEN 0 ELSE 1 END, amount NULLS FIRST, id
SELECT DISTINCT customer AS c FROM charges ORDER BY c DESC NULLS LAST
SELECT count(*) c, customer FROM charges GROUP BY 2 ORDER BY c DESC, customer
SELECT id, amount FROM charges ORDER BY abs(amount) DESC NULLS LAST, id
SELECT a.id FROM charges a WHERE a.amount = (SELECT max(amount) FROM charges)
SELECT id FROM charges WHERE amount = (SELECT sum(amount) FROM charges WHERE customer = 'Bob')
SELECT id FROM charges WHERE amount IN (SELECT amount * 1 FROM charges WHERE id < 4) ORDER BY id
SELECT id FROM charges WHERE amount * 1 IN (SELECT amount FROM charges WHERE id < 4) ORDER BY id
SELECT id FROM charges WHERE created IN (SELECT created + interval '0' FROM charges WHERE id < 3) ORDER BY id
SELECT id FROM charges WHERE created + interval '0 days' IN (SELECT created FROM charges WHERE id < 3) ORDER BY id
SELECT id FROM charges WHERE day IN (SELECT created::date FROM charges) ORDER BY id
SELECT id FROM charges WHERE quantity IN (SELECT 3.0) ORDER BY id
SELECT a.id, b.id FROM (SELECT id, amount * 2 AS x FROM charges) a JOIN (SELECT id, amount + amount AS y FROM charges) b ON a.x = b.y ORDER BY 1, 2
SELECT x, count(*) FROM (SELECT amount * 0.5 AS x FROM charges UNION ALL SELECT amount / 2 FROM charges) y GROUP BY x ORDER BY x
SELECT min(x), max(x) FROM (SELECT created + interval '1 hour' AS x FROM charges) y
SELECT x FROM (SELECT created + interval '0.25 seconds' AS x FROM charges UNION ALL SELECT created FROM charges) y WHERE x IS NOT NULL ORDER BY x
SELECT greatest(created, created + interval '0.5 seconds') FROM charges WHERE id < 3 ORDER BY 1
SELECT id FROM charges WHERE created >= '2026-02-01 00:00:00.000001' ORDER BY id
SELECT sum(x) OVER (ORDER BY x) FROM (VALUES (1.10), (2.2), (NULL)) v(x)
SELECT avg(x)::numeric(10,2), round(avg(x), 3), sum(x) / 3, sum(x) * 1.0 FROM (VALUES (1), (2), (2)) v(x)
SELECT CASE WHEN count(*) = 0 THEN NULL ELSE sum(amount) / count(*) END FROM charges WHERE amount IS NOT NULL
SELECT coalesce(max(note), 'none') FROM charges WHERE false
SELECT id FROM charges WHERE (SELECT true) AND id = 1
SELECT array_agg(x ORDER BY x DESC) FROM unnest(ARRAY[3, 1, 2]) x
SELECT id FROM charges WHERE note = 'It''s' OR note = E'tab\tx' ORDER BY id
SELECT '"quoted"'::text, '\'::text, 'a''''b', '%', '$1', '?', ':x', '@y'
SELECT date_trunc('day', created)::date = day FROM charges ORDER BY id
SELECT id FROM charges WHERE date_trunc('day', created) >= '2026-02-01' AND date_trunc('month', created) < '2026-03-01' ORDER BY id
SELECT id FROM charges WHERE created::date > '2026-01-31' AND created::date <= date '2026-03-01' ORDER BY id
SELECT id FROM charges WHERE created::date = '2026-01-31'::date OR created::date IS NULL ORDER BY id
SELECT id FROM charges WHERE created::date IN ('2026-01-31', '2026-02-28') ORDER BY id
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY x), mode() WITHIN GROUP (ORDER BY x) FROM (VALUES ('10'), ('9'), ('9')) v(x)
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount * 1.0), percentile_disc(0.5) WITHIN GROUP (ORDER BY created) FROM charges
"""  # noqa: E501

REFUSED = r"""
SELECT amuont FROM charges
SELECT * FROM no_such_table
SELECT customer, count(*) FROM charges
SELECT 1 / 0
SELECT 1 % 0
SELECT 2147483647 + 1
SELECT 9223372036854775807 + 1
SELECT 'abc'::int
SELECT '2026-02-30'::date
SELECT 'x'::boolean
SELECT id FROM charges WHERE customer > 5
SELECT id FROM charges WHERE customer
SELECT nosuchfunction(1)
SELECT upper(1, 2)
SELECT id FROM charges UNION SELECT customer FROM charges
SELECT (SELECT id FROM charges)
SELECT id, id FROM charges c JOIN charges d ON true
SELECT sum(sum(amount)) FROM charges
SELECT id FROM charges WHERE sum(amount) > 1
SELECT id FROM charges ORDER BY 7
SELECT id FROM charges LIMIT -1
SELECT DISTINCT customer FROM charges ORDER BY id
SELECT CASE WHEN paid THEN 1 ELSE 'a' END FROM charges
SELECT x.id FROM charges
SELECT FROM WHERE
SELECT 1 +
SELECT 'unterminated
SELECT sqrt(-1)
SELECT ln(0)
SELECT date_trunc('fortnight', now())
SELECT created + 1 FROM charges
SELECT interval 'nonsense'
SELECT 1::nosuchtype
SELECT '{1,2'::int[]
SELECT '{bad'::jsonb
SELECT id FROM charges c, charges c
SELECT regexp_replace('a', '(', '')
SELECT 1000::numeric(2,0)
SELECT 99999::smallint
SELECT 1e400::float8
SELECT id FROM charges WHERE paid <> quantity > 1 ORDER BY id
SELECT true = 1 < 2, 1 < 2 = true, NOT 1 = 2, NOT true = false
SELECT '1,5'::numeric
SELECT ''::int
SELECT ' 42 '::int, '-0'::int, '+7'::int, '0x1F'::int
SELECT '1.5'::int
SELECT true + 1
SELECT sum(paid) FROM charges
SELECT avg(customer) FROM charges
SELECT id + customer FROM charges
SELECT customer * 2 FROM charges
SELECT id FROM charges WHERE customer = 3
SELECT extract(hour FROM date '2026-01-01')
SELECT to_date('2026-13-01', 'YYYY-MM-DD')
SELECT substring('abc', 1, -1)
SELECT split_part('a', ',', 0)
SELECT replace('aaa', 'a', 'b'), replace('abc', '', 'x'), translate('12345', '143', 'ax'), initcap('o''neil mc-donald x1y'), ascii(''), chr(8364), concat(), concat_ws(',', 1, NULL, 2)
SELECT concat()
SELECT customer, quantity FROM charges GROUP BY customer
SELECT id FROM charges WHERE row_number() OVER () = 1
SELECT "ID" FROM charges
SELECT date '2026-02-30'
SELECT timestamp '2026-01-01 25:00'
SELECT 'a'::uuid
SELECT 1e39::real
SELECT 1 < 2 < 3
SELECT a FROM (SELECT 1 AS a) x, (SELECT 2 AS a) y
SELECT customer AS c FROM charges WHERE c = 'Ada'
"""  # noqa: E501
"""What a real PostgreSQL refuses too, with the same code."""


def split(text: str) -> list[str]:
    """Return the statements of a text, one on each line."""
    return [line for line in text.splitlines() if line and not line.startswith("--")]
