"""Numbers for machines, in whichever language the page is."""

from django import template

register = template.Library()


@register.filter
def plain(number: float) -> str:
    """As SVG wants it: a point, and no grouping."""
    return f"{number:g}"
