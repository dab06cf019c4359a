"""Meridian ID: a simulated third party, with people, pages and tokens of its own.

An OAuth 2 authorization server and OpenID provider on django-oauth-toolkit. No other app imports it and it
imports none: the chat speaks to it over HTTP alone, as it would to any provider.
"""
