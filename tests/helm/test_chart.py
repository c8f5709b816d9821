"""The chart: linted, rendered and validated without a cluster."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.helm.conftest import CHART, Helm, value_set
from tests.helm.objects import Object, containers, environment, find, pods

SECRET_NAMES = {"SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "VALKEY_URL", "EMAIL_URL"}


@pytest.mark.parametrize("name", ["minimal", "full", "bare"])
def test_chart_lints_without_a_warning(helm: Helm, name: str) -> None:
    result = helm.run("lint", "--strict", str(CHART), "-f", str(CHART / f"ci/{name}-values.yaml"))
    assert result.returncode == 0, result.stdout
    assert "[WARNING]" not in result.stdout
    assert "1 chart(s) linted, 0 chart(s) failed" in result.stdout


def test_chart_packages_without_its_test_values(helm: Helm, tmp_path: Path) -> None:
    shutil.copytree(CHART, tmp_path / "helm")
    result = helm.run("package", str(tmp_path / "helm"), "-d", str(tmp_path))
    assert result.returncode == 0, result.stderr
    with tarfile.open(tmp_path / "madoguchi-0.1.0.tgz") as archive:
        packed = {name.removeprefix("madoguchi/") for name in archive.getnames()}
    assert {"Chart.yaml", "values.yaml", "values.schema.json", "files/alive.py"} <= packed
    assert not any(path.startswith("ci/") for path in packed)


@pytest.mark.parametrize("version", ["1.29", "1.33", "1.37"])
def test_every_object_is_valid(rendered: list[Object], version: str) -> None:
    assert rendered
    for one in rendered:
        kubernetes_validate.validate(one, version, strict=True)


def test_object_names_are_unique(rendered: list[Object]) -> None:
    names = [(one["kind"], one["metadata"]["name"]) for one in rendered]
    assert len(names) == len(set(names))


def test_everything_optional_is_off_when_switched_off(helm: Helm) -> None:
    objects = helm.template(value_set("bare"))
    kinds = {one["kind"] for one in objects}
    assert kinds == {"ConfigMap", "Service", "Deployment", "Job", "ServiceAccount"}
    assert {pod["serviceAccountName"] for pod in pods(objects).values()} == {
        "shared",
        "counter-madoguchi-migrate",
    }


def test_pods_run_without_rights(rendered: list[Object]) -> None:
    for name, pod in pods(rendered).items():
        security = pod["securityContext"]
        assert security["runAsNonRoot"] is True, name
        assert security["runAsUser"] == 10001, name
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert pod["automountServiceAccountToken"] is False, name
        assert pod["enableServiceLinks"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod), name
        assert all("hostPath" not in volume for volume in pod["volumes"]), name
    for name, container in containers(rendered):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert "memory" in container["resources"]["limits"], name
        assert {"cpu", "memory"} <= set(container["resources"]["requests"]), name
        assert "tmp" in {mount["name"] for mount in container["volumeMounts"]}, name


def test_service_accounts_carry_no_token(rendered: list[Object]) -> None:
    accounts = [one for one in rendered if one["kind"] == "ServiceAccount"]
    assert accounts
    assert all(account["automountServiceAccountToken"] is False for account in accounts)


def test_no_image_moves(rendered: list[Object]) -> None:
    images = {container["image"] for _, container in containers(rendered)}
    assert len(images) == 1, "web, worker, beat and migrations run the same build"
    image = images.pop()
    assert "@sha256:" in image or image.rsplit(":", 1)[1] not in {"", "latest"}


def test_digest_wins_over_tag(full: list[Object]) -> None:
    image = pods(full)["counter-madoguchi-web"]["containers"][0]["image"]
    assert image == f"towns/madoguchi@sha256:{'0123456789abcdef' * 4}"


def test_secrets_come_by_reference_only(rendered: list[Object]) -> None:
    assert not [one for one in rendered if one["kind"] == "Secret"]
    for name, container in containers(rendered):
        entries = environment(container)
        for secret in SECRET_NAMES & set(entries):
            assert set(entries[secret]) == {"name", "valueFrom"}, (name, secret)
            assert "secretKeyRef" in entries[secret]["valueFrom"], (name, secret)
    plain = find(rendered, "ConfigMap", "madoguchi")["data"]
    assert not SECRET_NAMES & set(plain)


def _owners(objects: list[Object]) -> set[str]:
    return {
        name
        for name, container in containers(objects)
        if "DATABASE_OWNER_URL" in environment(container)
    }


def test_no_serving_pod_knows_the_owner(minimal: list[Object], full: list[Object]) -> None:
    assert _owners(minimal) == {"counter-madoguchi-migrate"}
    assert _owners(full) == {"counter-madoguchi-migrate", "counter-madoguchi-toolbox"}


def test_toolbox_is_off_and_nothing_reaches_it(minimal: list[Object], full: list[Object]) -> None:
    assert "counter-madoguchi-toolbox" not in pods(minimal)
    assert pods(full)["counter-madoguchi-toolbox"]["containers"][0]["command"] == [
        "sleep",
        "infinity",
    ]
    assert find(full, "NetworkPolicy", "-toolbox")["spec"]["ingress"] == []


def test_migrations_run_before_everything_else(rendered: list[Object]) -> None:
    job = find(rendered, "Job", "-migrate")
    notes = job["metadata"]["annotations"]
    assert notes["helm.sh/hook"] == "pre-install,pre-upgrade"
    container = job["spec"]["template"]["spec"]["containers"][0]
    assert container["command"] == ["python", "manage.py", "migrate_towns"]
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    # Whatever the job needs is a hook too and comes first: the release's objects do not exist yet.
    needed = [find(rendered, "ServiceAccount", "-migrate")]
    needed += [
        one
        for one in rendered
        if one["kind"] == "NetworkPolicy" and one["metadata"]["name"].endswith("-migrate")
    ]
    for one in needed:
        earlier = one["metadata"]["annotations"]
        assert earlier["helm.sh/hook"] == notes["helm.sh/hook"]
        assert int(earlier["helm.sh/hook-weight"]) < int(notes["helm.sh/hook-weight"])
    assert "envFrom" not in container
    assert job["spec"]["template"]["spec"]["serviceAccountName"].endswith("-migrate")


def test_migration_has_the_settings_of_the_pods(rendered: list[Object]) -> None:
    plain = find(rendered, "ConfigMap", "madoguchi")["data"]
    job = find(rendered, "Job", "-migrate")["spec"]["template"]["spec"]["containers"][0]
    inline = {entry["name"]: entry["value"] for entry in job["env"] if "value" in entry}
    assert inline == plain
    assert plain["DJANGO_SETTINGS_MODULE"] == "config.settings.prod"


def test_settings_name_the_hosts(full: list[Object]) -> None:
    plain = find(full, "ConfigMap", "madoguchi")["data"]
    assert plain["ALLOWED_HOSTS"] == (
        "madoguchi.example.jp,.madoguchi.example.jp,shinsei.city-shiomi.example"
    )
    assert plain["CSRF_TRUSTED_ORIGINS"] == (
        "https://madoguchi.example.jp,https://*.madoguchi.example.jp,"
        "https://shinsei.city-shiomi.example"
    )
    assert plain["EID_READ_TIMEOUT"] == "5"


def test_web_is_probed_drained_and_spread(minimal: list[Object]) -> None:
    deployment = find(minimal, "Deployment", "-web")
    pod = deployment["spec"]["template"]["spec"]
    container = pod["containers"][0]
    assert container["startupProbe"]["httpGet"]["path"] == "/healthz"
    assert container["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "10"]
    assert pod["terminationGracePeriodSeconds"] == 90
    assert "--graceful-timeout=75" in container["args"]
    assert "--no-control-socket" in container["args"]
    assert [one["topologyKey"] for one in pod["topologySpreadConstraints"]] == [
        "topology.kubernetes.io/zone",
        "kubernetes.io/hostname",
    ]
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert find(minimal, "PodDisruptionBudget", "-web")["spec"]["maxUnavailable"] == 1


def test_selectors_match_their_pods(rendered: list[Object]) -> None:
    labels = {
        one["metadata"]["name"]: one["spec"]["template"]["metadata"]["labels"]
        for one in rendered
        if one["kind"] == "Deployment"
    }
    for one in rendered:
        if one["kind"] == "Deployment":
            wanted = one["spec"]["selector"]["matchLabels"]
            matching = [name for name, has in labels.items() if wanted.items() <= has.items()]
            assert matching == [one["metadata"]["name"]]
        if one["kind"] == "Service":
            wanted = one["spec"]["selector"]
            matching = [name for name, has in labels.items() if wanted.items() <= has.items()]
            assert matching == ["counter-madoguchi-web"]


def test_autoscaler_owns_the_number_of_pods(minimal: list[Object], full: list[Object]) -> None:
    assert find(minimal, "Deployment", "-web")["spec"]["replicas"] == 2
    assert "replicas" not in find(full, "Deployment", "-web")["spec"]
    scaler = find(full, "HorizontalPodAutoscaler", "-web")["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (3, 20)


def test_worker_forks_and_finishes_its_task(minimal: list[Object]) -> None:
    pod = pods(minimal)["counter-madoguchi-worker"]
    container = pod["containers"][0]
    assert "--pool=prefork" in container["args"]
    from config.settings import base

    assert pod["terminationGracePeriodSeconds"] > base.CELERY_TASK_TIME_LIMIT
    command = ["python", "/etc/madoguchi/alive.py", "worker"]
    assert container["livenessProbe"]["exec"]["command"] == command


def test_beat_is_alone(minimal: list[Object]) -> None:
    spec = find(minimal, "Deployment", "-beat")["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_probe_script_is_the_tested_one(minimal: list[Object]) -> None:
    script = find(minimal, "ConfigMap", "-probes")["data"]["alive.py"]
    assert script.rstrip() == (CHART / "files/alive.py").read_text().rstrip()


def test_ingress_serves_every_town_by_one_certificate(minimal: list[Object]) -> None:
    spec = find(minimal, "Ingress", "madoguchi")["spec"]
    assert spec["tls"] == [
        {"secretName": "madoguchi-wildcard-tls", "hosts": ["example.jp", "*.example.jp"]}
    ]
    assert [rule["host"] for rule in spec["rules"]] == ["example.jp", "*.example.jp"]
    backends = {
        path["backend"]["service"]["name"]
        for rule in spec["rules"]
        for path in rule["http"]["paths"]
    }
    assert backends == {find(minimal, "Service", "-web")["metadata"]["name"]}


def test_ingress_serves_a_towns_own_address(full: list[Object]) -> None:
    spec = find(full, "Ingress", "madoguchi")["spec"]
    assert spec["tls"][1] == {
        "secretName": "shiomi-tls",
        "hosts": ["shinsei.city-shiomi.example"],
    }
    assert spec["rules"][2]["host"] == "shinsei.city-shiomi.example"


def _egress_ports(policy: Object) -> list[int]:
    return [port["port"] for rule in policy["spec"]["egress"] for port in rule["ports"]]


def test_policies_let_through_only_what_is_needed(minimal: list[Object]) -> None:
    web = find(minimal, "NetworkPolicy", "-web")
    assert web["spec"]["ingress"][0]["from"] == [
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress-nginx"}}}
    ]
    assert _egress_ports(web) == [53, 53, 5432, 6379, 465, 587, 443]
    beat = find(minimal, "NetworkPolicy", "-beat")
    assert beat["spec"]["ingress"] == []
    assert _egress_ports(beat) == [53, 53, 5432, 6379]
    assert find(minimal, "NetworkPolicy", "-worker")["spec"]["ingress"] == []
    covered = {
        one["spec"]["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for one in minimal
        if one["kind"] == "NetworkPolicy"
    }
    assert covered == {"web", "worker", "beat", "migrate"}


def test_documents_are_shared_and_outlive_the_release(
    minimal: list[Object], full: list[Object]
) -> None:
    claim = find(minimal, "PersistentVolumeClaim", "-media")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert "storageClassName" not in claim["spec"]
    assert find(full, "PersistentVolumeClaim", "-media")["spec"]["storageClassName"] == "shared"
    for workload in ("web", "worker"):
        pod = pods(minimal)[f"counter-madoguchi-{workload}"]
        volume = {"claimName": claim["metadata"]["name"]}
        assert {"name": "media", "persistentVolumeClaim": volume} in pod["volumes"]
        mounts = {one["name"]: one["mountPath"] for one in pod["containers"][0]["volumeMounts"]}
        assert mounts["media"] == find(minimal, "ConfigMap", "madoguchi")["data"]["MEDIA_ROOT"]


def test_new_settings_mean_new_pods(helm: Helm) -> None:
    def checksums(values: dict[str, Any]) -> set[str]:
        return {
            one["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]
            for one in helm.template(values)
            if one["kind"] == "Deployment"
        }

    before = checksums(value_set("minimal"))
    after = checksums(value_set("minimal") | {"settings": {"logLevel": "DEBUG"}})
    assert len(before) == len(after) == 1
    assert before != after


def test_every_template_is_rendered_by_some_values(helm: Helm) -> None:
    sources = set()
    for name in ("minimal", "full", "bare"):
        output = helm.refuse_or_render(value_set(name)).stdout
        sources |= {
            line.removeprefix("# Source: madoguchi/templates/")
            for line in output.splitlines()
            if line.startswith("# Source: ")
        }
    assert sources == {path.name for path in (CHART / "templates").glob("*.yaml")}


def test_default_values_leave_only_the_domain_open(helm: Helm) -> None:
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    assert defaults["platform"]["domain"] is None
    assert helm.template({"platform": {"domain": "example.jp"}})


def test_only_the_worker_sees_the_keys_of_letters(full: list[Object]) -> None:
    """Where the files are missing, LETTER_SIGNING would stop every command at its checks."""
    named = {name for name, one in containers(full) if "LETTER_SIGNING" in environment(one)}
    assert named == {"counter-madoguchi-worker"}
    mounting = {
        name
        for name, pod in pods(full).items()
        for volume in pod["volumes"]
        if volume.get("secret") == {"secretName": "town-seals", "defaultMode": 0o440}
    }
    assert mounting == {"counter-madoguchi-worker"}
    worker = pods(full)["counter-madoguchi-worker"]["containers"][0]
    keys = json.loads(environment(worker)["LETTER_SIGNING"]["value"])
    assert keys == {
        "shiomi": {
            "kind": "pkcs12",
            "path": "/etc/madoguchi-signing/shiomi.p12",
            "passphrase_file": "/etc/madoguchi-signing/shiomi.txt",
        },
        "aoi": {"kind": "pkcs12", "path": "/etc/madoguchi-signing/aoi.p12"},
    }
    place = next(one for one in worker["volumeMounts"] if one["name"] == "signing")
    assert (place["mountPath"], place["readOnly"]) == ("/etc/madoguchi-signing", True)


def test_towns_that_sign_need_their_secret(helm: Helm) -> None:
    result = helm.run(
        "template", "counter", str(CHART), "--set", "platform.domain=example.jp",
        "--set", "signing.towns.shiomi.file=shiomi.p12",
    )  # fmt: skip
    assert result.returncode != 0
    assert "signing.towns needs signing.secretName" in result.stderr


def test_web_and_worker_reach_the_scanner_that_is_named(full: list[Object]) -> None:
    assert find(full, "ConfigMap", "counter-madoguchi")["data"]["CLAMAV_SOCKET"] == (
        "clamav.scan:3310"
    )
    reaching = {
        one["metadata"]["name"].rpartition("-")[2]
        for one in full
        if one["kind"] == "NetworkPolicy" and 3310 in _egress_ports(one)
    }
    assert reaching == {"web", "worker", "toolbox"}


def test_web_and_worker_see_the_secrets_of_card_payments(full: list[Object]) -> None:
    named = {name for name, one in containers(full) if "STRIPE_ACCOUNTS" in environment(one)}
    assert named == {"counter-madoguchi-web", "counter-madoguchi-worker"}
    for name, pod in pods(full).items():
        secret = {"secretName": "town-cards", "defaultMode": 0o440}
        assert (secret in [one.get("secret") for one in pod["volumes"]]) == (name in named), name
        if name in named:
            container = pod["containers"][0]
            assert json.loads(environment(container)["STRIPE_ACCOUNTS"]["value"]) == {
                "shiomi": {
                    "api_key_file": "/etc/madoguchi-stripe/shiomi.key",
                    "webhook_secret_file": "/etc/madoguchi-stripe/shiomi.webhook",
                }
            }
            place = next(one for one in container["volumeMounts"] if one["name"] == "stripe")
            assert (place["mountPath"], place["readOnly"]) == ("/etc/madoguchi-stripe", True)
    plain = find(full, "ConfigMap", "counter-madoguchi")["data"]
    assert plain["STRIPE_ORIGINS"] == "https://checkout.stripe.com,https://pay.city-shiomi.example"


def test_towns_that_take_cards_need_their_secret(helm: Helm) -> None:
    result = helm.run(
        "template", "counter", str(CHART), "--set", "platform.domain=example.jp",
        "--set", "stripe.towns.shiomi.apiKey=a", "--set", "stripe.towns.shiomi.webhookSecret=b",
    )  # fmt: skip
    assert result.returncode != 0
    assert "stripe.towns needs stripe.secretName" in result.stderr
