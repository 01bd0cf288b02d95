from dataclasses import fields

import numpy as np
import pytest

from thermeld.data.scene import Label, Scene, demo_scene, render_scene
from thermeld.data.stage.materials import MATERIALS
from thermeld.errors import BadSetting

SMALL = {"height": 60, "width": 80}


@pytest.fixture(scope="module")
def night() -> Scene:
    return demo_scene(height=240, width=320)


@pytest.fixture(scope="module")
def day() -> Scene:
    return demo_scene(height=240, width=320, night=False)


def same(one: Scene, other: Scene) -> bool:
    return all(
        getattr(one, item.name).tobytes() == getattr(other, item.name).tobytes()
        for item in fields(Scene)
    )


def drawn(seed: int, **settings: object) -> Scene:
    return render_scene(np.random.default_rng(seed), **(SMALL | settings))  # type: ignore[arg-type]


def test_one_seed_gives_the_same_bytes_and_another_seed_other_ones() -> None:
    first = drawn(3)
    assert same(first, drawn(3))
    other = drawn(4)
    assert np.mean(first.labels != other.labels) > 0.1
    assert not same(first, other)


def test_the_demo_needs_no_seed() -> None:
    assert same(demo_scene(**SMALL), demo_scene(**SMALL))
    assert not same(demo_scene(**SMALL), demo_scene(**SMALL, night=False))


@pytest.mark.parametrize(("seed", "night"), [(0, True), (1, False)])
def test_everything_has_the_promised_type_shape_and_range(seed: int, night: bool) -> None:
    scene = drawn(seed, height=97, width=131, night=night)
    for name, depth in (("ir", 2), ("vis", 3), ("clean_ir", 2), ("clean_vis", 3), ("albedo", 3)):
        image = getattr(scene, name)
        assert image.dtype == np.float32
        assert image.shape == (97, 131, 3)[:depth]
        assert image.flags.c_contiguous
        assert image.min() >= 0
        assert image.max() <= 1
    assert scene.temperature.dtype == np.float32
    assert scene.temperature.shape == (97, 131)
    assert scene.labels.dtype == np.uint8
    assert scene.labels.shape == (97, 131)
    assert set(np.unique(scene.labels)) <= {int(label) for label in Label}


@pytest.mark.parametrize("size", [(32, 32), (33, 200), (201, 34)])
def test_small_odd_and_lopsided_sizes_render(size: tuple[int, int]) -> None:
    scene = drawn(1, height=size[0], width=size[1])
    assert scene.vis.shape == (*size, 3)
    assert np.isfinite(scene.ir).all()
    assert scene.vis.std() > 0.01


def test_people_in_the_dark_are_warm_and_stand_out_in_infrared_only(night: Scene) -> None:
    people = night.labels == Label.PERSON
    ground = (night.labels == Label.PAVEMENT) | (night.labels == Label.GRASS)
    assert people.sum() > 300
    assert night.temperature[people].mean() > night.temperature[ground].mean() + 8
    assert night.clean_ir[people].mean() > night.clean_ir[ground].mean() + 0.3
    right = np.zeros_like(people)
    right[:, 240:] = True  # the one in the dark, by the park
    luma = night.clean_vis.mean(axis=2)
    assert luma[people & right].mean() < 0.12


def test_lamps_and_lettering_shine_in_the_visible_image_only(night: Scene) -> None:
    beside = night.labels == Label.BUILDING
    luma = night.clean_vis.mean(axis=2)
    lens = (night.labels == Label.LAMP) & (luma > 0.9)
    sign = night.labels == Label.SIGN
    assert lens.sum() > 20
    assert night.clean_ir[lens].mean() < night.clean_ir[beside].mean() + 0.05
    assert luma[sign].mean() > luma[beside].mean() + 0.2
    assert night.clean_vis[sign].std() > 4 * night.clean_ir[sign].std()


def test_a_running_engine_is_warm_and_paint_is_not(night: Scene) -> None:
    cars = night.temperature[night.labels == Label.CAR]
    assert np.percentile(cars, 97) > np.median(cars) + 5


@pytest.mark.parametrize("hour", ["night", "day"])
def test_temperatures_are_those_of_the_materials(hour: str, request: pytest.FixtureRequest) -> None:
    scene = request.getfixturevalue(hour)
    for label in (Label.ROAD, Label.PAVEMENT, Label.GRASS, Label.BUILDING, Label.TREE):
        kinds = [material for material in MATERIALS if material.label == label]
        base = [getattr(kind, f"{hour}_celsius") for kind in kinds]
        sun = max(kind.sun_celsius for kind in kinds) if hour == "day" else 0.0
        middle = float(np.median(scene.temperature[scene.labels == label]))
        assert min(base) - 3 < middle < max(base) + sun + 3, label.name
    assert scene.temperature[scene.labels == Label.SKY].mean() < min(base) - 10


def test_infrared_follows_temperature(night: Scene) -> None:
    solid = night.labels != Label.SKY
    order = np.corrcoef(night.temperature[solid], night.clean_ir[solid])[0, 1]
    assert order > 0.8


def test_fog_hides_from_the_colour_camera_alone(day: Scene) -> None:
    fog = demo_scene(height=240, width=320, night=False, fog=0.9)
    assert fog.ir.tobytes() == day.ir.tobytes()
    far = day.labels == Label.BUILDING
    assert fog.clean_vis[far].std() < 0.5 * day.clean_vis[far].std()


def test_noise_is_stronger_by_night(night: Scene, day: Scene) -> None:
    dark, bright = (
        float((scene.vis - scene.clean_vis)[scene.labels == Label.ROAD].std())
        for scene in (night, day)
    )
    assert 0 < bright < dark < 0.1
    assert 0 < (night.ir - night.clean_ir).std() < 0.03


def test_day_is_brighter_and_its_sun_warms_the_road(night: Scene, day: Scene) -> None:
    assert day.vis.mean() > night.vis.mean() + 0.15
    road = day.temperature[day.labels == Label.ROAD]
    assert np.percentile(road, 95) > np.percentile(road, 3) + 4  # sun and shadow


@pytest.mark.parametrize(
    "settings",
    [{"height": 31}, {"width": 0}, {"width": -5}, {"fog": -0.1}, {"fog": 1.5}, {"fog": np.nan}],
)
def test_impossible_settings_are_refused(settings: dict[str, float]) -> None:
    (name,) = settings
    with pytest.raises(BadSetting, match=name):
        drawn(1, **settings)
    with pytest.raises(BadSetting, match=name):
        demo_scene(**settings)  # type: ignore[arg-type]
