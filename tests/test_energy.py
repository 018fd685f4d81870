import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from edgeface.board import energy


@pytest.fixture
def rapl(tmp_path: Path) -> Path:
    zones = {
        "intel-rapl:0": ("package-0", 1_000_000),
        "intel-rapl:0:0": ("core", 900_000),
        "intel-rapl:1": ("psys", 5_000_000),
    }
    for zone, (name, counted) in zones.items():
        folder = tmp_path / "sys/class/powercap" / zone
        folder.mkdir(parents=True)
        (folder / "name").write_text(f"{name}\n")
        (folder / "energy_uj").write_text(f"{counted}\n")
        (folder / "max_energy_range_uj").write_text("9999999\n")
    return tmp_path


def count(root: Path, zone: str, microjoules: int) -> None:
    (root / "sys/class/powercap" / zone / "energy_uj").write_text(f"{microjoules}\n")


def test_rapl_counts_packages_and_not_their_parts_again(rapl: Path):
    found, notes = energy.counters(rapl)
    assert found is not None
    assert (found.names, notes) == (("RAPL package-0", "RAPL psys"), [])
    found.start()
    count(rapl, "intel-rapl:0", 3_500_000)
    told = found.stop()
    assert told["RAPL package-0"][0] == pytest.approx(2.5)
    assert told["RAPL psys"][0] == 0
    assert told["RAPL package-0"][1] >= 0


def test_a_counter_that_begins_again_is_carried_on(rapl: Path):
    found, _ = energy.counters(rapl)
    assert found is not None
    count(rapl, "intel-rapl:0", 9_500_000)
    found.start()
    count(rapl, "intel-rapl:0", 500_000)
    assert found.stop()["RAPL package-0"][0] == pytest.approx(1.0)
    found.start()
    count(rapl, "intel-rapl:0", 700_000)
    assert found.stop()["RAPL package-0"][0] == pytest.approx(0.2)


def test_a_counter_that_vanishes_tells_nothing(rapl: Path):
    found, _ = energy.counters(rapl)
    assert found is not None
    found.start()
    (rapl / "sys/class/powercap/intel-rapl:0/energy_uj").unlink()
    assert list(found.stop()) == ["RAPL psys"]


def test_a_counter_that_only_root_may_read_is_said(rapl: Path, monkeypatch: pytest.MonkeyPatch):
    read = Path.read_bytes

    def closed(path: Path) -> bytes:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", closed)
    found, notes = energy.counters(rapl)
    assert found is None
    assert len(notes) == 2
    assert "only be read by root" in notes[0]
    assert "sudo chmod a+r" in notes[0]


def test_a_machine_that_counts_nothing_has_no_meter(tmp_path: Path):
    assert energy.meters(tmp_path, lambda command: None, gpu=True) == (None, None, [])


PI5 = """  3V7_WL_SW_A current(0)=0.10000000A
   3V3_SYS_A current(1)=0.20000000A
  VDD_CORE_A current(7)=2.00000000A
  3V7_WL_SW_V volt(8)=3.70000000V
   3V3_SYS_V volt(9)=3.30000000V
  VDD_CORE_V volt(15)=0.75000000V
     EXT5V_V volt(24)=5.12000000V
"""


def test_the_pmic_of_a_pi_5_is_the_sum_of_its_rails():
    assert energy.pmic_watts(PI5) == pytest.approx(0.37 + 0.66 + 1.5)


@pytest.mark.parametrize("answer", [None, "", "Command not registered", "EXT5V_V volt(24)=5.1V"])
def test_a_board_without_that_pmic_tells_nothing(answer):
    assert energy.pmic_watts(answer) is None


def test_power_is_asked_again_and_again_and_becomes_joules():
    asked = []

    def run(command: tuple[str, ...]) -> str:
        asked.append(command)
        return PI5

    found = energy.samplers(run)
    assert found is not None
    found._every = 0.001
    found.start()
    while len(asked) < 4:
        time.sleep(0.001)
    joules, seconds = found.stop()["PMIC, sum of its rails"]
    assert joules == pytest.approx(2.53 * seconds)
    assert set(asked) == {("vcgencmd", "pmic_read_adc")}


def test_gpus_are_asked_only_where_one_computes():
    def run(command: tuple[str, ...]) -> str | None:
        return "0, NVIDIA T4, 27.41\n1, Old, [N/A]\n" if command[0] == "nvidia-smi" else None

    assert energy.samplers(run) is None
    found = energy.samplers(run, gpu=True)
    assert found is not None
    found.start()
    joules, seconds = found.stop()["nvidia-smi 0 NVIDIA T4"]
    assert joules == pytest.approx(27.41 * seconds)


def test_nvml_counts_where_it_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    counted = iter([1000, 5000, 8000])
    fake = SimpleNamespace(
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 1,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda device: "NVIDIA T4",
        nvmlDeviceGetTotalEnergyConsumption=lambda device: next(counted),
    )
    monkeypatch.setitem(sys.modules, "pynvml", fake)
    found, sampler, _ = energy.meters(tmp_path, lambda command: "0, NVIDIA T4, 27.41", gpu=True)
    assert found is not None
    assert sampler is None  # it is counted already
    found.start()
    assert found.stop()["NVML 0 NVIDIA T4"][0] == 3.0
