"""Failed searches in, pairs that a person has judged out.

write_searches(db, workspace, path)    the log → one row per search, with what came of it
reasoned, with_causes                  searches → the failed ones, with why
cluster_vectors, cluster_terms         texts of failed searches → needs, each with a name
tracked_ids                            last week's clusters and this week's → the same ids for the same needs
ReviewStore(engine)                    items for reviewers → decisions: leases, votes, undo, agreement
"""

from mangaassist.feedback.agreement import Agreement, cohens_kappa
from mangaassist.feedback.bucket import ENTRY, Known, is_soon, reasoned, similar_keys, text_key, with_causes, with_keys
from mangaassist.feedback.bucket_store import (
    TEXTS,
    BucketState,
    bucket_files,
    changed_days,
    day_digests,
    feedback_folder,
    read_bucket,
    read_state,
    read_texts,
    texts_file,
    write_days,
    write_state,
    write_texts,
)
from mangaassist.feedback.causes import REASONS, TEACHABLE, Cause, Reason
from mangaassist.feedback.cluster_wishes import ClusterWishes, FacetVectors, cluster_wishes
from mangaassist.feedback.clustering import APART, Labels, centres_of, cluster_vectors
from mangaassist.feedback.clusters import (
    MEMBER,
    Clustering,
    FailureCluster,
    clusters_file,
    members_file,
    read_clusters,
    read_members,
    write_clusters,
)
from mangaassist.feedback.erasing import erase_feedback
from mangaassist.feedback.feedback_pairs import feedback_pairs, lexicon_entries
from mangaassist.feedback.naming import cluster_terms, name_of
from mangaassist.feedback.new_words import propose_words, unexplained
from mangaassist.feedback.proposals import Failure, propose_items
from mangaassist.feedback.review_items import (
    OPEN_STATES,
    VERDICTS,
    Edit,
    ItemKind,
    ReviewDecision,
    Reviewer,
    ReviewItem,
    Role,
    State,
    Verdict,
)
from mangaassist.feedback.review_states import effective
from mangaassist.feedback.review_store import LEASE_S, ReviewStore
from mangaassist.feedback.rules import FeedbackRules
from mangaassist.feedback.searches import eval_files, write_searches
from mangaassist.feedback.shelf import ProposalShelf
from mangaassist.feedback.slang import SLANG_FILE, Vocabulary, Wording, WordList, read_word_list, telling_words
from mangaassist.feedback.thresholds import ScoredFirst, Threshold, calibrate, threshold_for
from mangaassist.feedback.tracking import number_after, tracked_ids

__all__ = [
    "APART",
    "ENTRY",
    "LEASE_S",
    "MEMBER",
    "OPEN_STATES",
    "REASONS",
    "SLANG_FILE",
    "TEACHABLE",
    "TEXTS",
    "VERDICTS",
    "Agreement",
    "BucketState",
    "Cause",
    "ClusterWishes",
    "Clustering",
    "Edit",
    "FacetVectors",
    "Failure",
    "FailureCluster",
    "FeedbackRules",
    "ItemKind",
    "Known",
    "Labels",
    "ProposalShelf",
    "Reason",
    "ReviewDecision",
    "ReviewItem",
    "ReviewStore",
    "Reviewer",
    "Role",
    "ScoredFirst",
    "State",
    "Threshold",
    "Verdict",
    "Vocabulary",
    "WordList",
    "Wording",
    "bucket_files",
    "calibrate",
    "centres_of",
    "changed_days",
    "cluster_terms",
    "cluster_vectors",
    "cluster_wishes",
    "clusters_file",
    "cohens_kappa",
    "day_digests",
    "effective",
    "erase_feedback",
    "eval_files",
    "feedback_folder",
    "feedback_pairs",
    "is_soon",
    "lexicon_entries",
    "members_file",
    "name_of",
    "number_after",
    "propose_items",
    "propose_words",
    "read_bucket",
    "read_clusters",
    "read_members",
    "read_state",
    "read_texts",
    "read_word_list",
    "reasoned",
    "similar_keys",
    "telling_words",
    "text_key",
    "texts_file",
    "threshold_for",
    "tracked_ids",
    "unexplained",
    "with_causes",
    "with_keys",
    "write_clusters",
    "write_days",
    "write_searches",
    "write_state",
    "write_texts",
]
