"""Building a form without a programmer: a definition as typed so far, right or not yet.

Everything here works on plain JSON data, never on a stored form, and loses nothing of it.
"""
