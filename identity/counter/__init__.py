"""Help at the counter: a member of staff fills a form in with a resident who stands before them."""
