"""A workspace in, its review queue out, and from it what people have settled."""

from mangaassist.core.types import DocId
from mangaassist.data import Workspace
from mangaassist.feedback import ReviewDecision, ReviewItem, ReviewStore, lexicon_entries
from mangaassist.pairs import Status, SyntheticPair
from mangaassist.queries import Lexicon, read_lexicon

STATUS_OF: dict[str, Status] = {"accepted": "accepted", "rejected": "rejected"}


def review_store(workspace: Workspace) -> ReviewStore:
    """The review queue of a workspace; it needs no lock of the workspace, its own transactions are enough."""
    return ReviewStore(workspace.engine)


def settled_items(workspace: Workspace) -> list[tuple[ReviewItem, ReviewDecision]]:
    """Every accepted or rejected item with the vote that counts, by id."""
    return review_store(workspace).settled()


def decided_synthetic(settled: list[tuple[ReviewItem, ReviewDecision]]) -> dict[str, tuple[Status, str]]:
    """Synthetic proposal → its status and who decided, as the queue has them."""
    return {
        item.id: (STATUS_OF[item.state], vote.reviewer)
        for item, vote in settled
        if item.kind == "synthetic" and item.state in STATUS_OF
    }


def refused_documents(settled: list[tuple[ReviewItem, ReviewDecision]]) -> list[SyntheticPair]:
    """What reviewers say is no answer to a text, in the form in which rejections of every source are joined to pairs:
    accepted lookalikes, and positives that were rejected.
    """
    return [
        SyntheticPair(item.id, text, DocId(item.doc_id), "feedback", "rejected", vote.reviewer)
        for item, vote in settled
        if (item.kind, item.state) in (("negative", "accepted"), ("positive", "rejected")) and item.doc_id
        for text in (vote.edit.texts if vote.edit and vote.edit.texts else item.texts)
    ]


def lexicon_to_train(workspace: Workspace) -> Lexicon:
    """The built-in phrases, those that reviewers accepted, and the workspace's own, which go before all others.

    It is the candidate's; what serves keeps the lexicon that it was released with until the gate let this one past.
    """
    return read_lexicon(workspace.root, learnt=Lexicon(lexicon_entries(settled_items(workspace))))
