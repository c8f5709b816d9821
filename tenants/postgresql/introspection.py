"""Introspection that costs the objects of one schema, not those of every municipality.

django-tenants lists tables by scanning ``pg_class``: at 1,741 municipalities that is 640,000 rows,
four times per schema during a migration. ``pg_depend`` answers by namespace through an index.
"""

from typing import Any

from django.db.backends.postgresql.introspection import TableInfo
from django_tenants.postgresql_backend.introspection import DatabaseSchemaIntrospection

_TABLES_OF_SCHEMA = """
    SELECT c.relname,
           CASE WHEN c.relispartition THEN 'p' WHEN c.relkind IN ('m', 'v') THEN 'v' ELSE 't' END,
           obj_description(c.oid, 'pg_class')
      FROM pg_depend d
      JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass
     WHERE d.refclassid = 'pg_namespace'::regclass
       AND d.refobjid = to_regnamespace(%s)
       AND c.relkind IN ('f', 'm', 'p', 'r', 'v')
"""


class DatabaseIntrospection(DatabaseSchemaIntrospection):
    """Lists the tables of the current schema only."""

    def get_table_list(self, cursor: Any) -> list[TableInfo]:
        schema = self.connection.ops.quote_name(self.connection.schema_name)
        cursor.execute(_TABLES_OF_SCHEMA, [schema])
        return [TableInfo(*row) for row in cursor.fetchall() if row[0] not in self.ignored_tables]
