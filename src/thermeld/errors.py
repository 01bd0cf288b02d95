"""Everything this library refuses to do, as one small tree.

FusionError
  ├ SizeMismatch     ir and vis differ in height or width
  ├ RangeUnknown     pixel values with no stated range
  ├ BadImage         an array that is not an image this library understands
  ├ UnreadableFile   a file is missing, damaged, or not the image it claims to be
  ├ UnwritableFile   a result cannot be written where it was asked for
  ├ UnknownName      no such method, metric, model or setting
  ├ BadSetting       a setting has an impossible value
  ├ BadModel         a model file or its card is damaged or does not fit
  └ MissingExtra     a feature whose optional packages are not installed
"""


class FusionError(Exception):
    """Anything this library refuses to do. `str(error)` is one line, fit to show a user."""


class SizeMismatch(FusionError):
    """Infrared and visible differ in height or width."""


class RangeUnknown(FusionError):
    """Pixel values have no natural range and none was stated."""


class BadImage(FusionError):
    """An array is not an image: wrong shape, wrong type, empty, or holding NaN."""


class UnreadableFile(FusionError):
    """A file is missing, damaged, or not what its name claims."""


class UnwritableFile(FusionError):
    """A result cannot be written where it was asked for."""


class UnknownName(FusionError):
    """No method, metric, model or setting has this name."""


class BadSetting(FusionError):
    """A setting has an impossible value."""


class BadModel(FusionError):
    """A model file or its card is damaged, or does not fit the task."""


class MissingExtra(FusionError):
    """A feature needs optional packages that are not installed."""
