import io
import random
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from unreliable import ANSWERS, ENDS, REFUSALS, Fault, serving

from helpers.commands.nsynth import download
from helpers.commands.nsynth.download import DownloadError

DATA = random.Random(0).randbytes(3_000_000)
Download = partial(download.Download, timeout=0.5, wait=0.005, attempts=20, say=lambda text: None)


def fetch(server, path="file", **options):
    with io.BufferedReader(Download(server.url(path), **options), 1 << 16) as stream:
        return stream.read()


def starts(server):
    """The first bytes asked for, request by request."""
    return [int(r.get("Range", "bytes=0-")[6:-1]) for r in server.requests]


@pytest.mark.parametrize("end", ENDS)
def test_a_broken_connection_is_taken_up_where_it_broke(end):
    with serving({"file": DATA}, [Fault(part=0.4, end=end), Fault(part=0.5, end=end)]) as server:
        assert fetch(server) == DATA
    assert len(server.requests) == 3
    assert starts(server) == sorted(starts(server))
    # Nothing is sent twice but what was on its way: a reset throws that away.
    if end != "reset":
        assert starts(server)[1] >= 0.4 * len(DATA) - (1 << 16)
        assert server.sent < 1.1 * len(DATA)


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refusal_that_may_pass_is_no_end(refusal):
    said = []
    with serving({"file": DATA}, [Fault(refusal)] * 2 + [Fault(), Fault(refusal)]) as server:
        assert fetch(server, say=said.append) == DATA
    assert len(server.requests) == 5
    assert len(said) == 4
    assert all("again from byte" in text and server.url("file") in text for text in said)


@pytest.mark.parametrize("answer", sorted(set(ANSWERS)))
@pytest.mark.parametrize("ranges", [True, False])
def test_servers_that_do_it_their_way(answer, ranges):
    faults = [Fault(part=0.2), Fault(answer=answer, part=0.1), Fault(answer=answer, part=0.6)]
    for started in (0, 1):
        with serving({"file": DATA}, faults[started:]) as server:
            server.ranges = ranges
            assert fetch(server, size=len(DATA) if started else None) == DATA
        assert len(server.requests) == 4 - started


def test_many_drops_are_no_end_as_long_as_bytes_arrive():
    with serving({"file": DATA}, [Fault(part=0.05)] * 40) as server:
        assert fetch(server, attempts=3) == DATA


def test_without_a_new_byte_it_gives_up():
    with serving({"file": DATA}, [Fault(), *[Fault("status 503")] * 9]) as server:
        with pytest.raises(DownloadError, match=r"beyond byte 1,[0-9,]+ \(status 503") as error:
            fetch(server, attempts=4)
        assert server.url("file") in str(error.value)
        assert len(server.requests) == 4
    with pytest.raises(DownloadError, match="check the address and the connection"):
        fetch(server, attempts=2)  # it is not running any more


def test_what_cannot_pass_is_said_at_once():
    with serving({"file": DATA}) as server:
        with pytest.raises(DownloadError, match="status 404 Not Found: check the address"):
            fetch(server, "other")
        with pytest.raises(DownloadError, match="3,000,000 bytes long, expected 4,000,000"):
            fetch(server, size=4_000_000)
    assert len(server.requests) == 2
    faults = [Fault(), Fault(answer="from later on")]
    match = "the server sent 'bytes 1.*: use another server"
    with serving({"file": DATA}, faults) as server, pytest.raises(DownloadError, match=match):
        fetch(server)
    for address in ("http://", "ftp://127.0.0.1/file", "file"):
        with pytest.raises(DownloadError, match="check the address"):
            Download(address).read(1)


@pytest.mark.parametrize("change", ["shorter", "longer", "another version"])
def test_a_file_that_changes_meanwhile(change):
    with serving({"file": DATA}, [Fault()], headers={"ETag": '"1"'}) as server:
        stream = Download(server.url("file"))
        stream.read(10)
        if change == "another version":
            server.headers = {"ETag": '"2"'}
        else:
            server.files["file"] = DATA[:99] if change == "shorter" else DATA + DATA
        with pytest.raises(DownloadError, match=r"changed on the server|another file stands there"):
            io.BufferedReader(stream).read()
        stream.close()


@pytest.mark.parametrize("seed", range(20))
def test_any_read_sizes_and_faults_give_the_same_bytes(seed):
    rng = random.Random(seed)
    troubles = [
        Fault(None, "range", rng.random() * 0.3, rng.choice(("drop", "reset"))) for _ in range(5)
    ]
    found = bytearray()
    with serving({"file": DATA}, troubles) as server, Download(server.url("file")) as stream:
        while piece := stream.read(rng.randint(1, 1 << rng.randint(1, 20))):
            found += piece
        assert stream.read(1) == b""
    assert bytes(found) == DATA


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.none() | st.integers(0, 10**12))
def test_content_ranges(first, last, size):
    header = f"bytes {first}-{last}/{'*' if size is None else size}"
    sensible = first <= last and (size is None or last < size)
    assert download.parse_content_range(header) == ((first, size) if sensible else None)


@given(st.text() | st.from_regex(r"bytes [0-9]*-[0-9]*/[0-9*]*"))
def test_no_header_crashes_the_parser(header):
    found = download.parse_content_range(header)
    assert found is None or found[0] >= 0
