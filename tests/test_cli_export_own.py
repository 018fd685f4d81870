"""``edgeface export`` of somebody's own ``.keras`` file, and of chosen schemes."""

import json
from pathlib import Path

import pytest

from edgeface.bundle import SEEN_DIGITS, Bundle
from edgeface.sealed import sha256

pytestmark = pytest.mark.tf

SAID = ("--labels", "ada,bob", "--input", "rgb:0..1", "--photos", "photos")


@pytest.fixture
def theirs(tmp_path: Path, small_pictures, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A network that nobody trained, and pictures of two people, below the current folder."""
    import keras

    monkeypatch.chdir(tmp_path)
    small_pictures(tmp_path / "photos", count=8)
    keras.utils.set_random_seed(4)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            layers.Conv2D(6, 3, activation="relu"),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    model.save("their net.keras")
    return Path("their net.keras")


def test_it_goes_the_whole_way(cli, theirs: Path) -> None:
    ran = cli("export", theirs, *SAID, "--int8", "--json")
    assert ran.code == 0, ran.err
    assert "it ends in logits" in ran.err
    assert "brought to 0..1" in ran.err
    assert json.loads(ran.out)["bundle"] == "bundles/their net"
    assert ran.err.splitlines()[-1] == "next: edgeface compare 'bundles/their net' --data photos"
    bundle = Bundle.load(Path("bundles/their net"))
    manifest = bundle.manifest
    assert [f.name for f in manifest.files] == [
        *(f"their-net.{s}.{f}" for f in ("tflite", "onnx") for s in ("float32", "int8"))
    ]
    assert (manifest.network, manifest.labels) == ("their-net", ("ada", "bob"))
    assert manifest.origin.kind == "keras"
    assert (manifest.origin.run, manifest.origin.weights_sha256) == (str(theirs), sha256(theirs))
    assert (manifest.preprocess.framing, manifest.detector) == ("whole", "none")
    # Half of the pictures set the ranges, and the files are measured on the others.
    calibrated = set(manifest.calibration.pictures)
    assert len(calibrated) == 8
    assert bundle.trained_on() == {digest[:SEEN_DIGITS] for digest in calibrated}
    assert {f.measured.pictures for f in manifest.files} == {8}
    report = (bundle.folder / "report.md").read_text()
    assert "whether trained on is not known here" in report
    assert "network of one's own: their net.keras" in report
    compared = cli("compare", bundle.folder, "--data", "photos", "--json")
    assert compared.code == 0, compared.err
    told = json.loads(compared.out)
    assert [row["n"] for row in told["files"]] == [8] * 4
    for row, file in zip(told["files"], manifest.files, strict=True):
        assert row["accuracy"] == file.measured.accuracy
    assert cli("verify", bundle.folder).code == 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ((), 2, "--labels, --input, --photos missing"),
        ((*SAID[:4], "--photos", "none"), 2, "--photos none: no such folder"),
        (("--labels", "ada,eve", *SAID[2:]), 1, "'bob' is none of the labels"),
        (("--labels", "ada,unknown", *SAID[2:]), 2, "'unknown' is what others are called"),
        (("--labels", "ada,bob,cyd", *SAID[2:]), 2, "names 3 classes"),
        (("--labels", "ada,bob", "--input", "rgb", *SAID[4:]), 2, "does not begin with a Rescal"),
        ((*SAID, "--framing", "round"), 2, "--framing round"),
        ((*SAID, "--strangers", "photos"), 2, "whether it was trained on"),
        ((*SAID, "--far", "0.01"), 2, "whether it was trained on"),
        ((*SAID, "--schemes", "int4"), 2, "--schemes int4"),
        ((*SAID, "--schemes", "float32,float32"), 2, "the same twice"),
        ((*SAID, "--schemes", "float32", "--int8"), 2, "asks for no int8"),
        ((*SAID, "--formats", "onnx", "--schemes", "dynamic"), 1, "no file: onnx has no dynamic"),
        ((*SAID, "--formats", "onnx", "--recipe", "r.toml"), 2, "leave one of the two away"),
    ],
)
def test_what_cannot_be_meant_is_one_line_and_leaves_nothing(
    cli, theirs: Path, words: tuple[str, ...], code: int, message: str
) -> None:
    recipe = 'name = "p"\ntarget = "x"\nformats = ["onnx"]\nschemes = ["float32"]\n'
    Path("r.toml").write_text(recipe)
    before = sorted(str(p) for p in Path().rglob("*"))
    ran = cli("export", theirs, *words)
    assert ran.code == code, ran.err
    assert message in ran.err
    assert not ran.out
    assert sorted(str(p) for p in Path().rglob("*")) == before


def test_integer_ends_ask_for_int8_by_themselves_and_broken_pictures_can_be_left_out(
    cli, theirs: Path
) -> None:
    Path("photos/ada/broken.png").write_bytes(b"no picture")
    ran = cli("export", theirs, *SAID, "--c-array", "--formats", "tflite")
    assert ran.code == 1
    assert "ada/broken.png" in ran.err
    assert "--skip-broken" in ran.err
    words = ("--c-array", "--formats", "tflite", "--skip-broken", "--out", "b")
    ran = cli("export", theirs, *SAID, *words)
    assert ran.code == 0, ran.err
    names = [file.name for file in Bundle.load(Path("b")).manifest.files]
    assert names == [f"their-net.{kind}.tflite" for kind in ("float32", "int8", "int8.io")]
    assert Path("b/their-net.int8.io.h").is_file()


def test_a_run_needs_none_of_that(cli, theirs: Path) -> None:
    ran = cli("export", "runs/mine", "--labels", "a,b")
    assert ran.code == 2
    assert "--labels says something of a .keras file" in ran.err
