"""Names in templates."""

from django import template

from chatchat.text import inline_name, plain_name

register = template.Library()
register.filter("plain_name", plain_name)
register.filter("inline_name", inline_name)
