"""A bucket of an S3-compatible server; needs the packages of the production stack."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from messaging.attachments.storage import Piece

_starting = threading.Lock()


@contextmanager
def _as_os_errors(name: str = "") -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 404:
            raise FileNotFoundError(name) from error
        raise OSError(str(error)) from error
    except (BotoCoreError, Boto3Error, HTTPError) as error:
        raise OSError(str(error)) from error


class BucketStorage(S3Storage):
    """Reads parts of objects, and does all of it by one client, which threads may share.

    django-storages makes a connection a thread, and each of our requests has a thread of its own.
    """

    def __init__(self, **options: Any) -> None:
        config = Config(
            connect_timeout=3,
            read_timeout=20,
            retries={"total_max_attempts": 2},
            max_pool_connections=32,
            # Servers of other makers know neither the newer checksums nor a host name a bucket.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path" if options.get("endpoint_url") else "auto"},
        )
        super().__init__(client_config=config, **options)

    @cached_property
    def client(self) -> Any:
        with _starting:
            return self.connection.meta.client

    def _key(self, name: str) -> str:
        return f"{self.location}/{name}" if self.location else name

    def save(self, name: str | None, content: File[Any], max_length: int | None = None) -> str:
        """An object appears whole or not at all."""
        name = str(name)
        with _as_os_errors(name):
            self.client.upload_fileobj(
                content.file,
                self.bucket_name,
                self._key(name),
                ExtraArgs={"ContentType": "application/octet-stream"},
                Config=TransferConfig(use_threads=False),
            )
        return name

    def delete(self, name: str) -> None:
        with _as_os_errors(name):
            self.client.delete_object(Bucket=self.bucket_name, Key=self._key(name))

    def exists(self, name: str) -> bool:
        try:
            with _as_os_errors(name):
                self.client.head_object(Bucket=self.bucket_name, Key=self._key(name))
        except FileNotFoundError:
            return False
        return True

    def read_range(self, name: str, start: int, length: int) -> Piece:
        """These bytes of an object, as they come."""
        asked = {"Range": f"bytes={start}-{start + length - 1}"} if length else {}
        with _as_os_errors(name):
            got = self.client.get_object(Bucket=self.bucket_name, Key=self._key(name), **asked)
        return _Body(got["Body"])

    def names(self) -> Iterator[tuple[str, float]]:
        """Of every object below the prefix."""
        prefix = self._key("")
        with _as_os_errors():
            pages = self.client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket_name, Prefix=prefix):
                for each in page.get("Contents", ()):
                    yield each["Key"].removeprefix(prefix), each["LastModified"].timestamp()


class _Body:
    """An object's bytes, on their way."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int, /) -> bytes:
        with _as_os_errors():
            chunk: bytes = self._body.read(size)
            return chunk

    def close(self) -> None:
        self._body.close()
