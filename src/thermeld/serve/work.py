"""What the service does with the bytes of a request: decode, work, encode. Nothing of HTTP.

Pictures are called by their part's name in messages; what the client calls its files is unknown
here. Nothing is written to disk.
"""

import json
import math
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from thermeld.align import estimate, warp_to_json
from thermeld.batch import split_alpha, stored_with_alpha
from thermeld.errors import BadSetting, UnreadableFile
from thermeld.fuse import Fuser
from thermeld.image import luminance, thermal_window, unit
from thermeld.io import Picture, encode_image, superpose
from thermeld.io.files import read_picture
from thermeld.io.headers import read_header
from thermeld.io.thermal import Thermal, thermal_of
from thermeld.metrics import score
from thermeld.serve.limits import Limits
from thermeld.serve.options import FORMATS, AlignOptions, FuseOptions, ScoreOptions
from thermeld.serve.places import Stop

KEPT_FUSERS = 8
Parts = Mapping[str, bytes]


@dataclass
class Answer:
    """What a piece of work gives.

    Attributes:
        body: to be sent.
        media_type: of the body.
        note: what was done to the pictures, in one line, or "".
        seconds: by step: "decode", "fuse", "encode", ...
    """

    body: bytes = b""
    media_type: str = "application/json"
    note: str = ""
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, stop: Stop) -> Iterator[None]:
        """Time a step, unless nobody waits for it any more."""
        stop.require_wanted()
        begun = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - begun


class Workshop:
    """All that requests are worked on with; may be used from several threads at once.

    Args:
        limits: of the service.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._fusers: OrderedDict[tuple[Any, ...], Fuser] = OrderedDict()
        self._lock = Lock()

    def fuse(self, parts: Parts, options: FuseOptions, stop: Stop) -> Answer:
        """Fuse one pair."""
        answer = Answer(media_type=FORMATS[options.format])
        fuser = self.fuser(options)
        with answer.step("decode", stop):
            ir, vis = self._pair(parts)
        with answer.step("fuse", stop):
            fused, answer.note = fuser.with_note(ir.pixels, stored_with_alpha(vis))
        with answer.step("encode", stop):
            pixels, alpha = split_alpha(fused)
            quality = options.chosen_quality()
            answer.body = encode_image(pixels, options.format, alpha=alpha, quality=quality)
        return answer

    def score(self, parts: Parts, options: ScoreOptions, stop: Stop) -> Answer:
        """Measure a fused picture against its sources."""
        answer = Answer()
        most = self.limits.score_pixels
        with answer.step("decode", stop):
            names = ("ir", "vis", "fused")
            pictures = [read_picture(parts[n], Path(n), max_pixels=most).pixels for n in names]
        with answer.step("score", stop):
            values = score(
                *pictures, metrics=options.names(), convention=options.convention or None
            )
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        facts = {"convention": options.convention or "default", "values": finite}
        answer.body = json.dumps(facts).encode()
        return answer

    def align(self, parts: Parts, options: AlignOptions, stop: Stop) -> Answer:
        """Find how an infrared picture lies on a visible one.

        Raises:
            BadSetting: the pictures have too little in common.
        """
        answer = Answer()
        with answer.step("decode", stop):
            ir, vis = self._pair(parts)
        with answer.step("align", stop):
            window = thermal_window(options.window)(ir.pixels.dtype)
            plane = luminance(unit(ir.pixels, window=window))
            found = estimate(
                plane, luminance(unit(vis.pixels)), model=options.model, local=options.bends()
            )
        if found.refused:
            raise BadSetting(f"not aligned: {found.refused}")
        answer.note = found.sentence
        facts = {
            "confidence": round(found.confidence, 4),
            "displaced_px": round(found.warp.displaced_px(), 3),
            "method": found.method,
            "sentence": found.sentence,
            "warp": json.loads(warp_to_json(found.warp)),
        }
        answer.body = json.dumps(facts).encode()
        return answer

    def fuser(self, options: FuseOptions) -> Fuser:
        """A fuser as asked for; those of late are kept, with the networks they have loaded.

        Raises:
            FusionError: what the limits or `Fuser` refuse.
        """
        self.limits.require_method(options.method)
        settings = options.chosen_settings()
        key = (options.method, options.color, options.fit, options.map_scale)
        with self._lock:
            kept = None if settings else self._fusers.get(key)
            if kept is None:
                kept = _built(options, settings)
            if not settings:
                self._fusers[key] = kept
                self._fusers.move_to_end(key)
                if len(self._fusers) > KEPT_FUSERS:
                    self._fusers.popitem(last=False)
        return kept.with_window(options.window).with_aligner(options.aligner())

    def _pair(self, parts: Parts) -> tuple[Picture, Picture]:
        """Infrared and visible as stored; from one radiometric JPEG, if it is alone."""
        thermal = thermal_of(parts["ir"], Path("ir"))
        if thermal is None:
            ir = self._picture(parts, "ir")
        else:
            ir = Picture(thermal.counts, None, Path("ir"), "jpeg")
        if "vis" in parts:
            return ir, self._picture(parts, "vis")
        if thermal is None or not thermal.visible:
            raise UnreadableFile("ir: holds one picture only; send the visible one too, as 'vis'")
        return self._both(thermal)

    def _both(self, thermal: Thermal) -> tuple[Picture, Picture]:
        """Both pictures of a radiometric JPEG, the inner one no larger than others may be."""
        header = read_header(thermal.visible)
        self._require_pixels(header.width * header.height)
        ir, vis = superpose(thermal.counts, thermal)
        return Picture(ir, None, Path("ir"), "jpeg"), Picture(vis, None, Path("ir"), "jpeg")

    def _picture(self, parts: Parts, name: str) -> Picture:
        return read_picture(parts[name], Path(name), max_pixels=self.limits.pixels)

    def _require_pixels(self, count: int) -> None:
        if count > self.limits.pixels:
            raise UnreadableFile(
                f"ir: its visible picture has {count} pixels; the limit is {self.limits.pixels}; "
                "crop it first"
            )


def _built(options: FuseOptions, settings: dict[str, Any]) -> Fuser:
    return Fuser(
        options.method,
        color=options.color,
        fit=options.fit or None,
        map_scale=options.chosen_map_scale(),
        threads=1,  # requests in work share the cores among them
        settings=settings,
    )
