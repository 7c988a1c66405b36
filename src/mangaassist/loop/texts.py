"""Settings, or a release, in, how its titles become texts out: who serves it must encode new titles the same way."""

from dataclasses import asdict, dataclass

from mangaassist.adapter import read_config
from mangaassist.data import Enrichment, Workspace
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.settings import Settings
from mangaassist.promotion import IDENTITY


@dataclass(frozen=True, slots=True)
class DocumentTexts:
    """Which titles are enriched, and by which template; stands in a release's `config.json` under `documents`."""

    enrich: Enrichment
    template: str

    def as_json(self) -> dict[str, str]:
        """As an artefact records it."""
        return asdict(self)


def first_texts(settings: Settings) -> DocumentTexts:
    """What a shop begins with: as its settings say, and every title enriched where that is yet to be chosen."""
    return DocumentTexts("all" if settings.enrich == "auto" else settings.enrich, settings.template)


def texts_in_force(workspace: Workspace, settings: Settings) -> DocumentTexts:
    """What the candidate's documents are encoded as; before any training, the first texts."""
    if settings.enrich != "auto" or not (candidate_folder(workspace) / "tuning.json").is_file():
        return first_texts(settings)
    return DocumentTexts(read_tuning(workspace)["enrichment"]["chosen"], settings.template)


def texts_of_release(workspace: Workspace, release: str, settings: Settings) -> DocumentTexts:
    """What the documents of a published release are encoded as.

    The identity release, and one from before releases recorded it, have the first texts.
    """
    recorded = {} if release == IDENTITY else read_config(workspace.releases / release).get("documents", {})
    return DocumentTexts(**recorded) if recorded else first_texts(settings)
