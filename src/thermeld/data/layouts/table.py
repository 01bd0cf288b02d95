"""One table of the layouts that are known: where files lie, how many there should be, whom to cite.

Folder names and counts are those of the published archives; licences say what the source says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol

from thermeld.data import splits
from thermeld.data.layouts import named
from thermeld.data.layouts.labels import Labels, boxes, indices, voc_colours
from thermeld.data.layouts.trees import Listed, Look, PairFiles, Parallel
from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io.files import shown
from thermeld.registry import lookup

MSRS_CITE = "Tang et al., PIAFusion, Information Fusion 83-84, 2022"
M3FD_CITE = "Liu et al., Target-aware Dual Adversarial Learning, CVPR 2022"
M3FD_THINGS = ("People", "Car", "Bus", "Lamp", "Motorcycle", "Truck")
NOT_STATED = "not stated; research use"


class Looking(Protocol):
    """Finds the files of one split under a folder."""

    def __call__(self, folder: Path, split: str) -> Look:
        """Raise `FusionError` where there is nothing to find."""
        ...


@dataclass(frozen=True)
class Layout:
    """What is known about a published set.

    Attributes:
        name: how users ask for it.
        what: one line.
        cite: the paper.
        tree: the folders, in a form to compare one's own with.
        expected: split to how many pairs the publication has; 0 where it does not say.
        licence: what the source says.
        look: finds the files of a split.
        labels: how it is labelled, or None.
        within: folder names under which archives unpack, tried after the folder itself.
        video: a pair is two clips, to be read with `frame_pairs`.
        holds: sets kept for evaluation whose pictures are among these.
    """

    name: str
    what: str
    cite: str
    tree: str
    expected: Mapping[str, int]
    licence: str
    look: Looking = field(repr=False)
    labels: Labels | None = None
    within: tuple[str, ...] = ()
    video: bool = False
    holds: tuple[str, ...] = ()

    def find(self, folder: str | Path, split: str) -> tuple[PairFiles, ...]:
        """The files of one split, in natural order.

        Raises:
            UnknownName: the set has no such split.
            UnreadableFile: the folder does not have this layout, or cannot be listed.
            BadSetting: its files cannot be paired.
        """
        return self.examine(Path(folder), split).pairs

    def examine(self, folder: Path, split: str) -> Look:
        """As `find`, with what was left over."""
        lookup(self.expected, split, f"split of {self.name}")
        home = next((place for place in self._homes(folder) if self._fits(place, split)), folder)
        try:
            look = self.look(home, split)
        except UnreadableFile as error:
            raise UnreadableFile(f"{error}; {self.name} is laid out as {self.tree}") from error
        except BadSetting as error:
            raise BadSetting(f"{error}; {self.name} is laid out as {self.tree}") from error
        if not look.pairs:
            raise UnreadableFile(
                f"{shown(folder)}: no pairs of {self.name} ({split}); it is laid out as {self.tree}"
            )
        return look

    def _homes(self, folder: Path) -> tuple[Path, ...]:
        return (folder, *(folder / name for name in self.within))

    def _fits(self, folder: Path, split: str) -> bool:
        return not isinstance(self.look, Parallel | Listed) or self.look.fits(folder, split)


def find_layout(name: str) -> Layout:
    """The layout of that name.

    Raises:
        UnknownName: with the nearest spelling.
    """
    return lookup(LAYOUTS, name, "layout")


@cache
def roadscene_test_stems() -> frozenset[str]:
    """The 50 of RoadScene that most papers test on."""
    text = files(splits).joinpath("roadscene-test.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


ROADSCENE = Parallel(("cropinfrared",), ("crop_LR_visible",))


def roadscene(folder: Path, split: str) -> Look:
    """RoadScene; its folders infrared and visible hold the frames before registration.

    Raises:
        UnreadableFile, BadSetting: see `Parallel`.
    """
    homes = (folder, folder / "RoadScene", folder / "RoadScene-master")
    folder = next((home for home in homes if ROADSCENE.fits(home, split)), folder)
    raw = (folder / "infrared", folder / "visible")
    if not (folder / "cropinfrared").is_dir() and all(path.is_dir() for path in raw):
        raise UnreadableFile(
            f"{shown(folder)}: infrared and visible are the frames before registration, of other "
            "sizes and views; fetch cropinfrared and crop_LR_visible too"
        )
    look = ROADSCENE(folder, split)
    test = roadscene_test_stems()
    pairs = tuple(
        pair for pair in look.pairs if split == "all" or (pair.stem in test) == (split == "test")
    )
    return Look(pairs, look.lonely)


LAYOUTS = {
    layout.name: layout
    for layout in (
        Layout(
            name="pairs",
            what="any set of pairs in two folders, with or without class maps",
            cite="",
            tree="ir/STEM.* vi/STEM.* [labels/STEM.png]",
            expected={"all": 0},
            licence="as of the set",
            look=Parallel(("ir", "infrared"), ("vi", "vis", "visible"), ("labels",)),
            labels=Labels("class maps", indices(255)),
        ),
        Layout(
            name="msrs",
            what="road scenes by day and night, 640x480",
            cite=MSRS_CITE,
            tree="{train,test}/{ir,vi,Segmentation_labels}/STEM.png",
            expected={"train": 1083, "test": 361},
            licence=NOT_STATED,
            look=Parallel(
                ("{split}/ir",),
                ("{split}/vi",),
                ("{split}/Segmentation_labels", "{split}/labels"),
            ),
            labels=Labels("class maps of 9 classes", indices(9)),
            within=("MSRS", "MSRS-main"),
        ),
        Layout(
            name="roadscene",
            what="driving video of FLIR, registered by hand; test: the usual 50",
            cite="Xu et al., FusionDN, AAAI 2020",
            tree="cropinfrared/STEM.jpg crop_LR_visible/STEM.jpg",
            expected={"all": 221, "train": 171, "test": 50},
            licence=NOT_STATED,
            look=roadscene,
            holds=("roadscene50",),
        ),
        Layout(
            name="tno",
            what="night scenes of military relevance, grey; one folder per scene",
            cite="Toet, The TNO Multiband Image Data Collection, Data in Brief 15, 2017",
            tree="{Athena_images,DHV_images,FEL_images,Triclobs_images,tank}/SCENE/...",
            expected={"scenes": 55, "sequences": 180},
            licence="free for research with credit to TNO",
            look=named.tno,
            holds=("tno25",),
        ),
        Layout(
            name="m3fd",
            what="street scenes in all weathers with boxes, 1024x768 (M3FD_Detection)",
            cite=M3FD_CITE,
            tree="Ir/STEM.png Vis/STEM.png Annotation/STEM.xml",
            expected={"all": 4200},
            licence=NOT_STATED,
            look=Parallel(("Ir", "ir"), ("Vis", "vi", "vis"), ("Annotation",), ".xml"),
            labels=Labels("boxes: " + ", ".join(M3FD_THINGS), boxes(M3FD_THINGS), spoils=False),
            within=("M3FD_Detection",),
            holds=("m3fd",),
        ),
        Layout(
            name="m3fd-fusion",
            what="the pairs of M3FD that are kept for fusion (M3FD_Fusion)",
            cite=M3FD_CITE,
            tree="Ir/STEM.png Vis/STEM.png",
            expected={"all": 300},
            licence=NOT_STATED,
            look=Parallel(("Ir", "ir"), ("Vis", "vi", "vis")),
            within=("M3FD_Fusion",),
            holds=("m3fd",),
        ),
        Layout(
            name="llvip",
            what="streets at night from fixed cameras with pedestrians' boxes, 1280x1024",
            cite="Jia et al., LLVIP, ICCV Workshops 2021",
            tree="{infrared,visible}/{train,test}/STEM.jpg Annotations/STEM.xml",
            expected={"train": 12025, "test": 3463},
            licence="non-commercial, with citation; no identifying of people",
            look=Parallel(("infrared/{split}",), ("visible/{split}",), ("Annotations",), ".xml"),
            labels=Labels("boxes: person", boxes(("person",)), spoils=False),
            within=("LLVIP",),
        ),
        Layout(
            name="fmb",
            what="streets at all times of day with class maps, 800x600",
            cite="Liu et al., SegMiF, ICCV 2023",
            tree="{train,test}/{Infrared,Visible,Label}/STEM.png",
            expected={"train": 1220, "test": 280},
            licence=NOT_STATED,
            look=Parallel(("{split}/Infrared",), ("{split}/Visible",), ("{split}/Label",)),
            labels=Labels("class maps of 15 classes", indices(15)),
            within=("FMB",),
        ),
        Layout(
            name="ino",
            what="clips of fixed cameras, thermal and colour registered",
            cite="INO, Video analytics dataset",
            tree="NAME/NAME_T.avi NAME/NAME_RGB.avi",
            expected={"all": 0},
            licence="research use with acknowledgement of INO",
            look=named.ino,
            video=True,
        ),
        Layout(
            name="m2vd",
            what="clips, thermal and colour registered, 640x480",
            cite="Tang et al., VideoFusion, arXiv:2503.23359, 2025",
            tree="ir/NAME.mp4 vi/NAME.mp4",
            expected={"all": 0},
            licence="MIT for the source repository; not stated for the images",
            look=named.clips,
            video=True,
        ),
        Layout(
            name="voc",
            what="photographs with class maps, visible only (Pascal VOC 2012)",
            cite="Everingham et al., The Pascal Visual Object Classes Challenge, IJCV 111, 2015",
            tree="JPEGImages/STEM.jpg SegmentationClass/STEM.png ImageSets/Segmentation/SPLIT.txt",
            expected={"train": 1464, "val": 1449},
            licence="images under Flickr's terms",
            look=Listed(
                "ImageSets/Segmentation/{split}.txt",
                "JPEGImages/{stem}.jpg",
                "SegmentationClass/{stem}.png",
            ),
            labels=Labels("class maps in 21 colours", voc_colours),
            within=("VOC2012", "VOCdevkit/VOC2012"),
        ),
        Layout(
            name="camvid",
            what="driving scenes with class maps, visible only, 480x360",
            cite="Brostow et al., Pattern Recognition Letters 30, 2009",
            tree="images/STEM.jpg labels/STEM.png {train,val,test}.txt",
            expected={"train": 367, "val": 101, "test": 233},
            licence="personal and research use",
            look=Listed("{split}.txt", "images/{stem}.jpg", "labels/{stem}.png"),
            labels=Labels("class maps of 11 classes and void", indices(12)),
        ),
    )
}
