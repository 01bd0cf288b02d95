"""How fast the metrics are, beside plain formulations of the same definitions.

    pip install -c constraints.txt -e '.[bench]'
    OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 python benchmarks/metrics_speed.py

Plain means: as one writes it with scikit-image, scipy, scikit-learn and NumPy from the formula.
Both run in turn on one thread in one process, on the same gray 640x480 triple; times are the
least processor time of several runs. Values are compared too, so that like is timed with like.
"""

# ruff: noqa: D103  the functions are the metrics of their names
import argparse
from collections.abc import Callable
from time import process_time

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import sobel, uniform_filter
from scipy.signal import convolve2d
from skimage.measure import shannon_entropy
from skimage.metrics import structural_similarity
from sklearn.metrics import mutual_info_score

import thermeld.metrics  # noqa: F401  fills the table
from thermeld.metrics.feature_maps import cosines, octave_edges, wavelets
from thermeld.metrics.plane import Plane
from thermeld.metrics.scoring import Triple
from thermeld.registry import METRICS

Real = NDArray[np.float64]
Rule = Callable[[Real, Real, Real], float]
TEN = ("EN", "SD", "SF", "MI", "SCD", "VIF", "Qabf", "SSIM", "AG", "PSNR")
SX = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
SY = np.array([[1.0, 2, 1], [0, 0, 0], [-1, -2, -1]])


def scene(rows: int, cols: int) -> list[NDArray[np.uint8]]:
    """Two textured views of one scene with a flat part, and their average."""
    rng = np.random.default_rng(20)
    y, x = np.mgrid[:rows, :cols] / 60.0
    ir = 90 + 70 * np.sin(y) * np.cos(1.3 * x) + 60 * (np.hypot(y - 4, x - 5) < 1)
    vis = 110 + 50 * np.cos(1.7 * y + x) + cv2.GaussianBlur(rng.normal(0, 60, y.shape), (0, 0), 1)
    ir[: rows // 8] = 40
    images = [np.clip(image, 0, 255).astype(np.uint8) for image in (ir, vis)]
    return [*images, cv2.addWeighted(images[0], 0.5, images[1], 0.5, 0)]


def bell(side: int, sigma: float) -> Real:
    offsets = np.arange(side) - side // 2
    kernel = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * sigma**2))
    return kernel / kernel.sum()


def pearson(x: Real, y: Real) -> float:
    return float(np.corrcoef(x.ravel(), y.ravel())[0, 1])


def mse(a: Real, b: Real, f: Real) -> float:
    return (np.mean((f - a) ** 2) + np.mean((f - b) ** 2)) / 2


def sf(a: Real, b: Real, f: Real) -> float:
    return np.sqrt(np.mean(np.diff(f, axis=0) ** 2) + np.mean(np.diff(f, axis=1) ** 2))


def ag(a: Real, b: Real, f: Real) -> float:
    y, x = np.gradient(f)
    return np.mean(np.sqrt((x**2 + y**2) / 2))


def ei(a: Real, b: Real, f: Real) -> float:
    return np.mean(np.hypot(sobel(f, 0, mode="nearest"), sobel(f, 1, mode="nearest")))


def vif(a: Real, b: Real, f: Real) -> float:
    def ratio(r: Real, d: Real) -> float:
        num = den = 0.0
        for scale in range(4):
            kernel = bell(2 ** (4 - scale) + 1, (2 ** (4 - scale) + 1) / 5)
            if scale:
                r, d = (convolve2d(v, kernel, mode="valid")[::2, ::2] for v in (r, d))
            mr, md, rr, dd, rd = (
                convolve2d(v, kernel, mode="valid") for v in (r, d, r * r, d * d, r * d)
            )
            vr, vd, cross = np.maximum(rr - mr**2, 0), np.maximum(dd - md**2, 0), rd - mr * md
            g = cross / (vr + 1e-10)
            t = vd - g * cross
            flat, blank, against = vr < 1e-10, vd < 1e-10, g < 0
            g[flat | blank | against] = 0
            t[flat | against] = vd[flat | against]
            t[blank] = 0
            vr[flat] = 0
            num += np.sum(np.log10(1 + g**2 * vr / (np.maximum(t, 1e-10) + 2)))
            den += np.sum(np.log10(1 + vr / 2))
        return num / den

    return ratio(a, f) + ratio(b, f)


def qabf(a: Real, b: Real, f: Real) -> float:
    def edges(v: Real) -> tuple[Real, Real]:
        x, y = (convolve2d(v, kernel, mode="same") for kernel in (SX, SY))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.sqrt(x**2 + y**2), np.where(x == 0, np.pi / 2, np.arctan(y / x))

    (ga, aa), (gb, ab), (gf, af) = edges(a), edges(b), edges(f)
    kept = 0.0
    for g, angle in ((ga, aa), (gb, ab)):
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(g > gf, gf / g, np.where(g == gf, gf, g / gf))
        aligned = 1 - np.abs(angle - af) / (np.pi / 2)
        q = 0.9994 / (1 + np.exp(-15 * (ratio - 0.5)))
        kept += np.sum(g * q * 0.9879 / (1 + np.exp(-22 * (aligned - 0.8))))
    return kept / np.sum(ga + gb)


def ssim(a: Real, b: Real, f: Real) -> float:
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return sum(structural_similarity(s, f, data_range=255, **settings) for s in (a, b))


def qcb(a: Real, b: Real, f: Real) -> float:
    rows, cols = f.shape
    v, u = ((np.arange(n) - n // 2) * 2 / n * n / 30 for n in (rows, cols))
    r = np.hypot(v[:, None], u[None])
    response = np.exp(-((r / 15.3870) ** 2)) - 0.7622 * np.exp(-((r / 1.3456) ** 2))

    def contrast(image: Real) -> Real:
        image = np.floor((image - image.min()) / (image.max() - image.min()) * 255 + 0.5)
        seen = np.fft.ifft2(np.fft.ifftshift(np.fft.fftshift(np.fft.fft2(image)) * response)).real
        x = np.arange(-15, 16)
        bells = (
            np.exp(-(x[:, None] ** 2 + x**2) / (2 * s * s)) / (2 * np.pi * s * s) for s in (2, 4)
        )
        inner, outer = (convolve2d(seen, k, mode="same") for k in bells)
        c = np.abs(inner / outer - 1)
        return c**3 / (c**2 + 0.0001)

    ca, cb, cf = contrast(a), contrast(b), contrast(f)
    kept = sum(c**2 * np.minimum(c, cf) / np.maximum(c, cf) for c in (ca, cb))
    return np.mean(kept / (ca**2 + cb**2))


def q0(a: Real, b: Real, f: Real) -> float:
    def mean(v: Real) -> Real:
        return uniform_filter(v, 8)[4:-3, 4:-3]

    ma, mb, mf = mean(a), mean(b), mean(f)
    va, vb, vf = mean(a * a) - ma**2, mean(b * b) - mb**2, mean(f * f) - mf**2

    def index(m: Real, v: Real, product: Real) -> Real:
        spread, cross = v + vf, mean(product) - m * mf
        flat = spread < 1e-9
        return (
            np.where(flat, 1, 2 * cross / np.where(flat, 1, spread)) * 2 * m * mf / (m**2 + mf**2)
        )

    both = va + vb
    share = np.where(both < 1e-9, 0.5, va / np.where(both < 1e-9, 1, both))
    return np.mean(share * index(ma, va, a * f) + (1 - share) * index(mb, vb, b * f))


def fmi(feature: Callable[[Plane], Real]) -> Rule:
    """Window by window, on a corner of the maps; the time is scaled to all windows."""

    def bits(mass: Real) -> float:
        full = mass[mass != 0]
        return -np.sum(full * np.log2(np.abs(full)))

    def share(window: Real) -> Real:
        low, high = window.min(), window.max()
        scaled = (window - low) / (high - low) if high > low else np.ones(9)
        return scaled / scaled.sum()

    def window_score(s: Real, f: Real) -> float:
        if np.array_equal(s, f) or np.ptp(s) == np.ptp(f) == 0:
            return 1.0
        p, q, k = share(s), share(f), np.arange(1, 10)
        cp, cq = np.cumsum(p), np.cumsum(q)
        sp, sq = (np.sqrt(np.sum(k * k * w) - np.sum(k * w) ** 2) for w in (p, q))
        c = np.corrcoef(p, q)[0, 1] if np.ptp(s) and np.ptp(f) else 0.0
        most, least = np.minimum.outer(cq, cp), np.maximum(np.add.outer(cq, cp) - 1, 0)
        bound = most if c >= 0 else least
        t = c * sp * sq / np.sum(bound - np.outer(cq, cp)) if c and sp and sq else 0.0
        dependent = np.diff(np.diff(np.pad(bound, ((1, 0), (1, 0))), axis=0), axis=1)
        own = bits(p) + bits(q)
        return 2 * (own - bits(t * dependent + (1 - t) * np.outer(q, p))) / own if own else 0.0

    def score(a: Real, b: Real, f: Real) -> float:
        maps = [feature(Plane(image.astype(np.uint8)))[:CORNER, :CORNER] for image in (a, b, f)]
        views = [np.lib.stride_tricks.sliding_window_view(m, (3, 3)) for m in maps]
        va, vb, vf = (np.swapaxes(v, 2, 3).reshape(-1, 9) for v in views)
        return np.mean([window_score(s, w) for v in (va, vb) for s, w in zip(v, vf, strict=True)])

    return score


CORNER = 34  # 32 x 32 windows
PLAIN: dict[str, tuple[str, Rule]] = {  # name: the convention it equals, and how
    "EN": ("tang", lambda a, b, f: shannon_entropy(f)),
    "SD": ("tang", lambda a, b, f: np.std(f)),
    "SF": ("tang", sf),
    "MI": ("cddfuse", lambda a, b, f: sum(mutual_info_score(s.ravel(), f.ravel()) for s in (a, b))),
    "SCD": ("tang", lambda a, b, f: pearson(f - b, a) + pearson(f - a, b)),
    "VIF": ("tang", vif),
    "Qabf": ("tang", qabf),
    "SSIM": ("vifb", ssim),
    "AG": ("cddfuse", ag),
    "PSNR": ("tang", lambda a, b, f: 20 * np.log10(255 / np.sqrt(mse(a, b, f) / 255**2))),
    "MSE": ("cddfuse", mse),
    "CC": ("tang", lambda a, b, f: (pearson(a, f) + pearson(b, f)) / 2),
    "EI": ("vifb", ei),
    "Q0": ("paper", q0),
    "Qcb": ("vifb", qcb),
    "FMI_pixel": ("tang", fmi(octave_edges)),
    "FMI_dct": ("tang", fmi(cosines)),
    "FMI_w": ("tang", fmi(wavelets)),
}


def least_time(work: Callable[[], float], runs: int) -> tuple[float, float]:
    """Least processor time in seconds, and the value."""
    times = []
    for _ in range(runs):
        start = process_time()
        value = work()
        times.append(process_time() - start)
    return min(times), value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    cv2.setNumThreads(1)
    images = scene(480, 640)
    floats = [image.astype(np.float64) for image in images]
    spent = {}
    print("| metric | convention | ours ms | plain ms | plain / ours | relative difference |")
    print("|---|---|---|---|---|---|")
    for name, entry in METRICS.items():
        convention, plain = PLAIN.get(name, (entry.card.default, None))
        ours, value = least_time(lambda: Triple(*images).measure(entry, convention), runs)  # noqa: B023
        line = f"| {name} | {convention} | {1e3 * ours:.1f} "
        if plain is None:
            print(line + "| | | |")
            continue
        corner = name.startswith("FMI")
        theirs, expected = least_time(lambda: plain(*floats), 1 if corner else runs)  # noqa: B023
        off = "(a corner)" if corner else f"{abs(value - expected) / abs(expected):.0e}"
        spent[name] = theirs * (floats[0].size / (CORNER - 2) ** 2 if corner else 1)
        print(f"{line}| {1e3 * spent[name]:.1f} | {spent[name] / ours:.1f} | {off} |")
    together, _ = least_time(lambda: ten(images), runs)
    plain_ten = sum(spent[name] for name in TEN)
    print(f"| the ten together | | {1e3 * together:.1f} | {1e3 * plain_ten:.1f} "
          f"| {plain_ten / together:.0f} | |")  # fmt: skip


def ten(images: list[NDArray[np.uint8]]) -> float:
    """EN, SD, SF, MI, SCD, VIF, Qabf, SSIM, AG and PSNR of one triple."""
    triple = Triple(*images)
    return sum(triple.measure(METRICS[name], PLAIN[name][0]) for name in TEN)


if __name__ == "__main__":
    main()
