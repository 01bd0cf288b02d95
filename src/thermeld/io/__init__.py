"""Files and folders to arrays, and back."""

from thermeld.io.files import Picture, encode_image, read_image, require_writable, write_image

__all__ = ["Picture", "encode_image", "read_image", "require_writable", "write_image"]
