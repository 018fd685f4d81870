"""How `edgeface run` follows faces: its options, and what they open."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.errors import UsageError

if TYPE_CHECKING:
    from edgeface.acceptance import Unknown
    from edgeface.camera.loop import Looks
    from edgeface.vision.pipeline import Pipeline
    from edgeface.vision.searching import Share

Track = Annotated[
    bool | None,
    typer.Option(
        "--track/--no-track",
        help="Follow faces and name them by a vote. [of cameras and clips, not of pictures]",
    ),
]
DetectEvery = Annotated[
    int, typer.Option("--detect-every", min=1, help="Search faces in every so manieth frame.")
]
LeastFace = Annotated[
    int,
    typer.Option("--least-face", min=0, metavar="PX", help="Leave smaller faces out. [all]"),
]
Region = Annotated[
    str,
    typer.Option(
        "--region",
        metavar="L,T,R,B",
        help="Search this part only, as shares of the frame: 0,0.25,1,1.",
    ),
]
MotionGate = Annotated[
    bool,
    typer.Option(
        "--motion-gate/--no-motion-gate",
        help="Search where something moved, and everywhere once a second.",
    ),
]
QualityGates = Annotated[
    bool,
    typer.Option(
        "--quality-gates/--no-quality-gates",
        help="Leave faces out of the vote that are too small, blurred, dark, bright, turned away.",
    ),
]
OneEach = Annotated[
    bool,
    typer.Option(
        "--one-each/--no-one-each",
        help="Of two faces with one name the clearly weaker is unknown.",
    ),
]
VoteShare = Annotated[
    float | None,
    typer.Option(
        "--vote-share",
        min=0.05,
        max=1.0,
        help="Of the looks at a face, that must say a name. [by the rates of the file]",
    ),
]
EveryFrame = Annotated[
    bool,
    typer.Option(
        "--every-frame", help="--events: a line for every face of every frame, not only changes."
    ),
]


def region(text: str) -> "Share":
    """Shares from their text.

    Raises:
        UsageError: It is not four numbers, or no part of a frame.
    """
    from edgeface.vision.searching import check_region

    try:
        left, top, right, bottom = (float(part) for part in text.split(","))
    except ValueError:
        msg = f"--region {text}: four numbers, left,top,right,bottom, each a share of the frame"
        raise UsageError(msg, remedy="for example --region 0,0.25,1,1") from None
    return check_region((left, top, right, bottom))


def watch(
    eyes: "Pipeline",
    source: str,
    *,
    track: bool | None,
    detect_every: int,
    least_face: int,
    part: str,
    motion_gate: bool,
    quality_gates: bool,
    one_each: bool,
    vote_share: float | None,
    unknown: "Unknown | None",
) -> "Looks":
    """What the loop looks with: the pipeline itself, or a watch over it.

    Pictures of a folder have nothing to do with each other, and where a picture as a whole is
    classified there is nothing to follow: there faces are not followed.

    Raises:
        UsageError: Something was asked for that goes with tracks alone.
    """
    from edgeface.vision.quality import Gates
    from edgeface.vision.vote import rules_for
    from edgeface.vision.watch import Watch, WatchRules

    alone = eyes.detector.name == "none"
    if track and alone:
        msg = "--track: without a detector there is no face to follow"
        raise UsageError(msg, remedy="add --detector haar, or leave --track out")
    if not (track if track is not None else not alone and not Path(source).is_dir()):
        asked = {"--detect-every": detect_every > 1, "--least-face": least_face, "--region": part}
        given = [option for option, is_so in asked.items() if is_so]
        if given:
            msg = f"{', '.join(given)}: of use only where faces are followed"
            remedy = "add --track" if not alone else "add --detector haar"
            raise UsageError(msg, remedy=remedy)
        return eyes
    rules = WatchRules(
        detect_every=detect_every,
        least_face_px=least_face,
        region=region(part) if part else WatchRules().region,
        motion=motion_gate,
        one_each=one_each,
        vote=rules_for(unknown, vote_share),
        gates=Gates() if quality_gates else None,
    )
    return Watch(eyes, rules)
