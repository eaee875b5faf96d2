"""Plumbing that no chapter teaches: records, trainings, the study."""
