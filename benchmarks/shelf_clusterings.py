"""Which clustering makes the best shelves: `python -m benchmarks.shelf_clusterings --workspace DIR [--json FILE]`.

DIR is a workspace that `mangaassist demo` filled. The candidate's titles are clustered in several ways and sizes; each
is asked the train and dev queries that ask for titles, as in `benchmarks.shelves`. The test split is not read. Needs
scikit-learn, which comes with the extra `dev`.
"""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans

from benchmarks.machine import machine
from benchmarks.readme import rebuild
from benchmarks.shelves import ADAPTED, Shelved, compared, rows_of, systems_of, with_shelves
from mangaassist.core.files import canonical_json, write_atomic
from mangaassist.core.types import Vectors, no_progress
from mangaassist.data import Workspace, titles
from mangaassist.evaluation import SHELF_METRICS
from mangaassist.loop import read_settings, workspace_encoder
from mangaassist.shelves import cluster, shelves_of
from mangaassist.shelves.clustering import Labels, centres_of, principal, renumbered, without_small

PAGE: Final = "docs/decisions/0008-shelves-by-ward.md"
COUNT: Final = 29
SEEDS: Final = (0, 1, 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspace", type=Path, default=Path(".demo"))
    parser.add_argument("--json", type=Path, default=Path(__file__).parent / "results" / "shelf_clusterings.json")
    options = parser.parse_args()
    workspace = Workspace.open(options.workspace)
    encoder = workspace_encoder(workspace, read_settings(workspace.root), no_progress)
    served = systems_of(workspace, encoder)[ADAPTED].served
    known = titles(workspace)
    vectors = served.adapter.adapt_documents(served.base)[rows_of(served, known)]
    tried: dict[str, Shelved] = {}
    sizes: dict[str, int] = {}
    for name, clustered in clusterings().items():
        made = shelves_of(known, vectors, clustered(vectors), release=served.release, encoder_id="any")
        tried[name], sizes[name] = with_shelves(served, made), len(made.shelves)
    found = compared(workspace, encoder, {**tried, ADAPTED: tried["Ward, 29"]}, ("train", "dev"))
    here = machine()
    write_atomic(options.json, canonical_json({"machine": here, "shelves": sizes, **found}))
    text = table(found, sizes, f"{here['cores']} cores of {here['processor']}, {here['date']}")
    rebuild("clusterings", text, PAGE)
    print(text)


def clusterings() -> dict[str, Callable[[Vectors], Labels]]:
    """Ways to cluster, by name."""

    def ward(count: int) -> Callable[[Vectors], Labels]:
        return lambda vectors: cluster(vectors, count, seed=0)

    def k_means(seed: int) -> Callable[[Vectors], Labels]:
        def clustered(vectors: Vectors) -> Labels:
            points = principal(vectors)
            labels = KMeans(COUNT, n_init=4, random_state=seed).fit_predict(points)
            return without_small(points, renumbered(labels))

        return clustered

    def hdbscan(smallest: int, selection: str) -> Callable[[Vectors], Labels]:
        def clustered(vectors: Vectors) -> Labels:
            points = principal(vectors)
            found = HDBSCAN(
                min_cluster_size=smallest, min_samples=1, cluster_selection_method=selection, copy=True
            ).fit_predict(points)
            return with_noise_nearest(points, found)

        return clustered

    return {
        **{f"Ward, {count}": ward(count) for count in (12, 20, 25, 29, 38, 55, 90)},
        **{f"k-means, {COUNT}, seed {seed}": k_means(seed) for seed in SEEDS},
        **{f"HDBSCAN, at least {size}, {how}": hdbscan(size, how) for how in ("eom", "leaf") for size in (3, 4, 5)},
    }


def with_noise_nearest(points: Vectors, found: Labels) -> Labels:
    """What HDBSCAN calls noise joins the nearest cluster: every title stands on a shelf."""
    kept = renumbered(found[found >= 0])
    labels = np.empty(len(points), dtype=np.intp)
    labels[found >= 0] = kept
    labels[found < 0] = (points[found < 0] @ centres_of(points[found >= 0], kept).T).argmax(axis=1)
    return renumbered(labels)


def table(found: Mapping[str, Any], sizes: Mapping[str, int], where: str) -> str:
    """As it stands in the docs."""
    shelf, every = found["shelf queries"], found["all that ask for titles"]
    rows = [
        f"| {name} | {sizes[name]} | "
        + " | ".join(f"{part['systems'][name][metric][0]:.3f}" for part in (shelf, every) for metric in SHELF_METRICS)
        + " |"
        for name in sizes
    ]
    columns = [*SHELF_METRICS, *(f"{metric}, all" for metric in SHELF_METRICS)]
    head = f"| clustering | shelves | {' | '.join(columns)} |"
    about = (
        f"{shelf['queries']} shelf queries, and all {every['queries']} that ask for titles, of train and dev; {where}:"
    )
    return f"{about}\n\n{head}\n|---|{'---|' * 7}\n" + "\n".join(rows)


if __name__ == "__main__":
    main()
