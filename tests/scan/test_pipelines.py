"""Which commands of pipelines set which images."""

from __future__ import annotations

import pytest

from hclmod.scan.pipelines import image_setters

GITHUB = ".github/workflows/deploy.yml"
PIPELINES = (GITHUB, ".forgejo/workflows/a.yaml", ".gitea/workflows/a.yaml", ".woodpecker.yml", ".woodpecker/a.yaml",
             ".gitlab-ci.yml", ".drone.yml", "Jenkinsfile", "ci/Jenkinsfile.deploy", "bitbucket-pipelines.yml",
             ".buildkite/pipeline.yml", ".circleci/config.yml", "azure-pipelines.yml", ".travis.yml")  # fmt: skip


@pytest.mark.parametrize("path", PIPELINES)
def test_a_pipeline_of_each_kind(path: str) -> None:
    (setter,) = image_setters({path: b"steps:\n  - kubectl set image deployment/web web=a:1\n"})
    assert (setter.kind, setter.name, setter.containers, setter.where) == ("deployment", "web", ("web",), f"{path}:2")


@pytest.mark.parametrize(
    "command",
    [
        "kubectl -n front set image deployment/web web=a/b:$TAG",
        "kubectl set image deploy web web=a/b:${{ github.sha }} --namespace=front",
        "kubectl --context x set image \\\n    deployments.apps/web \\\n    web=a/b:1 -n front",
        "['kubectl', '-n', 'front', 'set', 'image', 'deployment/web', 'web=a:1']",
        'kubectl set image -n front "deployment/web" "*=a:${TAG}"',
        "kubectl set image deployment/${APP}b web=a:1",
        "oc set image deployment/web other=b:1 web=a:1 && echo done",
        'sh "kubectl --namespace front set image deployment web web=a:${env.BUILD}"',
        'kubectl patch deployment web -n front -p \'{"spec": {"containers": [{"name": "web", "image": "a:1"}]}}\'',
        'kubectl -n front patch deploy/web --type=json -p \'[{"op": "replace", "path": "/x/0/image", "value": "a"}]\'',
        "kubectl patch deployment/web --patch-file deploy.yaml",
        "curl -X PATCH -H 'Content-Type: a/b' $API/apis/apps/v1/namespaces/front/deployments/web -d @patch.json",
        'curl --data "$BODY" \\\n    -XPATCH https://k/apis/apps/v1/namespaces/front/deployments/web',
    ],
)
def test_a_command_that_sets_the_image(command: str) -> None:
    (setter,) = image_setters({GITHUB: f"run: |\n  {command}\n".encode()})
    assert setter.sets("deployment", "web", "front", "web")


@pytest.mark.parametrize(
    "command",
    [
        "kubectl set image deployment/other web=a:1",
        "kubectl set image statefulset/web web=a:1",
        "kubectl -n back set image deployment/web web=a:1",
        "kubectl set image deployment/web sidecar=a:1",
        "kubectl set image deployment/$APP web=a:1",
        "# kubectl set image deployment/web web=a:1",
        "kubectl rollout status deployment/web",
        "kubectl set env deployment/web web=a",
        'kubectl patch deployment web -p \'{"spec": {"replicas": 2}}\'',
        'kubectl patch deployment other -p \'{"image": "a"}\'',
        'kubectl patch deployment web -p \'{"containers": [{"name": "sidecar", "image": "a"}]}\'',
        "curl https://k/apis/apps/v1/namespaces/front/deployments/web",
        "curl -X PATCH https://k/apis/apps/v1/namespaces/back/deployments/web -d @patch.json",
        'curl -X PATCH https://k/apis/apps/v1/namespaces/front/deployments/web -d \'{"restartedAt": "now"}\'',
    ],
)
def test_a_command_that_does_not(command: str) -> None:
    setters = image_setters({GITHUB: f"run: |\n  {command}\n".encode()})
    assert not any(each.sets("deployment", "web", "front", "web") for each in setters)


def test_other_files_set_nothing() -> None:
    assert image_setters({"docs/a.yaml": b"kubectl set image deployment/web web=a:1"}) == ()


@pytest.mark.parametrize(
    ("script", "order"),
    [("scripts/deploy.sh", "bash scripts/deploy.sh"), ("Makefile", "make deploy"), ("justfile", "just deploy")],
)
def test_a_script_counts_where_a_pipeline_runs_it(script: str, order: str) -> None:
    text = b"\tkubectl set image deployment/web web=a:1\n"
    (setter,) = image_setters({script: text, GITHUB: f"run: {order}\n".encode()})
    assert setter.where == f"{script}:1"
    assert image_setters({script: text, GITHUB: b"run: echo done\n"}) == ()
