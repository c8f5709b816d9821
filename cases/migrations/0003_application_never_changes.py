"""An application is what a resident sent: the database refuses to change or remove it.

Not even the schema's owner changes one by mistake; a legal deletion has to take the trigger away
first. (TRUNCATE is no right of the town's role at all.)
"""

from django.db import migrations

_FORWARD = [
    """
    CREATE FUNCTION cases_application_refuse() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        RAISE EXCEPTION 'an application is never changed' USING ERRCODE = 'insufficient_privilege';
    END
    $body$
    """,
    """
    CREATE TRIGGER cases_application_never_changes
    BEFORE UPDATE OR DELETE ON cases_application
    FOR EACH STATEMENT EXECUTE FUNCTION cases_application_refuse()
    """,
]
_BACKWARD = [
    "DROP TRIGGER cases_application_never_changes ON cases_application",
    "DROP FUNCTION cases_application_refuse()",
]


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_initial")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
