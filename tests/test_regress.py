"""The training job of a regression, and the run that it leaves."""

import csv
import json
import shutil
import tomllib
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from edgeface import residuals, sealed
from edgeface.datasets.drawn.curve import draw_points
from edgeface.datasets.pointfile import to_csv
from edgeface.datasets.points import Points
from edgeface.errors import BundleError, InputError, UsageError
from edgeface.train.pointrun import PointConfig, PointRun, is_regression
from edgeface.train.regress import HISTORY, straight_line, warnings_of
from edgeface.train.run import Run

FILES = {
    *("SHA256SUMS", "config.toml", "curve.png", "history.csv", "history.png", "metrics.json"),
    *("model.keras", "model.weights.h5", "points.csv"),
}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("points") / "points.csv"
    path.write_text(to_csv(draw_points(60, seed=2)))
    return path


def train(data: Path, out: Path, teller, network: str = "curve", **how) -> PointRun:
    from edgeface.train.regress import train_points

    return train_points(network, data, out, teller, **({"epochs": 40} | how))


@pytest.mark.tf
def test_a_run_is_whole(data: Path, tmp_path: Path, teller) -> None:
    run = train(data, tmp_path / "run", teller, seed=5)
    assert {p.name for p in run.folder.iterdir()} == FILES
    sealed.check(run.folder, "run")
    assert run.points.digests() == draw_points(60, seed=2).digests()
    assert run.held.sum() == 18
    config = tomllib.loads((run.folder / "config.toml").read_text())
    assert config.keys() == {field.name for field in fields(PointConfig)}
    assert (config["task"], config["seed"], config["plan"]["epochs"]) == ("regress", 5, 40)
    standard = run.config.standard
    assert standard.y_mean == pytest.approx(run.training.y.mean())
    assert standard.x_deviation[0] == pytest.approx(run.training.x.std())
    assert len(teller.rows) == 40
    assert teller.said[0] == "60 points (x → y), 18 of them held back"
    assert sum("other than documented" in line for line in teller.said) == 4
    with (run.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == HISTORY
    assert [int(row["epoch"]) for row in rows] == list(range(1, 41))


@pytest.mark.tf
def test_the_metrics_are_those_of_the_network_that_is_kept(
    data: Path, tmp_path: Path, teller
) -> None:
    from edgeface.train.fitpoints import values_of

    run = train(data, tmp_path / "run", teller, variant="documented")
    metrics, values = run.metrics(), values_of(run.model(), run.points.x)
    assert metrics["kept_epoch"] == 40
    sides = (("training", ~run.held), ("validation", run.held), ("all", run.held | ~run.held))
    for name, side in sides:
        told, y = metrics[name], run.points.y[side]
        assert told["points"] == side.sum()
        assert told["l2"] == pytest.approx(residuals.l2(values[side], y), rel=1e-4)
        assert told["rmse"] == pytest.approx(told["l2"] / np.sqrt(side.sum()))
        assert told["rmse"] <= told["worst"] <= told["l2"]
    squares = metrics["training"]["l2"] ** 2 + metrics["validation"]["l2"] ** 2
    assert metrics["all"]["l2"] == pytest.approx(np.sqrt(squares))
    assert metrics["parameters"] == 8_513


@pytest.mark.tf
def test_the_keras_file_answers_the_same(data: Path, tmp_path: Path, teller) -> None:
    import keras

    run = train(data, tmp_path / "run", teller, epochs=2)
    other = keras.models.load_model(run.folder / "model.keras", safe_mode=True)
    x = run.points.x.astype(np.float32)
    np.testing.assert_array_equal(other(x).numpy(), run.model()(x).numpy())


@pytest.mark.tf
def test_a_seed_gives_the_same_run(data: Path, tmp_path: Path, teller) -> None:
    one, same, other = (
        train(data, tmp_path / name, teller, seed=seed, epochs=3)
        for name, seed in (("one", 1), ("same", 1), ("other", 2))
    )
    assert np.array_equal(one.held, same.held)
    assert not np.array_equal(one.held, other.held)
    kept = [r.metrics()["all"]["l2"] for r in (one, same, other)]
    assert kept[0] == kept[1] != kept[2]


@pytest.mark.tf
def test_several_inputs_and_what_is_asked_of_the_plan(tmp_path: Path, teller) -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (60, 3))
    np.savez(tmp_path / "points.npz", x=x, y=x @ [1.0, 2.0, 3.0])
    run = train(
        *(tmp_path / "points.npz", tmp_path / "run", teller),
        epochs=4,
        batch=7,
        rate=0.02,
        validation=0.5,
    )
    assert run.points.inputs == ("x1", "x2", "x3")
    assert run.config.design.inputs == 3
    plan = run.config.plan
    assert (plan.epochs, plan.batch, plan.rate, plan.decay) == (4, 7, 0.02, "cosine")
    assert run.held.sum() == 30
    assert (run.folder / "curve.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.tf
def test_ctrl_c_leaves_a_run_that_says_so(data: Path, tmp_path: Path) -> None:
    class Impatient:
        def say(self, text: str) -> None:
            pass

        def epoch(self, row, of: int) -> None:
            if row["epoch"] == 5:
                raise KeyboardInterrupt

    metrics = train(data, tmp_path / "run", Impatient()).metrics()
    assert metrics["interrupted"] is True
    assert metrics["epochs"] == 5
    assert metrics["kept_epoch"] == metrics["best_epoch"] <= 5


@pytest.mark.tf
@pytest.mark.slow
def test_the_default_bends_below_the_goal_and_the_single_layer_cannot(
    tmp_path: Path, teller
) -> None:
    """The documented goal is an L2 error below 200; 856 is recorded of the single layer."""
    for seed in (20, 21, 22):
        path = tmp_path / f"{seed}.csv"
        path.write_text(to_csv(draw_points(seed=seed)))
        how = {"seed": seed, "epochs": None}
        curve = train(path, tmp_path / f"curve-{seed}", teller, **how).metrics()
        single = train(path, tmp_path / f"single-{seed}", teller, "curve_single", **how).metrics()
        assert curve["all"]["l2"] < 130
        assert curve["warnings"] == []
        assert single["all"]["l2"] > 600
        assert single["all"]["l2"] > 0.99 * single["all"]["line_l2"]
        assert "hardly better than a straight line" in single["warnings"][0]


def test_wrong_requests_end_before_the_training(data: Path, tmp_path: Path, teller) -> None:
    flat = tmp_path / "flat.csv"
    flat.write_text("".join(f"{i},7\n" for i in range(20)))
    taken = tmp_path / "taken"
    taken.mkdir()
    for how, error, message in (
        ({"network": "friends"}, UsageError, "no network for points called 'friends'"),
        ({"validation": 1.0}, UsageError, "a share between 0 and 1"),
        ({"rate": 7.0}, UsageError, "learning rate 7.0"),
        ({"data": tmp_path / "none.csv"}, UsageError, "no such file"),
        ({"data": flat}, InputError, "y is 7 at every point"),
        ({"out": taken}, UsageError, "exists already"),
    ):
        asked = {"data": data, "out": tmp_path / "run", "teller": teller} | how
        with pytest.raises(error, match=message):
            train(**asked)
    assert not (tmp_path / "run").exists()
    assert teller.rows == []


def test_the_best_line_is_that_of_least_squares() -> None:
    points = draw_points(80, seed=1)
    fitted = np.arange(80) % 4 > 0
    x, y = points.x[:, 0], points.y
    expected = np.polyval(np.polyfit(x[fitted], y[fitted], 1), x)
    np.testing.assert_allclose(straight_line(points, fitted), expected, rtol=1e-9)
    far = Points(points.x * 1e-9 + 1e6, y, ("x",), "y")  # without scaling: hardly a slope
    assert np.isfinite(straight_line(far, fitted)).all()


def side(rmse: float, points: int = 40, line_l2: float = 1e9) -> dict:
    return {"points": points, "rmse": rmse, "l2": rmse * points**0.5, "line_l2": line_l2}


def test_warnings() -> None:
    assert warnings_of({"training": side(1), "validation": side(1.2)}) == []
    (few,) = warnings_of({"training": side(1), "validation": side(1.2, 12)})
    assert few.startswith("12 points are held back")
    (over,) = warnings_of({"training": side(1), "validation": side(2)})
    assert over.startswith("it overfits: RMSE 1 on what it was trained on, 2 on")
    (line,) = warnings_of({"training": side(1, line_l2=6.5), "validation": side(2)})
    assert line.startswith("hardly better than a straight line")


@pytest.fixture
def fixture(fixtures: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fixtures / "points-run-schema1", tmp_path / "trained"))


def test_a_run_of_schema_1_is_read(fixture: Path) -> None:
    run = PointRun.load(fixture)
    assert run.config.network == "curve"
    assert (len(run.training), len(run.validation)) == (28, 12)
    assert run.weights_sha256 == sealed.sha256(fixture / "model.weights.h5")
    assert is_regression(fixture)


@pytest.mark.tf
def test_its_network_answers_as_it_did(fixture: Path) -> None:
    from edgeface.train.fitpoints import values_of

    run = PointRun.load(fixture)
    values = values_of(run.model(), run.validation.x)
    expected = run.metrics()["validation"]["l2"]
    assert residuals.l2(values, run.validation.y) == pytest.approx(expected, rel=1e-5)


def test_each_kind_of_run_is_refused_as_the_other(fixture: Path, fixture_run: Path) -> None:
    with pytest.raises(BundleError, match="is a run of pictures, not of points"):
        PointRun.load(fixture_run)
    with pytest.raises(BundleError, match="is a run of points, not of pictures"):
        Run.load(fixture)
    assert not is_regression(fixture_run)
    assert not is_regression(fixture / "nowhere")


def test_what_is_no_run(fixtures: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        PointRun.load(tmp_path / "nowhere")
    with pytest.raises(BundleError, match=r"is no run: it has no config\.toml") as wrong:
        PointRun.load(fixtures / "points-bundle-schema1")
    assert wrong.value.remedy == "it is a bundle: name the run that it was made from"


def reseal(folder: Path) -> None:
    names = sorted(p.name for p in folder.iterdir() if p.name != sealed.SUMS)
    text = "".join(f"{sealed.sha256(folder / name)}  {name}\n" for name in names)
    (folder / sealed.SUMS).write_text(text)


@pytest.mark.parametrize(
    ("name", "before", "after", "message"),
    [
        ("config.toml", "schema = 1", "schema = 9", "schema 9 is not one"),
        ("config.toml", "seed = 0", "sead = 0", 'unknown key "sead"'),
        ("config.toml", 'decay = "cosine"', 'decay = "steps"', "none of cosine, none"),
        ("config.toml", "epochs = 120", "epochs = 0", "epochs 0: 1 is the least"),
        ("points.csv", "x,y,side", "x,z,y,side", "not the points of a run"),
        ("points.csv", "validation", "training", "points.csv does not go with config.toml"),
    ],
)
def test_a_run_that_was_altered_and_sealed_again(
    fixture: Path, name: str, before: str, after: str, message: str
) -> None:
    text = (fixture / name).read_text()
    assert before in text
    (fixture / name).write_text(text.replace(before, after))
    with pytest.raises(BundleError, match=f"{name} was changed"):
        PointRun.load(fixture)
    reseal(fixture)
    with pytest.raises(BundleError, match=message):
        PointRun.load(fixture)


@pytest.mark.tf
def test_weights_of_another_network_are_noticed(fixture: Path) -> None:
    path = fixture / "config.toml"
    path.write_text(path.read_text().replace('network = "curve"', 'network = "curve_single"'))
    reseal(fixture)
    with pytest.raises(BundleError, match="does not go with curve_single"):
        PointRun.load(fixture).model()
    assert json.loads((fixture / "metrics.json").read_text())["task"] == "regress"
