"""Published weights: real ones give published pictures, made-up ones find their place."""

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from thermeld.errors import BadModel, BadSetting, UnknownName, UnreadableFile
from thermeld.image import luminance, unit
from thermeld.io import read_image
from thermeld.methods.neural import method_from_file
from thermeld.train.adopt import OPTIONAL, adopt, load_published
from thermeld.train.nets import published
from thermeld.train.tensorflow import DATA, MAGIC

STEM = "walkingnight"
PICTURES = [STEM] + [  # the larger ones when slow tests are on
    pytest.param(stem, marks=pytest.mark.slow)
    for stem in ("carLight", "fight", "manCall", "manwithbag", "snow")
]
TORCH = sorted(name for name, entry in published().items() if not entry.tensorflow)
TENSORFLOW = sorted(published().keys() - set(TORCH))
KNOWN = {  # names and shapes that the authors' files are known to hold
    "seafusion": {
        "inf_rgbd2.dense.conv2.conv.weight": (32, 64, 3, 3),
        "vis_rgbd1.convdown.conv.bias": (32,),
        "vis_rgbd2.convup.conv.weight": (48, 32, 1, 1),
        "inf_rgbd1.sobelconv.convx.weight": (16, 1, 3, 3),
        "decode4.conv.weight": (64, 96, 3, 3),
        "vis_conv.conv.weight": (16, 1, 3, 3),
    },
    "ifcnn": {
        "conv1.weight": (64, 3, 7, 7),
        "conv2.bn.running_var": (64,),
        "conv3.conv.weight": (64, 64, 3, 3),
        "conv4.bias": (3,),
    },
    "tardal": {
        "encoder.0.weight": (32, 2, 3, 3),
        "encoder.1.running_mean": (32,),
        "dense.2.0.weight": (32, 96, 3, 3),
        "fuse.0.0.weight": (128, 128, 3, 3),
        "fuse.1.1.weight": (64,),
        "fuse.3.0.bias": (1,),
    },
    "densefuse": {
        "conv1.conv2d.weight": (16, 1, 3, 3),
        "DB1.denseblock.2.dense_conv.conv2d.weight": (16, 48, 3, 3),
        "conv5.conv2d.bias": (1,),
    },
    "scgrfuse": {
        "xconv32.conv3d.weight": (96, 128, 3, 3),
        "inf_rgbd2.laplaconv.convl.weight": (16, 1, 3, 3),
        "vis_rgbd1.sobelconv.convy.weight": (16, 1, 3, 3),
        "vis_rgbd1.conv5.conv1d.weight": (16, 160, 1, 1),
        "vis_rgbd1.conv4.conv3d.weight": (16, 48, 3, 3),
        "multi.conv7.weight": (96, 96, 7, 7),
        "conv1l.conv1d.weight": (96, 384, 1, 1),
        "spa.conv1.conv1d.bias": (2,),
        "spa.conv_atten.weight": (1, 2, 1, 1),
        "cpa.conv.bias": (96,),
        "conv3R.conv3d.weight": (96, 96, 3, 3),
        "pfb.conv.conv1d.weight": (96, 192, 1, 1),
        "inf_conv.conv.weight": (16, 1, 3, 3),
        "decode1.conv.weight": (1, 16, 3, 3),
    },
    "u2fusion": {
        "Generator/encoder/dense_block_conv5/kernel": (44, 220, 3, 3),
        "Generator_1/decoder/conv2_1/bias": (128,),
    },
    "densefuse-tf": {"encoder/conv1_1/kernel": (16, 1, 3, 3), "decoder/conv2_4/bias": (1,)},
    "sdnet": {
        "fusion_model/layer1_vi/w1_vi": (16, 1, 5, 5),
        "fusion_model/layer5_fuse/b5_fuse": (1,),
        "fusion_model/layer6_sept/w6_sept": (128, 1, 1, 1),
        "fusion_model/layer9_ir/w9_ir": (1, 4, 3, 3),
    },
    "fusiongan": {
        "fusion_model/layer1/w1": (256, 2, 5, 5),
        "fusion_model/layer5/b5": (1,),
        # tf.contrib.layers.batch_norm opens a scope of this name in that of its layer
        "fusion_model/layer4/BatchNorm/gamma": (32,),
        "fusion_model/layer1/BatchNorm/beta": (256,),
        "fusion_model/layer2/BatchNorm/moving_mean": (128,),
        "fusion_model/layer3/BatchNorm/moving_variance": (64,),
    },
    "ganmcc": {
        "fusion_model/layer1/w1": (256, 3, 5, 5),
        "fusion_model/layer1_vi/w1_vi": (256, 3, 5, 5),
        "fusion_model/layer4_vi/b4_vi": (32,),
        "fusion_model/layer4_vi/BatchNorm/gamma": (32,),
        "fusion_model/layer2/BatchNorm/moving_variance": (128,),
        "fusion_model/layer5/w5": (1, 128, 1, 1),
    },
}


def as_published(name, seed=1):
    """A network's random weights under its authors' names, in our axis order."""
    torch.manual_seed(seed)
    entry = published()[name]
    weights = entry.make().state_dict()
    return {
        entry.theirs(key): torch.rand(value.shape)
        for key, value in weights.items()
        if not torch.tensor(0).equal(value) and not _optional(key)
    }


def _optional(key):
    import re

    return re.search(OPTIONAL, key)


def sources(shared, stem=STEM):
    folder = shared / "data/vifb21"
    files = (folder / "ir" / f"{stem}.jpg", folder / "vi" / f"{stem}.jpg")
    return tuple(luminance(unit(read_image(file).pixels)) for file in files)


def far_off(fused, wanted):
    """Share of pixels more than one grey level from the published picture."""
    return float((np.abs(np.floor(fused * 255) - wanted.astype(float)) > 1).mean())


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_names_are_those_of_the_authors(name):
    entry = published()[name]
    theirs = {entry.theirs(key): value.shape for key, value in entry.make().state_dict().items()}
    assert {key: tuple(theirs[key]) for key in KNOWN[name]} == KNOWN[name]


@pytest.mark.parametrize("name", TORCH)
def test_pytorch_weights_find_their_place(name, tmp_path):
    weights = as_published(name)
    torch.save(weights, tmp_path / "their.pth")
    entry = published()[name]
    for key, value in load_published(entry, tmp_path / "their.pth").state_dict().items():
        if not _optional(key):
            assert torch.equal(value, weights[entry.theirs(key)]), key


def test_wrapped_and_parallel_weights_are_unwrapped(tmp_path):
    weights = as_published("tardal")
    entry = published()["tardal"]
    torch.save({"fuse": {**weights, "use_eval": True}, "disc": {}}, tmp_path / "dt.pth")
    torch.save({f"module.{key}": value for key, value in weights.items()}, tmp_path / "dp.pth")
    one, two = (load_published(entry, tmp_path / name) for name in ("dt.pth", "dp.pth"))
    assert torch.equal(one.encoder[0].weight, weights["encoder.0.weight"])
    assert torch.equal(two.encoder[0].weight, weights["encoder.0.weight"])


def test_faults_are_listed_by_name(tmp_path):
    weights = as_published("seafusion")
    weights["decode5.conv.weight"] = weights.pop("decode4.conv.weight")
    weights["vis_conv.conv.bias"] = torch.zeros(7)
    torch.save(weights, tmp_path / "bad.pth")
    with pytest.raises(BadModel) as refused:
        load_published(published()["seafusion"], tmp_path / "bad.pth")
    for part in ("missing: decode4.conv.weight", "unexpected: decode5", "(7,) instead of (16,)"):
        assert part in str(refused.value)


def test_what_is_no_checkpoint_is_refused(tmp_path):
    (tmp_path / "noise.pth").write_bytes(b"noise" * 99)
    torch.save([1, 2], tmp_path / "list.pth")
    for name in ("noise.pth", "list.pth", "none.pth"):
        with pytest.raises(UnreadableFile, match=name):
            load_published(published()["ifcnn"], tmp_path / name)
    with pytest.raises(UnreadableFile, match="one"):
        load_published(published()["sdnet"], tmp_path)
    with pytest.raises(UnknownName, match="seafusion"):
        adopt("seafuson", tmp_path / "x.pth", tmp_path / "x.onnx")
    with pytest.raises(BadSetting, match="onnx"):
        adopt("seafusion", tmp_path / "x.pth", tmp_path / "x.pt")


def test_imported_seafusion_gives_published_pictures(shared, tmp_path):
    pytest.importorskip("onnxscript")
    from thermeld.cli import app

    folder = shared / "reference/checkpoints"
    out = tmp_path / "theirs.onnx"
    words = ["import", "seafusion", str(folder / "seafusion.pth"), "-o", str(out)]
    answer = CliRunner().invoke(app, words)
    assert answer.exit_code == 0, answer.output
    fused = method_from_file(out).build(threads=1)(*sources(shared))
    wanted = read_image(folder / f"fused/seafusion/{STEM}.png").pixels
    assert far_off(fused, wanted) <= 0.001


@pytest.mark.parametrize("stem", PICTURES)
def test_ifcnn_weights_give_published_pictures(shared, stem):
    """Whether what comes out is cut off (0) or rounded (0.5) to 8 bits."""
    folder = shared / "reference/checkpoints"
    net = load_published(published()["ifcnn"], folder / "ifcnn-max.pth").deployed()
    planes = (torch.from_numpy(np.array(plane))[None, None] for plane in sources(shared, stem))
    with torch.no_grad():
        fused = net(*planes)["fused"][0, 0].numpy()
    wanted = read_image(folder / f"fused/ifcnn-max/{stem}.png").pixels
    for step in (0.0, 0.5):
        assert far_off(fused + step / 255, wanted) <= 0.001


def test_sdnet_reads_with_and_without_index(shared, tmp_path):
    folder = shared / "reference/checkpoints/sdnet-tf"
    entry = published()["sdnet"]
    net = load_published(entry, folder / "SDNet.model")
    bare = tmp_path / f"bare{DATA}"
    bare.write_bytes((folder / f"SDNet.model{DATA}").read_bytes())
    again = load_published(entry, tmp_path)
    assert all(torch.equal(v, again.state_dict()[k]) for k, v in net.state_dict().items())
    ir, vis = (torch.from_numpy(np.array(plane))[None, None] for plane in sources(shared))
    with torch.no_grad():
        fused = net.deployed()(ir, vis)["fused"]
    assert 0 <= float(fused.min()) < float(fused.max()) <= 1
    flat = [plane.flatten() for plane in (ir, vis, torch.ones_like(ir))]
    shares = torch.linalg.lstsq(torch.stack(flat, dim=1), fused.flatten()).solution
    assert (shares[:2] > 0.2).all()  # both sources are in it


@pytest.mark.parametrize("name", TENSORFLOW)
def test_tensorflow_weights_find_their_place(name, tmp_path):
    """With an index; a step counter, optimiser slots and iterates of the norm are left alone."""
    weights = as_published(name)
    spare = {
        "beta1_power": torch.ones(()),
        "fusion_model/layer1/weights_SN/u": torch.ones(1, 4),
        "discriminator/layer_2/BatchNorm/gamma": torch.ones(64),
        "discriminator/line_5/w_5": torch.ones(3, 2),
        "encoder/conv1_1/kernel/Adam": torch.ones(3),
    }
    kept = {key: value for key, value in spare.items() if _ignored(name, key)}
    write_checkpoint(tmp_path / "their", {**weights, **kept})
    entry = published()[name]
    for key, value in load_published(entry, tmp_path / "their").state_dict().items():
        if not _optional(key):
            assert torch.equal(value, weights[entry.theirs(key)]), key


def test_damaged_checkpoints_are_refused(tmp_path):
    weights = as_published("u2fusion")
    write_checkpoint(tmp_path / "their", weights)
    entry, index = published()["u2fusion"], tmp_path / "their.index"
    whole = index.read_bytes()
    for damaged in (whole[:-9], whole[:-60], b"", whole[40:]):
        index.write_bytes(damaged)
        with pytest.raises(BadModel):
            load_published(entry, tmp_path / "their")
    index.unlink()
    (tmp_path / f"their{DATA}").write_bytes(b"\0" * 400)
    with pytest.raises(BadModel, match=r"put the \.index file beside it"):
        load_published(entry, tmp_path / "their")


def _ignored(name, key):
    import re

    return re.search(published()[name].ignored, key)


def write_checkpoint(prefix, tensors):
    """A TensorFlow 1 checkpoint of float variables and one whole-numbered counter."""
    data, rows = b"", [(b"", b"\x08\x01")]
    for name in sorted(tensors, key=str.encode):
        values = tensors[name].numpy()
        axes = (2, 3, 1, 0) if values.ndim == 4 else tuple(reversed(range(values.ndim)))
        values = values.transpose(axes)
        sizes = b"".join(b"\x12" + lengthened(b"\x08" + varint(n)) for n in values.shape)
        row = b"\x08\x01\x12" + lengthened(sizes) + b"\x20" + varint(len(data))
        rows.append((name.encode(), row + b"\x28" + varint(values.nbytes) + b"\x35crc4"))
        data += np.ascontiguousarray(values, "<f4").tobytes()
    rows.append((b"zz_step", b"\x08\x09\x12\x00\x20" + varint(len(data)) + b"\x28\x08"))
    prefix.with_name(prefix.name + DATA).write_bytes(data + bytes(8))
    block = packed(rows)
    handle = varint(0) + varint(len(block) - 5)
    table = packed([(b"zzz", handle)])
    footer = varint(0) * 2 + varint(len(block)) + varint(len(table) - 5)
    content = block + table + footer.ljust(40, b"\0") + MAGIC.to_bytes(8, "little")
    prefix.with_name(prefix.name + ".index").write_bytes(content)


def packed(rows):
    """A LevelDB block whose keys share what they can, one restart point, and its trailer."""
    block, before = b"", b""
    for key, value in rows:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        block += varint(shared) + varint(len(key) - shared) + varint(len(value))
        block += key[shared:] + value
        before = key
    return block + bytes(4) + (1).to_bytes(4, "little") + bytes(5)


def lengthened(message):
    return varint(len(message)) + message


def varint(number):
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])
