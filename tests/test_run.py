"""The run: written by training, read back by everything else."""

import csv
import json
import shutil
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from edgeface import records, sealed
from edgeface.bundle import Bundle
from edgeface.errors import BundleError, InputError, UsageError
from edgeface.train.run import CONFIG, LABELS, METRICS, WEIGHTS, Config, Run


def copy(run: Path, to: Path) -> Path:
    shutil.copytree(run, to)
    return to


def sealed_again(run: Path, **files: str | bytes | None) -> Path:
    """The run with some files replaced or left out, and checksums that go with them."""
    kept: dict[str, str | bytes | None] = {
        p.name: p.read_bytes() for p in run.iterdir() if p.name != sealed.SUMS
    }
    kept |= files
    with sealed.new_folder(run, force=True) as new:
        for name, content in kept.items():
            if content is not None:
                (new / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return run


def test_the_committed_run_of_schema_1_is_read(fixture_run: Path) -> None:
    run = Run.load(fixture_run)
    assert run.labels == ("Ari", "Bo", "Charlie")
    assert (run.config.network, run.config.preprocess.shape) == ("friends", (32, 32, 1))
    assert run.config.schedule.epochs == 40
    counts = {side: len(run.split.side(side)) for side in ("training", "validation", "left out")}
    assert counts == {"training": 83, "validation": 36, "left out": 1}
    assert run.weights_sha256 == sealed.sha256(fixture_run / WEIGHTS)
    assert run.metrics()["validation"]["accuracy"] == 1.0


@pytest.mark.tf
def test_it_answers_what_was_recorded_of_it(fixture_run: Path, fixture_bundle: Path) -> None:
    from edgeface.convert import parity
    from edgeface.convert.network import Network

    bundle = Bundle.load(fixture_bundle)
    run = Run.load(fixture_run)
    assert bundle.manifest.origin.weights_sha256 == run.weights_sha256
    pixels, outputs = bundle.golden()
    probs = Network.take(run.model()).infer(pixels)
    for file in bundle.manifest.files:
        parity.check(file.name, file.scheme, outputs[file.name], probs)


def test_every_changed_byte_is_found_and_named(fixture_run: Path, tmp_path: Path) -> None:
    run = copy(fixture_run, tmp_path / "run")
    rng = np.random.default_rng(0)
    for path in sorted(run.iterdir()):
        content = path.read_bytes()
        for at in {0, len(content) - 1, int(rng.integers(len(content)))}:
            changed = bytearray(content)
            changed[at] ^= 1
            path.write_bytes(changed)
            with pytest.raises(BundleError, match=r"was changed|is missing") as wrong:
                Run.load(run)
            # A changed name in the checksums is that of a file that is not there.
            assert path.name in str(wrong.value) or path.name == sealed.SUMS
        path.write_bytes(content)
    assert Run.load(run).labels == ("Ari", "Bo", "Charlie")


@pytest.mark.parametrize("name", [CONFIG, LABELS, WEIGHTS, METRICS, "split.json"])
def test_a_run_without_one_of_its_files_is_none(
    fixture_run: Path, tmp_path: Path, name: str
) -> None:
    run = copy(fixture_run, tmp_path / "run")
    (run / name).unlink()
    with pytest.raises(BundleError, match=rf"{name}"):
        Run.load(run)
    # Nor does it help to seal it again without the file.
    sealed_again(run)
    with pytest.raises(BundleError, match=rf"{name}"):
        Run.load(run)


def test_what_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        Run.load(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"no run: it has no config\.toml"):
        Run.load(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("schema = 1", "schema = 2", "schema 2 is not one that this edgeface reads"),
        ("seed = 1", "sead = 1", 'unknown key "sead"'),
        ("seed = 1", "", 'key "seed" is missing'),
        ("height = 32", "height = 4", "8 to 1024 px"),
        ("seed = 1", "seed =", "not valid TOML"),
    ],
)
def test_another_config_is_refused(
    fixture_run: Path, tmp_path: Path, old: str, new: str, message: str
) -> None:
    run = copy(fixture_run, tmp_path / "run")
    config = (run / CONFIG).read_text()
    assert config.count(old) >= 1
    sealed_again(run, **{CONFIG: config.replace(old, new, 1)})
    with pytest.raises(BundleError, match=message):
        Run.load(run)


@pytest.mark.parametrize("labels", ["Ari\nBo\n", "Ari\nBo\nCharlie\nDan\n", "Ari\nBo\nBo\n", ""])
def test_labels_that_are_not_those_of_the_split_are_refused(
    fixture_run: Path, tmp_path: Path, labels: str
) -> None:
    run = sealed_again(copy(fixture_run, tmp_path / "run"), **{LABELS: labels})
    with pytest.raises(BundleError, match=r"labels\.txt and split\.json name other people"):
        Run.load(run)


def test_a_config_comes_back_from_toml_whatever_the_path(fixture_run: Path) -> None:
    config = Run.load(fixture_run).config
    for data in ('/a "b" \\ c', "/Zoë 🙂/-x", "/tab\there", "C:\\new\\u1234"):
        odd = Config(**{**{f: getattr(config, f) for f in Config.__slots__}, "data": data})
        text = records.to_toml(asdict(odd))
        again = records.from_toml(text, "test", BundleError)
        assert records.build(Config, again, "test", BundleError) == odd


@pytest.mark.tf
def test_a_written_run_is_read_back(small_run: Path, prepared) -> None:
    asked, ready = prepared
    run = Run.load(small_run)
    assert run.labels == ready.labels
    assert run.split == ready.split
    assert run.config.preprocess == ready.faces.preprocess
    assert (run.config.seed, run.config.detector, run.config.schedule) == (
        *(asked.seed, "haar", asked.followed.schedule),
    )
    for side in ("training", "validation"):
        pixels, truth = run.crops(side)
        assert np.array_equal(pixels, getattr(ready, side).pixels)
        assert np.array_equal(truth, getattr(ready, side).truth)
    metrics = run.metrics()
    rows = list(csv.DictReader((small_run / "history.csv").read_text().splitlines()))
    assert len(rows) == metrics["epochs"] == 20
    losses = [float(row["val_loss"]) for row in rows]
    assert losses[metrics["best_epoch"] - 1] == min(losses)
    assert metrics["parameters"] == 44_707
    assert np.sum(metrics["validation"]["confusion"]) == metrics["validation"]["pictures"]


@pytest.mark.tf
def test_its_model_has_the_accuracy_that_it_says(small_run: Path) -> None:
    run = Run.load(small_run)
    model = run.model()
    for side in ("training", "validation"):
        pixels, truth = run.crops(side)
        probs = model(pixels.astype(np.float32), training=False).numpy()
        assert (probs.argmax(axis=1) == truth).mean() == run.metrics()[side]["accuracy"]
    assert run.metrics()["validation"]["accuracy"] > 0.8


@pytest.mark.tf
def test_the_keras_file_is_the_same_network(small_run: Path) -> None:
    import keras

    theirs = keras.models.load_model(small_run / "model.keras", safe_mode=True)
    ours = Run.load(small_run).model()
    pairs = zip(theirs.get_weights(), ours.get_weights(), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.tf
@pytest.mark.parametrize("change", ["size", "people", "bytes"])
def test_weights_of_another_network_are_refused(
    fixture_run: Path, tmp_path: Path, change: str
) -> None:
    run = copy(fixture_run, tmp_path / "run")
    if change == "size":
        config = (run / CONFIG).read_text().replace("= 32", "= 64")
        sealed_again(run, **{CONFIG: config})
    elif change == "people":
        split = json.loads((run / "split.json").read_text())
        for entry in split["files"][:2]:
            entry["label"] = "Dan"
        sealed_again(run, **{"split.json": json.dumps(split), LABELS: "Ari\nBo\nCharlie\nDan\n"})
    else:
        sealed_again(run, **{WEIGHTS: b"no weights"})
    with pytest.raises(BundleError, match=r"model\.weights\.h5 does not go with friends") as wrong:
        Run.load(run).model()
    assert "\n" not in str(wrong.value)


def test_photographs_that_were_replaced_are_named(fixture_run: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    run = copy(fixture_run, tmp_path / "run")
    config = (run / CONFIG).read_text().replace("/srv/edgeface/photos", str(photos))
    sealed_again(run, **{CONFIG: config})
    with pytest.raises(UsageError, match=r"the photographs of .* are gone") as gone:
        Run.load(run).crops("validation")
    assert "put them back" in gone.value.remedy
    for entry in Run.load(run).split.side("validation"):
        (photos / entry.name).parent.mkdir(parents=True, exist_ok=True)
        (photos / entry.name).write_bytes(b"other")
    with pytest.raises(InputError, match=r"\.jpg was changed after the network was trained"):
        Run.load(run).crops("validation")
    with pytest.raises(InputError, match=r"\.jpg is missing"):
        Run.load(run).crops("training")
