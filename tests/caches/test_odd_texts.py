"""Texts of random words: nothing raises, and what is fixed is fixed for good."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hclmod.engine import doctor
from hclmod.engine.outcomes import Changed, Failed, Refused
from hclmod.engine.project import in_memory

NGINX = (
    "server",
    "http",
    "location",
    "/v2/",
    "~",
    "^~",
    "=",
    "{",
    "}",
    ";",
    "proxy_pass http://registry:5000;",
    "proxy_cache a;",
    "proxy_cache off;",
    "proxy_cache_valid 200 1m;",
    "proxy_cache_valid any 0;",
    "proxy_cache_key $uri;",
    "listen 5000;",
    "location ~ /blobs/ { proxy_pass http://registry; }",
    "location /v2/ {",
    "server {",
    "http {",
    "set $a 1;",
    "proxy_no_cache $a;",
    "if ($a) {",
    "map $uri $a {",
    "default 1;",
    "include x.conf;",
    "rewrite ^/v2/(.*) /$1 last;",
    "upstream registry {",
    "error_page 404 @a;",
    "# words",
    '"',
    "'",
    "\\",
    "\n",
    "\r\n",
    "${a}",
    "%{ if a }",
    "{{ .a }}",
    "é",
)
SHELL = (
    "cat <<EOF > hosts.toml",
    "EOF",
    "cat <<-'A' | tee registry.conf",
    "A",
    'printf \'server = "http://a"\\n[host."http://b"]\\n\' > a',
    "R=http://registry:5000",
    '[host."$R"]',
    'capabilities = ["pull"]',
    'server = "https://docker.io"',
    "registry",
    "echo -e 'a\\n'",
    "<<",
    "\\",
    "'",
    '"',
)
YAML = (
    "version: 0.1",
    "storage:",
    "  delete:",
    "    enabled: true",
    "proxy:",
    "  remoteurl: https://registry-1.docker.io",
    "  ttl: 168",
    "  username: ${name}",
    "services:",
    "  registry:",
    "    image: registry:2",
    "    ports: ['5000:5000', 1-2]",
    "    environment:",
    "      REGISTRY_PROXY_REMOTEURL: https://ghcr.io",
    "- a",
    "kind: ConfigMap",
    "data:",
    "  nginx.conf: |",
    "    server { location /v2/ { proxy_pass http://registry; } }",
    "<<: *a",
    "&a",
    "---",
    "{",
    "]",
    "\t",
)


def check(path: str, text: str) -> None:
    files = {path: text.encode(errors="replace")}
    outcomes = list(doctor.report(in_memory(files), unit="h").outcomes)
    assert not [each for each in outcomes if isinstance(each, Failed | Refused)]
    changed = {each.path: each.after for each in outcomes if isinstance(each, Changed)}
    again = list(doctor.report(in_memory(files | changed), unit="h").outcomes)
    assert not [each for each in again if isinstance(each, Changed)]


@given(st.lists(st.sampled_from(NGINX), max_size=40), st.sampled_from(("registry.conf", "registry.conf.tpl")))
def test_nginx(words: list[str], path: str) -> None:
    check(path, " ".join(words))


@given(st.lists(st.sampled_from(SHELL), max_size=20))
def test_scripts(lines: list[str]) -> None:
    check("registry.sh", "\n".join(lines))


@given(st.lists(st.sampled_from(YAML), max_size=20), st.sampled_from(("compose.yml", "config.yml", "config.yml.tpl")))
def test_yaml(lines: list[str], path: str) -> None:
    check(path, "\n".join(lines))
