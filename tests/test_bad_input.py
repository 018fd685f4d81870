"""What people do wrong, and what machines do to them: one line, the right exit code, nothing left.

Broken pictures, data sets and folders one by one stand in the tests of their modules; here are the
commands, all of them, and what surrounds them.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgeface import verify as verifying

ON_A_BUNDLE = ["verify", "show", "compare", "bench", "run", "predict"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def bundle(fixture_bundle: Path, place: Path) -> Path:
    """A bundle of one's own, to be spoiled."""
    return Path(shutil.copytree(fixture_bundle, Path("mine")))


@pytest.fixture
def run(fixture_run: Path, place: Path) -> Path:
    return Path(shutil.copytree(fixture_run, Path("trained")))


def photos(root: Path, count: int = 2) -> Path:
    picture = np.full((40, 40, 3), 90, np.uint8)
    for who in ("ada", "bob"):
        for number in range(count):
            path = root / who / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            picture[number, :, 0] = 9 * len(who) + number
            cv2.imwrite(str(path), picture)
    return root


def words_of(command: str, subject: Path) -> tuple[object, ...]:
    """The least that a command needs besides its bundle."""
    more: dict[str, tuple[object, ...]] = {
        "bench": ("--quick",),
        "run": ("--source", photos(Path("pictures")) / "ada"),
        "predict": (photos(Path("pictures")),),
    }
    return command, subject, *more.get(command, ())


def is_one_line(err: str, message: str) -> bool:
    lines = err.splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    after = lines[lines.index(errors[0]) + 1 :] if errors else ["?"]
    return (
        len(errors) == 1
        and message in errors[0]
        and all(line.startswith("remedy: ") for line in after)
    )


def seal(folder: Path) -> None:
    names = sorted(p.name for p in folder.iterdir() if p.name != "SHA256SUMS")
    digests = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in names}
    (folder / "SHA256SUMS").write_text("".join(f"{digests[n]}  {n}\n" for n in names))


def without_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def of_another_schema(folder: Path) -> None:
    data = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(data | {"schema": 2}))
    seal(folder)


def with_a_changed_byte(folder: Path) -> None:
    path = folder / "friends.int8.tflite"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def with_a_path_that_climbs(folder: Path) -> None:
    data = json.loads((folder / "manifest.json").read_text())
    data["files"][0]["name"] = "../../../etc/passwd"
    (folder / "manifest.json").write_text(json.dumps(data))
    seal(folder)


def with_sums_that_climb(folder: Path) -> None:
    with (folder / "SHA256SUMS").open("a") as sums:
        sums.write(f"{'0' * 64}  ../outside\n")


def with_a_link(folder: Path) -> None:
    (folder / "golden.npz").unlink()
    (folder / "golden.npz").symlink_to("/etc/passwd")


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no manifest": (without_manifest, "is no bundle: it has no manifest.json"),
    "schema": (of_another_schema, "schema 2 is not one that this edgeface reads"),
    "checksum": (with_a_changed_byte, "friends.int8.tflite was changed"),
    "climbs": (with_a_path_that_climbs, "is not a plain file name"),
    "sums climb": (with_sums_that_climb, "SHA256SUMS was changed"),
    "link": (with_a_link, "golden.npz is missing"),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", ON_A_BUNDLE)
def test_a_damaged_bundle_is_used_by_no_command(
    cli, bundle: Path, command: str, damage: str
) -> None:
    spoil, message = DAMAGES[damage]
    spoil(bundle)
    ran = cli(*words_of(command, bundle))
    assert ran.code == 1, ran.err
    assert is_one_line(ran.err, message), ran.err
    assert "remedy: " in ran.err
    assert ran.out == ""


@pytest.mark.parametrize("command", ["verify", "compare", "tune", "run", "predict"])
def test_a_run_where_a_bundle_is_meant(cli, run: Path, command: str) -> None:
    ran = cli(*words_of(command, run))
    assert ran.code == 1
    assert is_one_line(ran.err, "trained is no bundle")
    assert "remedy: it is a run: edgeface export trained --int8" in ran.err


def test_a_bundle_where_a_run_is_meant(cli, bundle: Path) -> None:
    ran = cli("export", bundle)
    assert ran.code == 1
    assert is_one_line(ran.err, "mine is no run")
    assert "it is a bundle" in ran.err
    assert not Path("bundles").exists()


@pytest.mark.parametrize("command", ["show", "export"])
def test_a_run_of_another_schema(cli, run: Path, command: str) -> None:
    config = run / "config.toml"
    config.write_text(config.read_text().replace("schema = 1", "schema = 9"))
    seal(run)
    ran = cli(command, run)
    assert ran.code == 1
    assert is_one_line(ran.err, "schema 9 is not one that this edgeface reads")


def test_golden_values_that_are_none_are_not_advised_to_be_unpickled(cli, bundle: Path) -> None:
    (bundle / "golden.npz").write_bytes(b"whatever")
    seal(bundle)
    ran = cli("verify", bundle)
    assert ran.code == 1
    assert is_one_line(ran.err, "golden.npz: not the golden values")
    assert "pickle" not in ran.err


@pytest.mark.parametrize(
    ("source", "code", "message"),
    [
        ("nowhere.mkv", 2, "no such camera, clip or folder"),
        ("", 2, "no such camera, clip or folder"),
        ("text.mkv", 1, "not a clip"),
        ("zero.mkv", 1, "not a clip"),
        ("empty", 1, "a folder without pictures"),
        ("99", 1, "camera /dev/video99 does not open"),
        ("text.jpg", 1, "none of the 1 frames could be used"),
        ("cut", 1, "none of the 2 frames could be used"),
    ],
)
def test_a_source_that_gives_nothing(
    cli, bundle: Path, source: str, code: int, message: str
) -> None:
    for name, content in (("text.mkv", b"text"), ("zero.mkv", b""), ("text.jpg", b"text")):
        Path(name).write_bytes(content)
    Path("empty").mkdir()
    for path in sorted((photos(Path("cut").absolute()) / "ada").iterdir()):
        path.rename(Path("cut") / path.name)
        (Path("cut") / path.name).write_bytes((Path("cut") / path.name).read_bytes()[:60])
    ran = cli("run", bundle, "--source", source, "--video", "out.mp4")
    assert ran.code == code, ran.err
    assert is_one_line(ran.err, message), ran.err
    assert not Path("out.mp4").exists()
    assert not [p for p in Path.cwd().iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("command", ["run", "predict", "train"])
@pytest.mark.parametrize("content", [b"", b"no onnx at all", None])
def test_a_detector_file_that_is_none(
    cli, bundle: Path, command: str, content: bytes | None
) -> None:
    file = Path("detector.onnx")
    if content is None:  # an ONNX file, but of another network
        shutil.copy(bundle / "friends.float32.onnx", file)
    else:
        file.write_bytes(content)
    subject = ("train", "friends", photos(Path("p"))) if command == "train" else ()
    ran = cli(*(subject or words_of(command, bundle)), "--detector", "yunet",
              "--detector-model", file)  # fmt: skip
    assert ran.code == 1, ran.err
    assert is_one_line(ran.err, "detector.onnx: not a YuNet ONNX file"), ran.err


def packed(path: Path, *more: str) -> Path:
    root = photos(Path("to-pack"))
    with zipfile.ZipFile(path, "w") as file:
        for picture in sorted(root.rglob("*.png")):
            file.write(picture, picture.relative_to(root).as_posix())
        for name in more:
            file.writestr(name, (root / "ada" / "0.png").read_bytes())
    return path


def locked(path: Path) -> None:
    content = bytearray(packed(path).read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        found = content.find(mark)
        while found >= 0:
            content[found + at] |= 1
            found = content.find(mark, found + 4)
    path.write_bytes(content)


def nested(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as file:
        file.write(packed(Path("inner.zip")), "inner.zip")


ZIPS: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda p: p.write_text("no zip"), "no zip or a broken one"),
    "cut": (lambda p: p.write_bytes(packed(p).read_bytes()[:300]), "no zip or a broken one"),
    "up": (lambda p: packed(p, "../evil/0.png"), "'../evil/0.png' leads out of the zip"),
    "absolute": (lambda p: packed(p, "/evil/0.png"), "'/evil/0.png' leads out of the zip"),
    "backslash": (lambda p: packed(p, "a\\..\\..\\0.png"), "leads out of the zip"),
    "locked": (locked, "encrypted"),
    "nested": (nested, "no folder with photographs in it, but inner.zip"),
}


@pytest.mark.parametrize("kind", ZIPS)
def test_a_zip_that_cannot_be_used(cli, place: Path, kind: str) -> None:
    make, message = ZIPS[kind]
    make(Path("photos.zip"))
    ran = cli("train", "friends", "photos.zip")
    assert ran.code == 1, ran.err
    assert is_one_line(ran.err, message), ran.err
    assert "remedy: " in ran.err
    assert not Path("runs").exists()
    assert not (place.parent / "evil").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("train", "friends", "p", "--out", "note.txt/run"),
        ("export", "trained", "--out", "note.txt/bundle"),
        ("bench", "mine", "--out", "note.txt/x.bench.json"),
        ("quickstart", "--out", "note.txt/q"),
        ("data", "draw", "note.txt/d"),
    ],
)
def test_a_place_that_cannot_be_written_is_said_before_the_work(
    cli, bundle: Path, run: Path, words: tuple[str, ...]
) -> None:
    photos(Path("p"))
    Path("note.txt").write_text("mine")
    ran = cli(*words)
    assert ran.code == 1, ran.err
    assert ran.err.splitlines()[0].startswith("error: note.txt/")
    assert "Not a directory" in ran.err
    assert "remedy: " in ran.err
    assert Path("note.txt").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_to_write(cli, bundle: Path) -> None:
    closed = Path("closed")
    closed.mkdir(mode=0o555)
    ran = cli("bench", bundle, "--quick", "--out", closed / "x.bench.json")
    assert ran.code == 1
    assert is_one_line(ran.err, "Permission denied")


def test_an_option_without_effect_is_not_swallowed(cli, bundle: Path) -> None:
    ran = cli("compare", bundle, "--detector", "haar")
    assert ran.code == 2
    assert is_one_line(ran.err, "--detector, but no photographs")


def test_ctrl_c_is_said_and_ends_with_130(
    cli, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(verifying, "verify", interrupted)
    ran = cli("verify", bundle)
    assert ran.code == 130
    assert ran.err == "interrupted: nothing unfinished was left behind\n"
    assert ran.out == ""


def test_the_next_command_can_be_typed_for_a_name_with_a_dash(cli, bundle: Path) -> None:
    bundle.rename("-m x")
    ran = cli("verify", "./-m x")
    assert ran.code == 0, ran.err
    assert ran.err.splitlines()[-1] == "next: edgeface bench './-m x'"


def test_json_is_ascii_and_keeps_every_name(cli, bundle: Path) -> None:
    name = "Jürg 😀 \udcff.png"  # the last is a byte that is no UTF-8
    try:
        shutil.copy(photos(Path("p")) / "ada" / "0.png", name)
    except (OSError, UnicodeError) as error:
        pytest.skip(f"this file system takes no such name: {error}")
    ran = cli("predict", bundle, name, "--json")
    assert ran.code == 0, ran.err
    assert ran.out.isascii()
    assert json.loads(ran.out)["faces"][0]["file"] == name
    assert cli("run", bundle, "--source", name, "--events", "e.jsonl").code == 0
    assert json.loads(Path("e.jsonl").read_text())["file"] == name


@pytest.mark.parametrize(
    ("around", "code", "said"),
    [
        ("PYTHONIOENCODING=ascii {}", 0, "next: edgeface verify"),
        ("LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0 {}", 0, "next: edgeface verify"),
        ("env -u HOME {}", 0, "next: edgeface verify"),
        ("PYTHONWARNINGS=error {}", 0, "next: edgeface verify"),
        ("{} <&-", 0, "next: edgeface verify"),
        ("{} >&-", 0, "next: edgeface verify"),
        ("{} 2>&-", 0, ""),
        ("set -o pipefail; {} | head -1", 0, "next: edgeface verify"),
        ("{} >/dev/full", 1, "error: the result could not be written to standard output"),
    ],
)
def test_surroundings_that_are_not_as_usual(
    checkout: Path, bundle: Path, around: str, code: int, said: str
) -> None:
    bundle.rename("Jürg 😀")
    line = around.format(f"'{sys.executable}' -m edgeface show 'Jürg 😀'")
    env = os.environ | {"PYTHONPATH": str(checkout)}
    done = subprocess.run(
        ["bash", "-c", line], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
    assert said in done.stderr
    assert "next:" not in done.stdout


@pytest.mark.tf
@pytest.mark.slow
def test_names_of_every_kind_go_all_the_way(cli, drawn_photos: Path, place: Path) -> None:
    root = place / "all my 📷"
    people = ("Jörg Müller", "-rf", "😀 emoji")
    drawn = sorted(p for p in drawn_photos.iterdir() if not p.name.startswith("."))
    for person, folder in zip(people, drawn, strict=True):
        (root / person).mkdir(parents=True)
        for number, path in enumerate(sorted(folder.iterdir())[:10]):
            shutil.copy(path, root / person / f"-ü {number} 😀.jpg")
    steps: tuple[tuple[object, ...], ...] = (
        ("train", "friends", root, "--out", "./-läuf", "--model-size", 32, "--epochs", 25),
        ("export", "./-läuf", "--out", "./-bündel"),
        ("compare", "./-bündel"),
        ("compare", "./-bündel", root),
        ("predict", "./-bündel", root, "--csv"),
        ("run", "./-bündel", "--source", root / "-rf", "--video", "vidéo.mp4", "--events", "e 😀"),
        ("verify", "./-bündel"),
        ("bench", "./-bündel", "--quick"),
    )
    for words in steps:
        ran = cli(*words)
        assert ran.code == 0, ran.err
        assert ran.err.splitlines()[-1].startswith("next: edgeface ")
    events = [json.loads(line) for line in Path("e 😀").read_text("utf-8").splitlines()]
    assert {event["file"] for event in events} == {f"-ü {n} 😀.jpg" for n in range(10)}
    assert {event["nearest"] for event in events} <= {*people, None}
    assert Path("vidéo.mp4").stat().st_size > 1000
    hidden = [p for p in place.rglob(".*") if p.name != ".drawn.json"]
    assert not hidden
