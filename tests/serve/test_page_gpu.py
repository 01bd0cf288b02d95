"""Networks on a graphics processor, where the browser has one."""

import pytest
from browsing import chromium, hosted, opened

GPU = ("--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--use-angle=swiftshader")
SHARES = """async address => {
  const { Method } = await import(address + "js/network.js");
  const facts = await (await fetch(address + "page.json")).json();
  const card = facts.methods.find(({ name }) => name === facts.default);
  const plane = step => ({
    width: 63, height: 41, channels: 1,
    values: Float32Array.from({ length: 63 * 41 }, (_, at) => ((at * step) % 256) / 255),
  });
  const shares = {};
  for (const kind of ["wasm", "webgpu"]) {
    shares[kind] = Array.from(await new Method(card, kind).share(plane(7919), plane(104729)));
  }
  return shares;
}"""


@pytest.mark.slow
def test_a_graphics_processor_gives_the_same_map():
    """One that Chromium imitates on the processor: right, and slow."""
    with hosted() as address, chromium(*GPU, "--enable-features=Vulkan") as program:
        tab = opened(program.new_context(), address)
        shares = tab.evaluate(SHARES, address)
    assert len(shares["wasm"]) == 63 * 41
    assert shares["webgpu"] == pytest.approx(shares["wasm"], abs=1e-5)
