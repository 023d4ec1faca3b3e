"""The commands of a shell script, as words; what is filled in at run time stands as `${name}`.

Comments, the bodies of heredocs and the targets of redirections are left out. This reads enough of a script to say what
it calls. What it cannot read becomes a command that nobody knows, so that nothing is taken for harmless.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from hclmod.rulekit import Struct

from ._values import merged

Command = tuple[str, ...]

_EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_VARIABLE = re.compile(r"\$\{(\w+)(?:[:#%/^,@-][^{}]*)?\}|\$(\w+)")
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_REDIRECTION = re.compile(r"\d*(?:>>?|<)(?:&\d*-?)?|&>>?")
_OPENING = ("if", "then", "elif", "else", "while", "until", "do", "!", "time", "{", "sudo", "exec", "eval", "command")
_WHOLE = ("for", "case", "select", "function", "fi", "done", "esac", "}")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=.*", re.DOTALL)
_SETS = re.compile(
    r"^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)=(?:[\"']([^\"'\n]*)[\"']|([^\s\"';&|()]+))[ \t]*$", re.MULTILINE
)
_NESTED = re.compile(r"\$\(|`|\$\$")
_TAKES_VALUE = re.compile(r"-[unC]")


def filled(text: str, variables: Mapping[str, str]) -> str:
    """The text with the variables whose value is known; others as `${name}`, without blanks."""

    def expression(match: re.Match[str]) -> str:
        name = "".join(match[1].split())
        return variables.get(name.removeprefix("env."), f"${{{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}}}")

    def variable(match: re.Match[str]) -> str:
        return variables.get(match[1] or match[2], match[0])

    return _VARIABLE.sub(variable, _EXPRESSION.sub(expression, text))


def variables(*scopes: object) -> dict[str, str]:
    """The variables of some maps, outer ones first; what is filled in when they run stands as `${name}`."""
    result: dict[str, str] = {}
    for scope in scopes:
        for key, text in merged(scope).items():
            result.pop(key, None)
            if isinstance(text, str) and ("$" not in text or not _NESTED.search(text)):
                result[key] = filled(text, result)
    return result


def commands(text: str, variables: Mapping[str, str] | None = None) -> tuple[Command, ...]:
    """Every command of a script, those in `$(...)` too, without what opens and closes blocks."""
    plain = text.replace("\r\n", "\n")
    reader = _Reader(filled(plain, {**_assigned(plain, variables or {}), **(variables or {})}))
    return tuple(words for each in reader.read() if (words := _plain(each)))


def _assigned(text: str, variables: Mapping[str, str]) -> dict[str, str]:
    """The variables that a script sets once, to a text without commands."""
    every = _SETS.findall(text)
    names = [name for name, _, _ in every]
    result: dict[str, str] = {}
    for name, quoted, bare in every:
        value = filled(quoted or bare, {**variables, **result})
        if names.count(name) == 1 and "$(" not in value and "`" not in value:
            result[name] = value
    return result


def _plain(words: list[str]) -> Command:
    """A command without keywords, assignments and what runs another command."""
    rest = words
    while rest:
        if rest[0] in _OPENING or _ASSIGNMENT.fullmatch(rest[0]):
            rest = rest[1:]
        elif rest[0] in _WHOLE:
            return ()
        elif rest[0] in ("timeout", "nice", "nohup", "env", "retry", "xargs", "proxychains", "proxychains4", "doas"):
            rest = rest[1:]
            while rest and (rest[0].startswith("-") or re.fullmatch(r"\d+[smh]?", rest[0])):
                rest = rest[2:] if _TAKES_VALUE.fullmatch(rest[0]) else rest[1:]
        else:
            break
    return tuple(rest)


class _Scope(Struct, frozen=True):
    """Where a quoted or nested part of a script ends."""

    text: str
    end: int


class _Reader:
    """Reads one script from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.calls: list[list[str]] = []
        self.words: list[str] = []
        self.word: str | None = None
        self.depth, self.skips, self.pipes = 0, False, 0
        self.heredocs: list[str] = []

    def read(self) -> list[list[str]]:
        """All commands in their order."""
        while self.at < len(self.text):
            self._step()
        self._end_command()
        return self.calls

    def _step(self) -> None:
        rest, letter = self.text[self.at : self.at + 2], self.text[self.at]
        if rest == "\\\n":
            self._end_word()
            self.at += 2
        elif letter == "\\":
            self._add(self.text[self.at + 1 : self.at + 2])
            self.at += 2
        elif letter == "#" and self.word is None:
            self.at = _line_end(self.text, self.at)
        elif letter in "'\"":
            self._quoted(letter)
        elif rest == "$(" or letter == "`":
            self._nested()
        elif (heredoc := _HEREDOC.match(self.text, self.at)) and rest == "<<":
            self.heredocs.append(heredoc[2])
            self.at = heredoc.end()
        elif (redirection := _REDIRECTION.match(self.text, self.at)) and (letter in "<>&" or self.word is None):
            self._redirected(redirection)
        elif letter in " \t":
            self._end_word()
            self.at += 1
        elif letter in "\n;|&()":
            self._separated(letter)
        else:
            self._add(letter)
            self.at += 1

    def _add(self, text: str) -> None:
        self.word = (self.word or "") + text

    def _quoted(self, quote: str) -> None:
        """A text in quotes: a part of a word, in which commands may be nested."""
        self._add("")
        self.at += 1
        while self.at < len(self.text) and self.text[self.at] != quote:
            if quote == '"' and self.text[self.at] == "\\":
                self._add(self.text[self.at + 1 : self.at + 2])
                self.at += 2
            elif quote == '"' and (self.text.startswith("$(", self.at) or self.text[self.at] == "`"):
                self._nested()
            else:
                self._add(self.text[self.at])
                self.at += 1
        self.at += 1

    def _nested(self) -> None:
        scope = _scope(self.text, self.at)
        if not scope.text.startswith("("):
            self.calls += _Reader(scope.text).read()
        self._add("${()}")
        self.at = scope.end

    def _redirected(self, match: re.Match[str]) -> None:
        if match.end() == self.at:
            self._separated("&")
            return
        self._end_word()
        self.at = match.end()
        self.skips = not re.search(r"&\d*-?$", match[0])

    def _separated(self, letter: str) -> None:
        self.at += 1
        if letter == "(":
            self.depth += 1
        elif letter == ")" and not self.depth:  # the pattern of a `case`, with its alternatives
            self.words, self.word = [], None
            del self.calls[len(self.calls) - self.pipes :]
        elif letter == ")":
            self.depth -= 1
        self._end_command()
        self.pipes = self.pipes + 1 if letter == "|" else 0
        if letter == "\n":
            self._skip_heredocs()

    def _skip_heredocs(self) -> None:
        for name in self.heredocs:
            while self.at < len(self.text):
                end = _line_end(self.text, self.at)
                line, self.at = self.text[self.at : end], end + 1
                if line.strip() == name:
                    break
        self.heredocs = []

    def _end_word(self) -> None:
        if self.word is not None:
            if not self.skips:
                self.words.append(self.word)
            self.word, self.skips = None, False

    def _end_command(self) -> None:
        self._end_word()
        if self.words:
            self.calls.append(self.words)
        self.words, self.skips = [], False


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _scope(text: str, at: int) -> _Scope:
    """What stands between `$(` or a backtick and its end."""
    if text[at] == "`":
        end = text.find("`", at + 1)
        end = len(text) if end < 0 else end
        return _Scope(text[at + 1 : end], end + 1)
    depth, end = 0, at + 1
    quote = ""
    while end < len(text):
        letter = text[end]
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        else:
            depth += (letter == "(") - (letter == ")")
        end += 1
        if not depth:
            break
    return _Scope(text[at + 2 : end - 1], end)


def texts(value: object) -> Iterator[str]:
    """The texts of a list of commands, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
