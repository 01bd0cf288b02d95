"""`thermeld bench`: how fast methods are here, beside rivals and beside what the machine can do."""

import json
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from thermeld.cli._options import JsonOption
from thermeld.cli._parts import progress_bar
from thermeld.errors import BadSetting
from thermeld.fuse import DEFAULT_METHOD, Fuser, find_method
from thermeld.io import pair_files

if TYPE_CHECKING:
    from thermeld.bench import Contestant

EPILOG = """[bold]Examples[/bold]

thermeld bench mobilefuse laplacian --size 640x480 --threads 1,2

thermeld bench mobilefuse --runtime onnxruntime,openvino --precision float32,bfloat16 --rivals all

thermeld bench --bandwidth shared/data/m3fd
"""


def add(app: typer.Typer) -> None:
    """Register the verb."""
    app.command("bench", epilog=EPILOG)(run)


def run(
    methods: Annotated[
        list[str] | None, typer.Argument(help=f"Names or ONNX files. Default: {DEFAULT_METHOD}.")
    ] = None,
    sizes: Annotated[
        str, typer.Option("--size", help="WIDTHxHEIGHT, several with commas, or all.")
    ] = "640x480",
    threads: Annotated[str, typer.Option("--threads", help="Of one call; as 1,2.")] = "1",
    runtimes: Annotated[str, typer.Option("--runtime", help="As onnxruntime,openvino.")] = (
        "onnxruntime"
    ),
    precisions: Annotated[str, typer.Option("--precision", help="As float32,bfloat16.")] = (
        "float32"
    ),
    map_scales: Annotated[
        str, typer.Option("--map-scale", help="Of blending maps; as 1,2,3,4.")
    ] = "1",
    rivals: Annotated[
        str,
        typer.Option(help="ifcnn,seafusion,tardal,densefuse or all: in PyTorch and here (train)."),
    ] = "",
    rounds: Annotated[int, typer.Option(min=5, help="Calls of each, at most.")] = 30,
    limit_s: Annotated[float, typer.Option("--limit", help="Seconds per size and threads.")] = 60,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="JSON lines; a later run goes on where it stopped."),
    ] = None,
    plot_to: Annotated[Path | None, typer.Option("--plot", help="Picture of times.")] = None,
    bandwidth: Annotated[
        Path | None, typer.Option(help="Folder with ir/ and vi/: MB/s on the link instead.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Time methods in turn in one run: latency, throughput, memory, share of the machine's peak.

    Pairs are in memory; reading and writing files is not counted. Compare
    least times: they suffer least from whatever else runs.
    """
    names = methods or [DEFAULT_METHOD]
    if bandwidth:
        for name in names:
            _bandwidth(bandwidth, name, as_json=as_json)
        return
    engines = [
        (kind, number)
        for kind in _split(runtimes)
        for number in _split(precisions)
        if (kind, number) != ("onnxruntime", "bfloat16")  # which it cannot do
    ]
    if not engines:
        raise BadSetting("ONNX Runtime has no bfloat16; add openvino to --runtime")
    counts = tuple(_whole(text) for text in _split(threads))
    with TemporaryDirectory() as folder:
        entrants = [
            entrant
            for count in counts
            for entrant in _contestants(names, engines, count, _split(map_scales))
            + (_rivals(_split(rivals), engines, count, Path(folder)) if rivals else [])
        ]
        _time(entrants, _sizes(sizes), counts, rounds, limit_s, out, plot_to, as_json=as_json)


def _time(
    entrants: "list[Contestant]",
    sizes: list[tuple[int, int]],
    counts: tuple[int, ...],
    rounds: int,
    limit_s: float,
    out: Path | None,
    plot_to: Path | None,
    *,
    as_json: bool,
) -> None:
    from thermeld.bench import Row, as_text, finished_rows, measured_machine, plot, run_group
    from thermeld.bench.timing import append_rows

    machine = measured_machine(counts)
    _tell_machine(machine.processor, counts, machine.gigaflops, machine.gigabytes_per_s)
    done = {row.key: row for row in (finished_rows(out) if out else ())}
    rows: list[Row] = []
    for size in sizes:
        for count in counts:
            group = [entrant for entrant in entrants if entrant.threads == count]
            keys = [
                (entrant.label, entrant.engine, count, size[1], size[0], machine.processor)
                for entrant in group
            ]
            if all(key in done for key in keys):  # only a whole group was timed in turn
                rows += [done[key] for key in keys]
                continue
            plan = partial(_tell_plan, size, count, len(group))
            fresh = run_group(group, size, machine, rounds=rounds, limit_s=limit_s, on_plan=plan)
            rows += fresh
            if out:
                append_rows(out, fresh)
    if plot_to:
        plot(rows, plot_to)
    if as_json:
        for row in rows:
            typer.echo(json.dumps(asdict(row)))
        return
    typer.echo(as_text(rows))


def _contestants(
    names: list[str],
    engines: list[tuple[str, str]],
    threads: int,
    scales: list[str],
) -> "list[Contestant]":
    return [
        _ours(name, engine, threads, scale)
        for name in names
        for scale in (scales if find_method(name).card.blends else scales[:1])
        for engine in (engines if find_method(name).card.family == "neural" else engines[:1])
    ]


def _rivals(
    names: list[str], engines: list[tuple[str, str]], threads: int, folder: Path
) -> "list[Contestant]":
    from thermeld.bench import Contestant
    from thermeld.registry import lookup, need

    need("torch", "train")
    from thermeld.train.rivals import RIVALS, eager, exported, parameters

    found = []
    for name in RIVALS if names == ["all"] else names:
        lookup(dict.fromkeys(RIVALS), name, "rival")
        numbers = parameters(name)
        build = partial(eager, name, threads)
        found.append(Contestant(name, "pytorch eager", threads, build, parameters=numbers))
        path = str(exported(name, folder))
        found += [_ours(path, engine, threads, "1") for engine in engines]
    return found


def _ours(name: str, engine: tuple[str, str], threads: int, map_scale: str) -> "Contestant":
    from thermeld.bench import Contestant
    from thermeld.bench.work import Work, work_of
    from thermeld.methods.neural import OnnxFusion

    entry = find_method(name)
    neural = entry.card.family == "neural"
    scale = int(map_scale) if map_scale.isdecimal() else map_scale
    settings = {"method": name, "threads": threads, "map_scale": scale}
    if neural:
        settings |= {"runtime": engine[0], "precision": engine[1]}
    plane = Fuser(**settings)._plane if neural else None  # type: ignore[arg-type]
    content = b""
    if isinstance(plane, OnnxFusion):
        precision = plane.engines[0].precision
        variant = plane.model.variant(colour=False, precision=precision)
        content = variant.path.read_bytes() if variant else b""

    def work(size: tuple[int, int]) -> Work | None:
        return work_of(content, size) if content and scale == 1 else None

    return Contestant(
        entry.card.name if scale == 1 else f"{entry.card.name}, map 1/{scale}",
        " ".join(engine) if neural else "numpy, opencv",
        threads,
        partial(Fuser, **settings),  # type: ignore[arg-type]
        entry.card.parameters,
        len(content),
        work,
        settings,
    )


def _bandwidth(folder: Path, method: str, *, as_json: bool) -> None:
    from thermeld.bench import bandwidth, table_v

    pairing = pair_files(folder / "ir", folder / "vi")
    with progress_bar("fusing", len(pairing.pairs), resumes=False) as advance_to:
        sizes = bandwidth(pairing.pairs, Fuser(method), on_pair=advance_to)
    scenarios = table_v(sizes)
    if as_json:
        whole = {"method": method, **asdict(sizes), "mb_per_s": [asdict(row) for row in scenarios]}
        typer.echo(json.dumps(whole))
        return
    typer.echo(
        f"{folder.name}, {method}: {sizes.pairs} pairs; mean bytes infrared {sizes.ir_bytes:.0f}, "
        f"visible {sizes.vis_bytes:.0f}, fused {sizes.fused_bytes:.0f}; MB/s at 30 frames/s"
    )
    typer.echo(f"{'computing':10} {'needed':8} {'upload':>8} {'download':>9}")
    for row in scenarios:
        typer.echo(f"{row.computing:10} {row.needed:8} {row.upload:8.2f} {row.download:9.2f}")


def _tell_machine(
    processor: str, counts: tuple[int, ...], flops: dict[int, float], copies: dict[int, float]
) -> None:
    peaks = "; ".join(
        f"{count} thr {flops[count]:.0f} GFLOP/s float32, {copies[count]:.1f} GB/s copied"
        for count in counts
    )
    typer.echo(f"{processor}: {peaks}", err=True)


def _tell_plan(size: tuple[int, int], threads: int, entrants: int, seconds: float) -> None:
    typer.echo(
        f"{size[1]}x{size[0]}, {threads} threads, {entrants} contestants: {seconds / 3600:.3f} h",
        err=True,
    )


def _sizes(text: str) -> list[tuple[int, int]]:
    from thermeld.bench import SIZES

    if text == "all":
        return list(SIZES)
    found = []
    for part in _split(text):
        width, _, height = part.partition("x")
        found.append((_whole(height), _whole(width)))
    return found


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise BadSetting(f"expected a whole number above 0, got {text!r}; sizes are as 640x480")
    return int(text)
