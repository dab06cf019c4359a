"""Django's MySQL backend, with connections that end when the database is away (``chatchat.lifeline``)."""
