"""The sandbox eID: a real OpenID Provider in its own process, with made-up people."""
