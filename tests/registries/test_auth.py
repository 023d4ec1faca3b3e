from __future__ import annotations

import base64
import json
import stat
import sys
from typing import TYPE_CHECKING, cast

import pytest

from hclmod.errors import ConfigError
from hclmod.http import Answer
from hclmod.registries import auth
from hclmod.registries.auth import Credentials, load
from hclmod.registries.errors import RegistryError

if TYPE_CHECKING:
    from pathlib import Path

    from hclmod.http import Transport

HUB = "https://index.docker.io/v1/"


def keychain(folder: Path, config: object) -> auth.Keychain:
    (folder / "config.json").write_text(json.dumps(config))
    return load({"DOCKER_CONFIG": str(folder)})


def entry(username: str = "me", password: str = "pw:with:colons") -> dict[str, str]:  # noqa: S107
    return {"auth": base64.b64encode(f"{username}:{password}".encode()).decode()}


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A credential helper that answers with what stands beside it, and writes down what it is asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker-credential-box"
    program.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys, time\n"
        f"here = pathlib.Path({str(folder)!r})\n"
        "with (here / 'asked').open('a') as file:\n"
        "    file.write(f'{sys.argv[1]} {sys.stdin.read()}\\n')\n"
        "if (here / 'slow').exists():\n"
        "    time.sleep(30)\n"
        "if not (here / 'answer').exists():\n"
        "    sys.exit('credentials not found in native keychain')\n"
        "print((here / 'answer').read_text())\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


@pytest.mark.parametrize("key", ["ghcr.io", "https://ghcr.io", "https://ghcr.io/v2/", "http://ghcr.io/v1/"])
def test_auths_go_by_several_names(tmp_path: Path, key: str) -> None:
    found = keychain(tmp_path, {"auths": {"quay.io": entry("other"), key: entry()}}).find("ghcr.io")
    assert found == Credentials("me", "pw:with:colons")


@pytest.mark.parametrize("key", [HUB, "docker.io", "registry-1.docker.io"])
def test_docker_hub_is_known_by_its_old_name(tmp_path: Path, key: str) -> None:
    assert keychain(tmp_path, {"auths": {key: entry()}}).find("registry-1.docker.io") == Credentials(
        "me", "pw:with:colons"
    )


@pytest.mark.parametrize("config", [{}, {"auths": {}}, {"auths": None}, {"auths": {"ghcr.io": {}}}])
def test_without_an_entry_there_are_no_credentials(tmp_path: Path, config: object) -> None:
    assert keychain(tmp_path, config).find("ghcr.io") is None


def test_without_a_file_there_are_no_credentials(tmp_path: Path) -> None:
    assert load({"DOCKER_CONFIG": str(tmp_path)}).find("ghcr.io") is None
    assert load({"HOME": str(tmp_path)}).path == str(tmp_path / ".docker" / "config.json")


def test_tokens_are_taken(tmp_path: Path) -> None:
    auths = {"a.io": {"identitytoken": "i"}, "b.io": {"registrytoken": "r"}, "c.io": {"username": "u", "password": "p"}}
    found = keychain(tmp_path, {"auths": auths})
    assert [found.find(host) for host in ("a.io", "b.io", "c.io")] == [
        Credentials(identity="i"),
        Credentials(token="r"),  # noqa: S106
        Credentials("u", "p"),
    ]


def test_a_helper_for_one_host(tmp_path: Path, helper: Path) -> None:
    (helper / "answer").write_text(json.dumps({"ServerURL": "x", "Username": "me", "Secret": "s3cret"}))
    found = keychain(tmp_path, {"credHelpers": {"ghcr.io": "box"}, "auths": {"quay.io": entry()}})
    assert [found.find("ghcr.io"), found.find("ghcr.io")] == [Credentials("me", "s3cret")] * 2
    assert found.find("quay.io") == Credentials("me", "pw:with:colons")
    assert (helper / "asked").read_text() == "get ghcr.io\n", "once"


def test_a_store_for_all_hosts_with_an_identity_token(tmp_path: Path, helper: Path) -> None:
    (helper / "answer").write_text(json.dumps({"Username": "<token>", "Secret": "i"}))
    found = keychain(tmp_path, {"credsStore": "box"}).find("registry-1.docker.io")
    assert found == Credentials(identity="i")
    assert (helper / "asked").read_text() == f"get {HUB}\n"


def test_a_helper_that_keeps_nothing_leaves_it_to_the_file(tmp_path: Path, helper: Path) -> None:
    found = keychain(tmp_path, {"credsStore": "box", "auths": {"ghcr.io": entry()}})
    assert (found.find("ghcr.io"), found.find("quay.io")) == (Credentials("me", "pw:with:colons"), None)
    assert helper.exists()


@pytest.mark.parametrize("answer", ["", "[]", '{"Username": "me"}', "{"])
def test_a_helper_that_answers_with_garbage(tmp_path: Path, helper: Path, answer: str) -> None:
    (helper / "answer").write_text(answer)
    with pytest.raises(ConfigError, match="docker-credential-box printed an answer that cannot be read"):
        keychain(tmp_path, {"credsStore": "box"}).find("ghcr.io")


def test_a_helper_that_hangs(tmp_path: Path, helper: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "SECONDS", 0.5)
    (helper / "slow").touch()
    with pytest.raises(ConfigError, match="did not answer within"):
        keychain(tmp_path, {"credsStore": "box"}).find("ghcr.io")


def test_a_helper_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="docker-credential-no-such-helper does not run"):
        keychain(tmp_path, {"credsStore": "no-such-helper"}).find("ghcr.io")


@pytest.mark.parametrize("name", ["../x", "a b", "x;y"])
def test_a_helper_is_a_name_and_no_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="invalid name of a credential helper"):
        keychain(tmp_path, {"credsStore": name}).find("ghcr.io")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_file_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(ConfigError, match=r"config\.json"):
        load({"DOCKER_CONFIG": str(tmp_path)})


@pytest.mark.parametrize("config", [{"auths": ["x"]}, {"credHelpers": "x"}, {"auths": {"ghcr.io": {"auth": "%"}}}])
def test_a_file_of_another_shape(tmp_path: Path, config: object) -> None:
    with pytest.raises(ConfigError, match=r"docker login|is not an object"):
        keychain(tmp_path, config).find("ghcr.io")


def test_secrets_are_not_printed(tmp_path: Path) -> None:
    found = keychain(tmp_path, {"auths": {"ghcr.io": entry(password="s3cret")}})  # noqa: S106
    assert "s3cret" not in repr(found.find("ghcr.io")) + repr(found)
    assert entry(password="s3cret")["auth"] not in repr(found)  # noqa: S106


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        ("", {}),
        ("Negotiate", {}),
        ('Basic realm="a, b"', {"basic": {"realm": "a, b"}}),
        (
            'Bearer realm="https://t/token",service="s",scope="repository:a/b:pull,push"',
            {"bearer": {"realm": "https://t/token", "service": "s", "scope": "repository:a/b:pull,push"}},
        ),
        ('BASIC realm=x, bearer Realm = "q\\"uote"', {"basic": {"realm": "x"}, "bearer": {"realm": 'q"uote'}}),
    ],
)
def test_challenges_are_read(header: str, schemes: dict[str, dict[str, str]]) -> None:
    assert dict(auth.challenges(header)) == schemes


PLAIN_URL = "http://registry.lan:5000/v2/awning/tags/list"


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        (PLAIN_URL, "other.lan registry.lan:5000"),
        (PLAIN_URL, "registry.lan,other.lan"),
        ("http://127.0.0.1:5000/v2/", ""),
        ("http://localhost/v2/", ""),
        ("https://registry.lan:5000/v2/", ""),
    ],
)
def test_logins_go_over_tls_to_this_machine_and_where_a_person_allows_it(url: str, allowed: str) -> None:
    load({"HOME": "/nowhere", auth.PLAIN: allowed}).require_tls(url)


@pytest.mark.parametrize("allowed", ["", "registry.lan:5001", "lan", "http://registry.lan:5000"])
def test_no_login_goes_over_plain_http_because_a_checkout_says_so(allowed: str) -> None:
    with pytest.raises(RegistryError, match="no login is sent over plain HTTP") as caught:
        load({"HOME": "/nowhere", auth.PLAIN: allowed}).require_tls(PLAIN_URL)
    assert caught.value.hint.startswith("Set HCLMOD_PLAIN_HTTP=registry.lan:5000 ")


@pytest.mark.parametrize("challenge", ['Basic realm="x"', 'Bearer realm="https://tokens.lan/token"'])
@pytest.mark.parametrize("asked", [PLAIN_URL, "https://registry.lan:5000/v2/"])
def test_a_challenge_over_plain_http_gets_no_login(tmp_path: Path, challenge: str, asked: str) -> None:
    chain = keychain(tmp_path, {"auths": {"registry.lan:5000": entry()}})
    tokens = challenge.replace("https://tokens.lan", "http://tokens.lan") if asked.startswith("https") else challenge
    answer = Answer(status=401, headers={"www-authenticate": tokens}, body=b"", url=asked)
    if asked.startswith("https") and challenge.startswith("Basic"):
        assert auth.authorization(answer, chain, "registry.lan:5000", NOBODY, repository="awning") == BASIC
        return
    with pytest.raises(RegistryError, match="no login"):
        auth.authorization(answer, chain, "registry.lan:5000", NOBODY, repository="awning")


BASIC = f"Basic {base64.b64encode(b'me:pw:with:colons').decode()}"
NOBODY = cast("Transport", None)  # a transport that must not be asked
