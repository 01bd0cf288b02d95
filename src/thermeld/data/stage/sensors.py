"""The two cameras: from radiance and temperature to the numbers an image file would hold."""

import cv2
import numpy as np

from thermeld.data.stage.mesh import Floats

_WAVE_K = 1438.8  # h c / (lambda k) at 10 micrometres, kelvin
_KELVIN = 273.15


def radiated(celsius: Floats) -> Floats:
    """Planck's law at 10 micrometres, up to a constant."""
    return np.asarray(1.0 / (np.exp(_WAVE_K / (celsius + _KELVIN)) - 1.0), np.float32)


def thermal_signal(celsius: Floats, emissivity: Floats, reflected_celsius: Floats) -> Floats:
    """What reaches a thermal camera: emitted, plus mirrored surroundings."""
    return emissivity * radiated(celsius) + (1.0 - emissivity) * radiated(reflected_celsius)


def thermal_camera(
    rng: np.random.Generator, signal: Floats, *, blur_px: float = 0.7, noise: float = 0.008
) -> tuple[Floats, Floats]:
    """Optics, automatic gain, then noise.

    Args:
        rng: source of the noise.
        signal: radiance (H, W).
        blur_px: deviation of the lens blur.
        noise: deviation of the temporal noise; the fixed pattern of columns is 0.6 of it.

    Returns:
        image with noise, the same without, both (H, W) in [0, 1].
    """
    soft = cv2.GaussianBlur(signal, (0, 0), blur_px)
    # As in real cameras the gain heeds the lower part of the view, where the ground is: a clear
    # sky is so cold that it would take most of the range, so it goes black.
    low, high = np.percentile(soft[2 * len(soft) // 5 :], [10.0, 99.9])
    low -= 0.22 * (high - low)
    clean = np.clip((soft - low) / max(high - low, 1e-9), 0.0, 1.0)
    around = cv2.GaussianBlur(clean, (0, 0), 8 * blur_px)
    clean = np.clip(clean + 0.35 * (clean - around), 0.0, 1.0)
    height, width = signal.shape
    grain = rng.standard_normal((height, width)).astype(np.float32)
    columns = rng.standard_normal((1, width)).astype(np.float32)
    rows = 0.4 * rng.standard_normal((height, 1)).astype(np.float32)
    noisy = clean + np.float32(noise) * (grain + 0.6 * columns + 0.6 * rows)
    return np.clip(noisy, 0, 1).astype(np.float32), clean.astype(np.float32)


def bloom(radiance: Floats, *, strength: float) -> Floats:
    """Light spilled by the lens around whatever is bright (3, H, W)."""
    height, width = radiance.shape[1:]
    spilled = np.empty_like(radiance)
    small = (max(width // 4, 1), max(height // 4, 1))
    for channel in range(3):
        low = cv2.resize(np.minimum(radiance[channel], 60.0), small, interpolation=cv2.INTER_AREA)
        total = np.zeros_like(low)
        for reach, share in ((0.004, 0.5), (0.014, 0.3), (0.05, 0.2)):
            total += share * cv2.GaussianBlur(low, (0, 0), max(reach * small[0], 0.6))
        spilled[channel] = cv2.resize(total, (width, height), interpolation=cv2.INTER_LINEAR)
    return radiance + np.float32(strength) * (spilled - radiance)


def tone(radiance: Floats, exposure: float) -> Floats:
    """Film-like response and the sRGB curve (Narkowicz's fit of the ACES curve, 2015)."""
    x = np.maximum(radiance, 0.0) * np.float32(exposure)
    linear = np.clip(x * (2.51 * x + 0.03) / (x * (2.43 * x + 0.59) + 0.14), 0.0, 1.0)
    return np.asarray(
        np.where(linear < 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055),
        np.float32,
    )


def visible_camera(
    rng: np.random.Generator, radiance: Floats, *, exposure: float, noise: float
) -> tuple[Floats, Floats]:
    """Vignetting, shot and read noise, tone.

    Args:
        rng: source of the noise.
        radiance: (3, H, W), linear.
        exposure: gain before the tone curve.
        noise: 0 none, 1 a small sensor in the dark.

    Returns:
        image with noise, the same without, both (H, W, 3) in [0, 1].
    """
    height, width = radiance.shape[1:]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    shaded = radiance * (1.0 - 0.16 * (x * x + y * y)) ** 2
    clean = tone(shaded, exposure)
    signal = shaded * np.float32(exposure)
    grain = rng.standard_normal(radiance.shape).astype(np.float32)
    # Sensors share much of their noise between channels once demosaicked; some stays coloured.
    grain = 0.75 * grain.mean(axis=0) * np.sqrt(3.0) + 0.35 * _softened(grain)
    spread = np.sqrt(np.maximum(signal, 0.0) * 0.0006 + 0.000006) * np.float32(noise)
    noisy = tone(np.maximum(signal + spread * grain, 0.0), 1.0)
    return _packed(noisy), _packed(clean)


def _softened(grain: Floats) -> Floats:
    """Colour noise is blotchy: its grain is larger than a pixel."""
    return np.stack([cv2.GaussianBlur(channel, (0, 0), 1.0) * 2.6 for channel in grain])


def _packed(image: Floats) -> Floats:
    return np.ascontiguousarray(np.clip(image, 0, 1).transpose(1, 2, 0), np.float32)
