"""The floor: the same journey as plain Django writes it, to compare with.

No municipalities, no definitions as data, no overlays: one park use permit with hand-written
forms. Settings as ``startproject`` makes them, with a persistent database connection as ours.
"""
