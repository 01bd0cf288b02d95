"""What the OpenAPI document says of each route beyond what its function shows."""

from dataclasses import fields
from http import HTTPStatus
from typing import Any

from thermeld.align import WEDGES
from thermeld.fuse import COLORS, FITS
from thermeld.serve.options import ALIGN_EACH, FORMATS, Route
from thermeld.serve.problems import MEDIA_TYPE

ABOUT = """Fuses an infrared and a visible picture of one scene. Errors are problem+json with a
sentence fit to show a user; 429 and 503 say in Retry-After when to come back."""
PARTS = {
    "ir": "infrared picture: PNG, JPEG, WebP, TIFF or BMP, 8 or 16 bit, or a radiometric JPEG",
    "vis": "visible picture; not needed where the infrared one is a FLIR JPEG that holds it",
    "fused": "the two, fused",
    "method": "a name of /v1/methods",
    "color": "what becomes of colour",
    "fit": "if sizes differ: which picture's size both get",
    "window": "infrared values that become black and white: auto, full, minmax, equalise, LOW:HIGH "
    "or pLOW:pHIGH",
    "align": "find how the infrared picture lies on the visible one; local: bending smoothly",
    "warp": "lay it so: the JSON that /v1/align, thermeld align or thermeld rig gives",
    "distance": "with a rig that knows its baseline: metres to the scene",
    "wedges": "what to show where the infrared camera did not look",
    "map_scale": "make a blending map at 1/2 or 1/4 scale: faster, less exact",
    "settings": "of the method, a JSON object",
    "format": "of the answer",
    "quality": "of JPEG, 1 to 100",
    "metrics": "names, by commas; all of the convention if not given",
    "convention": "whose formulas; else each metric's default",
    "model": "of the warp: auto, translation, affine or homography",
    "local": "true: also bend smoothly",
}
CHOICES = {
    "color": COLORS,
    "fit": FITS,
    "align": ALIGN_EACH,
    "wedges": WEDGES,
    "map_scale": ("1", "2", "4", "auto"),
    "format": tuple(FORMATS),
    "local": ("true", "false"),
}
STATUSES = {
    401: "the token is missing or wrong",
    408: "the request came too slowly",
    413: "the request is too large",
    415: "not multipart/form-data",
    422: "understood, and impossible as it stands: unreadable picture, sizes that differ, ...",
    429: "too many requests of this client at once",
    503: "no place, no memory or no time left; come back later",
}
EXAMPLE = {
    "type": "about:blank",
    "title": HTTPStatus(422).phrase,
    "status": 422,
    "detail": "infrared is 320x240 but visible is 640x480; if both show the same view, ask for a "
    "resize: fit 'vis' resizes the infrared image, fit 'ir' the visible one",
    "error": "SizeMismatch",
}


def body_of(route: Route) -> dict[str, Any]:
    """The request body of a route, for `openapi_extra`."""
    properties: dict[str, Any] = {
        name: {"type": "string", "format": "binary", "description": PARTS[name]}
        for name in route.pictures
    }
    for option in fields(route.options):
        described: dict[str, Any] = {"type": "string", "description": PARTS[option.name]}
        if option.default:
            described["default"] = option.default
        if option.name in CHOICES:
            described["enum"] = list(CHOICES[option.name])
        properties[option.name] = described
    schema = {"type": "object", "required": list(route.needed), "properties": properties}
    example = {**{name: f"({name}.png)" for name in route.pictures}, **route.samples}
    content = {"multipart/form-data": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def answers(**good: Any) -> dict[int | str, dict[str, Any]]:
    """The answers of a route, for `responses`: content types and examples of 200, and refusals."""
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"description": what, "content": {MEDIA_TYPE: {"example": {**EXAMPLE}}}}
        if status == 422
        else {"description": what, "content": {MEDIA_TYPE: {}}}
        for status, what in STATUSES.items()
    }
    return {200: good, **refusals}


PICTURE = {
    "description": "the fused picture, of the size, channels and depth of the visible one",
    "content": {media: {} for media in sorted(set(FORMATS.values()))},
    "headers": {
        "Thermeld-Note": {"description": "how the pair was aligned", "schema": {"type": "string"}},
        "Server-Timing": {"description": "milliseconds by step", "schema": {"type": "string"}},
    },
}
SCORES = {
    "description": "a value per metric; null where its definition is 0/0",
    "content": {
        "application/json": {
            "example": {"convention": "default", "values": {"EN": 7.02, "VIF": 0.81, "Qabf": 0.55}}
        }
    },
}
WARP = {
    "description": "how the infrared picture lies on the visible one",
    "content": {
        "application/json": {
            "example": {
                "confidence": 0.97,
                "displaced_px": 12.4,
                "method": "near search, affine",
                "sentence": "aligned by near search, affine: infrared displaced by 12.4 px on "
                "average (confidence 0.97)",
                "warp": {
                    "thermeld": "warp",
                    "version": 1,
                    "ir_size": [480, 640],
                    "vis_size": [480, 640],
                    "matrix": [[1.02, 0.0, 8.1], [0.0, 1.02, -9.4], [0.0, 0.0, 1.0]],
                    "local": None,
                    "lens": None,
                },
            }
        }
    },
}
