"""Looking things up in rendered objects."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def find(objects: list[Object], kind: str, name: str) -> Object:
    """The one object of that kind whose name ends so."""
    found = [
        one for one in objects if one["kind"] == kind and one["metadata"]["name"].endswith(name)
    ]
    assert len(found) == 1, f"{kind} {name}: {[one['metadata']['name'] for one in found]}"
    return found[0]


def pods(objects: list[Object]) -> dict[str, Object]:
    """The pod specification of every workload, by the workload's name."""
    return {
        one["metadata"]["name"]: one["spec"]["template"]["spec"]
        for one in objects
        if one["kind"] in {"Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob"}
    }


def containers(objects: list[Object]) -> list[tuple[str, Object]]:
    """Every container with its workload's name."""
    return [
        (name, container)
        for name, pod in pods(objects).items()
        for container in [*pod.get("initContainers", []), *pod["containers"]]
    ]


def environment(container: Object) -> dict[str, Object]:
    return {entry["name"]: entry for entry in container.get("env", [])}
