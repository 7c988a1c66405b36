"""Shared nouns: types, errors, settings and atomic files. Imports nothing else of ours."""
