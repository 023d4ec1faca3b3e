"""What a command does: sets an image, starts a pipeline, deploys otherwise, notifies or builds."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ._acts import NEUTRAL, Act, Kind, Target
from ._kubectl import KINDS, changes_more, images, kubectl
from ._shell import Command, commands

_QUIET = frozenset((
    "echo", "printf", "exit", "set", "export", "unset", "local", "readonly", "declare", "shopt", "sleep", "test",
    "[", "[[", "]]", "true", "false", ":", "cd", "pwd", "ls", "mkdir", "chmod", "cat", "head", "tail", "wc", "jq",
    "yq", "grep", "egrep", "sed", "awk", "gawk", "cut", "tr", "sort", "uniq", "base64", "date", "read", "return",
    "break", "continue", "shift", "which", "type", "hash", "tee", "touch", "cp", "mv", "rm", "id", "whoami",
    "hostname", "apk", "apt", "apt-get", "yum", "dnf", "microdnf", "pip", "pip3", "seq", "ssh-add", "ssh-agent",
    "ssh-keyscan", "trap", "wait", "let", "expr", "basename", "dirname", "nslookup", "dig", "ping", "ps", "env",
    "install", "tar", "unzip", "gzip", "umask", "kubelogin", "envsubst",
))  # fmt: skip
_CLOUDS = {
    "gcloud": ("auth", "config", "info", "version", "container clusters get-credentials", "components install"),
    "aws": (
        "eks update-kubeconfig", "sts", "configure", "ecr get-login-password", "ecr-public get-login-password",
        "ssm get-parameter", "secretsmanager get-secret-value",
    ),
    "az": ("login", "account", "version", "aks get-credentials", "aks install-cli", "acr login"),
    "doctl": ("auth", "version", "kubernetes cluster kubeconfig", "registry login"),
    "git": (
        "log", "describe", "rev-parse", "fetch", "clone", "checkout", "config", "status", "diff", "show", "ls-remote",
        "ls-files", "branch --show-current", "rev-list", "version", "submodule update", "switch",
    ),
}  # fmt: skip
"""What the programs of clouds, and git, do without changing anything outside of the job."""

_CLOUD_DEPLOYS = re.compile(r"deploy|update-service|register-task|webapp|containerapp|functionapp|compute ssh|s3 sync")
_DEPLOYERS = frozenset((
    "helm", "helmfile", "argocd", "flux", "kustomize", "ssh", "scp", "rsync", "sshpass", "ansible",
    "ansible-playbook", "nomad", "flyctl", "fly", "heroku", "vercel", "netlify", "wrangler", "serverless", "sls",
    "cap", "kubecfg", "skaffold", "werf", "okteto", "railway", "dokku", "firebase", "cf", "eb",
    "pulumi", "kamal", "waypoint",
))  # fmt: skip
_HARMLESS = {
    "helm": ("repo", "lint", "template", "version", "list", "status", "dependency", "dep", "pull", "package", "test"),
    "argocd": ("login", "version"),
    "flux": ("check", "version", "get"),
    "kustomize": ("version", "build"),
    "ansible": ("--version",),
}
_TOLD = re.compile(
    r"slack|discord|telegram|ntfy|mattermost|teams|gotify|pushover|matrix|notif|healthcheck|hc-ping|chat|mail|apprise",
    re.IGNORECASE,
)
_DEPLOY_HOOK = re.compile(r"deploy|portainer|coolify|dokploy|caprover|render\.com|argocd|/webhooks?/", re.IGNORECASE)
_HOOK = re.compile(r"deploy[-_]?hook|hook[-_]?deploy|/hooks?/|webhook|DEPLOY_URL", re.IGNORECASE)
_ADDRESS = re.compile(r"/namespaces/([^/\s\"']+)/(deployments|statefulsets|daemonsets|cronjobs)/([^/\s\"'?]+)")
_PIPELINE = re.compile(r"/api/repos/[^\s\"']+/(?:pipelines|builds)\b")
_IMAGE = re.compile(r"\bIMAGE\b|IMAGE_|_IMAGE|\bTAG\b|_TAG", re.IGNORECASE)


def act(command: Command, unit: str = "") -> Act:  # noqa: PLR0911 - a table of programs
    """What a command does; `unit` is the whole text of its job, which may say where a value comes from."""
    name = command[0].rpartition("/")[2]
    rest = command[1:]
    if name in ("k3s", "microk8s", "minikube") and rest[:1] == ("kubectl",):
        return kubectl(rest[1:])
    if name in ("kubectl", "oc", "k", "${KUBECTL}"):
        return kubectl(rest)
    if name in ("bash", "sh", "zsh", "ash"):
        return _of_shell(rest, unit)
    if name in ("curl", "wget", "http", "https", "xh"):
        return _request(command, unit)
    if name in ("docker", "podman", "buildah", "nerdctl", "img", "kaniko", "executor", "buildctl", "crane", "skopeo"):
        return _of_docker(rest)
    if name in _DEPLOYERS:
        first = next((each for each in rest if not each.startswith("-")), rest[0] if rest else "")
        return NEUTRAL if first in _HARMLESS.get(name, ()) else Act(kind=Kind.OTHER, words=f"`{name}`")
    if name in _CLOUDS:
        return _of_cloud(name, rest)
    if name in _QUIET or name.isdecimal():
        return NEUTRAL
    if _TOLD.search(name):
        return Act(kind=Kind.NOTIFY)
    return Act(kind=Kind.UNKNOWN, words=f"`{name}`")


def _of_shell(rest: Sequence[str], unit: str) -> Act:
    if rest[:1] and rest[0] in ("-c", "-ec", "-lc", "-xec") and len(rest) > 1:
        inside = [act(each, unit) for each in commands(rest[1])]
        strong = [each for each in inside if each.kind is not Kind.NEUTRAL]
        return strong[0] if len(strong) == 1 else NEUTRAL if not strong else Act(kind=Kind.UNKNOWN, words="`sh -c`")
    return Act(kind=Kind.UNKNOWN, words=f"`{next((each for each in rest if not each.startswith('-')), 'sh')}`")


def _of_docker(rest: Sequence[str]) -> Act:
    words = [each for each in rest if not each.startswith("-")]
    if words[:1] in (["login"], ["logout"], ["version"], ["info"], ["pull"], ["ps"], ["images"]):
        return NEUTRAL
    deploys = words[:2] in (["stack", "deploy"], ["service", "update"], ["compose", "up"])
    if words[:1] in (["run"], ["exec"], ["compose"]) and not deploys:
        return Act(kind=Kind.UNKNOWN, words=f"`docker {words[0]}`")
    return Act(kind=Kind.OTHER, words=f"`docker {' '.join(words[:2])}`") if deploys else Act(kind=Kind.BUILD)


def _of_cloud(name: str, words: Sequence[str]) -> Act:
    rest = " ".join(each for each in words if not each.startswith("-"))
    if any(f"{rest} ".startswith(f"{each} ") for each in _CLOUDS[name]):
        return NEUTRAL
    kind = Kind.OTHER if name != "git" and _CLOUD_DEPLOYS.search(rest) else Kind.UNKNOWN
    return Act(kind=kind, words=f"`{name} {rest.partition(' ')[0]}`")


def _request(command: Command, unit: str) -> Act:  # noqa: PLR0911 - a table of requests
    whole = " ".join(command)
    method = _method(command)
    if (address := _ADDRESS.search(whole)) and method in ("PATCH", "PUT"):
        pairs = images(whole)
        if changes_more(whole) or (not pairs and "restartedAt" not in whole):
            return Act(kind=Kind.OTHER, words="a request to the API of Kubernetes")
        target = Target(kind=KINDS[address[2]], name=address[3], namespace=address[1], images=pairs)
        return Act(kind=Kind.IMAGE, words="a request to the API of Kubernetes", target=target)
    url = _url(command)
    if method == "GET":
        hook = _HOOK.search(url) and not _ADDRESS.search(url)
        return Act(kind=Kind.OTHER, words="a webhook") if hook else NEUTRAL
    if _PIPELINE.search(whole):
        image = _IMAGE.search(_payload(command)) or re.search(r"needs[._]\S+[._]outputs", _payload(command) + unit)
        if image:
            return Act(kind=Kind.TRIGGER, words="a POST that starts a pipeline with the image")
        return Act(kind=Kind.UNKNOWN, words="a POST that starts a pipeline")
    if _TOLD.search(url):
        return Act(kind=Kind.NOTIFY)
    if _DEPLOY_HOOK.search(url):
        return Act(kind=Kind.OTHER, words="a webhook")
    return Act(kind=Kind.UNKNOWN, words=f"a {method} request")


def _url(command: Command) -> str:
    """The address of a request, or the variable that holds it."""
    every = [each for each in command[1:] if "://" in each and " " not in each]
    every += [each for each in command[1:] if each.startswith("$")]
    return every[0].replace("${matrix.", "${") if every else ""


def _method(command: Command) -> str:
    for word, following in zip(command, (*command[1:], ""), strict=True):
        if word in ("-X", "--request"):
            return following.upper()
        if match := re.fullmatch(r"(?:-X|--request=|--method=)(\w+)", word):
            return match[1].upper()
        if word in ("POST", "PUT", "PATCH", "DELETE"):
            return word
    data = ("-d", "--data", "-F", "--form", "--json", "--post-data", "--post-file")
    return "POST" if any(each.startswith(data) for each in command) else "GET"


def _payload(command: Command) -> str:
    data = ("-d", "--data", "--data-raw", "--data-binary", "--json")
    pairs = zip(command, command[1:], strict=False)  # noqa: RUF007 - rules import no itertools
    return " ".join(
        [value for word, value in pairs if word in data]
        + [each for each in command if each.startswith(("--data", "--json"))]
    )
