"""Where values of a Python program come from, over its files, classes, methods and calls."""

from __future__ import annotations

import pytest

from hclmod.engine.placement import place
from hclmod.python.syntax import PYTHON
from hclmod.terraform.apps import find
from hclmod.terraform.model import Model
from hclmod.terraform.origins import Hole

OTHER = "other code may give it another value"
HEAD = """\
from constructs import Construct
from cdktn_provider_kubernetes.deployment_v1 import DeploymentV1

"""


def deploy(image: str, name: str = '"web"', indent: str = "        ") -> str:
    pods = "{" + f'"template": {{"spec": {{"container": [{{"name": "web", "image": {image}}}]}}}}' + "}"
    return f'{indent}DeploymentV1(self, {name}, metadata={{"name": "web"}}, spec={pods})\n'


def web(image: str, before: str = "", signature: str = "self, scope, id", base: str = "Construct") -> str:
    """A class whose constructor makes a Deployment."""
    return f"{HEAD}class Web({base}):\n    def __init__({signature}):\n{before}{deploy(image)}"


def model(files: dict[str, str]) -> Model:
    texts = {f"app/{path}": text.encode() for path, text in files.items()}
    texts["app/cdktf.json"] = b'{"language": "python", "app": "python main.py"}'
    return Model(["app"], [], texts.get, apps=find(texts, texts.get))


def images(files: dict[str, str]) -> dict[str, tuple[str | None, ...]]:
    return {use.id.full: use.texts for use in model(files).uses}


def why(files: dict[str, str]) -> str:
    """Why the only image is not known."""
    (use,) = model(files).uses
    (hole,) = [part for origin in use.origins for part in origin if isinstance(part, Hole)]
    return hole.why


WEB = "kubernetes_deployment_v1.web"


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": web('"a/b:1"')},
        {"main.py": web("('a/b'  # the name\n  ':1')")},
        {"main.py": web('"a/b" + ":" + str(1)')},
        {"main.py": web("image", "        image = 'a/b:1'\n")},
        {"main.py": web("self.image", "        self.image = 'a/b:1'\n")},
        {"main.py": "IMAGE = 'a/b:1'\n" + web("IMAGE")},
        {"main.py": "IMAGES = {'web': {'image': 'a/b:1'}}\n" + web("IMAGES['web']['image']")},
        {"main.py": "IMAGES = {'web': 'a/b:1'}\n" + web("IMAGES.get('web')")},
        {"main.py": "class Images:\n    WEB = 'a/b:1'\n" + web("Images.WEB")},
        {"main.py": "from settings import IMAGE as I\n" + web("I"), "settings.py": "IMAGE = 'a/b:1'\n"},
        {"main.py": "import settings\n" + web("settings.IMAGE"), "settings.py": "IMAGE = 'a/b:1'\n"},
        {
            "main.py": "from pkg import IMAGE\n" + web("IMAGE"),
            "pkg/__init__.py": "from .one import IMAGE\n",
            "pkg/one.py": "IMAGE = 'a/b:1'\n",
        },
        {
            "main.py": "from pkg import one\n" + web("one.IMAGE"),
            "pkg/__init__.py": "",
            "pkg/one.py": "IMAGE = 'a/b:1'\n",
        },
        {"src/main.py": "from settings import IMAGE\n" + web("IMAGE"), "src/settings.py": "IMAGE = 'a/b:1'\n"},
        {"main.py": web("image", signature="self, scope, id, image='a/b:1'")},
        {"main.py": web("image", signature="self, scope, id, image") + "\nWeb(None, 'one', 'a/b:1')\n"},
        {"main.py": web("image", signature="self, scope, id, *, image='c:2'") + "\nWeb(None, 'one', image='a/b:1')\n"},
        {
            "main.py": "import pkg.one\n" + web("pkg.one.IMAGE"),
            "pkg/__init__.py": "",
            "pkg/one.py": "IMAGE = 'a/b:1'\n",
        },
        {
            "main.py": "from web import Web\nWeb(None, 'one', image='a/b:1')\nimport cdktn\n",
            "web.py": web("image", signature="self, scope, id, image"),
        },
        {"main.py": web("'a/b:1'", base="Base") + "\nclass More(Web):\n    pass\n\nMore(None, 'one')\n"},
    ],
    ids=range(20),
)
def test_a_value_is_followed_to_its_text(files: dict[str, str]) -> None:
    assert images(files) == {WEB: ("a/b:1",)}


def test_each_call_of_a_class_has_its_own_image() -> None:
    calls = "\nWeb(None, 'one', image='a:1')\nWeb(None, 'two', image='b:2')\n"
    found = images({"main.py": web("image", signature="self, scope, id, image") + calls})
    assert found == {f"one.{WEB}": ("a:1",), f"two.{WEB}": ("b:2",)}


def test_a_method_reads_what_the_constructor_keeps() -> None:
    text = web("image", "        self.registry = registry\n", signature="self, scope, id, registry", base="Base")
    text = text.replace(deploy("image"), "        self.add('web', '1')\n    def add(self, name, tag):\n")
    text += deploy("f'{self.registry}/b:{tag}'") + "\nWeb(None, 'one', 'a')\n"
    assert list(images({"main.py": text}).values()) == [("a/b:1",)]


def test_two_constructs_with_one_id_have_names_of_their_own() -> None:
    text = web("'a:1'") + web("'b:2'").removeprefix(HEAD).replace("class Web", "class Other")
    kind, _ = WEB.split(".")
    assert images({"main.py": text}) == {f"{kind}.Web-web": ("a:1",), f"{kind}.Other-web": ("b:2",)}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"main.py": "import os\n" + web("os.environ['IMAGE']")}, "the environment"),
        ({"main.py": "from os import getenv\n" + web("f'a:{getenv(\"TAG\")}'")}, "the environment"),
        ({"main.py": "import json\n" + web("json.load(open('a'))['image']")}, "read from a file"),
        ({"main.py": "import yaml\nCONFIG = yaml.safe_load('a')\n" + web("CONFIG['image']")}, "read from a file"),
        ({"main.py": web("image", "        image = 'a:1'\n        image = 'b:1'\n")}, "more than once"),
        (
            {"main.py": web("image", "        image = image or 'b:1'\n", signature="self, scope, id, image")},
            "more than",
        ),
        ({"main.py": web("config.image", signature="self, scope, id, config")}, "nothing in the repository sets it"),
        ({"main.py": web("image", signature="self, scope, id, image") + "\nWeb(None, 'one', **MORE)\n"}, "may give it"),
        ({"main.py": web("MISSING")}, "defined nowhere"),
        ({"main.py": "from other import *\n" + web("MISSING")}, "imports everything"),
        ({"main.py": web("'a:{}'.format(1)")}, "is not followed"),
        ({"main.py": web("f'a:{1:>3}'")}, "computed"),
        ({"main.py": "class A:\n    I = 'a:1'\nclass B(A):\n    I = 'b:1'\n" + web("A.I")}, OTHER),
        ({"main.py": "class A:\n    I = 'a:1'\nclass B(A): ...\nclass C(B):\n    I = 'b:1'\n" + web("A.I")}, OTHER),
        ({"main.py": "class A:\n    I = 'a:1'\nA.I = 'b:1'\n" + web("A.I")}, OTHER),
        ({"main.py": "class A:\n    I = 'a:1'\nA.I, x = 'b:1', 2\n" + web("A.I")}, "more than once"),
        ({"main.py": "class A:\n    I = 'a:1'\nsetattr(A, 'I', 'b:1')\n" + web("A.I")}, OTHER),
        ({"main.py": "import settings\nsettings.I = 'b:1'\n" + web("settings.I"), "settings.py": "I = 'a:1'\n"}, OTHER),
        ({"main.py": web("self.image", "        self.image = 'a:1'\n") + "\nWeb(None, 'a').image = 'b:1'\n"}, OTHER),
        (
            {"main.py": "IMAGE = 'a:1'\ndef f():\n    global IMAGE\n    IMAGE = 'b:1'\n" + web("IMAGE")},
            "more than once",
        ),
        ({"main.py": "TAG = '1'\n" + web("f'a:{TAG=}'")}, "computed"),
        ({"main.py": "IMAGE = 'a:1'\nIMAGE += 'b'\n" + web("IMAGE")}, "more than once"),
        ({"main.py": web("image", "        image = image2 = 'a:1'\n")}, "more than once"),
    ],
)
def test_a_value_that_cannot_be_followed_says_why(files: dict[str, str], says: str) -> None:
    assert says in why(files)


PROVIDER = "from cdktn_provider_kubernetes.deployment_v1 import DeploymentV1\n"


@pytest.mark.parametrize(
    ("imports", "called"),
    [
        ("from cdktn_provider_kubernetes.deployment_v1 import *\n", "DeploymentV1"),
        ("import os, cdktn_provider_kubernetes as k\n", "k.deployment_v1.DeploymentV1"),
        (PROVIDER + "Made = DeploymentV1\n", "Made"),
        (PROVIDER + "class Made(DeploymentV1):\n    pass\n", "Made"),
        (f"try:\n    {PROVIDER}except ImportError:\n    {PROVIDER.replace('cdktn', 'cdktf_cdktf')}", "DeploymentV1"),
    ],
)
def test_a_construct_is_known_however_it_is_imported(imports: str, called: str) -> None:
    text = web("'a:1'").removeprefix(HEAD).replace("(Construct)", "").replace("DeploymentV1", called)
    assert images({"main.py": imports + text}) == {WEB: ("a:1",)}


def test_a_class_derived_from_a_construct_makes_it_where_it_begins() -> None:
    text = (
        web("'a:1'")
        .replace("(Construct)", "(DeploymentV1)")
        .replace(" DeploymentV1(self, ", " super().__init__(scope, ")
    )
    assert images({"main.py": text}) == {WEB: ("a:1",)}


def test_a_construct_whose_id_is_not_written_has_an_image_all_the_same() -> None:
    assert list(
        images({"main.py": web("'a:1'").replace('DeploymentV1(self, "web",', "DeploymentV1(*args,")}).values()
    ) == [("a:1",)]


@pytest.mark.parametrize("imports", ["Made = Made\n", "A = B\nB = A\nMade = A\n", "from other import *\n"])
def test_a_class_that_is_no_construct_makes_none(imports: str) -> None:
    text = PROVIDER + imports + web("'a:1'").removeprefix(HEAD).replace("DeploymentV1", "Made")
    assert images({"main.py": text}) == {}


def placed(files: dict[str, str]) -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """What else reads each text that makes an image."""
    result = place(model(files), lambda _: 1, 1)
    return {each.text: (each.also, each.read_by) for some in result.places.values() for each in some}


@pytest.mark.parametrize(
    "reader",
    ["print(TAG)", "OTHER = [TAG]", "def f():\n    return TAG", "x = lambda: TAG", "f(tag=TAG)", "TAG.upper()"],
)
def test_whoever_else_reads_a_constant_is_found(reader: str) -> None:
    text = f"TAG = '1'\n{reader}\n" + web("f'a:{TAG}'")
    (also, read_by) = placed({"main.py": text})["1"]
    assert also == ()
    assert read_by[:1] == (f"app/main.py:{2 + reader.count(chr(10))}",)


def test_a_reader_in_another_file_is_found() -> None:
    files = {
        "main.py": "from settings import TAG\nimport other\n" + web("f'a:{TAG}'"),
        "settings.py": "TAG = '1'\n",
        "other.py": "import settings\nprint(settings.TAG)\n",
    }
    assert placed(files)["1"] == ((), ("app/other.py:2",))


@pytest.mark.parametrize(
    "same", ["def f(TAG):\n    print(TAG)", "def f():\n    TAG = 2\n    print(TAG)", "f(TAG=1)", "x.TAG"]
)
def test_another_thing_of_that_name_reads_nothing(same: str) -> None:
    assert placed({"main.py": f"TAG = '1'\n{same}\n" + web("f'a:{TAG}'")})["1"] == ((), ())


def test_a_document_that_cannot_be_read_is_named() -> None:
    every = model({"main.py": "from settings import IMAGE\n" + web("IMAGE"), "settings.py": "IMAGE = = 1\n"})
    assert [use.texts for use in every.uses] == [(None,)]
    assert every.unread == {"app/settings.py": f"syntax error on line 1, as {PYTHON} reads it"}
