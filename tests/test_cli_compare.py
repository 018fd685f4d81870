"""``edgeface compare``: accuracy after quantisation."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface import records, sealed
from edgeface.bundle import SEEN, SEEN_DIGITS
from edgeface.datasets.split import Entry, Split
from edgeface.images import Preprocess
from edgeface.train.run import SCHEMA, Config, Schedule

KEYS = {
    *("file", "format", "scheme", "n", "accuracy", "delta_points", "agreement", "flips"),
    "size_bytes",
}
GREYS = {"ada": 40, "bob": 128, "cyd": 220}  # what the fake backend tells apart


def photographs(root: Path, people: dict[str, int], count: int = 4) -> Path:
    for who, grey in people.items():
        for number in range(count):
            path = root / who / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), np.full((60, 50, 3), grey + number, np.uint8))
    return root


def write_run(folder: Path, photos: Path, weights: bytes = b"weights") -> Path:
    """A run as training leaves it; its weights are none, which comparing does not need."""
    names = sorted(p.relative_to(photos).as_posix() for p in photos.rglob("*.png"))
    entries = tuple(
        Entry(
            name,
            name.split("/")[0],
            sealed.sha256(photos / name),
            "validation" if name.endswith("0.png") else "training",
            box=(5.0, 5.0, 30.0, 30.0),
        )
        for name in names
    )
    config = Config(
        *(SCHEMA, "0.1.0", "2026-01-02T03:04:05+00:00", "friends", str(photos), "haar", 0),
        *(Preprocess(32, 32), Schedule()),
    )
    with sealed.new_folder(folder) as new:
        (new / "config.toml").write_text(records.to_toml(asdict(config)))
        (new / "labels.txt").write_text("".join(f"{who}\n" for who in sorted(GREYS)))
        (new / "split.json").write_text(records.to_json(asdict(Split(1, 0, 0.3, entries))))
        (new / "metrics.json").write_text("{}")
        (new / "model.weights.h5").write_bytes(weights)
    return folder


@pytest.fixture
def with_run(fake_bundle: Path, tmp_path: Path) -> Path:
    """The fake bundle, as if it came from the run at runs/tiny."""
    photos = photographs(tmp_path / "photos", GREYS)
    run = write_run(tmp_path / "runs" / "tiny", photos)
    manifest = json.loads((fake_bundle / "manifest.json").read_text())
    manifest["origin"]["run"] = "runs/tiny"
    manifest["origin"]["weights_sha256"] = sealed.sha256(run / "model.weights.h5")
    kept = {p.name: p.read_bytes() for p in fake_bundle.iterdir() if p.name != sealed.SUMS}
    seen = [sealed.sha256(p)[:SEEN_DIGITS] for p in photos.rglob("*.png") if p.stem != "0"]
    with sealed.new_folder(fake_bundle, force=True) as new:
        for name, content in kept.items():
            (new / name).write_bytes(content)
        (new / "manifest.json").write_text(json.dumps(manifest))
        (new / SEEN).write_text("\n".join(seen))
    return fake_bundle


def test_by_default_the_newest_bundle_on_its_own_validation_side(with_run: Path, cli) -> None:
    ran = cli("compare", "--json")
    assert ran.code == 0, ran.err
    assert "bundle: bundles/tiny (the newest)" in ran.err
    found = json.loads(ran.out)
    assert (found["schema"], found["compared"]) == (2, [str(Path("bundles/tiny"))])
    assert found["on"] == "validation side of runs/tiny"
    assert (found["n"], found["strangers"], found["trained_on"]) == (3, 0, 0)
    assert [f["file"] for f in found["files"]] == [
        f"tiny.{scheme}.{format}" for format in ("tflite", "onnx") for scheme in ("float32", "int8")
    ]
    for row in found["files"]:
        assert row.keys() >= KEYS
        assert (row["n"], row["accuracy"], row["agreement"], row["flips"]) == (3, 1, 1, 0)
        assert row["delta_points"] == 0
        assert row["size_bytes"] == (with_run / row["file"]).stat().st_size
    assert f"next: edgeface bench {Path('bundles/tiny')}" in ran.err


def test_a_table_for_people(with_run: Path, cli) -> None:
    ran = cli("compare", with_run)
    assert ran.code == 0
    assert "on validation side of runs/tiny: 3 pictures of enrolled people" in ran.out
    row = next(line for line in ran.out.splitlines() if line.startswith("tiny.int8.tflite"))
    assert row.split()[1] == "1.000"
    assert "strangers" not in ran.out


def test_strangers(with_run: Path, cli, tmp_path: Path) -> None:
    others = photographs(tmp_path / "others", {"eve": 90, "dan": 100})
    words = ("compare", "--strangers", others, "--detector", "none")
    found = json.loads(cli(*words, "--json").out)
    assert (found["n"], found["strangers"]) == (3, 8)
    assert all(row["strangers_named"] == 8 for row in found["files"])
    ran = cli(*words)
    assert "8 (100.0 %)" in ran.out
    assert "strangers: 8 faces of people who were not enrolled" in ran.out
    ran = cli("compare", "--strangers", tmp_path / "photos", "--detector", "none")
    assert ran.code == 1
    assert "is enrolled" in ran.err


def test_a_folder_of_photographs(with_run: Path, cli, tmp_path: Path) -> None:
    new = photographs(tmp_path / "new", {"ada": 50, "bob": 140, "eve": 200})
    ran = cli("compare", with_run, new, "--detector", "none")
    assert ran.code == 0, ran.err
    assert f"on {new}: 8 pictures of enrolled people" in ran.out
    assert "strangers: 4 faces" in ran.out
    assert "trained on" not in ran.out


def test_what_it_was_trained_on_is_said_and_not_counted(
    with_run: Path, cli, tmp_path: Path
) -> None:
    ran = cli("compare", with_run, tmp_path / "photos", "--detector", "none")
    assert f"on {tmp_path / 'photos'}: 3 pictures of enrolled people" in ran.out
    assert "9 more were trained on and are not counted" in ran.out
    for who in GREYS:
        (tmp_path / "photos" / who / "0.png").unlink()
    ran = cli("compare", with_run, tmp_path / "photos", "--detector", "none")
    assert ran.code == 0
    assert "CAUTION: all of them are pictures that the network was trained on" in ran.out


def test_a_run_that_moved_can_be_named(with_run: Path, cli, tmp_path: Path) -> None:
    (tmp_path / "runs").rename(tmp_path / "archive")
    ran = cli("compare")
    assert ran.code == 2
    assert "the run runs/tiny that bundles/tiny was made from is not here" in ran.err
    assert "--run" in ran.err
    assert json.loads(cli("compare", "--run", "archive/tiny", "--json").out)["n"] == 3


def test_another_run_is_refused(with_run: Path, cli, tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "other", tmp_path / "photos", b"other weights")
    ran = cli("compare", "--run", "runs/other")
    assert ran.code == 2
    assert "runs/other is not the run that bundles/tiny was made from (other weights)" in ran.err


def test_a_broken_run_is_named(with_run: Path, cli) -> None:
    path = Path("runs/tiny/labels.txt")
    path.write_text("x" + path.read_text())
    ran = cli("compare")
    assert ran.code == 1
    assert "runs/tiny: labels.txt was changed" in ran.err


def test_photographs_that_are_gone_or_changed(with_run: Path, cli, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photographs(photos, {"bob": 129})
    ran = cli("compare")
    assert ran.code == 1
    assert "bob/0.png was changed after the network was trained" in ran.err
    shutil.rmtree(photos)
    ran = cli("compare")
    assert ran.code == 2
    assert "the photographs of runs/tiny are gone" in ran.err


def test_a_table_that_fits_a_terminal_and_a_verdict_a_file(with_run: Path, cli, tmp_path) -> None:
    new = photographs(tmp_path / "new", {"ada": 50, "bob": 140, "cyd": 225, "eve": 200}, count=9)
    ran = cli("compare", with_run, new, "--detector", "none", "--per-class", "--confusion")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("file "))
    assert max(map(len, lines[begin : begin + 8])) <= 100
    assert "held against tiny.float32.tflite (the float32 file)" in ran.out
    said = [line for line in lines if line.startswith("tiny.int8.onnx: ")]
    assert said == [
        "tiny.int8.onnx: cannot tell: 27 pictures resolve 12.5 points; 765 would resolve 0.5; "
        "0 lost, 0 gained, p = 1"
    ]
    assert any(line.split() == ["ada", *["9"] * 5] for line in lines)
    assert "shows  taken for" in ran.out


def test_a_page_and_markdown_are_written_where_asked(with_run: Path, cli, tmp_path: Path) -> None:
    page, text = tmp_path / "out" / "c.html", tmp_path / "out" / "c.md"
    ran = cli("compare", "--html", page, "--markdown", text, "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["n"] == 3
    assert page.read_text().startswith("<!doctype html>")
    assert text.read_text().startswith("# Compared: bundles/tiny")
    assert sorted(p.name for p in page.parent.iterdir()) == ["c.html", "c.md"]
    assert f"written: {page}" in ran.err
    before = page.read_bytes()
    page.write_text("mine")
    ran = cli("compare", "--html", page)
    assert (ran.code, ran.out) == (2, "")
    assert f"--html {page} exists already" in ran.err
    assert page.read_text() == "mine"
    assert cli("compare", "--html", page, "--force").code == 0
    assert page.read_bytes() == before
    ran = cli("compare", "--html", text, "--markdown", text, "--force")
    assert (ran.code, "both name" in ran.err) == (2, True)
    ran = cli("compare", "--html", tmp_path)
    assert (ran.code, "a folder, not a file" in ran.err) == (2, True)


def test_two_exports_and_a_chosen_reference(with_run: Path, cli, tmp_path: Path) -> None:
    shutil.copytree(with_run, tmp_path / "later" / "tiny")
    ran = cli("compare", with_run, "later/tiny", "--against", "later/tiny/tiny.int8.onnx")
    assert ran.code == 0, ran.err
    assert "held against later/tiny/tiny.int8.onnx (as asked)" in ran.out
    rows = [line.split()[0] for line in ran.out.splitlines() if " 1.000 " in line or "/" in line]
    assert rows[1:4] == ["bundles/tiny/", "tiny.float32.tflite", "tiny.int8.tflite"]
    assert rows[6:8] == ["later/tiny/", "tiny.float32.tflite"]
    assert "bundles/tiny/tiny.int8.onnx: cannot tell" in ran.out
    ran = cli("compare", with_run / "tiny.int8.onnx", with_run / "tiny.int8.tflite", "--json")
    found = json.loads(ran.out)
    assert [f["file"] for f in found["files"]] == ["tiny.int8.tflite", "tiny.int8.onnx"]
    ran = cli("compare", with_run, "--against", "gone.onnx")
    assert (ran.code, "gone.onnx is not among the files" in ran.err) == (2, True)


def test_photographs_by_option(with_run: Path, cli, tmp_path: Path) -> None:
    new = photographs(tmp_path / "new", GREYS)
    (new / "manifest.json").write_text("{}")  # who knows what else they keep there
    ran = cli("compare", with_run, "--data", new, "--detector", "none", "--json")
    assert json.loads(ran.out)["on"] == str(new)
    ran = cli("compare", with_run, tmp_path / "photos", "--data", new)
    assert ran.code == 2
    assert "one set of photographs or points can be compared on" in ran.err


def test_a_file_alone_needs_photographs(
    fixture_bundle: Path, cli, tmp_path: Path, drawn_photos: Path
) -> None:
    alone = Path(shutil.copy(fixture_bundle / "friends.int8.tflite", tmp_path / "mine.tflite"))
    ran = cli("compare", alone)
    assert ran.code == 2
    assert "files that stand alone have no run" in ran.err
    words = ("--data", drawn_photos, "--detector", "none", "--against", "friends.int8.tflite")
    ran = cli("compare", fixture_bundle, alone, *words, "--json")
    assert ran.code == 0, ran.err
    found = json.loads(ran.out)
    row = found["files"][-1]
    assert (found["n"], row["file"], row["scheme"]) == (72, "mine.tflite", "int8")
    assert (row["parity"], row["flips"], row["flipped"]) == (0, 0, [])


def test_a_network_of_ones_own_needs_photographs(with_run: Path, cli, tmp_path: Path) -> None:
    manifest = json.loads((with_run / "manifest.json").read_text())
    manifest["origin"] |= {"kind": "keras", "run": "mine.keras"}
    kept = {p.name: p.read_bytes() for p in with_run.iterdir() if p.name != sealed.SUMS}
    with sealed.new_folder(with_run, force=True) as new:
        for name, content in kept.items():
            (new / name).write_bytes(content)
        (new / "manifest.json").write_text(json.dumps(manifest))
    ran = cli("compare", with_run)
    assert ran.code == 2
    assert "was made from mine.keras, not from a run" in ran.err
    assert "name photographs" in ran.err


def test_numbers_of_arrays_are_called_by_the_labels(with_run: Path, cli, tmp_path: Path) -> None:
    greys = np.asarray([40, 128, 220, 222], np.uint8)
    arrays = np.tile(greys[:, None, None], (1, 20, 20))
    np.savez(tmp_path / "set.npz", x=arrays, y=np.asarray([0, 1, 2, 2]))
    words = ("compare", with_run, "set.npz", "--detector", "none", "--json")
    ran = cli(*words, "--labels", "ada,bob,cyd")
    assert ran.code == 0, ran.err
    assert [f["accuracy"] for f in json.loads(ran.out)["files"]] == [1] * 4
    (tmp_path / "labels.txt").write_text("ada\nbob\ncyd\n")
    assert json.loads(cli(*words, "--labels", "labels.txt").out)["n"] == 4
    ran = cli(*words)
    assert (ran.code, "nobody in it is enrolled" in ran.err) == (1, True)


@pytest.mark.real_data
def test_files_that_another_program_wrote(cli, real_data: Path, tmp_path: Path) -> None:
    models = real_data / "models" / "mlperf_tiny"
    files = models / "vww_96_float.tflite", models / "vww_96_int8.tflite"
    photos = photographs(tmp_path / "photos", {"nobody": 40, "person": 200})
    told = ("--labels", "nobody,person", "--colour", "rgb", "--scaling", "0..1")
    ran = cli("compare", *files, photos, *told)
    assert ran.code == 2
    assert "does not say its framing" in ran.err
    ran = cli("compare", *files, photos, *told, "--framing", "stretched", "--json")
    assert ran.code == 0, ran.err
    before, after = json.loads(ran.out)["files"]
    assert (before["scheme"], after["scheme"]) == ("float32", "int8")
    assert 0 < after["parity"] < 0.2  # the same network; pixels that were scaled otherwise differ
    ran = cli("compare", *files, photos, *told, "--framing", "whole")
    assert "not known: what vww_96_float.tflite, vww_96_int8.tflite learned from" in ran.out
    assert "unknown" not in ran.out.splitlines()[2]  # no file has a threshold


def test_what_is_neither_a_bundle_nor_photographs(with_run: Path, cli, tmp_path: Path) -> None:
    (tmp_path / "half").mkdir()
    shutil.copy(with_run / "tiny.int8.onnx", tmp_path / "half")
    ran = cli("compare", "half")
    assert ran.code == 2
    assert "half holds tiny.int8.onnx and no manifest.json: it is no bundle" in ran.err
    ran = cli("compare", "runs/tiny")
    assert ran.code == 1
    assert "remedy: it is a run: edgeface export runs/tiny --int8" in ran.err
    ran = cli("compare", with_run, "photos", "gone")
    assert (ran.code, "gone: no such folder or file" in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("nowhere",), 2, "no such folder"),
        (("bundles/tiny", "nowhere"), 2, "no such folder or zip"),
        (("--strangers", "nowhere"), 2, "no such folder or zip"),
        (("bundles/tiny", "photos", "--detector", "hog"), 2, "unknown detector"),
        (("--threads", "0"), 2, "--threads"),
        (("--margin", "0"), 2, "--margin 0: above 0"),
        (("gone.onnx",), 2, "no such file"),
        (("--labels", "ada"), 2, "no such file, and no list of names either"),
    ],
)
def test_asked_wrongly(
    with_run: Path, cli, words: tuple[str, ...], code: int, message: str
) -> None:
    ran = cli("compare", *words)
    assert ran.code == code
    assert message in ran.err
    assert not ran.out
