"""The options with which any verb chooses a method and how pictures are treated."""

from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

import typer

from thermeld.align import Aligner, read_rig
from thermeld.cli._parts import key_values
from thermeld.errors import BadSetting
from thermeld.fuse import DEFAULT_METHOD, Fuser, find_method
from thermeld.methods.runtimes import PRECISIONS, RUNTIMES
from thermeld.registry import lookup

MethodOption = Annotated[
    str,
    typer.Option(
        "-m", "--method", help="A name of `thermeld list`, or an ONNX file with its card."
    ),
]
ColorOption = Annotated[
    str,
    typer.Option(
        "--color",
        help="ycbcr keeps colours, blend mixes them, gray drops them, per-channel fuses red, "
        "green and blue one by one.",
    ),
]
FitOption = Annotated[
    str | None,
    typer.Option("--fit", help="If sizes differ: vis resizes the infrared, ir the visible image."),
]
WindowOption = Annotated[
    str,
    typer.Option(
        "--window",
        metavar="auto|full|minmax|equalise|LOW:HIGH|pLOW:pHIGH",
        help="Infrared values shown as black and white. auto: 8 bit as stored, 16 bit p0.1:p99.9.",
    ),
]
SettingsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A setting of the method; see `thermeld list`."
    ),
]
KelvinOption = Annotated[
    float | None,
    typer.Option(
        "--kelvin-per-count",
        help="16-bit counts are temperatures in these steps (TLinear: 0.01, 0.04 or 0.1).",
    ),
]
RuntimeOption = Annotated[
    str,
    typer.Option(
        "--runtime",
        metavar="onnxruntime|openvino|auto",
        help="What runs a network. auto: the faster here, timed once and remembered.",
    ),
]
PrecisionOption = Annotated[
    str,
    typer.Option(
        "--precision",
        metavar="float32|bfloat16|int8|auto",
        help="Of a network's arithmetic. auto: the fastest; only float32 is the same everywhere.",
    ),
]
ThreadsOption = Annotated[
    int, typer.Option("--threads", min=0, help="Of one pair. Default: what the cores allow.")
]
MapScaleOption = Annotated[
    str,
    typer.Option(
        "--map-scale",
        metavar="auto|1|2|3|4",
        help="Make a blending map at 1/2 to 1/4 scale: faster, less exact. auto: by picture size.",
    ),
]
AlignOption = Annotated[
    str | None,
    typer.Option(
        "--align",
        metavar="auto|local|WARP.json|RIG.json",
        help="Lay the infrared on the visible image first: found for each pair (local: bending "
        "smoothly), or as a file of `thermeld align` or `thermeld rig` states.",
    ),
]
WedgesOption = Annotated[
    str,
    typer.Option(
        "--wedges",
        metavar="visible|crop|black",
        help="With --align: what to show where the infrared camera did not look.",
    ),
]
DistanceOption = Annotated[
    float | None,
    typer.Option("--distance", help="With a rig that knows its baseline: metres to the scene."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Results as JSON, one object a line.")]


@dataclass(frozen=True)
class Choice:
    """Method and treatment as the command line states them."""

    method: str = DEFAULT_METHOD
    color: str = "ycbcr"
    fit: str | None = None
    window: str = "auto"
    settings: tuple[str, ...] = ()
    runtime: str = RUNTIMES[0]
    precision: str = PRECISIONS[0]
    map_scale: str = "1"
    align: str | None = None
    wedges: str = "visible"
    distance: float | None = None

    def fuser(self, *, threads: int = 0) -> Fuser:
        """The fuser this means.

        Raises:
            FusionError: what `Fuser` refuses.
        """
        return Fuser(
            self.method,
            color=self.color,
            fit=self.fit,
            aligner=self._aligner(),
            window=self.window,
            threads=threads,
            runtime=self.runtime,
            precision=self.precision,
            map_scale=int(self.map_scale) if self.map_scale.isdecimal() else self.map_scale,
            settings=typed_settings(self.method, self.settings),
        )

    def identity(self) -> dict[str, Any]:
        """All that decides a result, for a journal: the choice and the model's checksum."""
        facts = asdict(self) | {"settings": sorted(self.settings)}
        if self.method.lower().endswith(".onnx"):
            facts["method"] = str(Path(self.method).resolve())
        if self.align not in (None, *ALIGN_EACH):
            facts["align"] = sha256(Path(str(self.align)).read_bytes()).hexdigest()
        return facts | {"model": find_method(self.method).checksum}

    def _aligner(self) -> Aligner | None:
        if self.align is None:
            return None
        if self.align in ALIGN_EACH:
            return Aligner(wedges=self.wedges, local=self.align == "local")
        return Aligner(read_rig(self.align).at(self.distance), wedges=self.wedges)


def typed_settings(method: str, pairs: tuple[str, ...]) -> dict[str, Any]:
    """KEY=VALUE as typed, with values of the types of the method's defaults.

    Raises:
        UnknownName: the method has no such setting.
        BadSetting: the value does not read as that type.
    """
    defaults = find_method(method).settings
    typed: dict[str, Any] = {}
    for key, text in key_values(list(pairs)).items():
        default = lookup(defaults, key, f"setting of {method}")
        try:
            typed[key] = _BOOLS[text.lower()] if isinstance(default, bool) else type(default)(text)
        except (ValueError, KeyError) as error:
            raise BadSetting(f"{key} takes {type(default).__name__}, got {text!r}") from error
    return typed


ALIGN_EACH = ("auto", "local")  # a warp found for every pair
_BOOLS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
