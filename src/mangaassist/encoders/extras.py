"""The name of an optional dependency in, its module out, or an error that names the extra to install."""

import importlib
from types import ModuleType

from mangaassist.core.errors import MissingExtra


def import_extra(module: str, *, extra: str, user: str = "this encoder") -> ModuleType:
    """The module; raises MissingExtra if its distribution is not installed, other import errors as they are.

    user: who needs it, for the message.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingExtra(
            f"{user} needs {error.name}; install the extra {extra!r}, in the clone: "
            f"pip install -c constraints.txt -e '.[{extra}]'"
        ) from error
