"""One workspace in, one step of the loop further out: each stage on a shop's stored state.

    make_pairs ──► train_candidate ──► evaluate_candidate ──► decide ──► release_candidate ──► update_index

Every stage reads what the one before stored, writes its own result last and whole, and may be killed and run again.
"""

from mangaassist.loop.beir import DEV_SHARE, workspace_from_beir
from mangaassist.loop.candidate import candidate_folder, read_tuning
from mangaassist.loop.catalogue import Catalogue, data_fingerprint, load_catalogue, workspace_encoder
from mangaassist.loop.collecting import Garbage, collect_garbage, collect_releases
from mangaassist.loop.contenders import adapter_of_release, composition_of_release
from mangaassist.loop.deciding import decide, nominate_candidate, registry_of, release_candidate
from mangaassist.loop.diagnosing import read_diagnoses
from mangaassist.loop.enrichment import EnrichmentChoice, all_texts, choose_enrichment
from mangaassist.loop.evaluating import evaluate_candidate
from mangaassist.loop.exporting import ExportFormat, export_adapter
from mangaassist.loop.facet_values import FACETS, facet_value, facet_values
from mangaassist.loop.failure_clusters import cluster_failures, clusters_as_json, named_clusters
from mangaassist.loop.failures import bucket_counts, fill_bucket
from mangaassist.loop.feedback_stats import failed_searches, feedback_stats, item_as_json
from mangaassist.loop.first_results import first_results, retriever_of_release
from mangaassist.loop.fixing import put_in_force, without_fixes
from mangaassist.loop.indexing import IndexUpdate, document_vectors, update_index
from mangaassist.loop.intents import (
    describe_intents,
    evaluate_intent_classifier,
    live_intents,
    train_intent_classifier,
)
from mangaassist.loop.judged import JudgedSplit, judged_split
from mangaassist.loop.learning_round import learn
from mangaassist.loop.lineage import trace_pairs, trace_release
from mangaassist.loop.pairing import (
    StoredPairs,
    log_pairs_file,
    make_pairs,
    pairs_file,
    read_pair_counts,
    read_pairs,
)
from mangaassist.loop.proposing import propose_feedback
from mangaassist.loop.release_index import Record, by_id, index_folder, index_stamp
from mangaassist.loop.reports import released_report
from mangaassist.loop.review_queue import review_store, settled_items
from mangaassist.loop.reviewing import export_review, import_review, propose, read_proposals
from mangaassist.loop.settings import SETTINGS_FILE, Settings, read_settings
from mangaassist.loop.texts import DocumentTexts, first_texts, texts_in_force, texts_of_release
from mangaassist.loop.training import read_rung, train_candidate

__all__ = [
    "DEV_SHARE",
    "FACETS",
    "SETTINGS_FILE",
    "Catalogue",
    "DocumentTexts",
    "EnrichmentChoice",
    "ExportFormat",
    "Garbage",
    "IndexUpdate",
    "JudgedSplit",
    "Record",
    "Settings",
    "StoredPairs",
    "adapter_of_release",
    "all_texts",
    "bucket_counts",
    "by_id",
    "candidate_folder",
    "choose_enrichment",
    "cluster_failures",
    "clusters_as_json",
    "collect_garbage",
    "collect_releases",
    "composition_of_release",
    "data_fingerprint",
    "decide",
    "describe_intents",
    "document_vectors",
    "evaluate_candidate",
    "evaluate_intent_classifier",
    "export_adapter",
    "export_review",
    "facet_value",
    "facet_values",
    "failed_searches",
    "feedback_stats",
    "fill_bucket",
    "first_results",
    "first_texts",
    "import_review",
    "index_folder",
    "index_stamp",
    "item_as_json",
    "judged_split",
    "learn",
    "live_intents",
    "load_catalogue",
    "log_pairs_file",
    "make_pairs",
    "named_clusters",
    "nominate_candidate",
    "pairs_file",
    "propose",
    "propose_feedback",
    "put_in_force",
    "read_diagnoses",
    "read_pair_counts",
    "read_pairs",
    "read_proposals",
    "read_rung",
    "read_settings",
    "read_tuning",
    "registry_of",
    "release_candidate",
    "released_report",
    "retriever_of_release",
    "review_store",
    "settled_items",
    "texts_in_force",
    "texts_of_release",
    "trace_pairs",
    "trace_release",
    "train_candidate",
    "train_intent_classifier",
    "update_index",
    "without_fixes",
    "workspace_encoder",
    "workspace_from_beir",
]
