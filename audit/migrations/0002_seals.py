"""The hash chain: two deferred triggers of the schema's owner.

Why two: at commit PostgreSQL works its queue of deferred triggers in rounds. Django's foreign keys
are checked in the first round too, and may wait there for a row that another transaction holds. If
the head of the chain were locked in that same round, two commits could wait for each other. So the
first trigger only queues the second by inserting an empty seal, and the second, a round later, when
nothing else is left to wait for, locks the head, computes the hash and fills the seal.

The functions run as their owner (the town's role may not write seals) with a search path pinned to
their own schema; temporary tables come last in it, so none can stand in for a table of ours.
"""

from django.db import migrations

_QUEUE = """
CREATE FUNCTION audit_ledger_queue() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
BEGIN
    INSERT INTO audit_ledgerseal (entry_id) VALUES (NEW.id);
    RETURN NULL;
END
$body$
"""

# The canonical form is that of audit/verify.py: each field as "<bytes>:<text>,", a missing one "-,".
_SEAL = """
CREATE FUNCTION audit_ledger_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $body$
DECLARE
    entry audit_ledgerentry%ROWTYPE;
    last audit_ledgerhead%ROWTYPE;
    now_utc timestamptz := clock_timestamp();
    canonical text;
    sealed bytea;
BEGIN
    SELECT * INTO STRICT last FROM audit_ledgerhead WHERE id = 1 FOR UPDATE;
    SELECT * INTO STRICT entry FROM audit_ledgerentry WHERE id = NEW.entry_id;
    SELECT string_agg(coalesce(octet_length(field) || ':' || field, '-') || ',', '' ORDER BY place)
      INTO canonical
      FROM unnest(ARRAY[
               'madoguchi-ledger-1',
               (last.seq + 1)::text,
               to_char(now_utc AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               entry.id::text,
               to_char(entry.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
               entry.event::text,
               entry.actor_kind::text,
               entry.actor_id::text,
               entry.actor_name::text,
               entry.about::text,
               entry.object_kind::text,
               entry.object_id::text,
               entry.purpose::text,
               entry.data::text
           ]) WITH ORDINALITY AS fields(field, place);
    sealed := sha256(last.hash || convert_to(canonical, 'UTF8'));
    UPDATE audit_ledgerseal
       SET seq = last.seq + 1, sealed_at = now_utc, prev_hash = last.hash, hash = sealed
     WHERE entry_id = NEW.entry_id;
    UPDATE audit_ledgerhead SET seq = last.seq + 1, hash = sealed WHERE id = 1;
    RETURN NULL;
END
$body$
"""

_PIN = """
DO $do$
BEGIN
    EXECUTE format('ALTER FUNCTION audit_ledger_queue() SET search_path = pg_catalog, %I, pg_temp',
                   current_schema());
    EXECUTE format('ALTER FUNCTION audit_ledger_seal() SET search_path = pg_catalog, %I, pg_temp',
                   current_schema());
END
$do$
"""

_TRIGGER = (
    "CREATE CONSTRAINT TRIGGER {name} AFTER INSERT ON {table} "
    "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {name}()"
)

_FORWARD = [
    "INSERT INTO audit_ledgerhead (id, seq, hash) VALUES (1, 0, decode(repeat('00', 32), 'hex'))",
    _QUEUE,
    _SEAL,
    _PIN,
    # Otherwise anybody could hang them on a temporary table of their own and forge seals.
    "REVOKE ALL ON FUNCTION audit_ledger_queue(), audit_ledger_seal() FROM PUBLIC",
    _TRIGGER.format(name="audit_ledger_queue", table="audit_ledgerentry"),
    _TRIGGER.format(name="audit_ledger_seal", table="audit_ledgerseal"),
]
_BACKWARD = [
    "DROP TRIGGER audit_ledger_queue ON audit_ledgerentry",
    "DROP TRIGGER audit_ledger_seal ON audit_ledgerseal",
    "DROP FUNCTION audit_ledger_queue(), audit_ledger_seal()",
    "DELETE FROM audit_ledgerhead",
]


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(_FORWARD, _BACKWARD)]
