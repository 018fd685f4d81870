"""Drawn people: photographs and clips that the program makes itself, with known truth.

::

    person      who: an identity drawn from a seed
    pose        how they look and stand in one picture
    brush       shapes with soft edges and light
    features, hair, head   a face, built of those
    scene       a photograph: a person in a room, through a lens
    folders     a data set of photographs, a folder per person
    clip        people walking past a camera, and the truth of every frame
    truth       that truth as a file
    score       the events of a loop held against it
"""

from edgeface import images  # noqa: F401 - first: it silences OpenCV before OpenCV is loaded
