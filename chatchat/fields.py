"""Serializer fields that every app uses."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from chatchat.api import MAX_ID
from chatchat.clock import rfc3339
from chatchat.errors import ChatError
from chatchat.text import clean_line, clean_note


class IdField(serializers.IntegerField):
    """An id or a seq: a positive integer, and no string or boolean that merely looks like one."""

    def __init__(self, *, min_value: int = 1, **kwargs: Any) -> None:
        super().__init__(min_value=min_value, max_value=MAX_ID, **kwargs)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            self.fail("invalid")
        return super().to_internal_value(data)


class FlagField(serializers.BooleanField):
    """True or false, and nothing that merely looks like one."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class TextField(serializers.CharField):
    """A JSON string as it is, untrimmed; the services apply the rules of ``chatchat.text``."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class LineField(TextField):
    """One line of text by ``chatchat.text.clean_line``: a nickname, a title."""

    def __init__(self, *, minimum: int = 1, maximum: int, **kwargs: Any) -> None:
        self.minimum, self.maximum = minimum, maximum
        super().__init__(allow_blank=minimum == 0, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            return clean_line(value, field="value", minimum=self.minimum, maximum=self.maximum)
        except ChatError as error:
            raise serializers.ValidationError([str(text) for text in error.details["value"]]) from None


class NoteField(TextField):
    """Several lines of text, or none, by ``chatchat.text.clean_note``: an announcement."""

    def __init__(self, *, maximum: int, **kwargs: Any) -> None:
        self.maximum = maximum
        super().__init__(allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        try:
            return clean_note(value, field="value", maximum=self.maximum)
        except ChatError as error:
            raise serializers.ValidationError([str(text) for text in error.details["value"]]) from None


class TimeField(serializers.DateTimeField):
    """A moment; written as RFC 3339, UTC, milliseconds."""

    def to_representation(self, value: datetime) -> str:
        return rfc3339(value)
