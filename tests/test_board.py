from pathlib import Path

import pytest

from edgeface.board import describe, read_board, read_state

PI4 = """processor\t: 0
BogoMIPS\t: 108.00
CPU implementer\t: 0x41
CPU part\t: 0xd08

processor\t: 1
BogoMIPS\t: 108.00
CPU implementer\t: 0x41
CPU part\t: 0xd08

Revision\t: c03111
Model\t\t: Raspberry Pi 4 Model B Rev 1.1
"""
PC = """processor\t: 0
model name\t: Some Processor 9
cpu MHz\t\t: 2596.120

processor\t: 1
model name\t: Some Processor 9
cpu MHz\t\t: 3100.5
"""


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    cores = {
        f"sys/devices/system/cpu/cpu{n}/cpufreq/{name}": text
        for n in (0, 1)
        for name, text in {
            "scaling_governor": "ondemand\n",
            "scaling_cur_freq": f"{600000 + 900000 * n}\n",
            "cpuinfo_max_freq": "1800000\n",
        }.items()
    }
    return write(
        tmp_path,
        {
            "proc/cpuinfo": PI4,
            "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.4\0",
            "proc/self/status": "Name:\tpython\nCpus_allowed_list:\t0,2-3\n",
            "proc/meminfo": "MemTotal:        3884096 kB\nMemAvailable:    3000000 kB\n"
            "SwapTotal:         524288 kB\nSwapFree:          500000 kB\n",
            "proc/pressure/memory": "some avg10=1.25 avg60=0.00 avg300=0.00 total=1\n"
            "full avg10=9.00 avg60=0.00 avg300=0.00 total=1\n",
            "proc/loadavg": "0.52 0.58 0.59 1/200 12345\n",
            "proc/sys/kernel/osrelease": "6.6.31+rpt-rpi-v8\n",
            "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
            "sys/class/thermal/thermal_zone0/temp": "48312\n",
            "sys/class/thermal/thermal_zone1/type": "battery\n",
            "sys/class/thermal/thermal_zone1/temp": "90000\n",
            **cores,
        },
    )


def test_a_pi_says_everything(pi: Path):
    board = read_board(pi)
    assert board.model == "Raspberry Pi 4 Model B Rev 1.4"
    assert board.cpu == "Cortex-A72"
    assert (board.cores, board.cores_usable) == (2, 3)
    assert board.clock_max_mhz == 1800
    assert board.memory_bytes == 3884096 * 1024
    assert board.os == "Debian GNU/Linux 12 (bookworm)"
    assert board.kernel == "6.6.31+rpt-rpi-v8"
    assert board.label == board.model
    assert "numpy" in board.packages


def test_the_state_of_a_pi(pi: Path):
    state = read_state(pi, run=lambda command: "throttled=0x50005\n")
    assert state.governor == "ondemand"
    assert state.clock_mhz == 1500
    assert state.temperature_c == pytest.approx(48.312)
    assert state.load_1m == 0.52
    assert state.memory_available_bytes == 3_000_000 * 1024
    assert state.throttle_bits == 0x50005
    assert state.memory_pressure_pct == 1.25
    assert state.swap_used_bytes == 24288 * 1024
    assert state.throttled_now == ("under-voltage", "throttled")
    assert state.throttled_since_boot == ("under-voltage", "throttled")


def test_what_was_once_is_not_what_is_now(pi: Path):
    state = read_state(pi, run=lambda command: "throttled=0x20000\n")
    assert state.throttled_now == ()
    assert state.throttled_since_boot == ("clock capped",)


def test_the_model_of_cpuinfo_serves_where_there_is_no_device_tree(tmp_path: Path):
    board = read_board(write(tmp_path, {"proc/cpuinfo": PI4}))
    assert board.model == "Raspberry Pi 4 Model B Rev 1.1"


def test_a_pc_has_no_model_and_measures_its_clock(tmp_path: Path):
    root = write(tmp_path, {"proc/cpuinfo": PC})
    board, state = read_board(root), read_state(root, run=lambda command: None)
    assert (board.model, board.cpu, board.label) == (None, "Some Processor 9", "Some Processor 9")
    assert board.cores == 2
    assert state.clock_mhz == 3100.5


def test_a_pc_sensor_counts_by_its_name(tmp_path: Path):
    root = write(
        tmp_path,
        {
            "sys/class/hwmon/hwmon0/name": "nvme\n",
            "sys/class/hwmon/hwmon0/temp1_input": "70000\n",
            "sys/class/hwmon/hwmon1/name": "k10temp\n",
            "sys/class/hwmon/hwmon1/temp1_input": "41500\n",
        },
    )
    assert read_state(root, run=lambda command: None).temperature_c == 41.5


def test_an_unknown_core_is_given_by_its_numbers_not_guessed(tmp_path: Path):
    text = "processor : 0\nCPU implementer : 0x61\nCPU part : 0xd08\n"
    board = read_board(write(tmp_path, {"proc/cpuinfo": text}))
    assert board.cpu == "Arm implementer 0x61 part 0xd08"


def test_two_kinds_of_cores_are_both_named(tmp_path: Path):
    text = "".join(
        f"processor : {n}\nCPU implementer : 0x41\nCPU part : {part}\n\n"
        for n, part in enumerate(["0xd05", "0xd05", "0xd0b"])
    )
    board = read_board(write(tmp_path, {"proc/cpuinfo": text}))
    assert board.cpu == "Cortex-A55 + Cortex-A76"


def test_what_a_machine_does_not_tell_is_none(tmp_path: Path):
    board, state = read_board(tmp_path), read_state(tmp_path, run=lambda command: None)
    told = (board.model, board.cpu, board.cores, board.cores_usable, board.memory_bytes, board.os)
    assert told == (None,) * 6
    assert (state.governor, state.clock_mhz, state.temperature_c) == (None, None, None)
    assert (state.load_1m, state.memory_available_bytes, state.throttle_bits) == (None, None, None)
    assert (state.memory_pressure_pct, state.swap_used_bytes) == (None, None)
    assert "governor not told" in describe(board, state)


@pytest.mark.parametrize("answer", [None, "", "VCHI initialization failed", "throttled="])
def test_an_answer_that_is_no_number_is_none(tmp_path: Path, answer: str | None):
    assert read_state(tmp_path, run=lambda command: answer).throttle_bits is None


def test_the_line_for_people_shouts_what_holds_the_board_back(pi: Path):
    state = read_state(pi, run=lambda command: "throttled=0x1")
    line = describe(read_board(pi), state)
    assert "Raspberry Pi 4 Model B Rev 1.4 · Cortex-A72" in line
    assert "48 °C" in line
    assert "UNDER-VOLTAGE NOW" in line


def test_this_machine_can_be_read():
    assert read_board().cores
    assert read_state().load_1m is not None
