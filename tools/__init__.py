import sys

# nbformat's checker of schemas would compile the grammar of addresses, in a second or two of every
# start, and no notebook is checked by it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
