"""One experiment as a value, and as the file that says so: what is compared, on which share of traffic, since when."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from mangaassist.core.errors import DataError
from mangaassist.core.files import canonical_json, write_atomic

FORMAT: Final = "mangaassist-experiment"
VERSION: Final = 1
SUFFIX: Final = ".json"

Kind = Literal["shadow", "interleave", "canary"]
KINDS: Final[tuple[Kind, ...]] = ("shadow", "interleave", "canary")

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Release = Annotated[str, StringConstraints(pattern=r"^embed-adapter-v\d{2,}$")]
Said = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class Experiment(BaseModel):
    """A candidate tried beside a live release.

    live: what it is compared with; while anything else is live, the experiment rests.
    share: of the sessions, in (0, 1].  seed: with the name, decides which sessions, and every coin of interleaving.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal["mangaassist-experiment"] = FORMAT
    version: Literal[1] = VERSION
    name: Name
    kind: Kind
    live: Release
    candidate: Release
    share: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
    seed: int = 0
    started_at: AwareDatetime
    actor: Said
    why: Said
    stopped_at: AwareDatetime | None = None
    stopped_by: str | None = None
    stopped_why: str | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.live == self.candidate:
            raise ValueError(f"live and candidate are both {self.live}; compare two releases")
        if self.kind == "canary" and self.share == 1:
            raise ValueError("share is 1, but a canary needs sessions that stay with live; take a smaller share")
        if self.stopped_at is not None and self.stopped_at < self.started_at:
            raise ValueError("stopped_at lies before started_at; put them in order")
        return self

    @property
    def is_stopped(self) -> bool:
        """Whether somebody ended it."""
        return self.stopped_at is not None

    @property
    def salt(self) -> str:
        """What its hashes begin with: another experiment draws other sessions."""
        return f"{self.name}\0{self.seed}"

    def draws(self, unit: str) -> bool:
        """Whether this session (or client, or query) is in the share: the same for ever."""
        digest = hashlib.sha256(f"{self.salt}\0{unit}".encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8]) / 2**64 < self.share


def read_experiment(path: Path) -> Experiment:
    """The experiment of a file. Raises DataError naming file, field, reason and remedy."""
    try:
        content = json.loads(path.read_bytes())
        if isinstance(content, dict) and content.get("version", VERSION) != VERSION:
            told = f"{path}: version: is {content['version']!r}, this program knows {VERSION}"
            raise DataError(f"{told}; use the program that wrote it, or start the experiment anew")
        experiment = Experiment.model_validate_json(json.dumps(content))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the file"
        raise DataError(f"{path}: {field}: {first['msg']}; correct it, or remove the file and start anew") from error
    except ValueError as error:
        raise DataError(f"{path}: is no JSON in UTF-8 ({error}); restore it, or remove it and start anew") from error
    if path.name != experiment.name + SUFFIX:
        raise DataError(f"{path}: name: is {experiment.name!r}; a file has the name of its experiment, so rename it")
    return experiment


def write_experiment(folder: Path, experiment: Experiment) -> None:
    """Write its file, whole or not at all."""
    write_atomic(folder / f"{experiment.name}{SUFFIX}", canonical_json(experiment.model_dump(mode="json")))
