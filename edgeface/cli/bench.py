"""``edgeface bench``: latency with a verdict, on this board."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgeface.cli import benching, benchrun, options, output, targets
from edgeface.cli.benchtelling import Leaving, raise_for, tell
from edgeface.errors import ReportError, UsageError

if TYPE_CHECKING:
    from edgeface.bench.limits import Limit
    from edgeface.report import Mode, Report

_INTERRUPTED = 130  # what a shell reports for a program that SIGINT ended


def bench(
    subject: Annotated[
        Path | None,
        typer.Argument(
            metavar="BUNDLE|FILE|RUN",
            help="A bundle, by default the newest; a model file; a run, measured on Keras.",
        ),
    ] = None,
    backend: Annotated[
        list[str] | None,
        typer.Option(
            "--backend",
            metavar="NAME",
            help="Runtime: litert, tflite-runtime, onnxruntime, onnxruntime-tensorrt, openvino; "
            "all that are installed: all. Again for more. Of a run: keras-predict, keras-call. "
            "[default: the format's own, of a run both]",
        ),
    ] = None,
    device: Annotated[
        str, typer.Option("--device", help="What is to compute: cpu, gpu; pi: the CPU of a Pi.")
    ] = "cpu",
    precision: Annotated[
        str | None,
        typer.Option("--precision", help="Of floats on OpenVINO: f32, bf16, f16. [default: f32]"),
    ] = None,
    threads: Annotated[
        list[int] | None,
        typer.Option("--threads", min=1, help="Threads; give it again for more. [default: 1]"),
    ] = None,
    format: targets.Format = None,
    scheme: targets.Scheme = None,
    stages: Annotated[
        bool,
        typer.Option(
            "--stages", help="Also decode, detect, crop, decide, end to end, and invoke alone."
        ),
    ] = False,
    pictures: Annotated[
        list[Path] | None,
        typer.Option(
            "--pictures", metavar="PHOTOS", help="Photographs for --stages. [default: drawn]"
        ),
    ] = None,
    cold: Annotated[
        int, typer.Option("--cold", min=0, max=1000, metavar="N", help="Also N cold starts.")
    ] = 0,
    memory: Annotated[
        bool, typer.Option("--memory", help="Also the memory of a process of its own.")
    ] = False,
    random: Annotated[
        bool, typer.Option("--random", help="Feed random input, not the bundle's own.")
    ] = False,
    quick: Annotated[bool, typer.Option("--quick", help="All of it in about 10 s.")] = False,
    official: Annotated[
        bool, typer.Option("--official", help="60 s and 1,024 samples a cell, or more.")
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option(
            "--seconds",
            min=0.05,
            max=3600,
            help="Time every cell for so long. [default: all of it in about a minute]",
        ),
    ] = None,
    seed: options.Seed = 0,
    json: options.Json = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write a .bench.json report.")
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option("--markdown", metavar="FILE", help="Write a table ready for a README."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page with the distributions."),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against", metavar="FILE", help="Hold it against an older .bench.json report."
        ),
    ] = None,
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-if",
            metavar="LIMIT",
            help="End with 3 where it holds: 'p90>20ms', 'int8: load>=1s', 'peak>130MB', "
            "'ratio>1.05'. Again for more.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the files of --out, --markdown and --html.")
    ] = False,
) -> None:
    """Measure latency on this board, with a verdict.

    Every file, backend and number of threads in turns, in two processes. A file that stands alone
    is fed random input. Ctrl-C ends it early: what was measured until then is reported, marked as
    interrupted, with exit code 130. To repeat a report: edgeface bench verify FILE.
    """
    from edgeface.bench.against import hold_against
    from edgeface.bench.kept import check
    from edgeface.bench.limits import parse
    from edgeface.bench.summary import as_data

    limits = tuple(parse(text) for text in fail_if or ())
    leaving = Leaving(out, markdown, html, force=force)
    leaving.check()
    older = _older(against, limits)
    asked = benching.Asked(
        threads=tuple(dict.fromkeys(threads or [1])),
        backends=tuple(dict.fromkeys(backend or ())),
        device=device,
        precision=precision,
        mode=_mode(seconds, quick=quick, official=official),
        seconds=seconds,
        seed=seed,
        random=random,
        stages=stages,
        pictures=tuple(pictures or ()),
        cold=cold,
        memory=memory,
    )
    if subject is not None and benchrun.is_run(subject):
        target = benchrun.target_of(subject, format, scheme)
        report = benchrun.measured(target, asked, command_of(subject, asked))
    else:
        target = targets.resolve(subject, format, scheme)
        report = benching.measured(target, asked, command_of(target.path, asked, format, scheme))
    held, apart = None, None
    if older is not None and against is not None:
        try:
            held = hold_against(report, older, against.name)
        except ReportError as wrong:  # told at the end, when what was measured is safe
            apart = wrong
    kept = check(limits, report, held.ratios if held is not None else None)
    leaving.write(report, held)
    if json:
        output.as_json(as_data(report, held, kept if limits else None))
    else:
        tell(report, held, kept)
    if report.interrupted:
        output.say("interrupted: these are the samples taken until then")
        raise typer.Exit(_INTERRUPTED)
    if apart is not None:
        raise apart
    raise_for(limits, kept)
    _next(target, out)


def _older(against: Path | None, limits: "tuple[Limit, ...]") -> "Report | None":
    """The report of ``--against``, read before a long job."""
    from edgeface import report

    if against is None:
        if any(limit.quantity == "ratio" for limit in limits):
            msg = "--fail-if of a ratio needs a report that it is the ratio to"
            raise UsageError(msg, remedy="add --against FILE")
        return None
    older = report.Report.load(against)
    if not older.cells:
        msg = f"{against}: nothing was measured in this report"
        raise ReportError(msg, remedy="name a report with cells")
    return older


def _mode(seconds: float | None, *, quick: bool, official: bool) -> "Mode":
    chosen = [
        name
        for name, given in (
            ("--quick", quick),
            ("--official", official),
            ("--seconds", seconds is not None),
        )
        if given
    ]
    if len(chosen) > 1:
        msg = f"{' and '.join(chosen)} exclude each other"
        raise UsageError(msg)
    if quick:
        return "quick"
    return "official" if official else "seconds" if seconds is not None else "default"


def command_of(
    path: Path, asked: benching.Asked, format: str | None = None, scheme: str | None = None
) -> list[str]:
    """The words that repeat a measurement."""
    words = ["edgeface", "bench", str(path)]
    named = {
        "--backend": asked.backends,
        "--device": () if asked.device == "cpu" else (asked.device,),
        "--precision": (asked.precision,) if asked.precision else (),
        "--threads": () if asked.threads == (1,) else asked.threads,
        "--format": (format,) if format else (),
        "--scheme": (scheme,) if scheme else (),
        "--pictures": asked.pictures,
        "--cold": (asked.cold,) if asked.cold else (),
        "--seconds": (f"{asked.seconds:g}",) if asked.seconds is not None else (),
        "--seed": (asked.seed,) if asked.seed else (),
    }
    words += [word for option, values in named.items() for v in values for word in (option, str(v))]
    words += [f"--{asked.mode}"] if asked.mode in ("quick", "official") else []
    flags = {"--stages": asked.stages, "--memory": asked.memory, "--random": asked.random}
    return words + [option for option, given in flags.items() if given]


def _next(target: targets.Target, out: Path | None) -> None:
    from edgeface.pointbundle import PointBundle

    if target.path.is_dir() and target.bundle is None:  # a run
        output.next_command("edgeface", "export", target.path)
    elif out is not None:
        output.next_command("edgeface", "bench", "verify", out)
    elif target.bundle is None:
        output.next_command("edgeface", "show", target.path)
    elif isinstance(target.bundle, PointBundle):
        output.next_command("edgeface", "verify", target.bundle.folder)
    else:
        output.next_command("edgeface", "run", target.bundle.folder, "--source", "0")
