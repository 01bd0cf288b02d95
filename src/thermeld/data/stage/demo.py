"""The demo street, composed by hand."""

import numpy as np

from thermeld.data.stage import plants
from thermeld.data.stage import street as kit
from thermeld.data.stage.bodies import FINISHES, HATCH, SALOON, VAN
from thermeld.data.stage.facade import Facade
from thermeld.data.stage.figures import CLOTHES, HAIRS, SKINS, Outfit, deer, dog
from thermeld.data.stage.layout import NEON, WARM, Layout
from thermeld.data.stage.textures import Street

RED, BLUE, GREEN, AMBER = NEON
# near and far end (m), height (m), wall, front, sign
HOUSES = (
    (3.0, 15.6, 9.6, 0, Facade(lit=0.34, shop=True, seed=3), "", RED),
    (
        15.6,
        27.0,
        12.6,
        1,
        Facade(lit=0.42, seed=11, window_m=(1.2, 1.75), bay_m=2.3, shop=True),
        "CAFE",
        AMBER,
    ),
    (27.0, 41.0, 9.4, 2, Facade(lit=0.3, seed=23, shop=True), "PHARMACY", GREEN),
    (41.0, 60.0, 15.8, 4, Facade(lit=0.45, seed=31, window_m=(1.5, 1.8), bay_m=2.7), "HOTEL", BLUE),
    (60.0, 84.0, 12.4, 5, Facade(lit=0.4, seed=41), "BAR", RED),
    (84.0, 120.0, 15.6, 3, Facade(lit=0.4, seed=43), "", RED),
)
# x, z and height (m), detail
TREES = (
    (9.6, 13.5, 8.2, 1.0),
    (12.6, 21.0, 9.5, 0.8),
    (8.8, 31.0, 8.6, 0.6),
    (15.5, 36.0, 10.0, 0.5),
    (9.2, 45.0, 9.0, 0.4),
    (20.0, 27.0, 11.0, 0.6),
    (9.6, 60.0, 9.5, 0.3),
    (16.0, 58.0, 11.0, 0.3),
    (10.0, 78.0, 10.0, 0.25),
    (23.0, 48.0, 12.0, 0.35),
    (30.0, 60.0, 13.0, 0.3),
    (12.0, 98.0, 10.0, 0.2),
)
# side, z (m)
LAMPS = ((-1.0, 13.0), (1.0, 25.5), (-1.0, 38.0), (1.0, 52.0), (-1.0, 66.0), (1.0, 82.0))
BLACK, NAVY, GREY, RUST, OLIVE, SAND, PALE = CLOTHES
# who, x and z (m), heading
PEOPLE = (
    (Outfit(BLACK, BLACK, stride=0.8, coat=True, height_m=1.74), 4.85, 9.0, 3.0),
    (Outfit(GREY, NAVY, SKINS[1], HAIRS[0], -0.7, bag=True), 4.9, 15.0, 0.3),
    (Outfit(NAVY, BLACK, SKINS[0], HAIRS[1], 0.9), 1.5, 17.4, -1.5),
    (Outfit(RUST, NAVY, SKINS[0], HAIRS[2], -0.5, height_m=1.64), -5.2, 21.5, 2.9),
    (Outfit(BLACK, NAVY, SKINS[2], HAIRS[0], 0.4), -5.2, 29.0, 0.2),
    (Outfit(OLIVE, NAVY, SKINS[0], HAIRS[1], 0.2, coat=True), 12.4, 38.0, 2.2),
    (Outfit(SAND, NAVY, SKINS[0], HAIRS[1], 0.6), 5.6, 33.0, 3.0),
    (Outfit(NAVY, NAVY, SKINS[1], HAIRS[1], -0.4), 6.1, 33.4, 3.0),
)


def demo_layout(night: bool) -> Layout:
    """Shops on the left, a dark park on the right, somebody crossing between."""
    rng = np.random.default_rng(7)
    plan = Layout(Street(crossing_m=15.5, wet=0.75 if night else 0.1), night)
    plan.ground = kit.ground(plan.street, park=(False, True))
    front = -(plan.street.half_m + plan.street.pavement_m)
    for near, far, tall, kind, facade, word, colour in HOUSES:
        plot = kit.Plot(front, near, far, tall)
        plan.house(plot, kind, facade, gable=kind == 2)
        if word:
            plan.sign(plot, word, colour, share=0.62)
    for side, z in LAMPS:
        plan.lamp(side, z, colour=WARM, shadows=z < 30)
    for outfit, x, z, turn in PEOPLE:
        plan.walk(outfit, x, z, turn)
    _park(plan, rng)
    _traffic(plan)
    plan.houses += kit.backdrop(rng, windows=len(plan.facades))
    return plan


def _park(plan: Layout, rng: np.random.Generator) -> None:
    edge = plan.street.half_m + plan.street.pavement_m
    for x, z, tall, detail in TREES:
        plan.stand(plants.tree(rng, height_m=tall, detail=detail), x, z, foot=(0.35, 0.35))
    plan.things.append(plants.hedge(rng, x=edge + 0.7, near_m=22.0, far_m=44.0))
    plan.things.append(plants.tufts(rng, x=(edge - 0.05, edge + 2.5), z=(3.0, 12.0), count=1500))
    plan.stand(kit.bench(), 8.4, 21.0, turn=-1.9, foot=(0.8, 0.3))
    plan.stand(kit.bin_(), 7.0, 19.4, foot=(0.25, 0.25))
    plan.stand(deer(), 9.1, 15.5, turn=-2.2, foot=(0.15, 0.4))
    plan.stand(dog(), 11.6, 37.6, turn=2.2, foot=(0.1, 0.25))


def _traffic(plan: Layout) -> None:
    lane, edge = plan.street.half_m / 2, plan.street.half_m - 1.0
    plan.drive(SALOON, FINISHES[0], 0.2 - lane, 23.5, turn=np.pi)
    plan.drive(VAN, FINISHES[5], lane, 36.0, turn=0.0)
    plan.drive(HATCH, FINISHES[3], -edge, 9.6, turn=np.pi, parked=3.5)
    plan.drive(HATCH, FINISHES[4], -edge, 44.0, turn=np.pi, parked=0.0)
