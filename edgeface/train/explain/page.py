"""The page of ``edgeface explain``: no script, nothing from elsewhere, its pictures inside it."""

import html as escaping
from collections.abc import Sequence

from edgeface.markup import figure, table, whole
from edgeface.train.explain import tables
from edgeface.train.explain.explanation import Explained, Explanation, FileExplained
from edgeface.train.explain.folder import Drawn, LayerDrawn, Pictures
from edgeface.train.explain.layers import Layer

MOST_CLASSES = 12  # whose confusion stands open

_COUNTED = (
    "Multiply-adds are those of convolutions and dense layers for one picture: every weight times "
    "the places that it is used at. Biases, activations, pooling, scaling and batch norm are not "
    "counted."
)
_NOISE = (
    "SQNR, the signal-to-quantisation-noise ratio in decibels: 10·log10 of the energy of the layer "
    "over that of the difference. 6 dB more are one bit more; int8 tensors usually keep 20 to 45. "
    "A dash: the file has no tensor of this layer (the tables below say why), or it is all zeros."
)
_MAPS = (
    "The maps of one layer share one range of colours; the bar below them says which. The number "
    "below a map is that of its filter; (0) behind it says that the map is 0 everywhere."
)
# By kind of weights, and whether they are shown in colour.
_FIRST = {
    ("filters", False): "Each filter slides over the picture. Where what lies under it has the "
    "filter's pattern, bright under red and dark under blue, its map in the first layer is high.",
    ("filters", True): "Each filter slides over the picture. Where what lies under it has the "
    "filter's pattern and colours, its map in the first layer is high.",
    (
        "units",
        False,
    ): "Each unit lays its weights on the whole picture at once: bright pixels under "
    "red count for it, those under blue against it. What moves by a few pixels lies under other "
    "weights.",
    ("units", True): "Each unit lays its weights on the whole picture at once: a colour counts for "
    "it where the weight is brighter than gray, and against it where it is darker. What moves by a "
    "few pixels lies under other weights.",
}


def html(found: Explanation, drawn: Pictures) -> str:
    """The page."""
    main = found.main
    links = {each.layer.name: f"#{_anchor(each.layer)}" for each in drawn.layers}
    body = "".join(
        (
            f"<h1>{_e(main.run)}: what {_e(main.network)} has learned</h1>",
            f"<p class=lead>{_lead(found)}</p>",
            figure(
                drawn.crop.png, drawn.crop.caption, f"{drawn.crop.caption}: {found.subject.how}."
            ),
            _first(main, drawn.first),
            "<h2>What it costs</h2>",
            table(tables.LAYERS, tables.layer_rows(main.layers), links),
            _shown(drawn.cost),
            f"<p class=faint>{_e(_COUNTED)}</p>",
            _beside(found, drawn),
            _files(found, drawn),
            f"<h2>What every layer makes of the picture</h2><p>{_e(_MAPS)}</p>",
            "".join(_layer(each) for each in drawn.layers),
        )
    )
    return whole(f"{main.run} explained", body)


def _lead(found: Explanation) -> str:
    main, cost = found.main, found.main.totals
    who = f", which shows {_e(found.subject.label)}," if found.subject.label else ""
    return (
        f"The picture below{who} is answered with "
        f"<strong class=number>{_e(main.answer)}</strong>, by {cost.parameters:,} parameters and "
        f"{cost.macs:,} multiply-adds. Of {main.pictures} pictures that were held back from "
        f"training {main.accuracy:.1%} were answered rightly."
    )


def _shown(drawn: Drawn) -> str:
    return figure(drawn.png, drawn.caption, f"{drawn.caption}.")


def _anchor(layer: Layer) -> str:
    return f"layer-{layer.name}"


def _first(of: Explained, drawn: Drawn | None) -> str:
    if drawn is None or of.first is None:
        return ""
    said = _FIRST[of.first.kind, of.first.weights.shape[3] == 3]
    return f"<h2>The first weights of {_e(of.run)}</h2><p>{_e(said)}</p>{_shown(drawn)}"


def _beside(found: Explanation, drawn: Pictures) -> str:
    other, main = found.beside, found.main
    if other is None:
        return ""
    measured = (
        "Both were measured on the same held-back pictures."
        if found.same_pictures
        else "They were measured on different pictures, each on those that its own run held back."
    )
    cost = _shown(drawn.beside_cost) if drawn.beside_cost else ""
    return (
        f"<h2>{_e(main.network)} beside {_e(other.network)}</h2>"
        f"{table(('', main.run, other.run), tables.beside_rows(main, other))}"
        f"<p class=faint>{measured}</p>{_confusion(main)}{_confusion(other)}"
        f"{_first(other, drawn.beside_first)}"
        f"<h2>What {_e(other.run)} costs</h2>"
        f"{table(tables.LAYERS, tables.layer_rows(other.layers))}{cost}"
    )


def _confusion(of: Explained) -> str:
    head = (f"{of.run}: who it is ↓, answered →", *of.labels)
    open_ = " open" if len(of.labels) <= MOST_CLASSES else ""
    summary = f"<summary>Held-back pictures of {_e(of.run)}, class by class</summary>"
    return f"<details{open_}>{summary}{table(head, tables.confusion_rows(of))}</details>"


def _files(found: Explanation, drawn: Pictures) -> str:
    if not found.files:
        return ""
    head = ("layer", *(each.file.key for each in found.files))
    return (
        f"<h2>The files of {_e(found.bundle)} beside the network</h2>"
        f"{table(tables.ANSWERS, tables.answer_rows(found.main, found.files))}"
        "<p>How near every layer of a file is to the network's own, in decibels:</p>"
        f"{table(head, tables.noise_rows(found.files))}"
        f"{_shown(drawn.noise) if drawn.noise else ''}"
        f"<p class=faint>{_e(_NOISE)}</p><p class=faint>{_e(_disturbed(found.files))}</p>"
        f"{''.join(_matches(each) for each in found.files)}"
    )


def _disturbed(files: Sequence[FileExplained]) -> str:
    moved = [f"{each.file.name} by {each.disturbed:.1g}" for each in files if each.disturbed]
    if moved:
        return f"Reading the tensors on the way moved the answer of {', '.join(moved)}."
    return "Reading the tensors on the way changed no answer."


def _matches(of: FileExplained) -> str:
    summary = f"<summary>{_e(of.file.name)}: what it has of every layer</summary>"
    return f"<details>{summary}{table(tables.MATCHES, tables.match_rows(of))}</details>"


def _layer(drawn: LayerDrawn) -> str:
    layer = drawn.layer
    facts = [layer.kind, layer.shape_text]
    facts += [f"{layer.parameters:,} parameters"] if layer.parameters else []
    facts += [f"{layer.macs:,} multiply-adds"] if layer.macs else []
    heading = (
        f'<h3 id="{_e(_anchor(layer))}">{_e(layer.name)} '
        f"<span class=faint>{_e(' · '.join(facts))}</span></h3>"
    )
    note = f"<p class=faint>{_e(drawn.note)}.</p>" if drawn.note else ""
    return heading + note + "".join(_shown(picture) for picture in drawn.pictures)


def _e(text: str) -> str:
    return escaping.escape(text)
