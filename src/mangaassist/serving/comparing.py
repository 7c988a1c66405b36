"""A workspace and a message in, what each of its releases answers out: the frozen encoder, live, and the candidate."""

from collections.abc import Mapping
from dataclasses import dataclass

from mangaassist.core.types import Progress
from mangaassist.data import Workspace
from mangaassist.encoders import CachedEncoder
from mangaassist.loop import (
    Settings,
    candidate_folder,
    data_fingerprint,
    live_intents,
    registry_of,
    workspace_encoder,
)
from mangaassist.promotion import IDENTITY
from mangaassist.serving.answering import Answering, Stages
from mangaassist.serving.answers import Answer, RetrieveRequest
from mangaassist.serving.in_memory import candidate_in_memory, published_in_memory
from mangaassist.serving.served_release import ServedRelease


@dataclass(frozen=True, slots=True)
class Compared:
    """The answers to one message. answers: `baseline`, `live` and `candidate`, as far as there are such.

    is_live_baseline: whether nothing but the frozen encoder is live, so that `live` would say the same again.
    """

    live: str
    is_live_baseline: bool
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a workspace could answer with, ready to be asked: its systems by name, as in `Compared`."""

    live: str
    systems: Mapping[str, ServedRelease]
    how: Answering
    encoder: CachedEncoder

    @classmethod
    def open(cls, workspace: Workspace, settings: Settings, *, progress: Progress) -> "Comparison":
        """The baseline, the live release and the candidate over the present catalogue; needs no index.

        Raises ArtifactError for a release whose files were changed, DataError for an empty catalogue.
        """
        encoder = workspace_encoder(workspace, settings, progress)
        live = registry_of(workspace).aliases().live
        systems = {"baseline": published_in_memory(workspace, settings, IDENTITY, encoder)}
        if live != IDENTITY:
            systems["live"] = published_in_memory(workspace, settings, live, encoder)
        if (candidate_folder(workspace) / "tuning.json").is_file():
            systems["candidate"] = candidate_in_memory(workspace, settings, encoder)
        classifier = live_intents(workspace, encoder_id=encoder.encoder_id)
        return cls(live, systems, Answering(classifier, settings.pairs.min_intent_confidence, settings.shop), encoder)

    def compared(self, request: RetrieveRequest) -> Compared:
        """What each system answers to a message."""
        base = self.encoder.wrapped.encode([request.query])[0]  # a person's text does not go into the cache on disk
        answers = {
            name: self.how.answer(served, request, base, Stages(), query_id=name)
            for name, served in self.systems.items()
        }
        return Compared(self.live, self.live == IDENTITY, answers)


def comparison_stamp(workspace: Workspace) -> str:
    """Changes whenever a comparison would: with the live release, the candidate, or the data."""
    tuning = candidate_folder(workspace) / "tuning.json"
    trained = tuning.stat().st_mtime_ns if tuning.is_file() else 0
    return f"{registry_of(workspace).aliases().live} {trained} {data_fingerprint(workspace)}"


def compared_releases(
    workspace: Workspace, settings: Settings, request: RetrieveRequest, *, progress: Progress
) -> Compared:
    """What the baseline, the live release and the candidate answer to one message; see `Comparison`."""
    return Comparison.open(workspace, settings, progress=progress).compared(request)
