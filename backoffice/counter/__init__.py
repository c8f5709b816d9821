"""What the pages at the counter ask a helper about who stands before them."""
