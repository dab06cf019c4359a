"""What the OpenAPI schema says about every operation: how it refuses."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse
from rest_framework import serializers


class ErrorBodySerializer(serializers.Serializer[Any]):
    """``code`` is for programs and never changes, ``message`` for people; ``details`` names the fields."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField()


class ErrorSerializer(serializers.Serializer[Any]):
    """Every refusal, on both doors."""

    error = ErrorBodySerializer()


def refusal(text: str, code: str, message: str) -> OpenApiResponse:
    """A response that refuses, described by ``text``, with an example of the envelope."""
    example = {"error": {"code": code, "message": message, "details": {}}}
    return OpenApiResponse(ErrorSerializer, description=text, examples=[OpenApiExample(code, value=example)])


MISSING = refusal("Not there, or not for you.", "not_found", "There is no such thing here.")


def add_refusals(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's hook: what a view does not say about its refusals follows from the envelope."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    if "Error" not in schemas:
        return result
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for path, operations in result.get("paths", {}).items():
        if not path.startswith("/api/v1/"):
            continue
        for operation in operations.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            for status, response in operation["responses"].items():
                if status.startswith("4"):
                    response.setdefault("content", content)
            operation["responses"].setdefault("default", {"description": "A refusal.", "content": content})
    return result
