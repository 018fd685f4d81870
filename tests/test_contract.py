"""The contract: one photograph is the same pixels and the same answer everywhere.

Training preprocessing, the Keras network, every exported file and the camera loop are given the
same JPEG files; crops are held equal byte for byte, outputs within the bounds of parity.
"""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface import evaluate
from edgeface.bundle import Bundle
from edgeface.camera.loop import run_loop
from edgeface.camera.source import open_source
from edgeface.datasets.drawn.folders import cast
from edgeface.datasets.drawn.scene import draw_photograph
from edgeface.datasets.faces import cut_faces
from edgeface.datasets.folder import PhotoFolder
from edgeface.runtime import open_backend
from edgeface.train.run import Run
from edgeface.vision.decide import decide
from edgeface.vision.detect import open_detector
from edgeface.vision.pipeline import open_pipeline

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder per person, two new photographs of everybody the small run knows and a stranger."""
    root = tmp_path_factory.mktemp("contract")
    known, strangers = cast(3, 1, 5)
    for person in [*known, *strangers]:
        (root / person.name).mkdir()
        for number in range(2):
            rng = np.random.default_rng([99, number, *person.name.encode()])
            picture, _ = draw_photograph(person, rng)
            if number:  # a large photograph is searched in a smaller copy of it
                picture = cv2.resize(picture, None, fx=4.37, fy=4.37)
            cv2.imwrite(str(root / person.name / f"{person.name}{number}.jpg"), picture)
    return root


@pytest.fixture(scope="module")
def trained(photographs: Path, small_bundle: Path, small_run: Path):
    """(names, crops of training preprocessing, answers of the Keras network)."""
    from edgeface.convert.network import Network

    run = Run.load(small_run)
    with PhotoFolder(photographs) as folder:
        faces = cut_faces(folder, folder.people, run.config.preprocess, open_detector("haar"))
    names = [Path(e.name).name for e in faces.used]
    assert len(names) >= 6
    return names, faces.pixels, Network.take(run.model()).infer(faces.pixels)


@pytest.mark.parametrize("scheme", ["float32", "int8"])
@pytest.mark.parametrize("format", ["tflite", "onnx"])
def test_one_photograph_is_the_same_everywhere(
    photographs: Path, small_bundle: Path, trained, tmp_path: Path, format: str, scheme: str
) -> None:
    from edgeface.convert import parity

    names, crops, keras_probs = trained
    bundle = Bundle.load(small_bundle)
    file = bundle.file(format, scheme)

    # The file alone, on the crops of training.
    probs = evaluate.answers(open_backend(bundle.path(file)).infer, crops, 3)
    parity.check(file.name, scheme, probs, keras_probs)

    # The loop, on the photographs themselves.
    stills = tmp_path / "stills"
    stills.mkdir()
    for path in photographs.rglob("*.jpg"):
        shutil.copy(path, stills / path.name)
    pipeline = open_pipeline(bundle, file)
    shown: list[np.ndarray] = []
    answered: list[dict[str, np.ndarray]] = []
    real = pipeline.classifier.infer

    def infer(pixels: np.ndarray) -> dict[str, np.ndarray]:
        shown.append(pixels.copy())
        answered.append(real(pixels))
        return answered[-1]

    pipeline.classifier.infer = infer  # type: ignore[method-assign]
    results = []
    with open_source(str(stills)) as source:
        tally = run_loop(source, pipeline, [results.append])  # type: ignore[list-item]
    assert (tally.failed, tally.stopped_by) == (0, None)

    in_order = sorted(p.name for p in stills.iterdir())
    at = 0
    checked = 0
    for name, result in zip(in_order, results, strict=True):
        faces = result.seen.faces
        seen = range(at, at + len(faces))
        at += len(faces)
        if name not in names or len(faces) != 1:
            continue
        i = names.index(name)
        assert np.array_equal(shown[seen[0]], crops[i]), f"{name}: other pixels in the loop"
        in_loop = answered[seen[0]]["probs"]
        assert np.array_equal(in_loop, probs[i]), f"{name}: other answers in the loop"
        decision = faces[0].decision
        assert decision == decide(probs[i], bundle.manifest.labels, file.threshold)
        assert decision.threshold == file.threshold
        assert (decision.name != "unknown") == evaluate.named(probs[i : i + 1], file.threshold)[0]
        checked += 1
    assert checked >= 6


def test_the_decisions_of_the_files_agree(small_bundle: Path, trained) -> None:
    _, crops, keras_probs = trained
    bundle = Bundle.load(small_bundle)
    nearest = []
    for file in bundle.manifest.files:
        probs = evaluate.answers(open_backend(bundle.path(file)).infer, crops, 3)
        nearest.append(probs.argmax(axis=1))
    clear = np.sort(keras_probs, axis=1)
    clear = clear[:, -1] - clear[:, -2] > 0.2  # int8 may differ where it is a toss-up
    assert clear.sum() >= 4
    for best in nearest:
        assert np.array_equal(best[clear], keras_probs.argmax(axis=1)[clear])


def test_what_is_recorded_of_a_run_is_cut_again_to_the_same_bytes(
    small_run: Path, prepared
) -> None:
    run = Run.load(small_run)
    detector = open_detector("haar")
    with PhotoFolder(Path(run.config.data)) as folder:
        again = cut_faces(folder, folder.people, run.config.preprocess, detector)
    held = [e.name for e in run.split.side("validation")]
    places = [[e.name for e in again.used].index(name) for name in held]
    assert np.array_equal(again.pixels[places], run.crops("validation")[0])
    assert np.array_equal(again.pixels[places], prepared[1].validation.pixels)
