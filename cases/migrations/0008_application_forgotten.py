"""The one way to remove an application: when its time of keeping is over.

The trigger goes on refusing everybody. It lets one statement through: the deletion that
`cases_application_forget` makes as the schema's owner, for an application that waits in a confirmed
run (`cases.retention`) and whose case is gone.
"""

from django.db import migrations

_REFUSE = """
CREATE OR REPLACE FUNCTION cases_application_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    IF TG_OP = 'DELETE'
       AND current_setting('madoguchi.forgets', true) = TG_RELID::text
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID)
    THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'an application is never changed' USING ERRCODE = 'insufficient_privilege';
END
$body$
"""

_REFUSE_ALL = """
CREATE OR REPLACE FUNCTION cases_application_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'an application is never changed' USING ERRCODE = 'insufficient_privilege';
END
$body$
"""

_FORGET = """
CREATE FUNCTION cases_application_forget(wanted uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $body$
BEGIN
    IF NOT EXISTS (SELECT FROM cases_disposalitem
                    WHERE application_id = wanted AND state = 'waiting')
       OR EXISTS (SELECT FROM cases_case WHERE application_id = wanted)
    THEN
        RAISE EXCEPTION 'no confirmed run deletes this application'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('madoguchi.forgets', 'cases_application'::regclass::oid::text, true);
    DELETE FROM cases_application WHERE id = wanted;
    PERFORM set_config('madoguchi.forgets', '', true);
END
$body$
"""

_PIN = """
DO $do$
BEGIN
    EXECUTE format(
        'ALTER FUNCTION cases_application_forget(uuid) SET search_path = pg_catalog, %I, pg_temp',
        current_schema());
END
$do$
"""


class Migration(migrations.Migration):
    dependencies = [("cases", "0007_retention")]

    operations = [
        migrations.RunSQL(
            [_REFUSE, _FORGET, _PIN],
            ["DROP FUNCTION cases_application_forget(uuid)", _REFUSE_ALL],
        )
    ]
