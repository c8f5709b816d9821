"""The one way to remove an issued letter's row: with its case, as for the application (0008)."""

from django.db import migrations

_REFUSE = """
CREATE OR REPLACE FUNCTION cases_issuedletter_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE'
       AND current_setting('madoguchi.forgets', true) = TG_RELID::text
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'an issued letter is never changed' USING ERRCODE = 'insufficient_privilege';
END
$body$
"""

_REFUSE_ALL = """
CREATE OR REPLACE FUNCTION cases_issuedletter_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'an issued letter is never changed' USING ERRCODE = 'insufficient_privilege';
END
$body$
"""

_FORGET = """
CREATE FUNCTION cases_letters_forget(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM cases_disposalitem
                    WHERE application_id = wanted AND state = 'waiting')
    THEN
        RAISE EXCEPTION 'no confirmed run deletes this application'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('madoguchi.forgets', 'cases_issuedletter'::regclass::oid::text, true);
    DELETE FROM cases_issuedletter WHERE decision_id IN (
        SELECT d.id FROM cases_decision d JOIN cases_case c ON c.id = d.case_id
         WHERE c.application_id = wanted);
    PERFORM set_config('madoguchi.forgets', '', true);
END
$body$
"""

_PIN = """
DO $do$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION cases_letters_forget(uuid) SET search_path = pg_catalog, %I, pg_temp',
        current_schema());
END
$do$
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0014_the_desk")]

    operations = [
        migrations.RunSQL(
            [_REFUSE, _FORGET, _PIN],
            ["DROP FUNCTION cases_letters_forget(uuid)", _REFUSE_ALL],
        )
    ]
