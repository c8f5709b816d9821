"""Measurements with limits: ``make bench``."""
