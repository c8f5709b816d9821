"""Cases that came of a case: a change, a renewal, an appeal. The rules: `catalogue.linked`."""
