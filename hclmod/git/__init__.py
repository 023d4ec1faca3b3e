"""Read files and write commits through git.

A commit is made by GitPython's command layer, and git does the work itself: GitPython's own index and object
writes know neither filters (a git-crypt file would go in as plain text) nor signatures.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct

from hclmod import interrupts, scratch
from hclmod.errors import GitError
from hclmod.git.records import Entry as Entry
from hclmod.git.records import entry_of, entry_of_index, lines, nul, records, shown
from hclmod.git.shell import UNTRUSTING, Shell
from hclmod.ledger import PHASE, RULES, TREE, VERSION, LedgerEntry, is_amended, ledger_entries, sealed, trailer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


_REGULAR = ("100644", "100755")
# A split index would leave its shared half with the user; a monitor would be asked about our folder.
_OFF = "core.sparseCheckout core.fsmonitor core.untrackedCache core.splitIndex index.sparse"
_PLAIN = dict.fromkeys(_OFF.split(), "false") | {"i18n.commitEncoding": "UTF-8"}
_OFFLINE = {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}  # the second is newer than git 2.43
_NO_LOCKS = {"GIT_OPTIONAL_LOCKS": "0"}  # `git status` would write the user's index


class Branch(Struct, frozen=True):
    """A branch: its full name (`refs/heads/a`, `refs/remotes/origin/a`, `refs/hclmod/pr/12/a`), its commit, its day."""

    ref: str
    commit: str
    date: str

    @property
    def remote(self) -> str:
        """The remote that has it, `pr` for one that was pushed to a pull request; empty for one of this repository."""
        parts = self.ref.split("/")
        return "" if parts[1] == "heads" else parts[2]


class Repository(Struct, frozen=True):
    """A work tree of git; `root` is its topmost folder, or that of git's own files where there is no work tree."""

    root: Path
    _git_dir: str
    _git: Shell

    @classmethod
    def open(cls, folder: Path) -> Repository:
        """Find the work tree that `folder` is in; `GitError` where there is none or git will not have it."""
        if not folder.is_dir():
            raise GitError(f"{folder} is not a folder")
        git = Shell(str(folder.absolute()), light=True)
        try:
            both = git.line("rev-parse", "--show-toplevel", "--absolute-git-dir")
            root = both.partition("\n")[0] if both.count("\n") == 1 else git.line("rev-parse", "--show-toplevel")
        except GitError as error:
            raise GitError(f"{folder}: {error.message}", hint=error.hint or _hint(error.message)) from error
        return cls(Path(root), both.removeprefix(f"{root}\n"), Shell(root, _NO_LOCKS, light=True))

    @classmethod
    def bare(cls, folder: Path) -> Repository:
        """A repository without a work tree, such as a clone in a cache: `folder` is that of git's own files."""
        places = {**_NO_LOCKS, "GIT_DIR": str(folder)}
        return cls(folder, str(folder), Shell(str(folder), places, UNTRUSTING, light=True))

    def resolve(self, rev: str) -> str:
        """Name the commit that `rev` means; `GitError` where there is none."""
        options = ("rev-parse", "--verify", "--quiet")
        answer = self._git.run(*options, f"{rev}^{{commit}}") if not rev.startswith("-") else None
        if answer and not answer.status:
            return answer.out.decode().strip()
        if self._git.out("rev-list", "--max-count=1", "--all"):
            raise GitError(f"{shown(rev)} is not a commit", hint="A shallow clone may not have it.")
        raise GitError("the repository has no commit yet", hint="Commit something first.")

    def entries(self, rev: str) -> tuple[Entry, ...]:
        """All files of `rev`, links and submodules too, sorted by path."""
        listed = self._git.out("ls-tree", "-r", "-z", "--full-tree", self.resolve(rev))
        return tuple(sorted(map(entry_of, records(listed)), key=lambda entry: entry.path))

    def away(self) -> tuple[Entry, ...]:
        """The files of the index that a sparse checkout leaves out of the work tree."""
        listed = records(self._git.out("ls-files", "-t", "-s", "-z"))
        return tuple(entry_of_index(record) for record in listed if record.startswith("S "))

    def read(self, entries: Sequence[Entry], rev: str = "HEAD", *, fetching: bool = True) -> dict[str, bytes]:
        """Contents of the regular files among `entries`, by path, as a checkout of `rev` would give them.

        A file whose filter fails comes as it is stored. `GitError` where an object is missing. A partial clone fetches
        what it lacks, unless `fetching` is False.
        """
        files = [entry for entry in entries if entry.mode in _REGULAR]
        todo = [entry for entry in files if not _unaskable(entry.path)]
        stored = [entry for entry in files if _unaskable(entry.path)]
        texts: dict[str, bytes] = {}
        with self._scratch(self.resolve(rev), {} if fetching else _OFFLINE) as git:
            _all_there(git, files)
            while todo:
                given = _cat(git, todo, "--filters")
                texts |= given
                stored += todo[len(given) : len(given) + 1]  # git stopped at the first it could not filter
                todo = todo[len(given) + 1 :]
            return texts | _cat(git, stored)

    def filtered(self, paths: Iterable[str], rev: str | None = None) -> frozenset[str]:
        """Those of `paths` that get a filter such as git-crypt, now or at `rev`: show nothing of them."""
        every, question = tuple(paths), ("check-attr", "-z", "--stdin", "filter")
        asked = nul(every)
        answers = [self._git.out(*question, stdin=asked)]
        if rev is not None and not _has_attributes_of(self._git, every, rev):
            with self._scratch(self.resolve(rev)) as git:
                answers.append(git.out(*question, stdin=asked))
        fields = [records(answer) for answer in answers]
        values = [pair for text in fields for pair in zip(text[::3], text[2::3], strict=True)]
        return frozenset(path for path, value in values if value not in {"unspecified", "unset"})

    def ledger(self, rev: str) -> tuple[LedgerEntry, ...]:
        """Phases done by the commits that `rev` stands on, oldest first. A value that is not a number is ignored."""
        fields = "%x1f".join(("%H", "%cs", trailer(PHASE), trailer(RULES), trailer(VERSION)))
        picked = ("--reverse", "--fixed-strings", f"--grep={PHASE}:")
        text = self._log(*picked, f"--format={fields}", self.resolve(rev))
        return tuple(entry for record in text for entry in ledger_entries(*record.split("\x1f")))

    def branches(self, name: str) -> tuple[Branch, ...]:
        """The branches with this name, here, as each remote had it when last fetched, and in pull requests."""
        patterns = (f"refs/heads/{name}", f"refs/remotes/*/{name}", f"refs/hclmod/pr/*/{name}")
        listed = self._git.out(
            "for-each-ref", "--format=%(refname)%00%(objectname)%00%(committerdate:short)", *patterns
        )
        return tuple(Branch(*line.split("\0")) for line in listed.decode(errors="replace").splitlines())

    def leads_to(self, commit: str) -> bool:
        """Whether the branch that is checked out can move on to a commit by itself, or has it already."""
        pairs = (("HEAD", commit), (commit, "HEAD"))
        return any(not self._git.run("merge-base", "--is-ancestor", *pair).status for pair in pairs)

    def commit(
        self,
        base: str,
        files: Mapping[str, bytes | None],
        *,
        branch: str,
        message: str,
        replace: bool = False,
    ) -> str | None:
        """Make one commit on top of `base` with `files` changed (None: deleted) and point `branch` at it; no hook runs.

        Neither index nor work tree nor HEAD of the user is touched. Returns the commit, or None where `files`
        say what `base` says. `GitError` where the branch exists, unless `replace` is given and every commit
        that it adds to `base` is ours; where it is checked out; where a path is not a regular file's; where
        git refuses (a filter fails, nobody to commit as, no key to sign with, another run was faster).
        """
        start = self.resolve(base)
        old = self._claim(start, branch, replace=replace)
        modes = {entry.path: entry.mode for entry in self.entries(start)}
        for path in files:
            _check_path(path, modes)
        with self._scratch(start, strict=True) as git:
            tree = _write(git, files, modes)
            if tree == git.line("rev-parse", f"{start}^{{tree}}"):
                return None
            text = sealed(message, tree).encode("utf-8", "backslashreplace")
            commit = git.line("commit-tree", *_signing(git), "-p", start, "-F", "-", tree, stdin=text)
            self._point(git, branch, commit, old)
        return commit

    @contextmanager
    def _scratch(
        self, commit: str, variables: Mapping[str, str] | None = None, *, strict: bool = False
    ) -> Iterator[Shell]:
        """Lend an index and a work tree with nothing of the user's: `commit` and its `.gitattributes`.

        `cat-file` and `check-attr` take attributes from files only, so those are checked out.
        """
        with scratch.folder() as folder:
            tree, hooks = Path(folder, "tree"), Path(folder, "no-hooks")
            tree.mkdir()
            hooks.mkdir()
            index = str(Path(folder, "index"))
            places = {"GIT_DIR": self._git_dir, "GIT_WORK_TREE": str(tree), "GIT_INDEX_FILE": index}
            places |= variables or {}
            filters = self._strict_filters() if strict else {}
            settings = _PLAIN | filters | {"core.hooksPath": str(hooks)}
            git = Shell(str(tree), places, settings, light=not strict)
            git.out("read-tree", commit)
            attributes = git.out("ls-files", "-z", "--", ":(glob)**/.gitattributes")
            git.out("checkout-index", "-z", "--stdin", stdin=attributes)
            yield git

    def _strict_filters(self) -> dict[str, str]:
        """Let a filter that fails stop the commit; git would else store what it should have hidden."""
        names = ("config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process)$")
        drivers = (key.rpartition(".")[0] for key in records(self._git.run(*names).out))
        return {f"{driver}.required": "true" for driver in drivers}

    def _log(self, *args: str) -> list[str]:
        plain = ("--no-show-signature", "--encoding=UTF-8", "--topo-order")
        return records(self._git.out("log", "-z", *plain, *args, "--"))

    def _claim(self, base: str, branch: str, *, replace: bool) -> str:
        """Return what the branch holds, nothing where it does not exist; `GitError` where it is not ours."""
        ref = f"refs/heads/{branch}"
        if not branch or self._git.run("check-ref-format", "--branch", branch).out != lines([branch]):
            raise GitError(f"invalid branch name {shown(branch)}")
        if f"branch {ref}".encode() in self._git.out("worktree", "list", "--porcelain").splitlines():
            raise GitError(f"branch {branch} is checked out", hint="Switch that work tree to another branch.")
        old = self._git.run("rev-parse", "--verify", "--quiet", ref).out.decode().strip()
        if old and not replace:
            raise GitError(f"branch {branch} exists", hint="Delete it, or give --replace to write it again.")
        if old and (foreign := self.foreign(base, old)):
            reason = f"branch {branch} has {len(foreign)} commit(s) that hclmod did not make: {foreign[0][:12]}"
            raise GitError(reason, hint="--replace would lose them. Move or delete the branch yourself.")
        return old

    def foreign(self, base: str, tip: str) -> list[str]:
        """The commits that `tip` adds to `base` and that hclmod did not make as they are, the newest first."""
        fields = "%x1f".join(("%H", "%T", trailer(PHASE) + trailer(VERSION), trailer(TREE)))
        records = [record.split("\x1f") for record in self._log(f"--format={fields}", f"{base}..{tip}")]
        return [oid for oid, tree, made, trees in records if not made.strip() or is_amended(tree, trees)]

    def _point(self, git: Shell, branch: str, commit: str, old: str) -> None:
        ref, expected = f"refs/heads/{branch}", old or "0" * len(commit)
        with interrupts.uncut():
            answer = git.run("update-ref", "--no-deref", "-m", "hclmod: phase committed", ref, commit, expected)
            if not answer.status:
                interrupts.written.append(f"branch {branch}")
                return
        if git.run("rev-parse", "--verify", "--quiet", ref).out.decode().strip() != old:
            raise GitError(f"branch {branch} was changed by another run in the meantime", hint="Look at it first.")
        raise GitError(f"branch {branch} was not written: {answer.words}")


def _has_attributes_of(git: Shell, paths: Iterable[str], rev: str) -> bool:
    """Whether the attributes of these files certainly are as at `rev`: a smaller question than to lay them out."""
    folders = {str(folder) for path in paths for folder in PurePosixPath(path).parents}
    names = sorted(str(PurePosixPath(folder, ".gitattributes")) for folder in folders)
    if len(names) > _FEW or rev.startswith("-"):
        return False
    answer = git.run("ls-tree", "-z", "--full-tree", rev, "--", *names)
    there = {entry.path: entry.oid for entry in map(entry_of, records(answer.out)) if entry.mode in _REGULAR}
    now = {name: path for name in names if os.path.lexists(path := Path(git.folder, name))}
    regular = all(path.is_file() and not path.is_symlink() for path in now.values())
    same = regular and there == {name: _oid(path, len(there.get(name, ""))) for name, path in now.items()}
    return not answer.status and same


_FEW = 1000


def _oid(path: Path, length: int) -> str:
    """The name of a file's bytes as an object that is named by so many digits; empty for one that git does not know."""
    import hashlib

    kind = {40: hashlib.sha1, 64: hashlib.sha256}.get(length)
    try:
        data = path.read_bytes() if kind else b""
    except OSError:
        return ""
    return kind(b"blob %d\0" % len(data) + data).hexdigest() if kind else ""


def _hint(words: str) -> str:
    if "must be run in a work tree" in words or "bare repository" in words:
        return "A bare repository has no files to work on. Clone it and run there."
    return "Run in a clone, or `git init` first." if "not a git repository" in words else ""


def _all_there(git: Shell, entries: Sequence[Entry]) -> None:
    text = git.out("cat-file", "--batch-check=%(objectname)", stdin=lines(entry.oid for entry in entries))
    missing = [line.split()[0] for line in text.decode().splitlines() if " " in line]
    if missing:
        raise GitError(f"object {missing[0]} is missing", hint="Run `git fsck`.")


def _cat(git: Shell, entries: Sequence[Entry], *options: str) -> dict[str, bytes]:
    """Contents in order, up to the first that git could not give.

    With `--filters` git gives the size before the filter, so a mark nobody can guess parts the contents.
    """
    mark = os.urandom(16).hex()
    asked = lines(f"{entry.oid} {entry.path}" if options else entry.oid for entry in entries)
    answer = git.run("cat-file", f"--batch={mark}", *options, stdin=asked)
    texts = answer.out.split(f"{mark}\n".encode())[1:]
    if answer.status and not options:
        raise GitError(f"git cat-file: {answer.words}")
    return {entry.path: text[:-1] for entry, text in zip(entries, texts, strict=False) if text}


def _unaskable(path: str) -> bool:
    """Whether `cat-file`, which reads a line and strips it, would look up attributes of another path."""
    return "\n" in path or path.startswith((" ", "\t")) or path.endswith("\r")


def _check_path(path: str, modes: Mapping[str, str]) -> None:
    """Refuse, as `GitError`, what is not a regular file, or new, in the tree that `modes` lists."""
    pure = PurePosixPath(path)
    plain = str(pure) == path != "." and not pure.is_absolute()
    if not plain or {"..", ".git"} & {part.lower() for part in pure.parts}:
        raise GitError(f"{shown(path)} is not a path inside the repository")
    if modes.get(path, "100644") not in _REGULAR:
        raise GitError(f"{shown(path)} is a symbolic link or a submodule", hint="Change its target instead.")
    for parent in map(str, pure.parents):
        if parent in modes:
            raise GitError(f"{shown(path)} is below {shown(parent)}, which is not a folder")


def _write(git: Shell, files: Mapping[str, bytes | None], modes: Mapping[str, str]) -> str:
    """Take `files` into the index through their filters, and return the tree's name."""
    written = {path: data for path, data in files.items() if data is not None}
    gone = [path for path in files if path not in written]
    git.out("update-index", "--force-remove", "-z", "--stdin", stdin=nul(gone))
    for path, data in written.items():
        target = Path(git.folder, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(0o755 if modes.get(path) == "100755" else 0o644)
        os.utime(target, (1e9, 1e9))  # git would filter a second time what is as young as the index
    git.out("update-index", "--add", "-z", "--stdin", stdin=nul(written))
    return git.line("write-tree")


def _signing(git: Shell) -> tuple[str, ...]:
    target = git.line("config", "--type=bool", "--default=false", "--get", "commit.gpgsign")
    return ("-S",) if target == "true" else ()
