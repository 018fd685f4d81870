"""The input pipeline beside Keras' two, same pictures, same augmentation, in one interleaved run.

What is timed is an epoch of float32 batches of 32 pictures, 64x64x3, each turned into a tensor: the
first epoch from nothing (reading, decoding, resizing and whatever is set up) and later epochs. All
contenders take turns in every round, each time from nothing, in an order that moves on by one.

    python benchmarks/input_pipeline.py DATA [--rounds 7] [--later 2] [--scaling] --out FILE.json

DATA is a folder per class, or a zip of such folders, which is unpacked into a temporary folder; of
a zip that is split into sides the one with the most pictures is taken. With --scaling, pictures are
drawn and ``input_scaling.py`` is run on 1,000, 10,000 and 100,000 of them, each in a process of its
own. Needs what ``pip install edgeface[train]`` installs. Nothing else should run meanwhile: the
load of the machine stands in the result.

Writes FILE.json with every sample and FILE.md, the tables.
"""

import argparse
import gc
import json
import math
import os
import statistics
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from edgeface.train import toolchain

# isort: split
with toolchain.quiet():
    import keras
    import tensorflow as tf

import input_scaling
from input_scaling import BATCH, HOW, SIDE, read

from edgeface.board import read_board, read_state
from edgeface.records import plain
from edgeface.train.augment import Augmentation
from edgeface.train.batches import Batches

AUGMENTED = "augmented: shear 0.2 degrees, zoom, shifts 0.2, flip"
Floats = list[float]
Epochs = Iterator[int]  # runs an epoch and gives the number of its pictures
Contender = Callable[[Path, bool], Epochs]


def edgeface(folder: Path, augmented: bool) -> Epochs:
    """Decoded, checked and cropped once; warped by two threads that keep ahead."""
    part = read(folder, hashes=False)
    training = Batches(part, HOW if augmented else Augmentation(), BATCH, seed=0)
    for number in range(1, 1000):
        yield consumed(training.epoch(number))


def edgeface_train(folder: Path, augmented: bool) -> Epochs:
    """As ``edgeface train`` reads: it also computes what near-duplicates are told by."""
    part = read(folder, hashes=True)
    training = Batches(part, HOW if augmented else Augmentation(), BATCH, seed=0)
    for number in range(1, 1000):
        yield consumed(training.epoch(number))


def generator(folder: Path, augmented: bool) -> Epochs:
    """ImageDataGenerator.flow_from_directory: decodes in every epoch."""
    flow = image_data_generator(augmented).flow_from_directory(
        folder,
        target_size=(SIDE, SIDE),
        batch_size=BATCH,
        class_mode="sparse",
        interpolation="bilinear",
        seed=0,
    )
    while True:
        yield consumed(flow[i] for i in range(len(flow)))


def generator_in_memory(folder: Path, augmented: bool) -> Epochs:
    """ImageDataGenerator.flow on arrays that were decoded once, all in memory as floats."""
    flow = image_data_generator(False).flow_from_directory(
        folder,
        target_size=(SIDE, SIDE),
        batch_size=1024,
        class_mode="sparse",
        interpolation="bilinear",
        shuffle=False,
    )
    parts = [flow[i] for i in range(len(flow))]
    pixels, truth = (tf.concat(side, axis=0).numpy() for side in zip(*parts, strict=True))
    flow = image_data_generator(augmented).flow(pixels, truth, batch_size=BATCH, seed=0)
    while True:
        yield consumed(flow[i] for i in range(len(flow)))


def image_data_generator(augmented: bool) -> Any:
    """The documented transforms of `HOW`."""
    legacy = tf.keras.preprocessing.image.ImageDataGenerator
    if not augmented:
        return legacy()
    return legacy(
        shear_range=HOW.shear,
        zoom_range=HOW.stretch,
        width_shift_range=HOW.shift,
        height_shift_range=HOW.shift,
        horizontal_flip=HOW.flip,
        fill_mode=HOW.fill,
    )


def dataset(folder: Path, augmented: bool, *, cache: bool = False) -> Epochs:
    """image_dataset_from_directory with Keras' layers in a parallel map, and prefetching."""
    data = keras.utils.image_dataset_from_directory(
        folder, image_size=(SIDE, SIDE), batch_size=BATCH, seed=0, verbose=False
    )
    if cache:
        data = data.cache()
    if augmented:
        layers = keras.Sequential(
            [
                keras.layers.RandomFlip("horizontal"),
                # By up to 0.2 degrees, as the tangent that this layer takes; it leans one way only.
                keras.layers.RandomShear(math.tan(math.radians(HOW.shear)), fill_mode=HOW.fill),
                keras.layers.RandomZoom(HOW.stretch, HOW.stretch, fill_mode=HOW.fill),
                keras.layers.RandomTranslation(HOW.shift, HOW.shift, fill_mode=HOW.fill),
            ]
        )
        data = data.map(
            lambda pixels, truth: (layers(pixels, training=True), truth),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    data = data.prefetch(tf.data.AUTOTUNE)
    while True:
        yield consumed(data)


def dataset_cached(folder: Path, augmented: bool) -> Epochs:
    """The same with ``.cache()``: the resized pictures stay in memory as floats, in one order."""
    return dataset(folder, augmented, cache=True)


def consumed(epoch: Iterable[Any]) -> int:
    """Take all batches as tensors; the number of pictures."""
    count = 0
    for pixels, truth in epoch:
        tensor = tf.convert_to_tensor(pixels)
        if tensor.dtype != tf.float32 or tensor.shape[1:] != (SIDE, SIDE, 3):
            msg = f"batches of {tensor.dtype} {tensor.shape}"
            raise TypeError(msg)
        count += len(truth)
    return count


OURS = "edgeface"
CONTENDERS: dict[str, Contender] = {
    OURS: edgeface,
    "edgeface train": edgeface_train,
    "flow_from_directory": generator,
    "flow, in memory": generator_in_memory,
    "image_dataset_from_directory": dataset,
    "image_dataset_from_directory, cached": dataset_cached,
}


def one_turn(contender: Contender, folder: Path, augmented: bool, later: int) -> dict[str, Any]:
    """From nothing: the first epoch, and so many later ones."""
    gc.collect()
    clock, laps, pictures = input_scaling.Clock(), [], 0
    epochs = contender(folder, augmented)
    for _ in range(1 + later):
        pictures = next(epochs)
        laps.append(clock.lap())
    return {"pictures": pictures, "first": laps[0], "later": laps[1:]}


def compete(folder: Path, rounds: int, later: int) -> list[dict[str, Any]]:
    """Every contender in every round, augmented and not."""
    names, turns = list(CONTENDERS), []
    for number in range(rounds):
        moved = names[number % len(names) :] + names[: number % len(names)]
        for augmented in (True, False):
            for name in moved:
                with toolchain.quiet():
                    turn = one_turn(CONTENDERS[name], folder, augmented, later)
                turns.append(
                    {"contender": name, "augmented": augmented, "round": number}
                    | turn
                    | {"load_1m": os.getloadavg()[0]}
                )
                last = turn["pictures"] / turn["later"][-1]["wall_s"]
                print(f"round {number} {name} {augmented=}: {last:,.0f} pictures/s", flush=True)
    return turns


def laps(turns: list[dict[str, Any]], name: str, augmented: bool, epoch: str, kind: str) -> Floats:
    """Seconds a picture, by the wall or the processor: of first epochs, or of all later ones."""
    return [
        lap[kind] / turn["pictures"]
        for turn in turns
        if turn["contender"] == name and turn["augmented"] == augmented
        for lap in ([turn["first"]] if epoch == "first" else turn["later"])
    ]


def spread(values: Floats) -> str:
    """Median and range."""
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def ratio(turns: list[dict[str, Any]], name: str, augmented: bool, epoch: str, kind: str) -> str:
    """How many times faster edgeface is: the median of the rounds, each by its own medians."""
    found = []
    for number in sorted({t["round"] for t in turns}):
        here = [t for t in turns if t["round"] == number]
        ours, theirs = (
            statistics.median(laps(here, one, augmented, epoch, kind)) for one in (OURS, name)
        )
        found.append(theirs / ours)
    return f"{statistics.median(found):.1f} ({min(found):.1f} to {max(found):.1f})"


def table(turns: list[dict[str, Any]], augmented: bool, epoch: str) -> list[str]:
    """A row a contender."""
    lines = [
        "| | pictures/s | edgeface is faster by | processor µs a picture "
        "| edgeface takes less by |",
        "|---|---|---|---|---|",
    ]
    for name in CONTENDERS:
        wall = laps(turns, name, augmented, epoch, "wall_s")
        cpu = laps(turns, name, augmented, epoch, "cpu_s")
        cells = [name, spread([1 / s for s in wall]), "–", spread([1e6 * s for s in cpu]), "–"]
        if name != OURS:
            cells[2] = ratio(turns, name, augmented, epoch, "wall_s")
            cells[4] = ratio(turns, name, augmented, epoch, "cpu_s")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def page(result: dict[str, Any]) -> str:
    """Both tables, what has to stand beside them, and the scaling where it was measured."""
    board, state, turns = result["board"], result["state_before"], result["turns"]
    loads = [t["load_1m"] for t in turns]
    lines = [
        f"# The input pipeline on {board['model'] or board['cpu'] or board['architecture']}",
        "",
        f"{result['time']}, {board['cores_usable']} cores, {turns[0]['pictures']} pictures of "
        f"{result['data']}, float32 batches of {BATCH} at {SIDE}x{SIDE}x3. Medians and ranges of "
        f"{result['rounds']} interleaved rounds, each with one first and {result['later']} later "
        f"epochs; the ratios are those of the rounds. Load {state['load_1m']} before, "
        f"{min(loads):.1f} to {max(loads):.1f} meanwhile (one contender alone makes 1 to 2).",
        "",
        "What other processes do to the wall clock, they hardly do to the time of the processor, "
        "of which a contender that uses both cores takes twice as much as the clock shows.",
        "",
        *chain.from_iterable(
            [f"## {epoch.capitalize()} epochs, {how}", "", *table(turns, augmented, epoch), ""]
            for augmented, how in ((True, AUGMENTED), (False, "not augmented"))
            for epoch in ("later", "first")
        ),
        *(f"- **{name}**: {' '.join((c.__doc__ or '').split())}" for name, c in CONTENDERS.items()),
        "",
        *input_scaling.section(result.get("scaling", [])),
        "Made by `benchmarks/input_pipeline.py`; every sample stands in the JSON beside.",
    ]
    return "\n".join(lines) + "\n"


def classes_in(data: Path, place: Path) -> Path:
    """A folder per class: ``data`` itself, or unpacked from a zip."""
    if data.is_dir():
        return data
    with zipfile.ZipFile(data) as packed:
        packed.extractall(place)
    counts: dict[Path, int] = {}
    for picture in place.glob("**/*.jpg"):
        above = picture.parent.parent
        counts[above] = counts.get(above, 0) + 1
    return max(counts, key=counts.__getitem__)


def main() -> None:
    """Run everything and write both files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--later", type=int, default=2)
    parser.add_argument("--scaling", action="store_true")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.json")
    args = parser.parse_args()
    result: dict[str, Any] = {
        "schema": 1,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "data": args.data.name,
        "rounds": args.rounds,
        "later": args.later,
        "board": plain(read_board()),
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        "state_before": plain(read_state()),
    }
    with tempfile.TemporaryDirectory() as place:
        result["turns"] = compete(classes_in(args.data, Path(place)), args.rounds, args.later)
    if args.scaling:
        result["scaling"] = input_scaling.measure(input_scaling.SIZES)
    result["state_after"] = plain(read_state())
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(result, indent=1) + "\n", "utf-8")
    args.out.with_suffix(".md").write_text(page(result), "utf-8")
    print(page(result))


if __name__ == "__main__":
    main()
