"""Plumbing that no chapter teaches: records, training, stores, the cache of features, the study."""
