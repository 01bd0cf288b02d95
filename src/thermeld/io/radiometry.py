"""What a camera counts, as degrees Celsius.

A microbolometer's count is, up to gain and offset, the radiance of what it looks at. FLIR
calibrates it as  S(T) = R1 / (R2 (exp(B / T) - F)) - O  with T in kelvin, which is Planck's law
over the camera's band. What arrives is not the object alone:

    S = x t e S(object) + x t (1 - e) S(reflected) + x (1 - t) S(air) + (1 - x) S(window)

with emissivity e, transmission t of the air and x of an external window. Solved for S(object)
and turned back, that is the temperature.

Sources: the measurement formula and the model of the air printed in the manuals of FLIR's
cameras ("Thermographic measurement techniques" and "The measurement formula"); Minkina &
Dudzik, Infrared Thermography: Errors and Uncertainties, Wiley 2009, chapter 2; names of the
constants as in ExifTool's table of FLIR tags.
"""

from dataclasses import dataclass, fields
from math import exp, isfinite, sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadImage, BadSetting, UnreadableFile
from thermeld.image import Stored, require_finite

Celsius: TypeAlias = NDArray[np.float32]  # (H, W), degrees

ZERO_C = 273.15


@dataclass(frozen=True)
class Radiometry:
    """A camera's calibration, and the circumstances its user told it.

    Attributes:
        r1: with r2, b, f and o the calibration (see above); b in kelvin.
        r2: see above.
        b: see above.
        f: see above.
        o: see above; in counts.
        emissivity: of what is looked at, 0 to 1.
        distance_m: to it.
        reflected_c: temperature of what it reflects.
        air_c: temperature of the air between.
        humidity: relative, 0 to 1.
        window_c: temperature of a window before the lens.
        window_transmission: of that window, 0 to 1; 1 is no window.
        alpha1: with alpha2, beta1, beta2 and x the camera's model of the air.
        alpha2: see above.
        beta1: see above.
        beta2: see above.
        x: see above.

    Raises:
        UnreadableFile: values that no camera can mean; nothing could be computed from them.
    """

    r1: float
    r2: float
    b: float
    f: float
    o: float
    emissivity: float = 1.0
    distance_m: float = 0.0
    reflected_c: float = 20.0
    air_c: float = 20.0
    humidity: float = 0.5
    window_c: float = 20.0
    window_transmission: float = 1.0
    alpha1: float = 0.006569
    alpha2: float = 0.012620
    beta1: float = -0.002276
    beta2: float = -0.006670
    x: float = 1.9

    def __post_init__(self) -> None:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        bad = [name for name, value in values.items() if not isfinite(value)]
        bad += [name for name in ("r1", "r2", "b", "f") if not values[name] > 0]
        bad += [name for name in ("emissivity", "window_transmission") if not 0 < values[name] <= 1]
        bad += [name for name in ("distance_m", "humidity") if values[name] < 0]
        bad += [name for name, value in values.items() if name.endswith("_c") and value < -ZERO_C]
        if bad:
            found = ", ".join(f"{name} = {values[name]:g}" for name in dict.fromkeys(bad))
            raise UnreadableFile(
                f"holds a calibration from which no temperature follows ({found}); take the "
                "picture's file as the camera wrote it"
            )
        try:
            computable = isfinite(self._foreign())
        except ArithmeticError:  # an exponential without bounds, or a division by zero
            computable = False
        if not computable:
            raise UnreadableFile(
                "holds a calibration from which no temperature follows (its numbers lead out of "
                "all bounds); take the picture's file as the camera wrote it"
            )

    def celsius(self, counts: Stored) -> Celsius:
        """Temperatures; NaN where no temperature gives so low a count."""
        seen = counts.astype(np.float64)
        share = self.emissivity * self.air_transmission * self.window_transmission
        with np.errstate(all="ignore"):  # what cannot be computed is NaN in the end
            planck = self.r1 / (self.r2 * ((seen - self._foreign()) / share + self.o))
            kelvin = self.b / np.log(np.where(planck > 0, planck, np.nan) + self.f)
            return (np.where(kelvin > 0, kelvin, np.nan) - ZERO_C).astype(np.float32)

    def counts(self, celsius: float) -> float:
        """What the camera would count at a black surface of this temperature, close by."""
        return self.r1 / (self.r2 * (exp(self.b / (celsius + ZERO_C)) - self.f)) - self.o

    @property
    def air_transmission(self) -> float:
        """Of the air on the way, 0 to 1; `x` weighs two bands against each other."""
        wet = sqrt(self.humidity * _saturation_g_m3(self.air_c))
        way = sqrt(self.distance_m)
        first = self.x * exp(-way * (self.alpha1 + self.beta1 * wet))
        second = (1.0 - self.x) * exp(-way * (self.alpha2 + self.beta2 * wet))
        return min(max(first + second, 1e-3), 1.0)  # the model leaves 0..1 for great distances

    def _foreign(self) -> float:
        """The part of each count that does not come from the object."""
        air, window = self.air_transmission, self.window_transmission
        reflected = window * air * (1 - self.emissivity) * self.counts(self.reflected_c)
        between = window * (1 - air) * self.counts(self.air_c)
        return reflected + between + (1 - window) * self.counts(self.window_c)


@dataclass(frozen=True)
class LinearKelvin:
    """Counts that are temperatures already, in even steps from absolute zero.

    FLIR calls it TLinear: 0.01 K (Lepton, Boson, high resolution) or 0.1 or 0.04 K a count.
    """

    kelvin_per_count: float

    def __post_init__(self) -> None:
        if not 0 < self.kelvin_per_count < 10:
            raise BadSetting(
                f"kelvin per count must be a small positive number, as 0.01 or 0.04, got "
                f"{self.kelvin_per_count:g}"
            )

    def celsius(self, counts: Stored) -> Celsius:
        """Temperatures, (H, W)."""
        return (counts.astype(np.float64) * self.kelvin_per_count - ZERO_C).astype(np.float32)


def stored_centikelvin(celsius: Celsius) -> Stored:
    """Temperatures as uint16 hundredths of a kelvin, for formats without floats.

    Raises:
        BadImage: NaN, or outside -273.15 to 382.2 degrees.
    """
    require_finite(celsius)
    steps = np.rint((celsius.astype(np.float64) + ZERO_C) * 100)
    if steps.min() < 0 or steps.max() > np.iinfo(np.uint16).max:
        raise BadImage(
            f"temperatures from {celsius.min():.1f} to {celsius.max():.1f} °C do not fit into "
            "16 bits of 0.01 K (at most 382.2 °C); write a .tiff, which holds floats"
        )
    return steps.astype(np.uint16)


def _saturation_g_m3(air_c: float) -> float:
    """Water in saturated air: exp of a cubic in degrees, as FLIR's manuals print it."""
    return exp(1.5587 + 6.939e-2 * air_c - 2.7816e-4 * air_c**2 + 6.8455e-7 * air_c**3)
