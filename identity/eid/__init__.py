"""Sign-in with the national eID: an OpenID Connect client, one registration per municipality."""
