import numpy as np
import pytest
from thermal_files import dji_jpeg, jpeg, scene_counts, with_segments

from thermeld.errors import UnreadableFile
from thermeld.io import read_thermal
from thermeld.io.dji import visible_partner

COUNTS = scene_counts(20, 25)


@pytest.fixture
def shot(tmp_path):
    def save(data: bytes, name="DJI_0001_T.JPG"):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return save


def test_counts_and_settings_are_read(shot):
    found = read_thermal(shot(dji_jpeg(COUNTS)))
    assert np.array_equal(found.counts, COUNTS)
    assert found.kind == "DJI R-JPEG"
    assert found.settings == {
        "distance_m": 5.0,
        "humidity": 0.7,
        "emissivity": 0.95,
        "reflected_c": 23.0,
    }


def test_counts_of_an_enlarged_picture_keep_the_detectors_size(shot):
    found = read_thermal(shot(dji_jpeg(COUNTS, size=(40, 50))))
    assert np.array_equal(found.counts, COUNTS)


def test_other_cameras_settings_are_not_guessed(shot):
    assert read_thermal(shot(dji_jpeg(COUNTS, settings=False))).settings == {}


def test_degrees_are_refused_with_what_to_do(shot):
    with pytest.raises(UnreadableFile, match=r"no temperatures.*Thermal SDK"):
        read_thermal(shot(dji_jpeg(COUNTS))).celsius()


def test_counts_that_do_not_fit_are_refused(shot):
    with pytest.raises(UnreadableFile, match=r"do not fit a picture of 30x30"):
        read_thermal(shot(dji_jpeg(COUNTS, size=(30, 30))))


def test_segments_of_other_makers_are_not_thermal(shot):
    assert read_thermal(shot(with_segments(jpeg(), [(3, b"_JPSJPS_" + bytes(40))]))) is None


@pytest.mark.parametrize(
    ("thermal", "present", "partner"),
    [
        ("DJI_0001_T.JPG", ["DJI_0001_V.JPG", "DJI_0001_W.JPG"], "DJI_0001_V.JPG"),
        ("DJI_0001_T.JPG", ["DJI_0001_Z.JPG", "DJI_0001_W.JPG"], "DJI_0001_W.JPG"),
        ("DJI_0001_R.JPG", ["DJI_0001.JPG"], "DJI_0001.JPG"),
        ("dji_0001_t.jpg", ["dji_0001_V.jpg"], "dji_0001_V.jpg"),
        ("DJI_0001_T.JPG", ["DJI_0002_V.JPG"], None),
        ("DJI_0001_V.JPG", ["DJI_0001_W.JPG"], None),
        ("photo_T.JPG", ["photo_V.JPG"], None),
    ],
)
def test_partners_by_name(tmp_path, thermal, present, partner):
    for name in present:
        (tmp_path / name).touch()
    found = visible_partner(tmp_path / thermal)
    assert found == (partner and tmp_path / partner)
