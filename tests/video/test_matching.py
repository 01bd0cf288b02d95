from fractions import Fraction

import pytest

from thermeld.io.video import Frame
from thermeld.video import Matching


def stream(count, fps, begun=0.0):
    return [Frame(None, begun + number / fps, str(number)) for number in range(count)]


def matched(ir, vis, *, fps, rates, offset=0.0):
    """Numbers of the frames that belong together, and the object they come from."""
    rates = (Fraction(rates[0]), Fraction(rates[1]))
    matching = Matching(iter(ir), iter(vis), fps=Fraction(fps), rates=rates, offset=offset)
    return [(int(one.ir.problem), int(one.vis.problem)) for one in matching], matching


def test_equal_streams_go_frame_by_frame():
    pairs, matching = matched(stream(5, 25), stream(5, 25), fps=25, rates=(25, 25))
    assert pairs == [(n, n) for n in range(5)]
    assert matching.ended == ("infrared", "visible")


def test_a_slower_infrared_is_shown_longer():
    pairs, _ = matched(stream(4, 10), stream(12, 30), fps=30, rates=(10, 30))
    assert [vis for _, vis in pairs] == list(range(12))[: len(pairs)]
    assert all(abs(ir / 10 - vis / 30) <= 0.05 + 1e-9 for ir, vis in pairs)
    assert len(pairs) >= 11


def test_the_rate_of_the_result_is_free():
    pairs, _ = matched(stream(30, 30), stream(30, 30), fps=10, rates=(30, 30))
    assert pairs == [(n, n) for n in range(0, 30, 3)]


def test_a_faster_result_shows_frames_again():
    matching = Matching(
        iter(stream(3, 10)),
        iter(stream(3, 10)),
        fps=Fraction(20),
        rates=(Fraction(10), Fraction(10)),
    )
    again = [one.again for one in matching]
    assert again.count(False) == 3
    assert len(again) in (5, 6)


def test_the_shorter_stream_ends_the_result_and_is_named():
    pairs, matching = matched(stream(7, 25), stream(20, 25), fps=25, rates=(25, 25))
    assert len(pairs) == 7
    assert matching.ended == ("infrared",)


@pytest.mark.parametrize(("offset", "first"), [(0.4, (0, 10)), (-0.4, (10, 0))])
def test_an_offset_says_how_much_later_the_infrared_recording_began(offset, first):
    pairs, _ = matched(stream(50, 25), stream(50, 25), fps=25, rates=(25, 25), offset=offset)
    assert pairs[0] == first
    assert len(pairs) == 40
    assert all(vis - ir == first[1] - first[0] for ir, vis in pairs)


def test_clocks_need_not_begin_at_zero():
    pairs, _ = matched(stream(5, 10, 1000.0), stream(5, 10, 1000.2), fps=10, rates=(10, 10))
    assert pairs == [(2, 0), (3, 1), (4, 2)]


def test_a_gap_shows_the_nearest_frame():
    holed = [frame for frame in stream(10, 10) if frame.problem not in "456"]
    pairs, _ = matched(holed, stream(10, 10), fps=10, rates=(10, 10))
    # Frame 5 lies as near to 3 as to 7; the later one is taken.
    assert [ir for ir, _ in pairs] == [0, 1, 2, 3, 3, 7, 7, 7, 8, 9]


@pytest.mark.parametrize("empty", ["infrared", "visible"])
def test_an_empty_stream_gives_nothing(empty):
    sizes = (0, 5) if empty == "infrared" else (5, 0)
    pairs, matching = matched(*(stream(n, 10) for n in sizes), fps=10, rates=(10, 10))
    assert pairs == []
    assert matching.ended == (empty,)
