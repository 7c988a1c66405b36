"""One module per command: its work step by step, and what a person sees of it."""
