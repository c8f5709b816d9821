"""A municipality's public pages: what it offers, its news, its brand, its search."""
