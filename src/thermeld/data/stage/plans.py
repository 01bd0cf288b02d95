"""Streets made up from a seed."""

import numpy as np

from thermeld.data.stage import plants
from thermeld.data.stage import street as kit
from thermeld.data.stage.bodies import BODIES, FINISHES
from thermeld.data.stage.facade import Facade
from thermeld.data.stage.figures import Outfit, deer, dog
from thermeld.data.stage.layout import COOL, NEON, SODIUM, WALLS, WARM, WORDS, Layout
from thermeld.data.stage.textures import Street


def random_layout(rng: np.random.Generator, night: bool) -> Layout:
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
            word, colour = WORDS[rng.integers(len(WORDS))], NEON[rng.integers(len(NEON))]
            plan.sign(plot, word, colour, share=float(rng.uniform(0.3, 0.7)))
        near = far + (float(rng.uniform(2, 5)) if rng.random() < 0.15 else 0.0)


def _some_park(plan: Layout, rng: np.random.Generator, side: float) -> None:
    edge = plan.street.half_m + plan.street.pavement_m
    z = float(rng.uniform(6, 14))
    while z < 110:
        x = side * (edge + float(rng.uniform(1.5, 6 + 0.15 * z)))
        detail = float(np.clip(13 / z, 0.15, 1.0))
        tree = plants.tree(rng, height_m=float(rng.uniform(6.5, 12)), detail=detail)
        plan.stand(tree, x, z, foot=(0.35, 0.35))
        z += float(rng.uniform(2.5, 5)) * (1 + z / 50)
    if rng.random() < 0.6:
        start = float(rng.uniform(12, 30))
        plan.things.append(plants.hedge(rng, x=side * (edge + 0.7), near_m=start, far_m=start + 18))
    lawn = (edge - 0.05, edge + 2.5) if side > 0 else (-edge - 2.5, -edge + 0.05)
    plan.things.append(plants.tufts(rng, x=lawn, z=(3.0, 12.0), count=1200))
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
    plan.drive(body, finish, x, z, turn=turn, parked=warm)


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
