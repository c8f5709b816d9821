"""What can go wrong with notices. These are mistakes of code, never of people."""


class NoticeError(Exception):
    """A notice is declared wrongly, or was given something it must not tell."""
