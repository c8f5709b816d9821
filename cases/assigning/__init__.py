"""Who gets a case that arrives: rules that the lead of an office declares."""
