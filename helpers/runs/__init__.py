"""Plumbing that no chapter teaches: records of runs, training, stores, the cache of features."""
