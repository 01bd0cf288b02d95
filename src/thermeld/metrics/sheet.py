"""Fact sheets."""


def sheet() -> None: ...


def table() -> None: ...
