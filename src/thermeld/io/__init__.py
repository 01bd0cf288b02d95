"""Files and folders to arrays, and back."""

from thermeld.io.files import Picture, read_image
from thermeld.io.headers import SUFFIXES
from thermeld.io.pairing import Pair, Pairing, pair_files
from thermeld.io.partners import pair_alone
from thermeld.io.thermal import (
    Thermal,
    read_infrared,
    read_pair,
    read_thermal,
    superpose,
    write_temperatures,
)
from thermeld.io.writing import encode_image, require_writable, write_bytes, write_image

__all__ = [
    "SUFFIXES",
    "Pair",
    "Pairing",
    "Picture",
    "Thermal",
    "encode_image",
    "pair_alone",
    "pair_files",
    "read_image",
    "read_infrared",
    "read_pair",
    "read_thermal",
    "require_writable",
    "superpose",
    "write_bytes",
    "write_image",
    "write_temperatures",
]
