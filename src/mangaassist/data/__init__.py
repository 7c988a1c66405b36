"""Files in, validated tables out.

ingest(workspace, kind, path)      one file → rows in the workspace; bad rows quarantined, private parts removed
ingest_export(workspace, name, …)  one GA4 or Segment export → queries and events, each event linked to its search
titles(workspace), ubi_events(…)   the workspace → records, each id once
forget_file(workspace, kind, …)    a file's rows out of the workspace, its name kept
erase_rows(workspace, erasure, …)  a client's rows, or old ones, out of every file
back_up(root, folder)              the workspace → a whole, checked copy
documents(titles, articles, …)     records → documents as the encoder reads them
ingest_beir(workspace, files, …)   a BEIR set → rows in the workspace
load_beir(folder)                  any retrieval set in BEIR's layout → documents, queries, judgements
"""

from mangaassist.data.backup import BACKUP_LIST, Backup, back_up, check_backup
from mangaassist.data.beir import (
    LoadedSet,
    Missing,
    catalogue_titles,
    load_beir,
    load_documents,
    load_queries,
    load_titles,
    read_beir,
)
from mangaassist.data.beir_folder import BeirFiles, find_beir, splits_of
from mangaassist.data.beir_ingest import ingest_beir, read_beir_queries
from mangaassist.data.contracts import Article, CuratedPair, JudgedQuery, Judgement, Split, Title
from mangaassist.data.enrich import (
    DEFAULT_TEMPLATE,
    Enrichment,
    article_document,
    documents,
    is_sparse,
    template_fields,
    title_document,
    title_text,
    word_count,
)
from mangaassist.data.erasing_rows import client_query_ids, erase_rows, table_texts
from mangaassist.data.erasures import Erasure, begin_erasure, erasures, finish_erasure, subject_of, unfinished_erasure
from mangaassist.data.exports import EXPORTS, ExportName, ExportReport, ingest_export
from mangaassist.data.filing import workspace_key
from mangaassist.data.folders import ExportFolderReport, FolderReport, ingest_directory, ingest_exports, kind_of
from mangaassist.data.forgetting import forget_file
from mangaassist.data.ingest import IngestReport, ingest
from mangaassist.data.keyfile import key_file, load_key
from mangaassist.data.kinds import KINDS, KindName
from mangaassist.data.ledger import Entry, all_entries
from mangaassist.data.leftovers import leftover_parts, unnamed_files
from mangaassist.data.log_tables import log_tables
from mangaassist.data.migrations import migrate
from mangaassist.data.privacy import SEAL, PrivacyKey
from mangaassist.data.problems import Problem
from mangaassist.data.rows import read_rows, strict_rows, text_lines, text_lines_or_bad
from mangaassist.data.scrub import scrub
from mangaassist.data.tables import (
    articles,
    curated,
    ingested_files,
    judged_queries,
    judgements,
    quarantined,
    table_query,
    titles,
    ubi_events,
    ubi_queries,
)
from mangaassist.data.tracing import LogLine, log_lines
from mangaassist.data.trec import read_qrels, read_run, write_qrels, write_run
from mangaassist.data.ubi import KNOWN_ACTIONS, UbiEvent, UbiQuery, with_event_id, with_query_id
from mangaassist.data.workspace import Workspace

__all__ = [
    "BACKUP_LIST",
    "DEFAULT_TEMPLATE",
    "EXPORTS",
    "KINDS",
    "KNOWN_ACTIONS",
    "SEAL",
    "Article",
    "Backup",
    "BeirFiles",
    "CuratedPair",
    "Enrichment",
    "Entry",
    "Erasure",
    "ExportFolderReport",
    "ExportName",
    "ExportReport",
    "FolderReport",
    "IngestReport",
    "JudgedQuery",
    "Judgement",
    "KindName",
    "LoadedSet",
    "LogLine",
    "Missing",
    "PrivacyKey",
    "Problem",
    "Split",
    "Title",
    "UbiEvent",
    "UbiQuery",
    "Workspace",
    "all_entries",
    "article_document",
    "articles",
    "back_up",
    "begin_erasure",
    "catalogue_titles",
    "check_backup",
    "client_query_ids",
    "curated",
    "documents",
    "erase_rows",
    "erasures",
    "find_beir",
    "finish_erasure",
    "forget_file",
    "ingest",
    "ingest_beir",
    "ingest_directory",
    "ingest_export",
    "ingest_exports",
    "ingested_files",
    "is_sparse",
    "judged_queries",
    "judgements",
    "key_file",
    "kind_of",
    "leftover_parts",
    "load_beir",
    "load_documents",
    "load_key",
    "load_queries",
    "load_titles",
    "log_lines",
    "log_tables",
    "migrate",
    "quarantined",
    "read_beir",
    "read_beir_queries",
    "read_qrels",
    "read_rows",
    "read_run",
    "scrub",
    "splits_of",
    "strict_rows",
    "subject_of",
    "table_query",
    "table_texts",
    "template_fields",
    "text_lines",
    "text_lines_or_bad",
    "title_document",
    "title_text",
    "titles",
    "ubi_events",
    "ubi_queries",
    "unfinished_erasure",
    "unnamed_files",
    "with_event_id",
    "with_query_id",
    "word_count",
    "workspace_key",
    "write_qrels",
    "write_run",
]
