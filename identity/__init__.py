"""Who is there: residents by eID, staff by password and second factor, their roles."""
