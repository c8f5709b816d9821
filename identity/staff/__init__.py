"""Staff sign-in: password and a second factor, or a passkey (django-allauth)."""
