import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from handmade import png
from thermal_files import (
    E40,
    camera_record,
    container,
    flir_jpeg,
    flir_segments,
    image_record,
    jpeg,
    placement_record,
    raw_png_record,
    raw_record,
    scene_celsius,
    scene_counts,
    visible_record,
    visible_scene,
    whole_flir,
    with_segments,
)

from thermeld.errors import FusionError, UnreadableFile
from thermeld.io import Pair, read_image, read_pair, read_thermal
from thermeld.io.flir import Placement
from thermeld.io.thermal import thermal_of

COUNTS = scene_counts()


@pytest.fixture
def saved(tmp_path):
    def save(data: bytes, name="FLIR0042.jpg"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save


def thermal(data, path="photo.jpg"):
    return thermal_of(data, Path(path))


def refusal(data) -> str | None:
    """The sentence with which a file is refused, if it is."""
    try:
        found = thermal(data)
        if found is not None and found.radiometry is not None:
            found.celsius()
    except FusionError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "record",
    [
        raw_record(COUNTS),
        raw_record(COUNTS, order=">"),
        raw_png_record(COUNTS),
        raw_png_record(COUNTS, swapped=False),
    ],
    ids=["little", "big", "png swapped", "png as it should be"],
)
@pytest.mark.parametrize("order", "<>")
def test_counts_are_read_in_every_form(record, order):
    found = thermal(flir_jpeg([(1, record)], order=order))
    assert found.counts.dtype == np.uint16
    assert np.array_equal(found.counts, COUNTS)


@pytest.mark.parametrize("order", "<>")
def test_temperatures_follow_from_the_calibration(order):
    found = thermal(flir_jpeg([(1, raw_record(COUNTS)), (0x20, camera_record(order=order))]))
    assert found.model == "FLIR E40"
    assert np.abs(found.celsius() - scene_celsius()).max() < 0.05  # a count is 0.03 degrees here


def test_humidity_in_percent_is_understood():
    percent = E40 | {"humidity": 40.0}
    found = thermal(flir_jpeg([(1, raw_record(COUNTS)), (0x20, camera_record(percent))]))
    assert found.radiometry.humidity == pytest.approx(0.4)


def test_a_container_in_many_pieces_is_joined(saved):
    fff = container([(1, raw_record(COUNTS)), (0x20, camera_record())])
    pieces = flir_segments(fff, piece=700)
    assert len(pieces) > 3
    found = thermal(with_segments(jpeg(), [pieces[2], pieces[0], pieces[1], *pieces[3:]]))
    assert np.array_equal(found.counts, COUNTS)


def test_the_picture_itself_is_read_as_before(saved):
    path = saved(whole_flir())
    assert read_image(path).pixels.shape == (24, 32, 3)


def test_other_images_hold_nothing_thermal(saved):
    assert read_thermal(saved(jpeg())) is None
    assert read_thermal(saved(png(COUNTS, bits=16), "plain.png")) is None
    settings_only = flir_jpeg([(0x20, camera_record())])
    assert thermal(settings_only) is None


def test_one_file_gives_an_aligned_pair(saved):
    path = saved(whole_flir())
    ir, vis = read_pair(Pair("FLIR0042", path, path))
    # The thermal view is 320 / 1.25 = 256 pixels wide, centred at (160 + 6, 120 - 4).
    assert ir.pixels.shape == (192, 256)
    assert vis.pixels.shape == (192, 256, 3)
    whole = visible_scene()[116 - 96 : 116 + 96, 166 - 128 : 166 + 128]
    assert np.abs(vis.pixels.astype(int) - whole).mean() < 3  # JPEG
    assert ir.pixels.dtype == np.uint16
    assert COUNTS.min() <= ir.pixels.min() < ir.pixels.max() <= COUNTS.max()


def test_a_thermal_pixel_lies_where_the_camera_says(saved):
    counts = np.full((24, 32), 9000, np.uint16)
    counts[10, 20] = 12000
    records = [
        (1, raw_record(counts)),
        (0x0E, visible_record(visible_scene())),
        (0x2A, placement_record(1.25, 6, -4)),
    ]
    path = saved(flir_jpeg(records))
    ir, _ = read_pair(Pair("x", path, path))
    rows, cols = np.nonzero(ir.pixels > 10000)
    # 256 / 32 = 8 visible pixels per thermal one: its centre is at 8 * (20 + 0.5) - 0.5.
    assert cols.mean() == pytest.approx(8 * 20.5 - 0.5, abs=0.1)
    assert rows.mean() == pytest.approx(8 * 10.5 - 0.5, abs=0.1)


def test_what_lies_outside_the_visible_picture_is_cut_from_both(saved):
    counts = np.full((24, 32), 9000, np.uint16)
    counts[12, 16] = 12000
    records = [
        (1, raw_record(counts)),
        (0x0E, visible_record(visible_scene())),
        (0x2A, placement_record(1.0, 80, 0)),
    ]
    path = saved(flir_jpeg(records))
    ir, vis = read_pair(Pair("x", path, path))
    assert ir.pixels.shape == vis.pixels.shape[:2] == (240, 240)  # the right 240 of 320 columns
    _, cols = np.nonzero(ir.pixels > 10000)
    assert cols.mean() == pytest.approx(10 * 16.5 - 0.5, abs=0.1)


def test_no_placement_means_equal_views(saved):
    path = saved(flir_jpeg([(1, raw_record(COUNTS)), (0x0E, visible_record(visible_scene()))]))
    assert read_thermal(path).placement is None
    ir, vis = read_pair(Pair("x", path, path))
    assert ir.pixels.shape == vis.pixels.shape[:2] == (240, 320)


def test_placement_is_read_with_its_signs():
    assert thermal(whole_flir()).placement == Placement(1.25, 6, -4)


def test_a_ratio_that_was_never_set_is_no_placement():
    unset = [(1, raw_record(COUNTS)), (0x2A, placement_record(0.0, 0, 0))]
    assert thermal(flir_jpeg(unset)).placement is None


def test_a_visible_picture_in_luma_and_chroma_becomes_colour(saved):
    rgb = visible_scene()
    red, green, blue = (rgb[:, :, at].astype(float) for at in range(3))
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    ycc = np.dstack([luma, 128 + (blue - luma) / 1.772, 128 + (red - luma) / 1.402])
    record = visible_record(np.rint(ycc).astype(np.uint8), suffix=".png")
    path = saved(flir_jpeg([(1, raw_record(COUNTS)), (0x0E, record)]))
    _, vis = read_pair(Pair("x", path, path))
    assert np.abs(vis.pixels.astype(int) - rgb).max() <= 2


def test_no_calibration_is_told_when_degrees_are_asked_for_and_not_before():
    found = thermal(flir_jpeg([(1, raw_record(COUNTS))]))
    assert np.array_equal(found.counts, COUNTS)
    with pytest.raises(UnreadableFile, match=r"photo\.jpg: no temperatures.*no calibration"):
        found.celsius()
    zeros = dict.fromkeys(E40, 0)
    found = thermal(flir_jpeg([(1, raw_record(COUNTS)), (0x20, camera_record(zeros))]))
    with pytest.raises(UnreadableFile, match="r1 = 0"):
        found.celsius()


HUGE = struct.pack("<HHH", 2, 65535, 65535).ljust(32, b"\0")
HOSTILE = {
    "raw data cut off": ([(1, raw_record(COUNTS)[:-9])], "too few"),
    "record outside the file": ([(1, 96, 2**31)], "outside"),
    "record in the header": ([(1, 8, 1000)], "outside"),
    "record over the directory": ([(1, 70, 20)], "overlap"),
    "records overlap": ([(1, 160, 1200), (0x20, 200, 1200), (9, bytes(4000))], "overlap"),
    "endless size": ([(1, HUGE)], "65535x65535"),
    "no size": ([(1, image_record(2, 0, 24, b"1234"))], "0x24"),
    "png of another size": ([(1, image_record(2, 9, 9, png(COUNTS, bits=16)))], "limit"),
    "png of 8 bits": ([(1, image_record(2, 4, 4, png(np.zeros((4, 4), np.uint8))))], "uint8"),
    "png cut off": ([(1, raw_png_record(COUNTS)[:-30])], "cut off"),
    "camera data cut off": ([(1, raw_record(COUNTS)), (0x20, camera_record()[:0x50])], None),
    "empty raw record": ([(1, 96, 0)], None),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_records_are_refused_in_a_sentence(name):
    records, reason = HOSTILE[name]
    if reason is None:  # of no use, but no reason not to go on
        found = thermal(flir_jpeg(records))
        assert found is None or found.radiometry is None
    else:
        with pytest.raises(UnreadableFile, match=rf"photo\.jpg: .*{reason}"):
            thermal(flir_jpeg(records))


def test_a_directory_without_end_is_refused():
    with pytest.raises(UnreadableFile, match="4294967295 thermal records"):
        thermal(flir_jpeg([(1, raw_record(COUNTS))], count=2**32 - 1))


def test_unknown_versions_and_marks_are_refused():
    with pytest.raises(UnreadableFile, match="version"):
        thermal(flir_jpeg([(1, raw_record(COUNTS))], version=7))
    other = b"XYZ\0" + container([(1, raw_record(COUNTS))])[4:]
    with pytest.raises(UnreadableFile, match="begin"):
        thermal(with_segments(jpeg(), flir_segments(other)))


@pytest.mark.parametrize("kept", [[0, 2], [0, 1, 1, 2], [1, 2]])
def test_missing_and_repeated_pieces_are_refused(kept):
    pieces = flir_segments(container([(1, raw_record(COUNTS))]), piece=600)[:3]
    pieces = [(1, body[:7] + b"\2" + body[8:]) for _, body in pieces]
    with pytest.raises(UnreadableFile, match="pieces"):
        thermal(with_segments(jpeg(), [pieces[at] for at in kept]))


def test_a_radiometric_picture_inside_a_radiometric_picture_is_just_a_picture(saved):
    inner = whole_flir()
    records = [(1, raw_record(COUNTS)), (0x0E, image_record(3, 32, 24, inner))]
    path = saved(flir_jpeg(records))
    _, vis = read_pair(Pair("x", path, path))
    assert vis.pixels.shape == (24, 32, 3)


def test_an_undocumented_visible_picture_is_refused(saved):
    records = [(1, raw_record(COUNTS)), (0x0E, image_record(3, 8, 8, bytes(128)))]
    path = saved(flir_jpeg(records))
    with pytest.raises(UnreadableFile, match="not documented"):
        read_pair(Pair("x", path, path))


def test_views_that_share_nothing_are_refused(saved):
    records = [
        (1, raw_record(COUNTS)),
        (0x0E, visible_record(visible_scene())),
        (0x2A, placement_record(1.0, 4000, 0)),
    ]
    path = saved(flir_jpeg(records))
    with pytest.raises(UnreadableFile, match="outside its visible picture"):
        read_pair(Pair("x", path, path))


def test_one_picture_is_no_pair(saved):
    for data in (jpeg(), flir_jpeg([(1, raw_record(COUNTS))])):
        path = saved(data)
        with pytest.raises(UnreadableFile, match="one picture only"):
            read_pair(Pair("x", path, path))


def test_every_cut_ends_in_a_sentence():
    whole = whole_flir()
    refused = [refusal(whole[:stop]) for stop in range(2, len(whole), 97)]
    assert sum(map(bool, refused)) > len(refused) / 2  # the rest ends in the picture itself
    assert all(sentence is None or sentence.startswith("photo.jpg: ") for sentence in refused)


def test_random_damage_raises_nothing_but_refusals(rng):
    whole = np.frombuffer(whole_flir(), np.uint8)
    refused = []
    for _ in range(150):
        damaged = whole.copy()
        at = rng.integers(0, 700, 6)  # header, directory and the first record
        damaged[at] = rng.integers(0, 256, 6)
        refused.append(refusal(damaged.tobytes()))
    assert 20 < sum(map(bool, refused)) < 150


def test_a_small_file_that_promises_much_takes_little_memory():
    bomb = png(np.zeros((2000, 2000), np.uint16), bits=16)  # 8 MB from a few kB
    data = flir_jpeg([(1, image_record(2, 65535, 65535, bomb))])
    assert len(data) < 20_000
    tracemalloc.start()
    with pytest.raises(UnreadableFile):
        thermal(data)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


def test_constant_counts_are_read(saved):
    flat = np.full((6, 8), 0x2211, np.uint16)
    assert np.array_equal(np.unique(thermal(flir_jpeg([(1, raw_record(flat))])).counts), [0x2211])
