"""Reading photographs, and the one crop."""

import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from edgeface import images
from edgeface.errors import InputError, UsageError
from edgeface.images import Preprocess, crop, decode_picture, read_picture

GRAY = Preprocess(32, 32)


def _scene(height: int = 120, width: int = 160) -> NDArray[np.uint8]:
    """A smooth picture whose eight orientations all differ."""
    coarse = np.random.default_rng(3).integers(0, 256, (6, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def _encode(suffix: str, picture: NDArray[Any], *options: int) -> bytes:
    done, data = cv2.imencode(suffix, picture, options)
    assert done
    return data.tobytes()


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _blank_png(width: int, height: int) -> bytes:
    """A gray PNG of zeros, written by hand: one compressed row, again and again."""
    packer = zlib.compressobj(wbits=-15)
    row = packer.compress(bytes(width + 1)) + packer.flush(zlib.Z_FULL_FLUSH)
    adler = ((width + 1) * height % 65521) << 16 | 1
    body = b"\x78\x9c" + row * height + packer.flush() + struct.pack(">I", adler)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (_chunk(b"IHDR", head), _chunk(b"IDAT", body), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _exif(orientation: int, order: str = ">") -> bytes:
    """The smallest EXIF block with an orientation."""
    mark = b"MM" if order == ">" else b"II"
    entry = struct.pack(f"{order}HHIHH", 0x0112, 3, 1, orientation, 0)
    return mark + struct.pack(f"{order}HIH", 42, 8, 1) + entry + bytes(4)


def _app1(body: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(body) + 8) + b"Exif\x00\x00" + body


def _jpeg_with(jpeg: bytes, segment: bytes) -> bytes:
    return jpeg[:2] + segment + jpeg[2:]


def _png_with(png: bytes, chunk: bytes) -> bytes:
    return png[:33] + chunk + png[33:]


def _stored(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """How a camera stores a scene that orientation brings upright (EXIF 2.3, 4.6.4)."""
    undo: dict[int, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),  # turned to the right when shown
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    return np.ascontiguousarray(undo[orientation](upright))


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tiff", ".ppm", ".webp"])
def test_lossless_formats_come_back_byte_for_byte(suffix: str, tmp_path: Path) -> None:
    options = (cv2.IMWRITE_WEBP_QUALITY, 101) if suffix == ".webp" else ()
    path = tmp_path / f"ein Bild 🙂{suffix}"
    path.write_bytes(_encode(suffix, _scene(), *options))
    assert np.array_equal(read_picture(path), _scene())


@pytest.mark.parametrize("suffix", [".jpg", ".gif", ".jp2"])
def test_lossy_formats_come_back_nearly(suffix: str) -> None:
    picture = decode_picture(_encode(suffix, _scene()), "x")
    assert np.abs(picture.astype(int) - _scene()).mean() < 20  # a GIF has 256 colours


def test_gray_pictures_get_three_equal_channels() -> None:
    gray = _scene()[..., 1]
    picture = decode_picture(_encode(".pgm", gray), "x")
    assert picture.shape == (120, 160, 3)
    assert all(np.array_equal(picture[..., c], gray) for c in range(3))


def test_sixteen_bits_are_scaled_to_eight() -> None:
    deep = _scene().astype(np.uint16) * 257
    for suffix in (".png", ".tiff"):
        picture = decode_picture(_encode(suffix, deep), "x")
        assert picture.dtype == np.uint8
        assert np.array_equal(picture, _scene())


@pytest.mark.parametrize(("suffix", "deep"), [(".png", 1), (".png", 257), (".webp", 1)])
def test_transparent_pictures_are_laid_on_white(suffix: str, deep: int) -> None:
    scene = np.dstack([_scene(), np.full((120, 160), 255, np.uint8)])
    scene[:60, :, 3] = 0
    scene[60:70, :, 3] = 51
    kind = np.uint16 if deep > 1 else np.uint8
    options = (cv2.IMWRITE_WEBP_QUALITY, 101) if suffix == ".webp" else ()
    picture = decode_picture(_encode(suffix, scene.astype(kind) * kind(deep), *options), "x")
    assert np.all(picture[:60] == 255)
    assert np.array_equal(picture[70:], _scene()[70:])
    mixed = _scene()[60:70] * 0.2 + 255 * 0.8
    assert np.abs(picture[60:70] - mixed).max() <= 0.51


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone_in_jpeg_and_png(orientation: int) -> None:
    stored = _stored(_scene(), orientation)
    jpeg = _jpeg_with(
        _encode(".jpg", stored, cv2.IMWRITE_JPEG_QUALITY, 98), _app1(_exif(orientation))
    )
    picture = decode_picture(jpeg, "x")
    assert picture.shape == _scene().shape
    assert np.abs(picture.astype(int) - _scene()).mean() < 6
    png = _png_with(_encode(".png", stored), _chunk(b"eXIf", _exif(orientation)))
    assert np.array_equal(decode_picture(png, "x"), _scene())


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_transparency_is_turned_with_the_picture(orientation: int, order: str) -> None:
    scene = np.dstack([_scene(), np.full((120, 160), 255, np.uint8)])
    scene[:40, :50, 3] = 0  # a corner: it tells all eight orientations apart
    stored = _stored(scene, orientation)
    png = _png_with(_encode(".png", stored), _chunk(b"eXIf", _exif(orientation, order)))
    expected = _scene()
    expected[:40, :50] = 255
    assert np.array_equal(decode_picture(png, "x"), expected)


@given(st.binary(max_size=60))
@example(b"MM\x00*\x00\x00\x00\x08\xff\xff")
@example(_exif(0))
@example(_exif(9))
def test_a_broken_exif_block_is_no_orientation(block: bytes) -> None:
    assert 1 <= images._orientation(block) <= 8


def test_a_cmyk_jpeg_keeps_its_colours() -> None:
    image = pytest.importorskip("PIL.Image")
    import io

    out = io.BytesIO()
    image.fromarray(_scene()[..., ::-1]).convert("CMYK").save(out, "JPEG", quality=97)
    picture = decode_picture(out.getvalue(), "x")
    assert np.abs(picture.astype(int) - _scene()).mean() < 6


def _bad_files() -> dict[str, bytes]:
    jpeg = _encode(".jpg", _scene())
    thumbnail = _app1(_exif(1) + _encode(".jpg", _scene(24, 32)))
    with_thumbnail = _jpeg_with(jpeg, thumbnail)
    cut = {
        f"half{suffix}": (whole := _encode(suffix, _scene()))[: len(whole) // 2]
        for suffix in (".png", ".webp", ".bmp", ".gif", ".tiff", ".ppm", ".jp2")
    }
    return cut | {
        "empty.jpg": b"",
        "text.jpg": "Grüße, this is text.\n".encode(),
        "half.jpg": jpeg[: len(jpeg) // 2],
        "end.jpg": jpeg[:-2],
        "header.jpg": jpeg[:40],
        "two bytes.jpg": jpeg[:2],
        "half with thumbnail.jpg": with_thumbnail[: len(thumbnail) + len(jpeg) // 2],
        "thumbnail only.jpg": with_thumbnail[: len(thumbnail) + 100],
        "header.png": _blank_png(40, 40)[:20],
        "zeros.bmp": bytes(1000),
    }


@pytest.mark.parametrize("name", sorted(_bad_files()))
def test_broken_files_are_named_in_one_line(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(_bad_files()[name])
    with pytest.raises(InputError) as refused:
        read_picture(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_whole_jpeg_with_a_thumbnail_or_with_a_clip_behind_it_is_read() -> None:
    jpeg = _encode(".jpg", _scene())
    thumbnail = _app1(_exif(1) + _encode(".jpg", _scene(24, 32)))
    assert np.array_equal(
        decode_picture(_jpeg_with(jpeg, thumbnail), "x"), decode_picture(jpeg, "x")
    )
    assert decode_picture(jpeg + bytes(5000), "x").shape == (120, 160, 3)


def test_a_picture_of_900_megapixels_is_refused_before_it_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*_: object, **__: object) -> None:
        pytest.fail("it was decoded")

    path = tmp_path / "huge.png"
    path.write_bytes(_blank_png(30_000, 30_000))
    monkeypatch.setattr(cv2, "imdecode", decoded)
    with pytest.raises(InputError, match="30000x30000 px is over the limit of 100 megapixels"):
        read_picture(path)


def test_a_picture_made_by_hand_is_a_picture() -> None:
    assert decode_picture(_blank_png(300, 200), "x").shape == (200, 300, 3)


def test_the_size_is_known_before_decoding() -> None:
    for suffix in (".png", ".jpg", ".gif", ".bmp"):
        assert images._size(_encode(suffix, _scene())) == (120, 160), suffix
    progressive = _encode(".jpg", _scene(), cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    assert images._size(progressive) == (120, 160)


def test_opencv_itself_refuses_what_our_headers_do_not_tell() -> None:
    assert int(os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"]) <= images.MAX_PIXELS
    header = b"P5\n30000 30000\n255\n"
    with pytest.raises(InputError):
        decode_picture(header + bytes(1000), "huge.pgm")


def test_what_is_no_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path, tmp_path / "missing.jpg", tmp_path / "pipe.jpg", Path("/dev/zero")):
        with pytest.raises(InputError, match=str(path)):
            read_picture(path)
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 10)
    (tmp_path / "large.jpg").write_bytes(bytes(11))
    with pytest.raises(InputError, match="larger than"):
        read_picture(tmp_path / "large.jpg")


_STARTS = [
    b"",
    b"\xff\xd8",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"BM",
    b"RIFF\x00\x00\x00\x00WEBPVP8X",
]


@given(st.sampled_from(_STARTS), st.binary(max_size=200))
def test_no_bytes_raise_anything_but_our_error(start: bytes, rest: bytes) -> None:
    try:
        assert decode_picture(start + rest, "x").ndim == 3
    except InputError:
        pass


@given(st.data())
def test_a_jpeg_with_changed_bytes_is_a_picture_or_our_error(data: st.DataObject) -> None:
    jpeg = bytearray(_encode(".jpg", _scene(24, 32)))
    for _ in range(data.draw(st.integers(1, 4))):
        jpeg[data.draw(st.integers(0, len(jpeg) - 1))] = data.draw(st.integers(0, 255))
    try:
        assert decode_picture(bytes(jpeg), "x").dtype == np.uint8
    except InputError:
        pass


def test_preprocessing_says_what_it_supports() -> None:
    for wrong in (
        {"height": 7},
        {"width": 1025},
        {"colour": "cmyk"},
        {"framing": "body"},
        {"margin": -0.1},
        {"margin": float("nan")},
    ):
        with pytest.raises(UsageError):
            Preprocess(**({"height": 32, "width": 32} | wrong))  # type: ignore[arg-type]
    assert Preprocess(48, 64, "rgb").shape == (48, 64, 3)
    assert GRAY.channels == 1
    assert Preprocess(**GRAY.as_dict()) == GRAY


_corner = st.floats(-400, 400, width=32)


@given(
    box=st.none() | st.tuples(_corner, _corner, _corner, _corner),
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    to=st.builds(
        Preprocess,
        st.sampled_from([8, 32, 40]),
        st.sampled_from([8, 32, 50]),
        st.sampled_from(["gray", "rgb", "bgr"]),
        st.floats(0, 2),
    ),
)
@example(box=(5, 5, 5, 5), height=20, width=20, to=GRAY)
@example(box=(-300, -300, 300, 300), height=3, width=90, to=GRAY)
@example(box=(300, 300, 310, 310), height=20, width=20, to=GRAY)
def test_any_box_gives_pixels_of_the_right_kind(
    box: tuple[float, ...] | None, height: int, width: int, to: Preprocess
) -> None:
    picture = _scene(height, width)
    pixels = crop(picture, None if box is None else np.asarray(box, np.float32), to)
    assert pixels.shape == to.shape
    assert pixels.dtype == np.uint8
    assert pixels.flags.c_contiguous
    # Interpolation never leaves the range of what was there (gray: a mean of the channels).
    assert picture.min() <= pixels.min()
    assert pixels.max() <= picture.max()


def test_the_same_bytes_for_every_memory_layout() -> None:
    picture = _scene()
    wide = np.zeros((120, 320, 3), np.uint8)
    wide[:, ::2] = picture
    layouts = [
        np.asfortranarray(picture),
        wide[:, ::2],
        np.ascontiguousarray(picture[..., ::-1])[..., ::-1],
        np.ascontiguousarray(picture[::-1])[::-1],
        np.pad(picture, ((5, 5), (7, 7), (0, 0)))[5:-5, 7:-7],
    ]
    for to in (GRAY, Preprocess(24, 40, "rgb"), Preprocess(130, 130, "bgr")):
        for box in (
            None,
            np.asarray([20.5, 11, 91, 80], np.float32),
            np.asarray([-9, -9, 300, 70]),
        ):
            expected = crop(picture, box, to)
            for layout in layouts:
                assert np.array_equal(crop(layout, box, to), expected)


def test_a_read_only_picture_is_cropped_and_left_alone() -> None:
    picture = _scene()
    picture.flags.writeable = False
    pixels = crop(picture, None, Preprocess(120, 120, "bgr"))
    assert np.array_equal(pixels, picture[:, 20:140])
    pixels[:] = 0
    assert picture.any()


def test_a_crop_at_its_own_size_is_a_cut() -> None:
    box = np.asarray([40, 30, 72, 62], np.float32)
    to = Preprocess(32, 32, "bgr", margin=0)
    assert np.array_equal(crop(_scene(), box, to), _scene()[30:62, 40:72])
    rgb = Preprocess(32, 32, "rgb", margin=0)
    assert np.array_equal(crop(_scene(), box, rgb), _scene()[30:62, 40:72, ::-1])


def test_the_margin_is_a_share_of_the_side() -> None:
    box = np.asarray([50, 40, 90, 80], np.float32)
    pixels = crop(_scene(), box, Preprocess(48, 48, "bgr", margin=0.1))
    assert np.array_equal(pixels, _scene()[36:84, 46:94])


def test_the_longer_side_counts_and_the_centre_stays() -> None:
    box = np.asarray([50, 60, 90, 70], np.float32)
    pixels = crop(_scene(), box, Preprocess(40, 40, "bgr", margin=0))
    assert np.array_equal(pixels, _scene()[45:85, 50:90])


def test_whole_number_shrinking_is_an_exact_mean() -> None:
    picture = _scene(96, 96)
    blocks = picture.reshape(32, 3, 32, 3, 3).mean(axis=(1, 3))
    pixels = crop(picture, None, Preprocess(32, 32, "bgr"))
    assert np.abs(pixels - blocks).max() <= 0.5 + 1e-6


def test_fine_stripes_become_gray_and_not_a_pattern() -> None:
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    for side in (32, 48, 64, 100):
        pixels = crop(stripes, None, Preprocess(side, side))[:, 1:-1]
        assert np.ptp(pixels) <= 25, side  # a plain linear resize gives 255


def test_outside_the_picture_its_edge_is_repeated() -> None:
    picture = np.zeros((40, 40, 3), np.uint8)
    picture[:, 20:] = 200
    to = Preprocess(32, 32, "bgr", margin=0)
    left = crop(picture, np.asarray([-16, 0, 16, 32]), to)
    assert not left.any()
    right = crop(picture, np.asarray([24, 0, 56, 32]), to)
    assert np.all(right == 200)
    for far in ([900, 900, 932, 932], [-932, -932, -900, -900]):
        pixels = crop(picture, np.asarray(far, np.float32), to)
        assert np.ptp(pixels) == 0  # the nearest corner, all over


def test_a_box_much_larger_than_the_picture_is_held_to_four_times_its_side() -> None:
    pixels = crop(_scene(30, 40), np.asarray([-1e6, -1e6, 1e6, 1e6], np.float32), GRAY)
    assert pixels.shape == GRAY.shape


STRETCHED = Preprocess(24, 32, "bgr", 0, "stretched")


def test_stretched_takes_all_of_a_picture_whatever_its_shape() -> None:
    for shape in ((24, 32), (48, 32), (8, 98), (240, 64), (1, 1), (500, 640)):
        picture = np.zeros((*shape, 3), np.uint8)
        picture[: max(1, shape[0] // 2), :, 0] = 240  # blue above
        picture[:, max(1, shape[1] // 2) :, 2] = 240  # red on the right
        pixels = crop(picture, None, STRETCHED)
        assert pixels.shape == (24, 32, 3)
        if min(shape) > 1:
            assert (pixels[:11, :, 0] > 120).all(), shape
            assert (pixels[14:, :, 0] < 120).all(), shape
            assert (pixels[:, 18:, 2] > 120).all(), shape
            assert (pixels[:, :14, 2] < 120).all(), shape
    assert np.array_equal(crop(_scene(24, 32), None, STRETCHED), _scene(24, 32))


def test_stretched_at_whole_ratios_is_the_mean_over_its_pieces() -> None:
    picture = _scene(72, 64)
    pieces = picture.reshape(24, 3, 32, 2, 3).astype(float).mean(axis=(1, 3))
    assert np.abs(crop(picture, None, STRETCHED) - pieces).max() <= 0.5 + 1e-6


def test_stretched_is_of_whole_pictures_only_and_keeps_colour_and_gray() -> None:
    picture, box = _scene(100, 60), np.asarray([10.0, 10, 40, 40])
    whole = Preprocess(24, 32, "bgr", 0, "whole")
    assert np.array_equal(crop(picture, box, STRETCHED), crop(picture, box, whole))
    assert not np.array_equal(crop(picture, None, STRETCHED), crop(picture, None, whole))
    turned = crop(picture, None, Preprocess(24, 32, "rgb", 0, "stretched"))
    assert np.array_equal(turned[..., ::-1], crop(picture, None, STRETCHED))
    gray = crop(picture, None, Preprocess(24, 32, "gray", 0, "stretched"))
    assert gray.shape == (24, 32, 1)


def test_fine_stripes_become_gray_when_stretched_too() -> None:
    stripes = np.zeros((640, 100, 3), np.uint8)
    stripes[::2] = 255
    for side in (24, 48, 100):
        pixels = crop(stripes, None, Preprocess(side, side, "gray", 0, "stretched"))[1:-1]
        assert np.ptp(pixels) <= 25, side


# Written down once: training and every device have to give these very bytes.
def test_the_bytes_of_a_crop_do_not_change() -> None:
    import hashlib

    rng = np.random.default_rng(11)
    picture = rng.integers(0, 256, (203, 317, 3), np.uint8)
    boxes = ([10.25, 20.5, 180.75, 190], [-40, -3, 90, 101], [250, 150, 400, 300], [7, 7, 12, 12])
    digest = hashlib.sha256()
    for to in (Preprocess(64, 64), Preprocess(32, 48, "rgb", 0.25), Preprocess(96, 96, "bgr", 0)):
        for box in boxes:
            digest.update(crop(picture, np.asarray(box, np.float32), to).tobytes())
    expected = "ef5bb80d43c1800231b2fa7bc703236a5548abf986f44457bca16d4579895f4e"
    assert digest.hexdigest() == expected
