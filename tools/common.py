"""What all tools share: where the repository lies, and the error that a person has to mend."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class BookError(Exception):
    """Something in the book's files that a person has to mend; the message says what and where."""
