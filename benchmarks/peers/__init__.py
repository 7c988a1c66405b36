"""The field's tools and ours on the same vectors: `make bench-peers`. See docs/peers.md.

set → base vectors, training pairs ──► each method, peers in an environment of their own ──► adapted vectors
    → our metrics, cells and group intervals ──► benchmarks/results/peers.json and the README's table
"""
