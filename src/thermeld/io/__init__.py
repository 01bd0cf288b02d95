"""Files and folders to arrays, and back."""

from thermeld.io.files import Picture, encode_image, read_image, require_writable, write_bytes, write_image
from thermeld.io.pairing import Pair, Pairing, pair_files

__all__ = [
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
