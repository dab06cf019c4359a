"""Attachments in a bucket of an S3-compatible server, a process of its own."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import boto3
import httpx
import pytest
from django.core.exceptions import ImproperlyConfigured
from PIL import Image
from pytest_django.fixtures import Settings

from chatchat import storages as urls
from chatchat.clock import now
from messaging.attachments import sweep
from messaging.models import Attachment
from scripts.services import free_port
from tests.client import ApiClient, error_code, ok
from tests.messaging.attachments import check_usage, photo, upload, uploaded
from tests.messaging.common import post
from tests.stack.server import Server
from tests.witness import told

#: One stack is enough: nothing of it depends on the database.
pytestmark = [pytest.mark.django_db, pytest.mark.production]

KEYS = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "secret"}


class Bucket:
    """The server, with one bucket; what it holds is gone when it stops."""

    def __init__(self) -> None:
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.url = f"s3://pictures/chat?endpoint={self.endpoint}&region=eu-west-1"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.TransportError):
                httpx.get(f"{self.endpoint}/moto-api/", timeout=5)
                break
            time.sleep(0.03)
        self.client().create_bucket(
            Bucket="pictures", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def client(self) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="eu-west-1",
            aws_access_key_id="somebody",
            aws_secret_access_key="secret",
        )

    def held(self) -> set[str]:
        found = self.client().list_objects_v2(Bucket="pictures")
        return {each["Key"] for each in found.get("Contents", ())}


@pytest.fixture(scope="module")
def running() -> Iterator[Bucket]:
    made = Bucket()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def bucket(running: Bucket, settings: Settings) -> Bucket:
    """The bucket, empty, and this process's attachments in it."""
    settings.STORAGES = {
        **settings.STORAGES,
        "attachments": urls.attachments(running.url, var=settings.VAR_DIR, key="somebody", secret="secret"),
    }
    for key in running.held():
        running.client().delete_object(Bucket="pictures", Key=key)
    return running


def test_pictures_and_files_are_kept_there(
    bucket: Bucket, amy: ApiClient, bob: ApiClient, direct: int
) -> None:
    made, text = photo(amy, (800, 600)), uploaded(amy, bytes(range(256)) * 40, "bytes.bin")
    row = Attachment.objects.get(pk=made["id"])
    assert {f"chat/{row.file}", f"chat/{row.file}.thumbnail"} < bucket.held()
    assert len(bucket.held()) == 3
    ok(post(amy, direct, "", attachments=[made["id"], text["id"]]), 201)
    assert Image.open(BytesIO(ok(bob.get(made["url"])).content)).size == (800, 600)
    assert Image.open(BytesIO(ok(bob.get(made["thumbnail"]["url"])).content)).size == (512, 384)
    whole = bytes(range(256)) * 40
    for asked, start, end in (
        ("bytes=5-9", 5, 10),
        ("bytes=10000-", 10_000, 10_240),
        ("bytes=-7", 10_233, 10_240),
    ):
        part = bob.request("GET", text["url"], headers={"Range": asked})
        assert (part.status_code, part.content) == (206, whole[start:end])
    assert bob.request("GET", text["url"], headers={"Range": "bytes=10240-"}).status_code == 416
    empty = uploaded(amy, b"")
    assert ok(amy.get(empty["url"])).content == b""
    with told():
        ok(amy.delete(f"conversations/{direct}/messages/1"), 204)
    ok(bob.get(made["url"]), 404)
    ok(amy.delete(empty["url"]), 204)
    assert bucket.held() == set()
    check_usage()


def test_what_is_missing_there_is_404(bucket: Bucket, amy: ApiClient) -> None:
    made = uploaded(amy)
    bucket.client().delete_object(Bucket="pictures", Key=f"chat/{Attachment.objects.get().file}")
    ok(amy.get(made["url"]), 404)
    assert sweep.missing() == [made["id"]]
    ok(amy.delete(made["url"]), 204)


def test_it_is_swept(bucket: Bucket, amy: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, old = photo(amy), photo(amy)
    Attachment.objects.filter(pk=old["id"]).update(created_at=now() - timedelta(days=2))
    assert sweep.sweep() == 1
    bucket.client().put_object(Bucket="pictures", Key="chat/aa/bb/orphan", Body=b"x")
    bucket.client().put_object(Bucket="pictures", Key="elsewhere", Body=b"not ours")
    assert sweep.remove_orphans() == 0, "it is too new"
    monkeypatch.setattr(sweep, "ORPHANED_AFTER", timedelta(seconds=-5))
    assert sweep.remove_orphans() == 1
    ok(amy.get(kept["url"]))
    assert "elsewhere" in bucket.held()
    check_usage()


def test_while_it_is_away_it_is_503_and_nothing_is_half_done(
    bucket: Bucket, amy: ApiClient, direct: int, settings: Settings
) -> None:
    made = photo(amy)
    ok(post(amy, direct, "", attachments=[made["id"]]), 201)
    away = settings.STORAGES["attachments"]["OPTIONS"] | {"endpoint_url": f"http://127.0.0.1:{free_port()}"}
    there = settings.STORAGES
    settings.STORAGES = {**there, "attachments": {**there["attachments"], "OPTIONS": away}}
    refused = ok(upload(amy, b"hello"), 503)
    assert error_code(refused) == "unavailable"
    ok(amy.get(made["url"]), 503)
    with told():
        ok(amy.delete(f"conversations/{direct}/messages/1"), 204)
    ok(amy.get(made["url"]), 404)
    assert set(Attachment.objects.values_list("state", flat=True)) == {Attachment.State.GONE}
    assert sweep.sweep() == 0
    settings.STORAGES = there
    assert sweep.sweep() == 2
    assert bucket.held() == set()
    check_usage()


def test_a_bucket_that_is_not_ours_is_503(bucket: Bucket, amy: ApiClient, settings: Settings) -> None:
    wrong = settings.STORAGES["attachments"]["OPTIONS"] | {"bucket_name": "nobodys"}
    settings.STORAGES = {
        **settings.STORAGES,
        "attachments": {**settings.STORAGES["attachments"], "OPTIONS": wrong},
    }
    ok(upload(amy, b"hello"), 503)


def test_on_the_real_server(
    bucket: Bucket, start_server: Callable[..., Server], person: Callable[..., ApiClient]
) -> None:
    server = start_server(ATTACHMENTS_URL=bucket.url, **KEYS)
    amy = person("Amy", server=server)
    content = os.urandom(1024) * 12_000  # uploaded in parts
    made = uploaded(amy, content, "big.bin")
    assert ok(amy.get(made["url"])).content == content
    part = amy.request("GET", made["url"], headers={"Range": "bytes=6000000-7999999"})
    assert (part.status_code, part.content) == (206, content[6_000_000:8_000_000])
    head = amy.request("HEAD", made["url"])
    assert head.headers["Content-Length"] == str(len(content))
    ok(amy.delete(made["url"]), 204)
    assert bucket.held() == set()
    assert "Traceback" not in server.log_text()


def test_the_settings_say_what_is_wrong(settings: Settings) -> None:
    var = settings.VAR_DIR
    assert urls.attachments("", var=var)["OPTIONS"] == {"location": var / "attachments"}
    assert str(urls.attachments("file:///srv/a%20b", var=var)["OPTIONS"]["location"]) == "/srv/a b"
    assert urls.attachments("s3://b/x/y/?region=r", var=var)["OPTIONS"] == {
        "bucket_name": "b",
        "location": "x/y",
        "endpoint_url": None,
        "region_name": "r",
        "access_key": None,
        "secret_key": None,
    }
    for wrong in ("ftp://x/y", "s3://", "s3://key:secret@bucket", "s3://b?endpont=x"):
        with pytest.raises(ImproperlyConfigured):
            urls.attachments(wrong, var=var)
