"""What a command does: sets an image, starts a pipeline, deploys otherwise, notifies or builds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from hclmod.rulekit import Struct

from ._shell import Command


class Kind(Enum):
    """What becomes of a cluster, or of people, by it."""

    IMAGE = "image"  # sets the image of a workload, or restarts it
    TRIGGER = "trigger"  # starts a pipeline that deploys an image
    OTHER = "other"  # deploys, and not by an image alone
    NOTIFY = "notify"
    BUILD = "build"
    NEUTRAL = "neutral"  # changes nothing outside of the job
    UNKNOWN = "unknown"


class Target(Struct, frozen=True, kw_only=True):
    """A workload that is deployed: its containers with the image that each gets, none for a restart."""

    kind: str
    name: str
    namespace: str = ""
    images: tuple[tuple[str, str], ...] = ()


class Act(Struct, frozen=True, kw_only=True):
    """One thing that is done, and how a report calls it."""

    kind: Kind
    words: str = ""
    target: Target | None = None


NEUTRAL = Act(kind=Kind.NEUTRAL)
ROLLBACK, CAUSE = "`kubectl rollout undo`", "`kubectl annotate`"
"""What belongs to a deploy that it stands beside."""

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
_WORKLOADS = {
    "deployment": ("deploy", "deployment", "deployments"),
    "stateful_set": ("sts", "statefulset", "statefulsets"),
    "daemon_set": ("ds", "daemonset", "daemonsets"),
    "cron_job": ("cj", "cronjob", "cronjobs"),
}
_KIND = {word: kind for kind, words in _WORKLOADS.items() for word in words}
_VALUES = (
    "-n", "--namespace", "--context", "--kubeconfig", "--timeout", "-f", "--filename", "-p", "--patch", "-o",
    "--output", "--type", "-l", "--selector", "--cluster", "--user", "-s", "--server", "--token",
    "--certificate-authority", "--request-timeout", "--revision", "--as", "--patch-file",
)  # fmt: skip
_READING = frozenset(
    [
        "get",
        "describe",
        "logs",
        "wait",
        "config",
        "version",
        "cluster-info",
        "auth",
        "api-resources",
        "api-versions",
        "top",
        "explain",
        "diff",
        "events",
        "port-forward",
        "proxy",
    ]
)
_ADDRESS = re.compile(r"/namespaces/([^/\s\"']+)/(deployments|statefulsets|daemonsets|cronjobs)/([^/\s\"'?]+)")
_PIPELINE = re.compile(r"/api/repos/[^\s\"']+/(?:pipelines|builds)\b")
_IMAGE = re.compile(r"\bIMAGE\b|IMAGE_|_IMAGE|\bTAG\b|_TAG", re.IGNORECASE)
_PAIR = re.compile(r"\"name\"\s*:\s*\"([^\"]+)\"\s*,\s*\"image\"\s*:\s*\"([^\"]+)\"")
_PATCHED = re.compile(r"/containers/(\d+)/image\"\s*,\s*\"value\"\s*:\s*\"([^\"]+)\"")
_LISTED = re.compile(r"\"image\"\s*:\s*\"([^\"]+)\"\s*,\s*\"name\"\s*:\s*\"([^\"]+)\"")


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
    from ._shell import commands

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


def kubectl(rest: Sequence[str]) -> Act:  # noqa: PLR0911 - a table of its commands
    """What a call of kubectl does, by its words."""
    words, options = _split(rest)
    namespace = options.get("-n") or options.get("--namespace", "")
    match words:
        case ["set", "image", *more]:
            kind, name, after = _named(more)
            if any("=" not in each for each in after):
                return Act(kind=Kind.OTHER, words="`kubectl set image` of several workloads")
            pairs = tuple((c, i) for each in after if "=" in each for c, _, i in [each.partition("=")])
            target = Target(kind=kind, name=name, namespace=namespace, images=pairs)
            return Act(kind=Kind.IMAGE, words="`kubectl set image`", target=target)
        case ["rollout", verb, *more]:
            return _rolled(verb, more, namespace)
        case ["annotate", *more] if any("change-cause" in each for each in more):
            return Act(kind=Kind.OTHER, words=CAUSE)
        case ["patch", *more]:
            return _patched(more, namespace, options.get("-p") or options.get("--patch", ""))
        case [verb, *_] if verb in _READING:
            return NEUTRAL
        case [verb, *_]:
            return Act(kind=Kind.OTHER, words=f"`kubectl {verb}`")
    return NEUTRAL


def _rolled(verb: str, more: Sequence[str], namespace: str) -> Act:
    if verb == "undo":
        return Act(kind=Kind.OTHER, words=ROLLBACK)
    if verb != "restart":
        return NEUTRAL
    kind, name, after = _named(more)
    if after:
        return Act(kind=Kind.OTHER, words="`kubectl rollout restart` of several workloads")
    target = Target(kind=kind, name=name, namespace=namespace)
    return Act(kind=Kind.IMAGE, words="`kubectl rollout restart`", target=target)


def _patched(words: Sequence[str], namespace: str, patch: str) -> Act:
    kind, name, _ = _named(words)
    if not (pairs := _images(patch)) and "restartedAt" not in patch:
        return Act(kind=Kind.OTHER, words="`kubectl patch`")
    target = Target(kind=kind, name=name, namespace=namespace, images=pairs)
    return Act(kind=Kind.IMAGE, words="`kubectl patch`", target=target)


def _images(patch: str) -> tuple[tuple[str, str], ...]:
    """The containers of a patch with their images; one that only has a number is `#0`."""
    listed = ((name, image) for image, name in _LISTED.findall(patch))
    return (*_PAIR.findall(patch), *listed, *((f"#{number}", image) for number, image in _PATCHED.findall(patch)))


def _split(rest: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The words of a call, and its options by name."""
    words: list[str] = []
    options: dict[str, str] = {}
    waiting = ""
    for each in rest:
        if waiting:
            options[waiting], waiting = each, ""
        elif each.startswith("-"):
            name, equals, value = each.partition("=")
            if equals:
                options[name] = value
            elif name in _VALUES:
                waiting = name
            elif name.startswith("-n") and not name.startswith("--"):
                options["-n"] = name[2:]
        else:
            words.append(each)
    return words, options


def _named(words: Sequence[str]) -> tuple[str, str, Sequence[str]]:
    """The kind and the name of a workload, `deployment/web` or `deployment web`, and what follows."""
    if not words:
        return "", "", ()
    kind, slash, name = words[0].partition("/")
    plain = _KIND.get(kind.lower().partition(".")[0], "")
    if slash:
        return plain, name, words[1:]
    return plain, words[1] if len(words) > 1 else "", words[2:]


def _request(command: Command, unit: str) -> Act:  # noqa: PLR0911 - a table of requests
    whole = " ".join(command)
    method = _method(command)
    if (address := _ADDRESS.search(whole)) and method in ("PATCH", "PUT"):
        pairs = _images(whole)
        if not pairs and "restartedAt" not in whole:
            return Act(kind=Kind.OTHER, words="a request to the API of Kubernetes")
        target = Target(kind=_KIND[address[2]], name=address[3], namespace=address[1], images=pairs)
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
