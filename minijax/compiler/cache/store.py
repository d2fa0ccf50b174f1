"""Files of the cache: one for each key, checked when it is read, put in place when it is whole.

Any number of threads and processes may read and write one folder. A file is written under a name
of its own and then renamed, so others see all of it or nothing. No lock is held, so a fork at any
moment does no harm.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from collections.abc import Iterator

from minijax.core.logs import logger

try:
    # The function that hashlib has: hashlib itself loads OpenSSL, which takes milliseconds.
    from _blake2 import blake2b
except ImportError:  # another interpreter
    from hashlib import blake2b

_MAGIC = b"minijax cache 1\n"
_DIGEST_BYTES = 16
_HEAD = len(_MAGIC) + _DIGEST_BYTES
_KEY_CHARS = 40
_TEMPORARY = "."
_ABANDONED = 3600.0  # seconds after which a temporary file belongs to nobody
_KEEP_TIME = 600.0  # a file used again within so many seconds is not marked again
_FILL = 0.8  # how full the cache is left after dropping what was not used for longest
_PUTS_BETWEEN = 64  # about how many files are written between looks at the size of the whole
# Tells backups that the folder can be left out (bford.info/cachedir).
_TAG_NAME = "CACHEDIR.TAG"
_TAG = b"Signature: 8a477f597d28d172789f06886806bc55\n# Compiled programs of minijax.\n"

_numbers = itertools.count()


def digest(*parts: bytes) -> str:
    """Returns a key for a sequence of byte strings."""
    state = blake2b(digest_size=_KEY_CHARS // 2)
    for part in parts:
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()


class Store:
    """A folder of files by key.

    Args:
        folder: it need not exist.
        limit: the bytes that all files may take together, about.

    Attributes:
        hits, misses: how often `get` found something, and how often not.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     store, key = Store(folder, 1 << 20), digest(b"program")
        ...     before = store.get(key)
        ...     store.put(key, b"code")
        ...     before, store.get(key)
        (None, b'code')
    """

    def __init__(self, folder: str, limit: int) -> None:
        self.folder = folder
        self.limit = limit
        self.hits = 0
        self.misses = 0
        self._written = 0
        self._writable = True

    def get(self, key: str) -> bytes | None:
        """Returns what was put under a key, or None; a damaged file is removed."""
        path = os.path.join(self.folder, key)
        try:
            with open(path, "rb") as file:
                used = os.fstat(file.fileno()).st_mtime
                data = file.read()
        except (OSError, ValueError):
            self.misses += 1
            return None
        content = _unwrapped(data)
        if content is None:
            logger().debug("The file %s of the cache is damaged: it is made again.", path)
            self.misses += 1
            self.remove(key)
            return None
        self.hits += 1
        if time.time() - used > _KEEP_TIME:
            with contextlib.suppress(OSError):
                os.utime(path)
        return content

    def holds(self, key: str) -> bool:
        """Whether there is a file of a key; whether it is whole, `get` will tell."""
        return os.path.isfile(os.path.join(self.folder, key))

    def put(self, key: str, content: bytes) -> None:
        """Keeps bytes under a key; if that fails, this process writes no more."""
        if not self._writable or len(content) > self.limit:
            return
        try:
            self._write(key, _wrapped(content))
        except (OSError, ValueError) as error:
            self._writable = False
            logger().debug("Compiled programs are not kept on disk: %s", error)
            return
        self._written += len(content) + _HEAD
        # Keys are evenly spread, so this is one in so many, over all processes.
        if int(key[:8], 16) % _PUTS_BETWEEN == 0 or self._written > self.limit / 16:
            self._written = 0
            self.shrink()

    def remove(self, key: str) -> None:
        """Forgets a key, if the file can be removed."""
        with contextlib.suppress(OSError):
            os.remove(os.path.join(self.folder, key))

    def _write(self, key: str, data: bytes) -> None:
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        name = f"{_TEMPORARY}{os.getpid()}-{threading.get_ident()}-{next(_numbers)}-{key[:8]}"
        path = os.path.join(self.folder, name)
        try:
            # Windows would translate line ends.
            flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
            with open(os.open(path, flags, 0o600), "wb") as file:
                file.write(data)
            self._put_in_place(path, key)
        except BaseException:
            with contextlib.suppress(OSError):
                os.remove(path)
            raise

    def _put_in_place(self, path: str, key: str) -> None:
        target = os.path.join(self.folder, key)
        try:
            os.replace(path, target)
        except PermissionError:
            # Windows does not replace a file that somebody reads: then it is there already.
            if not os.path.isfile(target):
                raise
            os.remove(path)

    # -- size

    def size(self) -> int:
        """Returns the bytes that the files take."""
        return sum(size for _, size, _ in self._files())

    def shrink(self) -> None:
        """Drops the files that were not used for longest, if all take more than the limit."""
        with contextlib.suppress(OSError):
            self._tag()
            self._drop_abandoned()
            files = sorted(self._files())
            total = sum(size for _, size, _ in files)
            if total <= self.limit:
                return
            for _, size, path in files:
                with contextlib.suppress(OSError):
                    os.remove(path)
                total -= size
                if total <= _FILL * self.limit:
                    return

    def clear(self) -> None:
        """Removes every file."""
        for _, _, path in list(self._files()):
            with contextlib.suppress(OSError):
                os.remove(path)

    def _files(self) -> Iterator[tuple[float, int, str]]:
        """Yields time of last use, size and path of each file that is ours."""
        with contextlib.suppress(OSError), os.scandir(self.folder) as entries:
            for entry in entries:
                if len(entry.name) != _KEY_CHARS or not entry.name.isalnum():
                    continue
                with contextlib.suppress(OSError):  # another process may have removed it
                    status = entry.stat()
                    yield status.st_mtime, status.st_size, entry.path

    def _drop_abandoned(self) -> None:
        oldest = time.time() - _ABANDONED
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith(_TEMPORARY) and entry.stat().st_mtime < oldest:
                    os.remove(entry.path)

    def _tag(self) -> None:
        path = os.path.join(self.folder, _TAG_NAME)
        if not os.path.exists(path):
            with open(path, "wb") as file:
                file.write(_TAG)


def _checksum(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST_BYTES).digest()


def _wrapped(content: bytes) -> bytes:
    return _MAGIC + _checksum(content) + content


def _unwrapped(data: bytes) -> bytes | None:
    if data[: len(_MAGIC)] != _MAGIC:
        return None
    content = data[_HEAD:]
    return content if data[len(_MAGIC) : _HEAD] == _checksum(content) else None
