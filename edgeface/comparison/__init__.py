"""Model files on the same pictures, and what is said of the differences.

::

    named = read_named(paths, {})                    bundles, and files that stand alone
    subjects = subjects_of(named)                    the files, each with how it wants pictures cut
    pictures = from_folder(needs_of(subjects), …)    the same photographs for all of them
    result = compare(subjects, pictures, 1, track)   accuracy, difference, verdict, flips
    html(result), markdown(result), result.as_data()
"""

from edgeface.comparison.accepting import Accepting
from edgeface.comparison.answers import Answered
from edgeface.comparison.changes import Change, ClassChange
from edgeface.comparison.cutting import Cut
from edgeface.comparison.marked import markdown
from edgeface.comparison.measure import Measured
from edgeface.comparison.named import Named, read_named
from edgeface.comparison.page import html
from edgeface.comparison.pictures import (
    Needs,
    Pictures,
    from_entries,
    from_folder,
    with_strangers,
)
from edgeface.comparison.result import Compared, compare
from edgeface.comparison.subjects import Subject, needs_of, subjects_of

__all__ = [
    "Accepting",
    "Answered",
    "Change",
    "ClassChange",
    "Compared",
    "Cut",
    "Measured",
    "Named",
    "Needs",
    "Pictures",
    "Subject",
    "compare",
    "from_entries",
    "from_folder",
    "html",
    "markdown",
    "needs_of",
    "read_named",
    "subjects_of",
    "with_strangers",
]
