"""Uploaded files: examined, made safe, or refused with the reason in words."""
