"""Two rules in one run: the pull policy of a container depends on whether its own tag was switched."""

from __future__ import annotations

from hclmod.engine.job import Job
from tests.support.trees import project

CONTAINER = '        %s {\n          name  = "%s"\n          image = "%s"\n%s        }\n'
CONFIG = '[images."acme/*"]\nfloat = "latest"\n'
RULES = ("float-image-tag", "pull-policy-for-floating-tag")


def changed(*containers: str, **options: object) -> str:
    pod = "".join(containers)
    text = (
        'resource "kubernetes_deployment" "web" {\n  spec {\n    template {\n      spec {\n'
        f"{pod}      }}\n    }}\n  }}\n}}\n"
    )
    job = Job(rules=RULES, options={"pull-policy-for-floating-tag": options})
    report = project({"s/main.tf": text}, CONFIG).plan(job)
    assert not report.unproven()
    return report.changes.get("s/main.tf", text.encode()).decode()


def test_a_container_that_was_latest_before_is_left() -> None:
    old = CONTAINER % ("init_container", "old", "acme/old:latest", "")
    text = changed(old, CONTAINER % ("container", "web", "acme/web:1.14.2", ""))
    assert old in text
    assert text.count('"Always"') == 1


def test_a_policy_goes_where_the_tag_was_latest_and_is_written_where_it_is_new() -> None:
    policy = '          image_pull_policy = "IfNotPresent"\n'
    text = changed(
        CONTAINER % ("init_container", "old", "acme/old:latest", policy),
        CONTAINER % ("container", "web", "acme/web:1.14.2", ""),
        drop=True,
    )
    assert "IfNotPresent" not in text
    assert text.count('"Always"') == 1
