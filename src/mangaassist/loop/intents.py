"""A workspace in, a trained and stored intent classifier out, and its figures on judged test queries.

Reads base vectors, and no adapter: what is live in retrieval has no say in what is searched.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from mangaassist.core.errors import ArtifactError, DataError
from mangaassist.core.files import canonical_json, sha256_bytes
from mangaassist.core.types import INTENTS, Progress
from mangaassist.data import Workspace
from mangaassist.intents import (
    IntentClassifier,
    IntentExample,
    figures,
    intents_versions,
    live_intents_version,
    load_intents,
    make_intents_live,
    next_intents_version,
    publish_intents,
    read_intents_manifest,
    train_intents,
)
from mangaassist.loop.catalogue import workspace_encoder
from mangaassist.loop.intent_examples import GatheredExamples, intents_to_test, intents_to_train
from mangaassist.loop.settings import Settings


def train_intent_classifier(
    workspace: Workspace, settings: Settings, *, seed: int, progress: Progress
) -> dict[str, Any]:
    """Trains on the workspace's messages, stores a new version and makes it live; gives what `show` gives.

    Where a version of the same inputs is stored, that one is made live and nothing is trained.
    Raises DataError if no message of the shop has an intent.
    """
    gathered = intents_to_train(workspace)
    encoder = workspace_encoder(workspace, settings, progress)
    inputs = _inputs(gathered.examples, encoder.encoder_id, seed)
    stored = _stored_version(workspace, inputs, encoder.encoder_id)
    if stored is not None:
        make_intents_live(workspace.intents, stored)
        return describe_intents(workspace)
    trained = train_intents(
        gathered.examples,
        encoder.encode([example.text for example in gathered.examples]),
        encoder_id=encoder.encoder_id,
        version=next_intents_version(workspace.intents),
        seed=seed,
        progress=progress,
    )
    with workspace.writing():
        publish_intents(workspace.intents, trained, {"inputs": inputs, "seed": seed, "trained_on": _counts(gathered)})
    return describe_intents(workspace)


def evaluate_intent_classifier(workspace: Workspace, settings: Settings, *, progress: Progress) -> dict[str, Any]:
    """The figures of the live version on the judged test queries, which trained nothing."""
    examples = intents_to_test(workspace)
    if not examples:
        raise DataError(
            f"{workspace.root} holds no judged test query with an intent; ingest judged_queries with `intent`"
        )
    encoder = workspace_encoder(workspace, settings, progress)
    classifier = live_intents(workspace, encoder_id=encoder.encoder_id)
    if classifier is None:
        raise _untrained(workspace)
    probabilities = classifier.probabilities(encoder.encode([example.text for example in examples]))
    found = figures(probabilities, examples, threshold=classifier.route_threshold)
    return {"version": classifier.version, "encoder_id": classifier.encoder_id, "test": found.as_json()}


def describe_intents(workspace: Workspace) -> dict[str, Any]:
    """What the live version is, what it was trained on, and its cross-validated figures."""
    version = live_intents_version(workspace.intents)
    if version is None:
        raise _untrained(workspace)
    manifest = read_intents_manifest(workspace.intents, version)
    classifier = load_intents(workspace.intents, version, encoder_id=manifest["encoder_id"])
    return {
        "version": version,
        "versions": list(intents_versions(workspace.intents)),
        "encoder_id": classifier.encoder_id,
        "temperature": classifier.temperature,
        "route_threshold": classifier.route_threshold,
        "never_given": list(classifier.untrained),
        "l2": manifest["l2"],
        "seed": manifest["seed"],
        "trained_on": manifest["trained_on"],
        "cross_validation": manifest["cross_validation"],
    }


def live_intents(workspace: Workspace, *, encoder_id: str) -> IntentClassifier | None:
    """The live classifier, its digests checked, or None where none was trained yet; EncoderMismatch for another's."""
    version = live_intents_version(workspace.intents)
    return None if version is None else load_intents(workspace.intents, version, encoder_id=encoder_id)


def _untrained(workspace: Workspace) -> DataError:
    return DataError(f"{workspace.root} has no intent classifier yet; train one: `mangaassist intents train`")


def _stored_version(workspace: Workspace, inputs: str, encoder_id: str) -> str | None:
    """The last intact version that was trained on the same."""
    for version in reversed(intents_versions(workspace.intents)):
        try:
            if read_intents_manifest(workspace.intents, version).get("inputs") == inputs:
                return load_intents(workspace.intents, version, encoder_id=encoder_id).version
        except ArtifactError:
            continue
    return None


def _inputs(examples: Sequence[IntentExample], encoder_id: str, seed: int) -> str:
    """Digest of everything that decides what training gives."""
    rows = [[each.text, each.intent, each.source, each.group, *sorted(each.needed)] for each in examples]
    return sha256_bytes(canonical_json({"examples": rows, "encoder": encoder_id, "seed": seed}))


def _counts(gathered: GatheredExamples) -> Mapping[str, Any]:
    """Messages by source and intent, and those left out by reason."""
    count = Counter((example.source, example.intent) for example in gathered.examples)
    sources = sorted({source for source, _intent in count})
    return {
        "messages": {
            source: {intent: count[source, intent] for intent in INTENTS if count[source, intent]} for source in sources
        },
        "left_out": dict(gathered.left_out),
    }
