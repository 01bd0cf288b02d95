import numpy as np
import pytest
from thermal_files import E40, seen_counts

from thermeld.errors import BadImage, BadSetting, UnreadableFile
from thermeld.io.radiometry import ZERO_C, LinearKelvin, Radiometry, stored_centikelvin

PLAIN = {"r1": 21106.77, "r2": 0.012545258, "b": 1501.0, "f": 1.0, "o": -7340.0}


def radiometry(camera=E40) -> Radiometry:
    kelvin = {"reflected_k": "reflected_c", "air_k": "air_c", "window_k": "window_c"}
    values = {kelvin.get(name, name): value for name, value in camera.items()}
    values |= {celsius: values[celsius] - ZERO_C for celsius in kelvin.values()}
    values["distance_m"] = values.pop("distance")
    return Radiometry(**values)


def test_black_surface_close_by_worked_by_hand():
    # 21106.77 / (0.012545258 * (18109 - 7340)) + 1 = 157.2309; 1501 / ln 157.2309 = 296.7743 K
    celsius = Radiometry(**PLAIN).celsius(np.array([[18109]], np.uint16))
    assert celsius[0, 0] == pytest.approx(296.7743 - 273.15, abs=1e-3)


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"emissivity": 0.6, "reflected_k": 310.0},
        {"distance": 40.0, "humidity": 0.9, "air_k": 303.15},
        {"window_transmission": 0.8, "window_k": 280.0},
        {"distance": 0.0, "emissivity": 1.0},
    ],
)
def test_the_way_back_ends_where_the_way_there_began(changed):
    camera = E40 | changed
    celsius = np.linspace(-20, 250, 200).reshape(10, 20)
    found = radiometry(camera).celsius(seen_counts(celsius, camera))
    assert np.abs(found - celsius).max() < 2e-3


def test_cold_reflections_make_a_shiny_surface_look_colder_than_it_is():
    counts = np.array([[25000.0]])
    shiny = radiometry(E40 | {"emissivity": 0.5}).celsius(counts)
    matt = radiometry(E40 | {"emissivity": 1.0}).celsius(counts)
    assert shiny > matt > 20


def test_counts_below_all_radiation_have_no_temperature():
    found = Radiometry(**PLAIN).celsius(np.array([[7000, 18109]], np.uint16))
    assert np.isnan(found[0, 0])
    assert np.isfinite(found[0, 1])


@pytest.mark.parametrize(
    "bad",
    [
        {"r1": 0.0},
        {"b": -1.0},
        {"emissivity": 0.0},
        {"emissivity": 1.5},
        {"window_transmission": 0.0},
        {"air_c": float("nan")},
        {"reflected_c": -300.0},
        {"humidity": -0.1},
    ],
    ids=str,
)
def test_impossible_calibrations_are_named(bad):
    with pytest.raises(UnreadableFile, match=next(iter(bad))):
        Radiometry(**(PLAIN | bad))


def test_linear_counts_are_hundredths_of_a_kelvin():
    celsius = LinearKelvin(0.01).celsius(np.array([[27315, 30315]], np.uint16))
    assert celsius[0].tolist() == pytest.approx([0.0, 30.0], abs=1e-4)
    assert stored_centikelvin(celsius).tolist() == [[27315, 30315]]


def test_temperatures_beyond_16_bits_are_refused():
    with pytest.raises(BadImage, match=r"382\.2"):
        stored_centikelvin(np.array([[20.0, 400.0]], np.float32))
    with pytest.raises(BadSetting, match="kelvin per count"):
        LinearKelvin(0.0)


@pytest.mark.parametrize(
    "wild",
    [{"b": 1e9}, {"f": 1e30}, {"alpha1": -1e9, "distance_m": 1e9}, {"air_c": 1e9}, {"r1": 1e300}],
    ids=str,
)
def test_calibrations_out_of_all_bounds_are_refused_or_give_no_temperature(wild):
    try:
        found = Radiometry(**(PLAIN | {"emissivity": 0.9} | wild))
    except UnreadableFile as error:
        assert "no temperature follows" in str(error)  # noqa: PT017 - some can be computed
    else:
        celsius = found.celsius(np.array([[0, 18109, 65535]], np.uint16))
        assert (np.isnan(celsius) | (celsius >= -ZERO_C)).all()
