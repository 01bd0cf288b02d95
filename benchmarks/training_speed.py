"""Seconds per training step of MobileFuse: precision, memory layout, allocator, crop and batch.

Usage: python benchmarks/training_speed.py

Rows are measured one after the other in one run; compare them, not machines.
"""

import time

import torch

from thermeld.train.loop import keep_freed_memory
from thermeld.train.nets.mobilefuse import MobileFuse

STEPS = 6


def seconds_per_step(*, bf16: bool, channels_last: bool, crop: int, batch: int) -> float:
    """Best of a few steps, forward, backward and Adam."""
    torch.manual_seed(0)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    net = MobileFuse().to(memory_format=layout)
    first, second, truth = (
        torch.rand(batch, 3, crop, crop).contiguous(memory_format=layout) for _ in range(3)
    )
    optimiser = torch.optim.Adam(net.parameters())
    times = []
    for _ in range(STEPS):
        begun = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            fused, _ = net(first, second)
        loss = (fused.float() - truth).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        times.append(time.perf_counter() - begun)
    return min(times)


def main() -> None:
    """Print one row per setting."""
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads")
    print("allocator  precision  layout         crop  batch  s/step  Mpixel/s")
    for kept in (False, True):
        if kept:
            keep_freed_memory()
        for crop, batch in ((128, 16), (96, 8)):
            for bf16, channels_last in ((False, False), (False, True), (True, True)):
                seconds = seconds_per_step(
                    bf16=bf16, channels_last=channels_last, crop=crop, batch=batch
                )
                rate = batch * crop * crop / seconds / 1e6
                print(
                    f"{'keeps' if kept else 'default':9}  {'bf16' if bf16 else 'float32':9}  "
                    f"{'channels-last' if channels_last else 'contiguous':13}  {crop:4}  "
                    f"{batch:5}  {seconds:6.3f}  {rate:8.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
