"""Where things stand: the demo street composed by hand, and streets made up from a seed."""

import numpy as np

from thermeld.data.stage import street as kit
from thermeld.data.stage.facade import Facade
from thermeld.data.stage.figures import CLOTHES, HAIRS, SKINS, Outfit, deer, dog
from thermeld.data.stage.layout import COOL, NEON, SODIUM, WALLS, WARM, WORDS, Layout
from thermeld.data.stage.textures import Street
from thermeld.data.stage.vehicles import BODIES, FINISHES, HATCH, SALOON, VAN


def composed(night: bool) -> Layout:
    """The one composed by hand: shops on the left, a dark park on the right."""
    rng = np.random.default_rng(7)
    plan = Layout(Street(crossing_m=15.5, wet=0.75 if night else 0.1), night)
    plan.ground = kit.ground(plan.street, park=(False, True))
    _demo_houses(plan)
    _demo_park(plan, rng)
    _demo_traffic(plan)
    for side, z in (
        (-1.0, 13.0),
        (1.0, 25.5),
        (-1.0, 38.0),
        (1.0, 52.0),
        (-1.0, 66.0),
        (1.0, 82.0),
    ):
        plan.lamp(side, z, colour=WARM, shadows=z < 30)
    _demo_people(plan)
    plan.houses += kit.backdrop(rng, windows=len(plan.facades))
    return plan


def _demo_houses(plan: Layout) -> None:
    front = -(plan.street.half_m + plan.street.pavement_m)
    rows = (
        (3.0, 15.6, 9.6, 0, Facade(lit=0.34, shop=True, seed=3), "CAFE", NEON[0], False),
        (
            15.6,
            27.0,
            12.6,
            1,
            Facade(lit=0.42, seed=11, window_m=(1.2, 1.75), bay_m=2.3, shop=True),
            "BOOKS",
            NEON[3],
            False,
        ),
        (27.0, 41.0, 9.4, 2, Facade(lit=0.3, seed=23, shop=True), "PHARMACY", NEON[2], True),
        (
            41.0,
            60.0,
            15.8,
            4,
            Facade(lit=0.45, seed=31, window_m=(1.5, 1.8), bay_m=2.7),
            "HOTEL",
            NEON[1],
            False,
        ),
        (60.0, 84.0, 12.4, 5, Facade(lit=0.4, seed=41), "BAR", NEON[0], False),
        (84.0, 120.0, 15.6, 3, Facade(lit=0.4, seed=43), "", NEON[0], False),
    )
    for near, far, tall, kind, facade, word, colour, gable in rows:
        plot = kit.Plot(front, near, far, tall)
        plan.house(plot, kind, facade, gable=gable)
        if word:
            plan.sign(plot, word, colour, share=0.62)


def _demo_park(plan: Layout, rng: np.random.Generator) -> None:
    edge = plan.street.half_m + plan.street.pavement_m
    for x, z, tall, detail in (
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
    ):
        plan.stand(kit.tree(rng, height_m=tall, detail=detail), x, z, foot=(0.35, 0.35))
    plan.things.append(kit.hedge(rng, x=edge + 0.7, near_m=22.0, far_m=44.0))
    plan.things.append(kit.tufts(rng, x=(edge - 0.05, edge + 2.5), z=(3.0, 12.0), count=1500))
    plan.stand(kit.bench(), 8.3, 17.6, turn=-1.9, foot=(0.8, 0.3))
    plan.stand(kit.bin_(), 7.0, 19.4, foot=(0.25, 0.25))
    plan.stand(deer(), 11.4, 16.6, turn=3.9, foot=(0.15, 0.4))


def _demo_traffic(plan: Layout) -> None:
    lane = plan.street.half_m / 2
    plan.drive(SALOON, FINISHES[0], -lane + 0.2, 23.5, turn=np.pi)
    plan.drive(VAN, FINISHES[5], lane, 36.0, turn=0.0)
    plan.drive(
        HATCH, FINISHES[3], -plan.street.half_m + 1.0, 9.6, turn=np.pi, moving=False, warm=3.5
    )
    plan.drive(HATCH, FINISHES[4], -plan.street.half_m + 1.0, 44.0, turn=np.pi, moving=False)


def _demo_people(plan: Layout) -> None:
    kerb = plan.street.half_m
    dark = dict(top=CLOTHES[0], legs=CLOTHES[0])
    plan.walk(Outfit(**dark, stride=0.8, coat=True, height_m=1.74), kerb + 1.3, 9.0, 3.0)  # type: ignore[arg-type]
    plan.walk(
        Outfit(CLOTHES[2], CLOTHES[1], SKINS[1], HAIRS[0], -0.7, bag=True), kerb + 2.1, 13.2, 0.3
    )
    plan.walk(Outfit(CLOTHES[1], CLOTHES[0], SKINS[0], HAIRS[1], 0.9), 1.5, 17.4, -1.5)
    plan.walk(
        Outfit(CLOTHES[3], CLOTHES[1], SKINS[0], HAIRS[2], -0.5, height_m=1.64), -5.4, 17.5, 2.9
    )
    plan.walk(Outfit(CLOTHES[0], CLOTHES[1], SKINS[2], HAIRS[0], 0.4), -5.2, 29.0, 0.2)
    plan.walk(Outfit(CLOTHES[4], CLOTHES[1], SKINS[0], HAIRS[1], 0.2, coat=True), 9.9, 24.5, 2.2)
    plan.stand(dog(), 9.2, 24.0, turn=2.2, foot=(0.1, 0.25))
    plan.walk(Outfit(CLOTHES[5], CLOTHES[1], SKINS[0], HAIRS[1], 0.6), 5.6, 33.0, 3.0)
    plan.walk(Outfit(CLOTHES[1], CLOTHES[1], SKINS[1], HAIRS[1], -0.4), 6.1, 33.4, 3.0)


def drawn(rng: np.random.Generator, night: bool) -> Layout:
    """A street made up from a seed: houses or park on either side, traffic, people, animals."""
    street = Street(
        half_m=float(rng.uniform(3.2, 4.6)),
        pavement_m=float(rng.uniform(2.0, 3.4)),
        crossing_m=float(rng.uniform(11, 30)) if rng.random() < 0.6 else None,
        wet=float(rng.uniform(0, 1) if night else rng.uniform(0, 0.3)),
        seed=int(rng.integers(1000)),
    )
    lane = street.half_m / 2
    aside = street.half_m + 0.5 * street.pavement_m
    x = float(rng.choice([lane, lane, lane - 1.2, aside, -aside]))
    eye = (x, float(rng.uniform(1.4, 2.3)), 0.0)
    target = (0.5 * x + float(rng.uniform(-3, 3)), float(rng.uniform(1.2, 2.6)), 30.0)
    plan = Layout(street, night, eye, target)
    park = (bool(rng.random() < 0.4), bool(rng.random() < 0.4))
    plan.ground = kit.ground(street, park=park)
    for side, green in zip((-1.0, 1.0), park, strict=True):
        (_some_park if green else _some_houses)(plan, rng, side)
    _some_lamps(plan, rng)
    _some_traffic(plan, rng)
    _some_people(plan, rng, park)
    plan.houses += kit.backdrop(rng, windows=len(plan.facades))
    return plan


def _some_houses(plan: Layout, rng: np.random.Generator, side: float) -> None:
    front = side * (plan.street.half_m + plan.street.pavement_m)
    near = 1.0
    while near < kit.END_M - 12:
        far = near + float(rng.uniform(9, 20))
        facade = Facade(
            floor_m=float(rng.uniform(2.9, 3.4)),
            bay_m=float(rng.uniform(2.1, 3.2)),
            window_m=(float(rng.uniform(0.9, 1.5)), float(rng.uniform(1.2, 1.8))),
            lit=float(rng.uniform(0.1, 0.55)),
            shop=bool(rng.random() < 0.45),
            seed=int(rng.integers(10000)),
        )
        tall = facade.floor_m * int(rng.integers(2, 6)) + 0.3
        plot = kit.Plot(front, near, min(far, kit.END_M), tall)
        plan.house(plot, int(rng.integers(len(WALLS))), facade, gable=bool(rng.random() < 0.3))
        if facade.shop and rng.random() < 0.7:
            word, colour = WORDS[rng.integers(8)], NEON[rng.integers(len(NEON))]
            plan.sign(plot, word, colour, share=float(rng.uniform(0.3, 0.7)))
        near = far + (float(rng.uniform(2, 5)) if rng.random() < 0.15 else 0.0)


def _some_park(plan: Layout, rng: np.random.Generator, side: float) -> None:
    edge = plan.street.half_m + plan.street.pavement_m
    z = float(rng.uniform(6, 14))
    while z < 110:
        x = side * (edge + float(rng.uniform(1.5, 6 + 0.15 * z)))
        detail = float(np.clip(13 / z, 0.15, 1.0))
        tree = kit.tree(rng, height_m=float(rng.uniform(6.5, 12)), detail=detail)
        plan.stand(tree, x, z, foot=(0.35, 0.35))
        z += float(rng.uniform(2.5, 5)) * (1 + z / 50)
    if rng.random() < 0.6:
        start = float(rng.uniform(12, 30))
        plan.things.append(kit.hedge(rng, x=side * (edge + 0.7), near_m=start, far_m=start + 18))
    lawn = (edge - 0.05, edge + 2.5) if side > 0 else (-edge - 2.5, -edge + 0.05)
    plan.things.append(kit.tufts(rng, x=lawn, z=(3.0, 12.0), count=1200))
    z = float(rng.uniform(9, 25))
    plan.stand(kit.bench(), side * (edge + 1.2), z, turn=-side * 1.6, foot=(0.8, 0.3))


def _some_lamps(plan: Layout, rng: np.random.Generator) -> None:
    colour = (SODIUM, WARM, COOL)[rng.integers(3)]
    side, z = float(rng.choice([-1.0, 1.0])), float(rng.uniform(8, 18))
    first = True
    while z < 110:
        plan.lamp(side, z, colour=colour, shadows=first)
        side, z, first = -side, z + float(rng.uniform(11, 16)), False


def _some_traffic(plan: Layout, rng: np.random.Generator) -> None:
    half = plan.street.half_m
    for side, chance in ((-1.0, 0.4), (1.0, 0.2)):
        z = float(rng.uniform(8, 16)) + (6.0 if side > 0 else 0.0)
        while z < 70 and half > 3.6:
            if rng.random() < chance:
                warm = float(rng.choice([0.0, 0.0, 6.0]))
                _some_car(plan, rng, side * (half - 1.0), z, warm)
            z += float(rng.uniform(5.5, 9))
    for side, low in ((-1.0, 16.0), (1.0, 20.0)):
        if rng.random() < 0.75:
            _some_car(plan, rng, 0.37 * side * half, float(rng.uniform(low, 60)), None)


def _some_car(
    plan: Layout, rng: np.random.Generator, x: float, z: float, warm: float | None
) -> None:
    """A car that drives, or with `warm` one that is parked."""
    body, finish = BODIES[rng.integers(len(BODIES))], FINISHES[rng.integers(len(FINISHES))]
    turn = np.pi if x < 0 else 0.0
    plan.drive(body, finish, x, z, turn=turn, moving=warm is None, warm=warm)


def _some_people(plan: Layout, rng: np.random.Generator, park: tuple[bool, bool]) -> None:
    half, wide = plan.street.half_m, plan.street.pavement_m
    for _ in range(int(rng.integers(4, 10))):
        z = float(6.5 + 38 * rng.random() ** 1.6)
        side = float(rng.choice([-1.0, 1.0]))
        x = side * (half + float(rng.uniform(0.9, wide - 0.3)))
        turn = float(rng.choice([0.0, np.pi]) + rng.normal(0, 0.25))
        plan.walk(Outfit.drawn(rng), x, z, turn)
    if plan.street.crossing_m is not None:
        turn = float(rng.choice([-1.57, 1.57]))
        x = 0.8 * float(rng.uniform(-half, half))
        plan.walk(Outfit.drawn(rng), x, plan.street.crossing_m + 1.6, turn)
    for side, green in zip((-1.0, 1.0), park, strict=True):
        if green:
            _some_wildlife(plan, rng, side)


def _some_wildlife(plan: Layout, rng: np.random.Generator, side: float) -> None:
    """A deer on the grass, or somebody out with a dog."""
    x = side * (plan.street.half_m + plan.street.pavement_m + float(rng.uniform(1.5, 5)))
    z, turn = float(rng.uniform(9, 22)), float(rng.uniform(0, 2 * np.pi))
    if rng.random() < 0.5:
        size = float(rng.uniform(0.9, 1.15))
        plan.stand(deer(size=size), x, z, turn=turn, foot=(0.15, 0.4))
        return
    plan.walk(Outfit.drawn(rng), x, z, turn)
    size = float(rng.uniform(0.8, 1.2))
    plan.stand(dog(size=size), x + 0.8, z - 0.3, turn=turn, foot=(0.1, 0.25))
