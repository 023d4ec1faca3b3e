"""What an action of a workflow or a plugin of a step does, by its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

from ._acts import Act, Kind, Target
from ._kubectl import kubectl
from ._shell import commands

_ACTIONS: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEUTRAL: (
        "actions/checkout", "actions/setup-*", "azure/setup-*", "azure/k8s-set-context", "azure/aks-set-context",
        "azure/login", "aws-actions/configure-aws-credentials", "aws-actions/amazon-ecr-login",
        "google-github-actions/auth", "google-github-actions/setup-gcloud",
        "google-github-actions/get-gke-credentials", "docker/login-action", "docker/setup-*",
        "actions/download-artifact", "tailscale/github-action", "digitalocean/action-doctl", "actions/cache",
        "step-security/harden-runner", "*/setup-*", "*/action-setup-*", "*/kubectl-installer",
    ),
    Kind.BUILD: (
        "docker/build-push-action", "docker/metadata-action", "docker/bake-action", "redhat-actions/*", "*/kaniko*",
        "actions/upload-artifact", "*buildx*",
    ),
    Kind.NOTIFY: ("*slack*", "*discord*", "*telegram*", "*notify*", "*notification*", "*ntfy*", "*deployment-status*"),
    Kind.UNKNOWN: (
        "actions/deploy-pages", "*gh-pages*", "*github-pages*", "*pages-action*", "helm/*", "*helm-docs*", "*kind*",
    ),
    Kind.OTHER: (
        "azure/k8s-*", "*helm*", "appleboy/*", "*ssh*", "*argocd*", "*deploy*", "*rsync*", "*k8s*", "*kubernetes*",
        "*kustomize*", "*repository-dispatch*", "*portainer*",
    ),
}  # fmt: skip
_PLUGINS: Mapping[Kind, tuple[str, ...]] = {
    Kind.NEUTRAL: ("*plugin-git", "*plugin-git:*", "drone/git*", "plugins/git*"),
    Kind.BUILD: (
        "*plugin-docker*", "plugins/docker*", "plugins/ecr*", "plugins/gcr*", "plugins/kaniko*", "*kaniko*", "*buildx*",
        "*buildah*",
    ),
    Kind.NOTIFY: ("*slack*", "*discord*", "*telegram*", "*notify*", "*ntfy*", "*matrix*", "*mattermost*", "*gotify*"),
    Kind.OTHER: (
        "*helm*", "*ssh*", "*scp*", "*rsync*", "*ansible*", "*argocd*", "*kubernetes*", "*kubectl*", "*portainer*",
        "*deploy*", "*k8s*",
    ),
}  # fmt: skip


def plain(uses: str) -> str:
    """The name of an action without its version and the host that Forgejo may give it."""
    return re.sub(r"^https?://[^/]+/", "", uses.partition("@")[0].lower())


def action(uses: str, inputs: Mapping[str, object]) -> Act:
    """What an action of a workflow does."""
    name = plain(uses)
    if "kubectl" in name and isinstance(args := inputs.get("args", inputs.get("command")), str):
        calls = [kubectl(each[1:] if each[0] == "kubectl" else each) for each in commands(args.strip("'\""))]
        return calls[0] if len(calls) == 1 else Act(kind=Kind.UNKNOWN, words=f"`{uses}`")
    kind = _by_name(name, _ACTIONS)
    if name.startswith("./") and kind is not Kind.OTHER:  # an action of this repository, which may do anything
        kind = Kind.OTHER if "deploy" in name else Kind.UNKNOWN
    return Act(kind=kind, words=f"`{uses.partition('@')[0]}`")


def plugin(image: str, settings: Mapping[str, object]) -> Act:
    """What a step without commands does, by its image."""
    name = image.lower()
    if any(fnmatchcase(name, each) for each in ("*kubernetes*", "*kubectl*")) and settings.get("deployment"):
        return _kubernetes(settings)
    return Act(kind=_by_name(name, _PLUGINS), words=f"the plugin `{image.rpartition(':')[0] or image}`")


def _by_name(name: str, table: Mapping[Kind, tuple[str, ...]]) -> Kind:
    globs = ((kind, glob) for kind, some in table.items() for glob in some)
    return next((kind for kind, glob in globs if fnmatchcase(name, glob)), Kind.UNKNOWN)


def _kubernetes(settings: Mapping[str, object]) -> Act:
    names = list(_listed(settings["deployment"]))
    containers, images = list(_listed(settings.get("container"))), list(_listed(settings.get("repo")))
    if len(names) != 1 or len(images) > 1:
        return Act(kind=Kind.OTHER, words="a plugin that deploys to Kubernetes")
    namespace = settings.get("namespace")
    target = Target(
        kind="deployment",
        name=names[0],
        namespace=namespace if isinstance(namespace, str) else "default",
        images=tuple((each, images[0] if images else "") for each in containers),
    )
    return Act(kind=Kind.IMAGE, words="a plugin that sets the image", target=target)


def _listed(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from (each.strip() for each in value.split(",") if each.strip())
    elif isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))
