"""The page about formats names every field that is written."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from edgeface import bundle, pointbundle, report, tuned
from edgeface.board import Board, State
from edgeface.camera.sinks import jsonl
from edgeface.datasets import split
from edgeface.datasets.points import Standard
from edgeface.images import Preprocess
from edgeface.train import pointrun, run
from edgeface.train.networks.points import PointPlan
from edgeface.vision.windowfile import Facts

RECORDS = [
    bundle.Manifest,
    bundle.ModelFile,
    bundle.Held,
    bundle.Quantised,
    bundle.Measured,
    bundle.Tensor,
    bundle.Calibration,
    bundle.Origin,
    bundle.WindowFile,
    Facts,
    Preprocess,
    report.Report,
    report.Cell,
    report.Method,
    report.Window,
    report.Skipped,
    Board,
    State,
    split.Split,
    split.Entry,
    tuned.Tuned,
    tuned.Home,
    tuned.Tried,
    tuned.LeftOut,
    pointbundle.PointManifest,
    pointbundle.PointFile,
    pointbundle.PointMeasured,
    pointbundle.PointCalibration,
    pointbundle.PointOrigin,
    pointrun.PointConfig,
    PointPlan,
    Standard,
    run.Config,
    run.Schedule,
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda r: r.__name__)
def test_every_field_is_described(record: type, checkout: Path) -> None:
    page = (checkout / "docs" / "formats.md").read_text("utf-8")
    words = set(re.findall(r"[a-z0-9_]+", " ".join(re.findall(r"`([^`]+)`", page))))
    assert {field.name for field in fields(record)} <= words  # type: ignore[arg-type]


def test_every_key_of_an_event_is_described(checkout: Path) -> None:
    page = (checkout / "docs" / "formats.md").read_text("utf-8")
    events = page[page.index("## Events") :]
    keys = re.findall(r"^    ([a-z_]+)  +\S", jsonl.__doc__ or "", re.MULTILINE)
    assert len(keys) == 18
    assert re.findall(r"^\| `([a-z_]+)` \|", events, re.MULTILINE) == keys
