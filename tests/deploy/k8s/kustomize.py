"""What `kubectl kustomize` makes of a folder, for the features used here; any other is an error, never left out.

Those are: resources, components, namespace, configMapGenerator (files; merged by `behavior: replace`; the suffix of
the name by hash) and JSON 6902 patches. Patches that merge are not: their lists have rules field by field.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

_KINDS = {
    "Kustomization": "kustomize.config.k8s.io/v1beta1",
    "Component": "kustomize.config.k8s.io/v1alpha1",
}
_KEYS = {
    "apiVersion", "kind", "namespace", "resources", "components", "configMapGenerator", "patches",
}  # fmt: skip
_WITHOUT_NAMESPACE = {"Namespace"}


class NotRead(AssertionError):
    """The folder uses what this reader does not know, or what kustomize would refuse."""


def render(folder: Path) -> list[Object]:
    """The objects of a folder, in the order in which they are named."""
    objects = _accumulate(folder, [])
    _check_names(objects)
    suffixes = {}
    for item in objects:
        if item.pop("_hashed", False):
            name = item["metadata"]["name"]
            digest = hashlib.sha256(json.dumps(item["data"], sort_keys=True).encode()).hexdigest()
            item["metadata"]["name"] = suffixes[name] = f"{name}-{digest[:10]}"
    for item in objects:
        for reference in _config_map_references(item):
            reference["name"] = suffixes.get(reference["name"], reference["name"])
    return objects


def _accumulate(folder: Path, objects: list[Object]) -> list[Object]:
    """The objects so far and those of the folder; a component changes those so far."""
    file = folder / "kustomization.yaml"
    settings = yaml.safe_load(file.read_text(encoding="utf-8"))
    kind = settings["kind"]
    if settings["apiVersion"] != _KINDS.get(kind):
        raise NotRead(f"{file}: {kind} of {settings['apiVersion']}")
    if unknown := settings.keys() - _KEYS:
        raise NotRead(f"{file}: {sorted(unknown)}")
    if kind == "Kustomization" and objects:
        raise NotRead(f"{file}: a Kustomization among the components")
    for name in settings.get("resources", []):
        path = _inside_the_repository(folder, name)
        objects += _accumulate(path, []) if path.is_dir() else _documents(path)
    for name in settings.get("components", []):
        path = _inside_the_repository(folder, name)
        if yaml.safe_load((path / "kustomization.yaml").read_text(encoding="utf-8"))["kind"] != "Component":
            raise NotRead(f"{file}: {name} is no component")
        objects = _accumulate(path, objects)
    for generator in settings.get("configMapGenerator", []):
        _generate(folder, generator, objects)
    for patch in settings.get("patches", []):
        _patch(file, patch, objects)
    if namespace := settings.get("namespace"):
        for item in objects:
            if item["kind"] not in _WITHOUT_NAMESPACE:
                item["metadata"]["namespace"] = namespace
    return objects


def _inside_the_repository(folder: Path, name: str) -> Path:
    path = (folder / name).resolve()
    if Path(name).is_absolute() or not path.exists():
        raise NotRead(f"{folder}: {name}: expected a file or a folder by its relative path")
    if path.is_file() and not path.is_relative_to(folder.resolve()):
        raise NotRead(f"{folder}: {name}: kustomize reads no files above its folder")
    return path


def _documents(path: Path) -> list[Object]:
    return [item for item in yaml.safe_load_all(path.read_text(encoding="utf-8")) if item]


def _generate(folder: Path, generator: Object, objects: list[Object]) -> None:
    if unknown := generator.keys() - {"name", "behavior", "files", "options"}:
        raise NotRead(f"{folder}: configMapGenerator: {sorted(unknown)}")
    options = generator.get("options", {})
    if unknown := options.keys() - {"disableNameSuffixHash"}:
        raise NotRead(f"{folder}: configMapGenerator: options: {sorted(unknown)}")
    data = {}
    for name in generator["files"]:
        path = _inside_the_repository(folder, name)
        data[path.name] = path.read_text(encoding="utf-8")
    same = [item for item in objects if _is(item, "ConfigMap", generator["name"])]
    behavior = generator.get("behavior", "create")
    if behavior not in ("create", "replace") or bool(same) != (behavior == "replace"):
        raise NotRead(f"{folder}: configMapGenerator {generator['name']}: {behavior}, {len(same)} there")
    for item in same:
        objects.remove(item)
    objects.append(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": generator["name"]},
            "data": data,
            "_hashed": not options.get("disableNameSuffixHash", False),
        }
    )


def _patch(file: Path, patch: Object, objects: list[Object]) -> None:
    if patch.keys() != {"target", "patch"} or patch["target"].keys() != {"kind", "name"}:
        raise NotRead(f"{file}: a patch needs `target` with kind and name, and `patch`")
    targets = [item for item in objects if _is(item, patch["target"]["kind"], patch["target"]["name"])]
    if not targets:
        raise NotRead(f"{file}: a patch for {patch['target']}, which is not there")
    for item in targets:
        for operation in yaml.safe_load(patch["patch"]):
            _apply(file, item, operation)


def _apply(file: Path, item: Object, operation: Object) -> None:
    """One operation of RFC 6902."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    place: Any = item
    for part in parts[:-1]:
        place = place[int(part)] if isinstance(place, list) else place[part]
    verb, last = operation["op"], parts[-1]
    value = copy.deepcopy(operation.get("value"))
    if isinstance(place, list):
        if verb == "add":
            place.insert(len(place) if last == "-" else int(last), value)
        elif verb == "replace":
            place[int(last)] = value
        elif verb == "remove":
            del place[int(last)]
        else:
            raise NotRead(f"{file}: {verb}")
    elif verb == "add":
        place[last] = value
    elif verb in ("replace", "remove"):
        if last not in place:
            raise NotRead(f"{file}: {verb} {operation['path']}: there is none")
        if verb == "replace":
            place[last] = value
        else:
            del place[last]
    else:
        raise NotRead(f"{file}: {verb}")


def _is(item: Object, kind: str, name: str) -> bool:
    return item["kind"] == kind and item["metadata"]["name"] == name


def _config_map_references(item: Object) -> Iterator[Object]:
    template = item.get("spec", {}).get("template", {}) if item["kind"] == "Deployment" else {}
    for volume in template.get("spec", {}).get("volumes", []):
        if "configMap" in volume:
            yield volume["configMap"]


def _check_names(objects: list[Object]) -> None:
    names = [(item["kind"], item["metadata"]["name"]) for item in objects]
    if len(names) != len(set(names)):
        raise NotRead(f"an object is there twice: {sorted(names)}")
