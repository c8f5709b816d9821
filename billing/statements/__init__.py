"""Files of the bank: what is in them. Nothing here knows a fee or the database."""
