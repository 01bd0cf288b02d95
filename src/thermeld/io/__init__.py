"""Files and folders to arrays, and back."""

from thermeld.io.files import Picture, read_image
from thermeld.io.headers import SUFFIXES
from thermeld.io.pairing import Pair, Pairing, pair_files
from thermeld.io.writing import encode_image, require_writable, write_bytes, write_image

__all__ = [
    "SUFFIXES",
    "Pair",
    "Pairing",
    "Picture",
    "encode_image",
    "pair_files",
    "read_image",
    "require_writable",
    "write_bytes",
    "write_image",
]
