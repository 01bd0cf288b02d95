"""Frames per second and memory of `thermeld video`, from file to file.

Usage: python benchmarks/video.py [IR VIS] [--methods average,laplacian,mobilefuse] [--seconds 4]
       python benchmarks/video.py --minutes 10 [--fps 10]

Without two files, clips of a moving rendered scene at 640x480 are made first. With --minutes the
clips are repeated, without decoding them, to that length, and fused once by the first method;
then peak memory is shown as it stood after each tenth of the run.

Rows are measured one after the other in one run, each in a process of its own, after a warm-up
of 5 frames; decode, fuse and encode are seconds in which a stage worked, and overlap.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from thermeld.cores import usable_cores
from thermeld.data.scene import render_scene
from thermeld.fuse import Fuser
from thermeld.image import to_depth
from thermeld.io.video import VideoWriter
from thermeld.video import VideoJob, VideoReport, fuse_video

WARM_UP_S = 0.17


def main() -> None:
    """Print one row per method, or the memory over a long run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("streams", nargs="*", help="infrared and visible video")
    parser.add_argument("--methods", default="average,laplacian,mobilefuse")
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--fps", type=int, default=None)
    parser.add_argument("--one", action="store_true", help="measure here, in this process")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        ir, vis = map(str, asked.streams or rendered_clips(place))
        methods = asked.methods.split(",")
        if asked.minutes:
            long_run(place, (ir, vis), methods[0], minutes=asked.minutes, fps=asked.fps)
        elif asked.one:
            row(place, ir, vis, methods[0], seconds=asked.seconds)
        else:
            print(f"{usable_cores()} cores, load {Path('/proc/loadavg').read_text().split()[0]}")
            print("method          frames  frames/s  decode s  fuse s  encode s  CPU ms/frame  MB")
            for method in methods:
                again = [sys.executable, __file__, ir, vis, "--one", "--methods", method]
                subprocess.run([*again, "--seconds", str(asked.seconds)], check=True)


def rendered_clips(folder: Path, frames: int = 150) -> tuple[Path, Path]:
    """A slow pan over a rendered scene, 640x480, 30 frames per second."""
    scene = render_scene(np.random.default_rng(1), height=480, width=960)
    paths = folder / "ir.mp4", folder / "vis.mp4"
    for path, view in zip(paths, (scene.ir, scene.vis), strict=True):
        with VideoWriter(path, Fraction(30)) as writer:
            for number in range(frames):
                left = round(320 * (0.5 - 0.5 * np.cos(2 * np.pi * number / frames)))
                writer.write(to_depth(view[:, left : left + 640], np.uint8))
    return paths


def row(folder: Path, ir: str, vis: str, method: str, *, seconds: float) -> None:
    """Measure one method."""
    cores = usable_cores()
    fuser = Fuser(method, threads=1)
    for most_s in (WARM_UP_S, seconds):
        job = VideoJob(ir, vis, folder / "o.mp4", overwrite=True, workers=cores, most_s=most_s)
        begun = time.process_time()
        report = fuse_video(fuser, job)
        spent = time.process_time() - begun
    print(
        f"{method:15} {report.frames:6}  {report.frames / report.seconds:8.1f}  "
        f"{report.busy_s['decode']:8.2f}  {report.busy_s['fuse']:6.2f}  "
        f"{report.busy_s['encode']:8.2f}  {1e3 * spent / report.frames:12.1f}  {peak_mb():.0f}",
        flush=True,
    )


def long_run(
    folder: Path, streams: tuple[str, str], method: str, *, minutes: float, fps: int | None
) -> None:
    """Show that memory stays where it is, however long the video."""
    long = [
        repeated(Path(one), folder / f"long{at}.mp4", 60 * minutes)
        for at, one in enumerate(streams)
    ]
    job = VideoJob(
        *map(str, long),
        folder / "o.mp4",
        fps=Fraction(fps) if fps else None,
        workers=usable_cores(),
    )
    total = 0

    def expect(count: int | None) -> None:
        nonlocal total
        total = count or 1

    def watch(report: VideoReport) -> None:
        if report.frames % max(1, total // 10) == 0:
            print(f"{report.frames:6} of {total} frames: peak {peak_mb():.0f} MB", flush=True)

    report = fuse_video(Fuser(method, threads=1), job, on_start=expect, on_frame=watch)
    print(
        f"{method}: {report.frames} frames in {report.seconds:.0f} s, "
        f"{report.frames / report.seconds:.1f} frames/s, peak {peak_mb():.0f} MB"
    )


def repeated(clip: Path, out: Path, seconds: float) -> Path:
    """The clip over and over, its packets copied as they are."""
    with av.open(str(out), "w") as sink:
        stream, at = None, 0
        while stream is None or at * stream.time_base < seconds:
            with av.open(str(clip)) as source:
                video = source.streams.video[0]
                stream = stream or sink.add_stream_from_template(video)
                for packet in source.demux(video):
                    if packet.size:
                        packet.pts += at
                        packet.dts += at
                        packet.stream = stream
                        sink.mux(packet)
                at += round(video.frames / video.average_rate / video.time_base)
                stream.time_base = video.time_base
    return out


def peak_mb() -> float:
    """The most memory this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
