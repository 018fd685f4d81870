import json
import re
import shutil

import cv2
import numpy as np
import pytest

from edgeface.errors import UsageError


def scene(seed, side=128):
    """Coloured squares, others for every seed."""
    small = np.random.default_rng(seed).integers(0, 256, (13, 13, 3), np.uint8)
    return cv2.resize(small, (side, side), interpolation=cv2.INTER_NEAREST)


def save(path, picture, quality=90):
    path.parent.mkdir(parents=True, exist_ok=True)
    done, data = cv2.imencode(path.suffix, picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert done
    path.write_bytes(data.tobytes())


@pytest.fixture
def good(tmp_path):
    """Two labels with a dozen different pictures each."""
    for number, name in enumerate(("ann", "bob")):
        for i in range(12):
            save(tmp_path / "my set" / name / f"{i:02}.jpg", scene(100 * number + i))
    return tmp_path / "my set"


@pytest.fixture
def leaking(tmp_path, good):
    """The same, published with a test side, of which one picture is trained on."""
    folder = tmp_path / "split"
    shutil.copytree(good, folder / "train")
    for number, name in enumerate(("ann", "bob")):
        save(folder / "test" / name / "x.jpg", scene(500 + number))
    save(folder / "test" / "ann" / "known.jpg", cv2.resize(scene(3), (80, 80)), 50)
    return folder


def test_a_good_set_is_said_to_be_good(cli, good):
    done = cli("data", "check", good)
    assert done.code == 0
    assert "24 pictures of 2 labels" in done.out
    assert "nothing wrong was found" in done.out
    assert "split: none yet" in done.out
    assert "faces: looked for in 0 of 24 pictures: they are taken for crops" in done.out
    assert done.err.splitlines()[-1] == f"next: edgeface train friends '{good}'"


def test_a_leak_ends_with_3_and_says_what_to_do(cli, leaking):
    done = cli("data", "check", leaking)
    assert done.code == 3
    assert re.search(r"test/ann/known.jpg = train/ann/03.jpg: alike (0\.9|1\.0)", done.out)
    assert (
        "split (official): 1 of 24 training pictures have a near-duplicate held back, "
        "1 of 3 held-back pictures one that is trained on" in done.out
    )
    assert "the split leaks: 1 of 3 held-back pictures are known from training" in done.err
    assert done.err.splitlines()[-1] == f"next: edgeface train friends {leaking} --drop-leaks"


def test_json_is_all_there_is_on_stdout_and_leaks_too(cli, leaking):
    done = cli("data", "check", leaking, "--json")
    data = json.loads(done.out)
    assert done.code == 3
    assert (data["schema"], data["leaks"], data["sheet"]) == (1, True, None)
    assert data["leak"] == {"training": 1, "of_training": 24, "held_back": 1, "of_held_back": 3}
    assert data["findings"][0]["items"][0]["names"] == ["test/ann/known.jpg", "train/ann/03.jpg"]


def test_other_findings_are_told_and_end_with_0(cli, good):
    (good / "ann" / "broken.jpg").write_bytes(b"\xff\xd8 cut")
    shutil.copy(good / "ann" / "02.jpg", good / "bob" / "02b.jpg")
    done = cli("data", "check", good)
    assert done.code == 0
    assert "one file under two labels" in done.out
    assert "ann/broken.jpg: truncated JPEG" in done.out
    assert "--skip-broken" in done.err.splitlines()[-1]


def test_only_three_examples_of_a_finding_are_told(cli, good):
    for i in range(5):
        (good / "ann" / f"broken{i}.jpg").write_bytes(b"")
    done = cli("data", "check", good)
    assert done.out.count("empty file") == 3
    assert "and 2 more, which --json lists" in done.out
    data = json.loads(cli("data", "check", good, "--json").out)
    assert len(data["findings"][0]["items"]) == 5


def test_nothing_readable_is_an_error(cli, tmp_path):
    (tmp_path / "set" / "ann").mkdir(parents=True)
    (tmp_path / "set" / "ann" / "1.jpg").write_bytes(b"")
    done = cli("data", "check", tmp_path / "set")
    assert done.code == 1
    assert "none of 1 pictures can be read (ann/1.jpg: empty file)" in done.err


def split_json(path, sides):
    entries = [
        {
            "name": name,
            "label": name.split("/")[0],
            "sha256": "0" * 64,
            "side": side,
            "reason": "",
            "box": None,
            "group": None,
        }
        for name, side in sides.items()
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"schema": 1, "seed": 0, "validation": 0.3, "files": entries}))


def drawn_sides(good):
    names = sorted(p.relative_to(good).as_posix() for p in good.glob("*/*.jpg"))
    return {name: "validation" if i % 4 == 0 else "training" for i, name in enumerate(names)}


def test_the_sides_of_a_run_are_looked_at(cli, good, tmp_path):
    run = tmp_path / "runs" / "one"
    split_json(run / "split.json", drawn_sides(good))
    done = cli("data", "check", good, "--run", run)
    assert done.code == 0
    assert f"split ({run}): 0 of 18 training pictures" in done.out
    assert done.err.splitlines()[-1] == f"next: edgeface export {run} --int8"


def test_a_run_may_leak(cli, good, tmp_path):
    run = tmp_path / "runs" / "one"
    sides = drawn_sides(good)
    save(good / "bob" / "again.jpg", scene(0), 50)  # of ann/00.jpg, which is held back
    split_json(
        run / "split.json", {**sides, "bob/again.jpg": "training", "bob/gone.jpg": "training"}
    )
    done = cli("data", "check", good, "--run", run / "split.json")
    assert done.code == 3
    assert re.search(r"ann/00.jpg = bob/again.jpg: alike (0\.9|1\.0)", done.out)
    assert "1 pictures of that split are not here" in done.out
    assert done.err.splitlines()[-1] == f"next: edgeface train friends '{good}'"


def test_the_sheet_is_drawn_and_not_overwritten(cli, leaking, tmp_path):
    sheet = tmp_path / "new folder" / "sheet.png"
    done = cli("data", "check", leaking, "--sheet", sheet)
    assert done.code == 3
    assert f"sheet: {sheet}" in done.out
    first = sheet.read_bytes()
    assert cv2.imdecode(np.frombuffer(first, np.uint8), cv2.IMREAD_COLOR).shape[1] > 1000
    again = cli("data", "check", leaking, "--sheet", sheet)
    assert again.code == 2
    assert "exists already" in again.err
    sheet.write_bytes(b"old")
    assert cli("data", "check", leaking, "--sheet", sheet, "--force", "--json").code == 3
    assert sheet.read_bytes() == first


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sheet", "x.jpg"), "--sheet x.png"),
        (("--crop", "often"), "one of auto, never"),
        (("--detector", "eyes"), "unknown detector"),
        (("--people", "zoe"), "nobody called 'zoe'"),
        (("--run", "nowhere"), "no run and no split.json"),
        (("--colour", "bgr"), "are for npz and mat files"),
        (("--colour", "red"), "one of rgb, bgr"),
        (("--labels", "a,a"), "--labels"),
        (("--size", "2"), "--size"),
    ],
)
def test_wrong_options_end_with_2_and_say_what_to_write(cli, good, words, said):
    done = cli("data", "check", good, *words)
    assert done.code == UsageError.exit_code
    assert said in done.err
    assert done.out == ""


def test_no_such_data_set(cli, tmp_path):
    done = cli("data", "check", tmp_path / "nothing")
    assert done.code == UsageError.exit_code
    assert "no such folder or zip" in done.err


def test_only_some_people(cli, good):
    done = cli("data", "check", good, "--people", "ann")
    assert done.code == 0
    assert "12 pictures of one label" in done.out
    assert done.err.splitlines()[-1].endswith("--people ann")


def test_the_size_of_the_network_is_what_small_means(cli, good):
    assert "too small" not in cli("data", "check", good, "--size", 128).out
    assert "128 px, less than 129" in cli("data", "check", good, "--size", 129).out


def test_many_labels_are_told_by_their_extremes(cli, tmp_path):
    for i in range(25):
        for j in range(2 if i == 7 else 1):
            save(tmp_path / "set" / f"p{i:02}" / f"{j}.jpg", scene(10 * i + j))
    done = cli("data", "check", tmp_path / "set")
    assert done.code == 0
    assert "pictures of a label: 1 (p00) to 2 (p07)" in done.out


def test_photographs_are_searched_for_faces(cli, drawn_photos):
    done = cli("data", "check", drawn_photos)
    assert done.code == 0
    assert "faces: looked for in 72 of 72 pictures by haar" in done.out
    none = cli("data", "check", drawn_photos, "--detector", "none")
    assert "faces: looked for in 0 of 72 pictures: --detector none looks for none" in none.out


def test_arrays_with_their_options(cli, tmp_path):
    path = tmp_path / "set.npz"
    images = np.stack([scene(i, 64) for i in range(24)])
    np.savez(path, images=images, what=np.arange(24).reshape(-1, 1) % 2)
    words = (
        "--colour",
        "bgr",
        "--labels",
        "nonface,face",
        "--pixels",
        "images",
        "--targets",
        "what",
    )
    done = cli("data", "check", path, *words)
    assert done.code == 0
    assert "24 pictures of 2 labels" in done.out
    assert "nonface" in done.out
    assert done.err.splitlines()[-1] == f"next: edgeface train friends {path} {' '.join(words)}"
