"""What a foreign file does not say, by options; what it does say is not overruled."""

from collections.abc import Sequence
from dataclasses import replace
from typing import get_args

from edgeface.errors import UsageError
from edgeface.images import Colour, Framing, Preprocess
from edgeface.modelfile.facts import SCALINGS, Answers, Facts
from edgeface.modelfile.labels import distinct


def complete(
    facts: Facts,
    *,
    labels: Sequence[str] | None = None,
    colour: str | None = None,
    scaling: str | None = None,
    framing: str | None = None,
    answers: str | None = None,
) -> Facts:
    """Fill in what a file does not say of itself.

    Args:
        facts: Of the file.
        labels: Class names in the order of its output; to those that stand several times their
            place is added.
        colour: ``rgb``, ``bgr``, ``gray``.
        scaling: What its input wants of pixels: ``-1..1``, ``0..1``, ``0..255``.
        framing: ``face``, ``whole``, ``stretched``.
        answers: ``probs``, ``logits``.

    Returns:
        The facts, with `Facts.preprocess` once colour and framing are known. What is still
        missing is None; `edgeface.modelfile.open_model` says so.

    Raises:
        UsageError: A value is not one we know, or the file says something else.
    """
    facts = _with_labels(facts, tuple(labels)) if labels is not None else facts
    given = {
        "colour": _known("colour", colour, get_args(Colour)),
        "framing": _known("framing", framing, get_args(Framing)),
        "answers": _known("answers", answers, get_args(Answers)),
        "scaling": SCALINGS.get(_known("scaling", scaling, tuple(SCALINGS)) or ""),
    }
    told = {
        "colour": facts.colour,
        "framing": facts.framing,
        "answers": "probs" if facts.answers == "probs" else None,  # logits are a conclusion
        "scaling": facts.scaling,
    }
    for name, value in given.items():
        if value is None:
            continue
        if told[name] not in (None, value):
            named = getattr(told[name], "name", told[name])
            msg = f"--{name} {getattr(value, 'name', value)}: {facts.path} says {named}"
            raise UsageError(msg, remedy=f"leave --{name} out")
        facts = replace(facts, **{name: value})  # type: ignore[arg-type]
    return _prepared(facts)


def _prepared(facts: Facts) -> Facts:
    shape = facts.picture_shape
    if facts.preprocess or shape is None or facts.colour is None or facts.framing is None:
        return facts
    if (facts.colour == "gray") != (shape[2] == 1):
        msg = f"--colour {facts.colour}: the input of {facts.path} has {shape[2]} channels"
        raise UsageError(msg)
    return replace(
        facts, preprocess=Preprocess(shape[0], shape[1], facts.colour, framing=facts.framing)
    )


def _with_labels(facts: Facts, labels: tuple[str, ...]) -> Facts:
    if facts.labels not in (None, labels, distinct(labels)):
        msg = f"--labels: {facts.path} has labels of its own, and others"
        raise UsageError(msg, remedy="leave --labels out")
    if facts.classes is not None and len(labels) != facts.classes:
        msg = f"--labels: {len(labels)} names, but {facts.path} tells {facts.classes} apart"
        raise UsageError(msg, remedy="one name a line, in the order of the output")
    return replace(facts, labels=distinct(labels))


def _known(option: str, value: str | None, known: tuple[str, ...]) -> str | None:
    if value is not None and value not in known:
        msg = f"--{option} {value}: one of {', '.join(known)}"
        raise UsageError(msg)
    return value
