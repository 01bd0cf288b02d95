"""A labelled set for tests of the judge, in which colour alone decides the class."""

import numpy as np

from thermeld.io import write_image

SIDE = (32, 40)
CAR, PERSON = 1, 2
COLOURS = {0: (101, 101, 101), CAR: (200, 60, 60), PERSON: (40, 130, 60)}  # nearly one luminance


def scene(number):
    """Infrared, visible and labels of one pair; the infrared shows where things are, not what."""
    rng = np.random.default_rng(number)
    kinds = (CAR, PERSON) if number % 2 else (PERSON, CAR)
    labels = np.zeros(SIDE, np.uint8)
    for left, kind in zip((0, 20), kinds, strict=True):
        top = int(rng.integers(4, 10))
        labels[top : top + 20, left : left + 20] = kind
    vis = np.array([COLOURS[kind] for kind in range(3)], np.uint8)[labels]
    return np.where(labels > 0, np.uint8(200), np.uint8(60)), vis, labels


def write_set(folder, count=20):
    for number in range(count):
        ir, vis, labels = scene(number)
        for name, image in (("ir", ir), ("vi", vis), ("labels", labels)):
            write_image(folder / name / f"{number:02}.png", image)
    return folder
