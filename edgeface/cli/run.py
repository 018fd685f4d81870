"""``edgeface run``: the camera loop."""

import contextlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgeface.cli import foreign, looking, options, output, sources, targets, tuned, watching
from edgeface.errors import InputError, UsageError

if TYPE_CHECKING:
    from types import TracebackType

    from edgeface.camera.frame import FrameSource, Result, Sink
    from edgeface.camera.tally import Tally
    from edgeface.vision.pipeline import Face


def run(
    bundle: options.BundleArgument = None,
    source: sources.Source = "0",
    detector: looking.Detector = None,
    detector_model: options.DetectorModel = None,
    format: targets.Format = None,
    scheme: targets.Scheme = None,
    threads: tuned.Threads = None,
    device_file: tuned.DeviceFile = None,
    labels: foreign.Labels = "",
    colour: foreign.Colour = None,
    scaling: foreign.Scaling = None,
    framing: foreign.Framing = None,
    answers: foreign.Answers = None,
    events: Annotated[
        Path | None,
        typer.Option("--events", metavar="FILE", help="Write a JSON line for every decision."),
    ] = None,
    video: Annotated[
        Path | None,
        typer.Option("--video", metavar="FILE", help="Write a clip with names: .mp4, .avi, .mkv."),
    ] = None,
    live: sources.Live = False,
    size: sources.FrameSize = None,
    lores: sources.Lores = None,
    fps: sources.Fps = None,
    pixel_format: sources.PixelFormat = None,
    rtsp_tcp: sources.RtspTcp = False,
    camera_process: sources.CameraProcess = False,
    truth: sources.TruthFile = None,
    track: watching.Track = None,
    detect_every: watching.DetectEvery = 1,
    least_face: watching.LeastFace = 0,
    region: watching.Region = "",
    motion_gate: watching.MotionGate = True,
    quality_gates: watching.QualityGates = True,
    one_each: watching.OneEach = True,
    vote_share: watching.VoteShare = None,
    every_frame: watching.EveryFrame = False,
    max_frames: Annotated[
        int | None, typer.Option("--max-frames", min=1, help="Stop after so many frames.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of --events, --video, --truth.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Name the faces that a camera or a clip shows.

    It ends with the clip, or with Ctrl-C.
    """
    from edgeface.camera.loop import run_loop, stopping
    from edgeface.camera.source import open_source

    _check_places(events, video, truth, force=force)
    told = foreign.given(labels, colour, scaling, framing, answers)
    chosen = looking.choose(bundle, format, scheme, told, threads, device_file)
    wanted = sources.wanted(live, size, lores, fps, pixel_format, rtsp_tcp, camera_process)
    frames = open_source(source, wanted, truth=truth, say=output.say)
    eyes = looking.open_eyes(chosen, detector=detector, detector_model=detector_model)
    looks = watching.watch(
        eyes,
        source,
        track=track,
        detect_every=detect_every,
        least_face=least_face,
        part=region,
        motion_gate=motion_gate,
        quality_gates=quality_gates,
        one_each=one_each,
        vote_share=vote_share,
        unknown=None if chosen.file is None else chosen.file.unknown,
    )
    with contextlib.ExitStack() as stack:
        stack.enter_context(frames)
        sinks = [
            stack.enter_context(s) for s in _sinks(events, video, frames, every_frame, force=force)
        ]
        gives = "" if frames.given is None else f", {frames.given}"
        output.say(f"source: {frames.name}{gives}; Ctrl-C ends it")
        with stopping(frames):
            tally = run_loop(frames, looks, sinks, max_frames=max_frames, say=output.say)
    found = _sum_up(tally) | {
        "source": frames.name,
        "source_gives": None if frames.given is None else asdict(frames.given),
        "reopened": frames.reopened,
        "live": live,
        "bundle": str(chosen.path),
        "file": chosen.name,
        "backend": eyes.classifier.backend.name,
        "threads": chosen.threads,
        "tuned": chosen.tuned,
        "detector": eyes.detector.name,
    }
    if json:
        output.as_json(found)
    else:
        _table(found)
    for path in (events, video, truth):
        if path is not None and path.exists():
            output.say(f"written: {path}")
    if tally.stopped_by is not None:
        raise tally.stopped_by
    if tally.frames and tally.failed == tally.frames:
        msg = f"none of the {tally.frames} frames could be used; the first: {tally.first_failure}"
        raise InputError(msg, remedy="name another source")
    output.next_command("edgeface", "bench", chosen.home)


def _check_places(
    events: Path | None, video: Path | None, truth: Path | None, *, force: bool
) -> None:
    """Before the camera is opened: suffixes, folders, free names."""
    from edgeface.camera.sinks.jsonl import check_events
    from edgeface.camera.sinks.video import check_video

    if events is not None:
        check_events(events, force=force)
    if video is not None:
        check_video(video, force=force)
    if truth is not None:
        sources.check_truth(truth, force=force)
    for option, path in (("--events", events), ("--video", video), ("--truth", truth)):
        if path is not None and not path.absolute().parent.is_dir():
            msg = f"{option} {path}: there is no folder {path.parent}"
            raise UsageError(msg, remedy=f"mkdir -p {path.parent}")


def _sinks(
    events: Path | None,
    video: Path | None,
    source: "FrameSource",
    every_frame: bool,
    *,
    force: bool,
) -> "list[Sink]":
    from edgeface.camera.overlay import Overlay
    from edgeface.camera.sinks.jsonl import JsonLines
    from edgeface.camera.sinks.video import Video

    sinks: list[Sink] = []
    if events is not None:
        sinks.append(JsonLines(events, force=force, every_frame=every_frame))
    if video is not None:
        sinks.append(Video(video, source.fps, Overlay(), force=force))
    if sys.stderr.isatty():
        sinks.append(StatusLine())
    return sinks


# What ages are counted from, for a person: see `edgeface.camera.frame.Stamp`.
COUNTED = {
    "sensor": "since its exposure began",
    "driver": "since the driver had it",
    "stream": "beyond the least delay",
    "read": "since it was read",
}


class StatusLine:
    """One line on the terminal, written again once a second."""

    def __init__(self) -> None:
        self._next_ns = 0
        self._frames = 0

    def __enter__(self) -> "StatusLine":
        return self

    def __exit__(
        self,
        kind: "type[BaseException] | None",
        error: BaseException | None,
        trace: "TracebackType | None",
    ) -> None:
        sys.stderr.write("\r\x1b[K")

    def __call__(self, result: "Result") -> None:
        """Say who is there."""
        self._frames += 1
        if result.decided_ns < self._next_ns:
            return
        self._next_ns = result.decided_ns + 10**9
        names = ", ".join(_name(f) for f in result.seen.faces) or "nobody"
        age = result.age_ns / 1e6
        sys.stderr.write(f"\r\x1b[K{self._frames} frames, {age:.0f} ms old: {names[:60]}")
        sys.stderr.flush()


def _name(face: "Face") -> str:
    known = face.tracked is None or face.tracked.settled
    return face.decision.name if known else "somebody"


def _sum_up(tally: "Tally") -> dict[str, Any]:
    import time

    from edgeface.camera import process

    since_start = process.seconds_since_start()
    first = None
    if tally.first_decision_ns is not None:
        ago = (time.monotonic_ns() - tally.first_decision_ns) / 1e9
        first = round(since_start - ago, 3)
    return tally.as_dict() | {
        "start_to_first_decision_s": first,
        "peak_memory_mib": round(process.peak_memory_mib(), 1),
        "stopped_by": None if tally.stopped_by is None else str(tally.stopped_by),
    }


def _table(found: dict[str, Any]) -> None:
    age, stages = found["age_ms"], found["stages_p50_ms"]
    stamp = "read" if found["source_gives"] is None else found["source_gives"]["stamp"]
    rows = [
        ("frames", f"{found['frames']} ({found['dropped']} more dropped)"),
        ("failed", found["failed"]),
        ("source lost and back", f"{found['reopened']} times"),
        ("with a face", f"{found['frames_with_face']} of {found['frames']}"),
        ("faces a frame", _number(found["faces_per_frame"], "")),
        *((name, f"{count} times") for name, count in found["names"].items()),
        ("unknown", f"{found['unknown']} times"),
        ("not decided yet", _or_none(found["undecided"], " times")),
        ("faces followed", _counts(found["tracks"])),
        ("looks not counted", _counts(found["refused"])),
        ("searched", _or_none(found["frames"] - found["searched"], " frames not")),
        ("frames a second", _number(found["fps"], "")),
        (
            f"age of a frame {COUNTED[stamp]}",
            ", ".join(f"{q} {_number(v, ' ms')}" for q, v in age.items()),
        ),
        *((f"{stage}, median", _number(ms, " ms")) for stage, ms in stages.items()),
        ("start to first decision", _number(found["start_to_first_decision_s"], " s")),
        ("peak memory", _number(found["peak_memory_mib"], " MiB")),
    ]
    quiet = [("failed", 0), ("source lost and back", "0 times")]
    output.table(("sum", ""), [row for row in rows if row not in quiet and row[1]])


def _or_none(count: int, unit: str) -> str:
    return f"{count}{unit}" if count else ""


def _counts(counted: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counted.items())


def _number(value: float | None, unit: str) -> str:
    return (
        output.NONE
        if value is None
        else f"{value:.3g}{unit}"
        if value < 10
        else f"{value:.1f}{unit}"
    )
