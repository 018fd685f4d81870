"""Every finding of the doctor: absent on a sound machine, there on one that has the trouble."""

import json
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from edgeface import sealed
from edgeface.doctor.camera import look
from edgeface.doctor.cameras import Node
from edgeface.doctor.checks import CHECKS, examine
from edgeface.doctor.facts import Facts
from edgeface.doctor.findings import Examination, Finding
from edgeface.doctor.machine import Ended, Machine, Python, Room, run_command, this_machine

PY = "/home/ada/env/bin/python"
PIP = f"{PY} -m pip"
NOON = 1_790_000_000.0
CASCADES = ["/x/cv2/data/haarcascade_frontalface_alt2.xml"]
CV2 = {
    "state": "loads",
    "version": "4.14.0",
    "haar": True,
    "yunet": True,
    "cascades": CASCADES,
}
LOADS = {"state": "loads", "version": "1.0"}
MISSING = {"state": "missing", "error": "No module named it"}
USB = "HD Webcam: HD Webcam"
LISTED = "Available cameras\n-----------------\n0 : imx708 [4608x2592 10-bit RGGB] (/base/x)\n"


def broken(error: str) -> dict[str, Any]:
    return {"state": "broken", "error": error}


@dataclass
class Case:
    """A machine that a test spoils, and what its commands would answer."""

    root: Path
    python: Python
    imports: dict[str, dict[str, Any] | Ended]
    packages: dict[str, str]
    commands: dict[str, Ended] = field(default_factory=dict)
    picture: Ended | list[int] | None = field(default_factory=lambda: [480, 640])
    verified: Ended | dict[str, Any] = field(
        default_factory=lambda: {"file": "a.int8.tflite", "status": "same", "remedy": ""}
    )
    unusable: tuple[str, ...] = ()
    groups: frozenset[int] = frozenset({44})
    room: Room = field(default_factory=lambda: Room(10**10, 10**6, read_only=False))
    now: float = NOON
    source: str = "0"
    bundle: Path | None = None
    ran: list[tuple[str, ...]] = field(default_factory=list)

    def write(self, name: str, content: str | bytes) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def add_node(self, number: int, name: str = USB, index: int = 0) -> None:
        self.write(f"dev/video{number}", "")
        self.write(f"sys/class/video4linux/video{number}/name", f"{name}\n")
        self.write(f"sys/class/video4linux/video{number}/index", f"{index}\n")

    def remove_node(self, number: int) -> None:
        (self.root / f"dev/video{number}").unlink()

    def open_by(self, number: int, process: int, name: str) -> None:
        self.write(f"proc/{process}/comm", f"{name}\n")
        folder = self.root / f"proc/{process}/fd"
        folder.mkdir()
        (folder / "7").symlink_to(f"/dev/video{number}")

    def python_is(self, **changes: Any) -> None:
        self.python = replace(self.python, **changes)

    def run(self, command: Sequence[str], seconds: float) -> Ended:
        self.ran.append(tuple(command))
        if command[0] != PY:
            gone = Ended(None, err=f"{command[0]} is not installed", missing=True)
            return self.commands.get(" ".join(command), gone)
        code, words = command[2], command[4:]
        if "VideoCapture" in code:
            answer: Any = self.picture
        elif "import verify" in code:
            answer = self.verified
        else:
            answer = self.imports.get(words[0], MISSING)
            answer = answer if isinstance(answer, Ended) else {"error": "", **answer}
        if isinstance(answer, Ended):
            return answer
        return Ended(0, f"\n{words[-1]}{json.dumps(answer)}")

    def facts(self) -> Facts:
        machine = Machine(
            root=self.root,
            here=self.root / "home/ada",
            run=self.run,
            python=self.python,
            packages=self.packages,
            user="ada",
            groups=self.groups,
            may_use=lambda path: not str(path).endswith(self.unusable or ("\0",)),
            room=lambda folder: self.room,
            now=self.now,
            made=NOON - 10**6,
        )
        return Facts(machine, self.bundle, self.source)

    def examine(self) -> Examination:
        return examine(self.facts())


def add_bundle(case: Case, name: str = "friends", formats: tuple[str, ...] = ("tflite",)) -> Path:
    folder = case.root / "home/ada/bundles" / name
    files = [{"format": format} for format in formats]
    with sealed.new_folder(folder) as new:
        (new / "manifest.json").write_text(json.dumps({"files": files, "detector": "haar"}))
        (new / "report.md").write_text("fine\n")
    return folder


def build(
    root: Path, model: str | None, part: str, os_release: str, machine: str, python: str
) -> Case:
    version = tuple(map(int, python.split(".")))
    case = Case(
        root,
        Python(
            version=(version[0], version[1], version[2]),
            bits=64,
            machine=machine,
            musl=False,
            free_threaded=False,
            executable=PY,
            prefix=Path("/home/ada/env"),
            base=Path("/usr"),
            path=("/home/ada/env/lib",),
        ),
        imports={
            "numpy": {**LOADS, "version": "2.4.6"},
            "cv2": CV2,
            "ai_edge_litert.interpreter": LOADS,
            "onnxruntime": LOADS,
        },
        packages={"numpy": "2.4.6", "opencv-python-headless": "4.14.0.94"},
        commands={"timedatectl show -p NTPSynchronized --value": Ended(0, "yes\n")},
    )
    block = f"CPU implementer : 0x41\nCPU part : {part}" if part else "model name : Some CPU"
    case.write("proc/cpuinfo", f"processor : 0\n{block}\n\n")
    case.write("proc/meminfo", "MemTotal: 3884096 kB\nMemAvailable: 3000000 kB\n")
    case.write("proc/self/status", "Name:\tpython\nPid:\t900\n")
    case.write("proc/swaps", "Filename Type Size Used Priority\n")
    case.write("proc/mounts", "/dev/mmcblk0p2 / ext4 rw 0 0\n")
    case.write("proc/loadavg", "0.1 0.1 0.1 1/2 3\n")
    case.write("etc/os-release", os_release)
    case.write("etc/group", "root:x:0:\nvideo:x:44:ada\n")
    case.write("sys/devices/system/cpu/possible", "0-3\n")
    case.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "performance\n")
    case.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", "cpufreq-dt\n")
    case.write("sys/class/thermal/thermal_zone0/type", "cpu-thermal\n")
    case.write("sys/class/thermal/thermal_zone0/temp", "48312\n")
    case.add_node(0)
    case.add_node(1, index=1)
    if model:
        case.write("proc/device-tree/model", f"{model}\0")
        case.write("boot/firmware/config.txt", "camera_auto_detect=1\n")
        case.add_node(10, "bcm2835-codec-decode")
        case.commands["vcgencmd get_throttled"] = Ended(0, "throttled=0x0\n")
        case.commands["rpicam-hello --list-cameras"] = Ended(0, "No cameras available!\n")
    add_bundle(case)
    return case


def os_of(number: str, name: str, id: str = "debian") -> str:
    pretty = f'PRETTY_NAME="Debian GNU/Linux {number} ({name})"'
    return f'{pretty}\nID={id}\nVERSION_ID="{number}"\nVERSION_CODENAME={name}\n'


def pi4(root: Path) -> Case:
    model = "Raspberry Pi 4 Model B Rev 1.4"
    return build(root, model, "0xd08", os_of("12", "bookworm"), "aarch64", "3.11.2")


def pi5(root: Path) -> Case:
    model = "Raspberry Pi 5 Model B Rev 1.0"
    case = build(root, model, "0xd0b", os_of("13", "trixie"), "aarch64", "3.13.5")
    case.write("proc/device-tree/chosen/power/max_current", struct.pack(">I", 5000))
    case.write("proc/device-tree/chosen/power/usb_over_current_detected", struct.pack(">I", 0))
    case.commands["vcgencmd pmic_read_adc EXT5V_V"] = Ended(0, "   EXT5V_V volt(24)=5.15V\n")
    case.write("sys/class/rtc/rtc0/name", "rpi-rtc\n")
    return case


def pi3(root: Path) -> Case:
    model = "Raspberry Pi 3 Model B Plus Rev 1.3"
    os = os_of("12", "bookworm", "raspbian") + "ID_LIKE=debian\n"
    case = build(root, model, "0xd03", os, "armv7l", "3.11.2")
    case.python_is(bits=32)
    case.write("proc/meminfo", "MemTotal: 945000 kB\nMemAvailable: 600000 kB\n")
    case.write("proc/swaps", "Filename Type Size Used Priority\n/dev/zram0 partition 9 0 100\n")
    case.imports["numpy"] = {**LOADS, "version": "1.26.4"}
    case.imports["ai_edge_litert.interpreter"] = MISSING
    case.imports["onnxruntime"] = MISSING
    case.imports["tflite_runtime.interpreter"] = LOADS
    case.packages = {"numpy": "1.26.4", "tflite-runtime": "2.14.0"}
    return case


def pc(root: Path) -> Case:
    case = build(root, None, "", os_of("24.04", "noble", "ubuntu"), "x86_64", "3.12.3")
    case.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_driver", "intel_pstate\n")
    case.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n")
    case.write("sys/class/rtc/rtc0/name", "rtc_cmos\n")
    return case


def container(root: Path) -> Case:
    case = build(root, None, "", os_of("12", "bookworm"), "x86_64", "3.13.0")
    case.write(".dockerenv", "")
    case.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n")
    case.write("proc/mounts", "overlay / overlay rw 0 0\n")
    case.write("sys/fs/cgroup/memory.max", "max\n")
    case.commands.clear()
    return case


SYSTEMS = (pi4, pi5, pi3, pc, container)


@pytest.mark.parametrize("system", SYSTEMS, ids=lambda s: s.__name__)
def test_a_sound_machine_has_nothing_to_mend(system, tmp_path: Path) -> None:
    found = system(tmp_path).examine()
    assert found.untold == ()
    expected = {"bits"} if system is pi3 else set()
    assert {f.check for f in found.findings} == expected
    assert found.told["bundle"].endswith("friends (the newest): tflite")
    assert found.told["camera"] == f"/dev/video0 ({USB})"
    assert CASCADES[0] in found.told["detector"]


@dataclass(frozen=True)
class Trouble:
    """What a spoiled machine is found to have."""

    name: str
    system: Callable[[Path], Case]
    spoil: Callable[[Case], Any]
    check: str
    level: str
    found: str
    mend: tuple[str, ...] = ()


def imported(name: str, answer: dict[str, Any] | Ended) -> Callable[[Case], None]:
    def spoil(case: Case) -> None:
        case.imports[name] = answer

    return spoil


def wrote(name: str, content: str | bytes) -> Callable[[Case], None]:
    return lambda case: case.write(name, content)


def answered(command: str, out: str) -> Callable[[Case], None]:
    return lambda case: case.commands.update({command: Ended(0, out)})


def changed(**values: Any) -> Callable[[Case], None]:
    def spoil(case: Case) -> None:
        for name, value in values.items():
            setattr(case, name, value)

    return spoil


def both(*spoilers: Callable[[Case], Any]) -> Callable[[Case], None]:
    def spoil(case: Case) -> None:
        for one in spoilers:
            one(case)

    return spoil


def python(**changes: Any) -> Callable[[Case], None]:
    return lambda case: case.python_is(**changes)


def installed(**versions: str) -> Callable[[Case], None]:
    named = {name.replace("_", "-"): version for name, version in versions.items()}
    return lambda case: case.packages.update(named)


LITERT, OLDER = "ai_edge_litert.interpreter", "tflite_runtime.interpreter"
NO_GL = broken("ImportError: libGL.so.1: cannot open shared object file: No such file or directory")
NO_GLIB = broken("ImportError: libgthread-2.0.so.0: cannot open shared object file: No such file")
ABI = "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96"
HEADLESS = "'opencv-python-headless>=4.14,<5'"
GOVERNORS = "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor"
DIST = "usr/lib/python3/dist-packages/picamera2/__init__.py"
THROTTLED = "vcgencmd get_throttled"
ONLY_OLDER = both(
    imported(LITERT, MISSING), imported(OLDER, LOADS), installed(tflite_runtime="2.14")
)
RIBBON = answered("rpicam-hello --list-cameras", LISTED)

TROUBLES = (
    Trouble("old-python", pi4, python(version=(3, 9, 2)), "python", "stops run", "Python 3.9.2"),
    Trouble(
        "new-python",
        pi4,
        python(version=(3, 14, 0)),
        "python",
        "slower or worse",
        "made for 3.11 to 3.13",
        ("python3.13 -m venv .venv",),
    ),
    Trouble("no-lock", pc, python(free_threaded=True), "python", "slower or worse", "global lock"),
    Trouble(
        "narrow-userland",
        pi4,
        python(bits=32),
        "bits",
        "slower or worse",
        "32-bit Python under a 64-bit kernel (aarch64)",
        (f"{PIP} install 'numpy<2' 'opencv-python-headless>=4.11,<4.12' tflite-runtime==2.14",),
    ),
    Trouble(
        "narrow-board",
        pi4,
        both(
            python(bits=32, machine="armv7l"),
            wrote("proc/cpuinfo", "processor : 0\nCPU implementer : 0x41\nCPU part : 0xc07\n"),
        ),
        "bits",
        "note",
        "a 32-bit system (armv7l)",
    ),
    Trouble("armv6", pi4, python(bits=32, machine="armv6l"), "bits", "note", "ARMv6"),
    Trouble(
        "musl",
        container,
        both(python(musl=True), imported(LITERT, MISSING)),
        "libc",
        "stops run",
        "musl",
    ),
    Trouble("musl-built", container, python(musl=True), "libc", "note", "musl"),
    Trouble(
        "no-numpy",
        pi4,
        imported("numpy", MISSING),
        "numpy",
        "stops run",
        "numpy is not installed",
        (f"{PIP} install 'numpy>=1.26'",),
    ),
    Trouble(
        "numpy-openblas",
        pi3,
        imported("numpy", broken("libopenblas.so.0: cannot open shared object file")),
        "numpy",
        "stops run",
        "no libopenblas.so.0",
        ("sudo apt install -y libopenblas0",),
    ),
    Trouble(
        "numpy-sigill",
        pi4,
        imported("numpy", Ended(-4)),
        "numpy",
        "stops run",
        "instructions that this processor has not",
        (f"{PIP} install --force-reinstall --no-deps 'numpy>=1.26'",),
    ),
    Trouble(
        "no-cv2",
        pi4,
        imported("cv2", MISSING),
        "opencv",
        "stops run",
        "OpenCV is not installed",
        (f"{PIP} install {HEADLESS}",),
    ),
    Trouble(
        "no-gl",
        pi5,
        both(imported("cv2", NO_GL), installed(opencv_python="4.14")),
        "opencv",
        "stops run",
        "no libGL.so.1",
        (
            f"{PIP} uninstall -y opencv-python",
            f"{PIP} install --force-reinstall --no-deps {HEADLESS}",
            "to keep opencv-python: sudo apt install -y libgl1 libglib2.0-0t64",
        ),
    ),
    Trouble(
        "no-glib-bookworm",
        pi4,
        imported("cv2", NO_GLIB),
        "opencv",
        "stops run",
        "no libgthread-2.0.so.0",
        ("sudo apt install -y libglib2.0-0",),
    ),
    Trouble(
        "no-glib-noble",
        pc,
        imported("cv2", NO_GLIB),
        "opencv",
        "stops run",
        "no libgthread",
        ("sudo apt install -y libglib2.0-0t64",),
    ),
    Trouble(
        "unknown-library",
        pi4,
        imported("cv2", broken("libodd.so.3: cannot open shared object file")),
        "opencv",
        "stops run",
        "no libodd.so.3",
        ("apt-file search libodd.so.3",),
    ),
    Trouble(
        "cv2-other-numpy",
        pi4,
        imported("cv2", broken("AttributeError: _ARRAY_API not found")),
        "opencv",
        "stops run",
        "compiled for another numpy than 2.4.6",
        (f"{PIP} install --force-reinstall --no-deps {HEADLESS}",),
    ),
    Trouble(
        "cv2-aborts", pi4, imported("cv2", Ended(-6)), "opencv", "stops run", "dies of SIGABRT"
    ),
    Trouble(
        "cv2-hangs",
        pi4,
        imported("cv2", Ended(None, err="python did not end within 60 s")),
        "opencv",
        "stops run",
        "did not end within 60 s",
    ),
    Trouble(
        "two-opencvs",
        pi4,
        installed(opencv_python="4.14"),
        "opencv",
        "slower or worse",
        "opencv-python 4.14 and opencv-python-headless 4.14.0.94 are both installed",
        (f"{PIP} uninstall -y opencv-python opencv-python-headless", f"{PIP} install {HEADLESS}"),
    ),
    Trouble(
        "opencv-5",
        pi4,
        imported("cv2", {**CV2, "version": "5.0.0", "haar": False, "cascades": []}),
        "detector",
        "stops run",
        "OpenCV 5.0.0 has no Haar cascades",
        (f"{PIP} uninstall -y opencv-python-headless", f"{PIP} install {HEADLESS}"),
    ),
    Trouble(
        "no-cascade-file",
        pi4,
        imported("cv2", {**CV2, "version": "4.6.0", "cascades": []}),
        "detector",
        "stops run",
        "comes without the file haarcascade_frontalface_alt2.xml",
    ),
    Trouble(
        "no-runtime",
        pi4,
        imported(LITERT, MISSING),
        "tflite",
        "stops run",
        "no TFLite runtime is installed",
        (f"{PIP} install 'ai-edge-litert>=2.1'",),
    ),
    Trouble(
        "no-runtime-narrow",
        pi3,
        imported(OLDER, MISSING),
        "tflite",
        "stops run",
        "no TFLite runtime",
        (f"{PIP} install 'numpy<2' 'opencv-python-headless>=4.11,<4.12' tflite-runtime==2.14",),
    ),
    Trouble(
        "no-runtime-to-be-had",
        pi3,
        both(imported(OLDER, MISSING), python(version=(3, 13, 5))),
        "tflite",
        "stops run",
        "no TFLite runtime",
        ("flash the 64-bit Raspberry Pi OS",),
    ),
    Trouble(
        "litert-breaks",
        pi4,
        imported(LITERT, broken("ImportError: undefined symbol: x")),
        "tflite",
        "stops run",
        "undefined symbol",
        (f"{PIP} install --force-reinstall --no-deps ai-edge-litert",),
    ),
    Trouble(
        "older-with-numpy-2",
        pi4,
        ONLY_OLDER,
        "tflite",
        "stops run",
        "tflite-runtime 2.14 with numpy 2.4.6",
        (f"{PIP} install 'ai-edge-litert>=2.1'", "to keep tflite-runtime"),
    ),
    Trouble(
        "older-with-numpy-2-narrow",
        pi3,
        imported("numpy", {**LOADS, "version": "2.2.0"}),
        "tflite",
        "stops run",
        "tflite-runtime 2.14.0 with numpy 2.2.0",
        (f"{PIP} install 'numpy<2' 'opencv-python-headless>=4.11,<4.12'",),
    ),
    Trouble(
        "older-alone",
        pi4,
        both(ONLY_OLDER, imported("numpy", {**LOADS, "version": "1.26.4"})),
        "tflite",
        "slower or worse",
        "no LiteRT, its successor",
        (f"{PIP} install 'ai-edge-litert>=2.1'",),
    ),
    Trouble(
        "both-runtimes",
        pi4,
        installed(tflite_runtime="2.14"),
        "tflite",
        "note",
        "are both installed, and the latter does not work with numpy 2.4.6",
        (f"{PIP} uninstall -y tflite-runtime",),
    ),
    Trouble(
        "no-sys",
        container,
        lambda case: (case.root / "sys/devices/system/cpu/possible").unlink(),
        "tflite",
        "slower or worse",
        "no /sys/devices/system/cpu",
        ("sudo mount -t sysfs sysfs /sys",),
    ),
    Trouble(
        "no-onnxruntime",
        pi4,
        both(
            imported("onnxruntime", MISSING),
            lambda case: add_bundle(case, "newer", ("tflite", "onnx")),
        ),
        "onnxruntime",
        "note",
        "onnxruntime is not installed",
        (f"{PIP} install 'onnxruntime>=1.20'",),
    ),
    Trouble(
        "only-onnx",
        pi4,
        both(imported("onnxruntime", MISSING), lambda case: add_bundle(case, "newer", ("onnx",))),
        "onnxruntime",
        "stops run",
        "onnxruntime is not installed",
    ),
    Trouble(
        "onnxruntime-breaks",
        pi4,
        imported(
            "onnxruntime", broken("ImportError: libgomp.so.1: cannot open shared object file")
        ),
        "onnxruntime",
        "slower or worse",
        "no libgomp.so.1",
        ("sudo apt install -y libgomp1",),
    ),
    Trouble(
        "two-onnxruntimes",
        pc,
        installed(onnxruntime="1.32", onnxruntime_gpu="1.32"),
        "onnxruntime",
        "slower or worse",
        "are both installed",
        (f"{PIP} uninstall -y onnxruntime onnxruntime-gpu",),
    ),
    Trouble(
        "changed-bundle",
        pi4,
        wrote("home/ada/bundles/friends/report.md", "other\n"),
        "bundle",
        "stops run",
        "report.md was changed",
        ("copy the bundle again",),
    ),
    Trouble(
        "no-bundle",
        pi4,
        lambda case: (case.root / "home/ada/bundles").rename(case.root / "home/ada/away"),
        "bundle",
        "note",
        "there is no bundle",
        ("call edgeface doctor where bundles/ lies",),
    ),
    Trouble(
        "named-nothing",
        pi4,
        changed(bundle=Path("nope")),
        "bundle",
        "stops run",
        "nope: no such folder",
    ),
    Trouble(
        "damaged-beside",
        pi4,
        both(
            lambda case: os.utime(add_bundle(case, "older") / "manifest.json", (1, 1)),
            wrote("home/ada/bundles/older/report.md", "other\n"),
        ),
        "bundle",
        "note",
        "older: report.md was changed",
    ),
    Trouble(
        "other-answers",
        pi4,
        changed(verified={"file": "a.tflite", "status": "different", "remedy": "compare them"}),
        "bundle",
        "slower or worse",
        "a.tflite answers otherwise",
        ("edgeface verify",),
    ),
    Trouble(
        "bundle-of-points",
        pi4,
        changed(verified={"file": None, "status": "it is a regression", "remedy": "another"}),
        "bundle",
        "stops run",
        "it is a regression",
        ("another",),
    ),
    Trouble(
        "file-that-kills",
        pi4,
        changed(verified=Ended(-11)),
        "bundle",
        "stops run",
        "ends the process (SIGSEGV)",
    ),
    Trouble(
        "slow-file",
        pi4,
        changed(verified=Ended(None, err="python did not end within 60 s")),
        "bundle",
        "slower or worse",
        "took longer than 60 s",
    ),
    Trouble(
        "no-camera-on-a-pi",
        pi4,
        lambda case: case.remove_node(0),
        "camera",
        "stops run",
        "there is no /dev/video0, and no Pi camera",
        ("press the ribbon in", "rpicam-hello --list-cameras"),
    ),
    Trouble(
        "not-looked-for",
        pi4,
        both(lambda case: case.remove_node(0), wrote("boot/firmware/config.txt", "arm_64bit=1\n")),
        "camera",
        "stops run",
        "camera_auto_detect",
        ("echo camera_auto_detect=1 | sudo tee -a /boot/firmware/config.txt",),
    ),
    Trouble(
        "old-stack",
        pi4,
        both(lambda case: case.remove_node(0), wrote("boot/firmware/config.txt", "start_x=1\n")),
        "camera",
        "stops run",
        "the old camera stack",
        ("sudo sed -i '/^start_x=1/d' /boot/firmware/config.txt && sudo reboot",),
    ),
    Trouble(
        "no-lister",
        pi4,
        both(lambda case: case.remove_node(0), lambda case: case.commands.clear()),
        "camera",
        "stops run",
        "nothing that would list a Pi camera",
        ("sudo apt install -y rpicam-apps",),
    ),
    Trouble(
        "only-the-ribbon",
        pi4,
        both(RIBBON, lambda case: case.remove_node(0), imported("picamera2", LOADS)),
        "camera",
        "stops run",
        "the camera on the ribbon is imx708",
        ("edgeface run --source picamera",),
    ),
    Trouble(
        "older-lister",
        pi4,
        both(
            lambda case: case.commands.pop("rpicam-hello --list-cameras"),
            answered("libcamera-hello --list-cameras", LISTED),
            lambda case: case.remove_node(0),
        ),
        "camera",
        "stops run",
        "the camera on the ribbon is imx708",
    ),
    Trouble(
        "nothing-on-the-ribbon",
        pi4,
        changed(source="picamera"),
        "camera",
        "stops run",
        "no camera on the ribbon is found",
    ),
    Trouble(
        "no-such-clip",
        pc,
        changed(source="party.mp4"),
        "camera",
        "stops run",
        "--source party.mp4: no such camera, clip or folder",
        ("0 is the first USB camera",),
    ),
    Trouble(
        "second-on-the-ribbon",
        pi4,
        both(RIBBON, changed(source="picamera:1"), imported("picamera2", LOADS)),
        "camera",
        "stops run",
        "--source picamera:1: there is one camera on the ribbon",
        ("edgeface run --source picamera",),
    ),
    Trouble(
        "no-pi",
        pc,
        changed(source="picamera"),
        "camera",
        "stops run",
        "this is no Raspberry Pi",
        ("edgeface run --source 0",),
    ),
    Trouble(
        "no-camera-in-a-container",
        container,
        lambda case: case.remove_node(0),
        "camera",
        "stops run",
        "in this container",
        ("--device /dev/video0",),
    ),
    Trouble(
        "no-camera",
        pc,
        lambda case: case.remove_node(0),
        "camera",
        "stops run",
        "no other camera",
        ("edgeface run --source CLIP",),
    ),
    Trouble(
        "other-number",
        pi4,
        both(changed(source="/dev/video7"), lambda case: case.add_node(2)),
        "camera",
        "stops run",
        "there is no /dev/video7; here is /dev/video0",
        ("edgeface run --source 0",),
    ),
    Trouble(
        "codec",
        pi4,
        changed(source="10"),
        "camera",
        "stops run",
        "/dev/video10 is no camera but a codec of the board (bcm2835-codec-decode)",
    ),
    Trouble(
        "metadata", pc, changed(source="1"), "camera", "stops run", "gives data about pictures"
    ),
    Trouble(
        "sensor",
        pi5,
        both(RIBBON, imported("picamera2", LOADS), lambda c: c.add_node(0, "rp1-cfe-csi2_ch0")),
        "camera",
        "stops run",
        "/dev/video0 is the raw sensor of a Pi camera",
    ),
    Trouble(
        "not-in-the-group",
        pi4,
        both(
            changed(unusable=("dev/video0",), groups=frozenset({1000})),
            wrote("etc/group", "video:x:44:\n"),
        ),
        "camera",
        "stops run",
        "/dev/video0 cannot be read by ada",
        ("sudo usermod -aG video ada",),
    ),
    Trouble(
        "not-logged-in-again",
        pi4,
        changed(unusable=("dev/video0",), groups=frozenset({1000})),
        "camera",
        "stops run",
        "cannot be read by ada",
        ("newgrp video",),
    ),
    Trouble(
        "closed-to-the-group",
        pi4,
        changed(unusable=("dev/video0",)),
        "camera",
        "stops run",
        "cannot be read by ada",
        ("sudo chgrp video /dev/video0",),
    ),
    Trouble(
        "in-use",
        pi4,
        lambda case: case.open_by(0, 812, "motion"),
        "camera",
        "stops run",
        "/dev/video0 is in use by motion (process 812)",
        ("kill 812",),
    ),
    Trouble("closed", pi4, changed(picture=None), "camera", "stops run", "does not open"),
    Trouble("dark", pi4, changed(picture=[]), "camera", "stops run", "gives no picture"),
    Trouble(
        "stuck",
        pi4,
        changed(picture=Ended(None, err="too long")),
        "camera",
        "stops run",
        "gave no answer within 20 s",
    ),
    Trouble(
        "hidden-picamera2",
        pi4,
        both(wrote(DIST, ""), RIBBON),
        "picamera2",
        "slower or worse",
        "/home/ada/env does not see it",
        ("/usr/bin/python3 -m venv --system-site-packages /home/ada/env",),
    ),
    Trouble(
        "hidden-without-a-camera", pi4, wrote(DIST, ""), "picamera2", "note", "does not see it"
    ),
    Trouble(
        "hidden-from-another-python",
        pi4,
        both(wrote(DIST, ""), python(base=Path("/opt/python"))),
        "picamera2",
        "note",
        "does not see it",
        ("/usr/bin/python3 -m venv --clear --system-site-packages /home/ada/env", "'.[pi]'"),
    ),
    Trouble(
        "another-python",
        pi4,
        both(wrote(DIST, ""), python(prefix=Path("/usr/local"), base=Path("/usr/local"))),
        "picamera2",
        "note",
        "Picamera2 belongs to /usr/bin/python3",
        ("/usr/bin/python3 -m venv --system-site-packages .venv",),
    ),
    Trouble(
        "no-picamera2",
        pi4,
        both(RIBBON, changed(source="picamera")),
        "picamera2",
        "stops run",
        "Picamera2 is not installed",
        ("sudo apt install -y python3-picamera2", "--system-site-packages /home/ada/env"),
    ),
    Trouble(
        "picamera2-other-numpy",
        pi4,
        both(RIBBON, wrote(DIST, ""), imported("picamera2", broken(ABI))),
        "picamera2",
        "slower or worse",
        "does not load with numpy 2.4.6",
        (f"{PIP} install --force-reinstall --no-deps simplejpeg",),
    ),
    Trouble(
        "picamera2-breaks",
        pi4,
        both(wrote(DIST, ""), imported("picamera2", broken("No module named 'libcamera'"))),
        "picamera2",
        "note",
        "No module named 'libcamera'",
        ("sudo apt install -y --reinstall python3-picamera2 python3-libcamera",),
    ),
    Trouble(
        "ondemand",
        pi4,
        wrote("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n"),
        "governor",
        "slower or worse",
        "governor is ondemand",
        (f"echo performance | sudo tee {GOVERNORS}", "sudo systemctl enable"),
    ),
    Trouble(
        "powersave",
        pi5,
        wrote("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "powersave\n"),
        "governor",
        "slower or worse",
        "governor is powersave",
    ),
    Trouble(
        "under-voltage-now",
        pi4,
        answered(THROTTLED, "throttled=0x50005\n"),
        "power",
        "slower or worse",
        "voltage is too low now",
    ),
    Trouble(
        "under-voltage-since-boot",
        pi4,
        answered(THROTTLED, "throttled=0x50000\n"),
        "power",
        "slower or worse",
        "too low at some time since",
    ),
    Trouble(
        "under-voltage-by-the-kernel",
        pi4,
        both(
            wrote("sys/class/hwmon/hwmon1/name", "rpi_volt\n"),
            wrote("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n"),
        ),
        "power",
        "slower or worse",
        "voltage is too low now",
    ),
    Trouble(
        "low-input",
        pi5,
        answered("vcgencmd pmic_read_adc EXT5V_V", "   EXT5V_V volt(24)=4.61200000V\n"),
        "power",
        "slower or worse",
        "gives 4.61 V",
    ),
    Trouble(
        "three-amperes",
        pi5,
        wrote("proc/device-tree/chosen/power/max_current", struct.pack(">I", 3000)),
        "power",
        "note",
        "the supply promises 3 A, a Pi 5 wants 5",
        ("echo usb_max_current_enable=1 | sudo tee -a /boot/firmware/config.txt",),
    ),
    Trouble(
        "over-current",
        pi5,
        wrote("proc/device-tree/chosen/power/usb_over_current_detected", struct.pack(">I", 1)),
        "power",
        "slower or worse",
        "drew too much current",
    ),
    Trouble(
        "hot-by-the-bits",
        pi4,
        answered(THROTTLED, "throttled=0x80008\n"),
        "heat",
        "slower or worse",
        "too hot now: 48 °C",
    ),
    Trouble(
        "was-hot",
        pi4,
        answered(THROTTLED, "throttled=0x60000\n"),
        "heat",
        "slower or worse",
        "too hot at some time",
    ),
    Trouble(
        "hot",
        pi4,
        wrote("sys/class/thermal/thermal_zone0/temp", "82100\n"),
        "heat",
        "slower or worse",
        "too hot now: 82 °C",
    ),
    Trouble(
        "warm",
        pi4,
        wrote("sys/class/thermal/thermal_zone0/temp", "77000\n"),
        "heat",
        "note",
        "77 °C",
    ),
    Trouble(
        "little-memory",
        pi4,
        wrote("proc/meminfo", "MemTotal: 3884096 kB\nMemAvailable: 90000 kB\n"),
        "memory",
        "slower or worse",
        "88 MiB of memory are free",
    ),
    Trouble(
        "little-allowed",
        container,
        both(
            wrote("sys/fs/cgroup/memory.max", f"{200 * 2**20}\n"),
            wrote("sys/fs/cgroup/memory.current", f"{120 * 2**20}\n"),
        ),
        "memory",
        "slower or worse",
        "80 MiB of memory are free",
    ),
    Trouble(
        "no-swap",
        pi3,
        wrote("proc/swaps", "Filename Type Size Used Priority\n"),
        "memory",
        "note",
        "no swap",
        ("sudo apt install -y zram-tools",),
    ),
    Trouble(
        "swap-on-the-card",
        pi3,
        wrote("proc/swaps", "Filename Type Size Used Priority\n/var/swap file 99 0 -2\n"),
        "memory",
        "note",
        "swap in /var/swap",
    ),
    Trouble(
        "full-disk",
        pi4,
        changed(room=Room(50 * 2**20, 10**6, read_only=False)),
        "disk",
        "slower or worse",
        "50 MiB left",
    ),
    Trouble(
        "no-more-files",
        pi4,
        changed(room=Room(10**10, 12, read_only=False)),
        "disk",
        "slower or worse",
        "room for 12 files",
    ),
    Trouble(
        "read-only",
        pi4,
        changed(room=Room(10**10, 10**6, read_only=True)),
        "disk",
        "slower or worse",
        "mounted read-only",
        ("sudo mount -o remount,rw",),
    ),
    Trouble(
        "somebody-elses-folder",
        pi4,
        changed(unusable=("home/ada",)),
        "disk",
        "slower or worse",
        "nothing can be written",
        ("sudo chown -R ada .",),
    ),
    Trouble(
        "overlay",
        pi4,
        wrote("proc/mounts", "overlay / overlay rw 0 0\n"),
        "disk",
        "note",
        "an overlay",
        ("sudo raspi-config nonint disable_overlayfs",),
    ),
    Trouble(
        "unset-clock",
        pi4,
        answered("timedatectl show -p NTPSynchronized --value", "no\n"),
        "clock",
        "slower or worse",
        "no clock of its own",
        ("sudo timedatectl set-ntp true",),
    ),
    Trouble(
        "unset-clock-with-its-own",
        pi5,
        answered("timedatectl show -p NTPSynchronized --value", "no\n"),
        "clock",
        "note",
        "not set by the network",
    ),
    Trouble(
        "clock-of-last-year",
        pi4,
        changed(now=NOON - 3e7),
        "clock",
        "slower or worse",
        "before edgeface was installed",
    ),
)


def fits(finding: Finding, trouble: Trouble) -> bool:
    return finding.check == trouble.check and trouble.found in finding.found


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda t: t.name)
def test_a_finding_is_there_with_its_trouble_and_only_then(
    trouble: Trouble, tmp_path: Path
) -> None:
    case = trouble.system(tmp_path)
    assert not [f for f in case.examine().findings if fits(f, trouble)]
    trouble.spoil(case)
    found = case.examine()
    assert found.untold == ()
    (finding,) = [f for f in found.findings if fits(f, trouble)]
    assert finding.level == trouble.level
    assert finding.why
    assert finding.commands or finding.remedy
    lines = "\n".join((finding.remedy, *finding.commands, finding.otherwise))
    for line in trouble.mend:
        assert line in lines


def test_every_check_has_a_trouble() -> None:
    assert {name for name, _ in CHECKS} == {t.check for t in TROUBLES}


def test_the_worst_comes_first(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    installed(tflite_runtime="2.14", opencv_python="4.14")(case)
    case.remove_node(0)
    levels = [f.level for f in case.examine().findings]
    assert levels == ["stops run", "slower or worse", "note"]


# What must not be said, where it looks as if it had to be.


def checks_of(case: Case) -> set[str]:
    return {f.check for f in case.examine().findings}


def test_a_clip_needs_no_camera(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.remove_node(0)
    case.source = "party.mp4"
    assert checks_of(case) == {"camera"}
    case.write("home/ada/party.mp4", "")
    assert checks_of(case) == set()
    assert not [c for c in case.ran if "VideoCapture" in " ".join(c)]


def test_a_weak_supply_is_not_called_heat(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    answered(THROTTLED, "throttled=0x50005\n")(case)
    assert checks_of(case) == {"power"}
    answered(THROTTLED, "throttled=0xd000d\n")(case)  # the limit of temperature as well
    assert checks_of(case) == {"power", "heat"}
    answered(THROTTLED, "throttled=0x40004\n")(case)
    assert checks_of(case) == {"heat"}


def test_three_amperes_do_where_the_owner_says_so(tmp_path: Path) -> None:
    case = pi5(tmp_path)
    case.write("proc/device-tree/chosen/power/max_current", struct.pack(">I", 3000))
    case.write("proc/device-tree/chosen/power/usb_max_current_enable", struct.pack(">I", 1))
    assert checks_of(case) == set()


def test_what_only_watches_cameras_does_not_use_them(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.open_by(0, 700, "wireplumber")
    case.open_by(1, 812, "motion")
    assert checks_of(case) == set()


def test_our_own_process_does_not_use_the_camera(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.open_by(0, 900, "edgeface")
    assert checks_of(case) == set()


def test_without_numpy_it_alone_is_to_blame(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    missing = broken("ImportError: No module named 'numpy'")
    case.imports = dict.fromkeys(("cv2", LITERT, "onnxruntime"), missing)
    assert checks_of(case) == {"numpy"}


def test_the_runtime_that_lacks_is_said_once(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.imports[LITERT] = MISSING
    case.verified = {"file": "a.tflite", "status": "not verified", "remedy": "pip"}
    assert checks_of(case) == {"tflite"}


def test_another_detector_does_without_cascades(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.imports["cv2"] = {**CV2, "haar": False, "cascades": []}
    with sealed.new_folder(case.root / "home/ada/bundles/newer") as new:
        said = {"files": [{"format": "tflite"}], "detector": "yunet"}
        (new / "manifest.json").write_text(json.dumps(said))
    (finding,) = case.examine().findings
    assert (finding.check, finding.level) == ("detector", "slower or worse")


def test_a_manifest_that_is_none_hurts_nobody(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    for number, text in enumerate(("[]", "{", '{"files": 3}', '{"files": [{}]}', "\x00")):
        with sealed.new_folder(case.root / f"home/ada/bundles/odd{number}") as new:
            (new / "manifest.json").write_text(text)
        found = case.examine()
        assert found.untold == ()
        assert found.told["bundle"].startswith(str(case.root / f"home/ada/bundles/odd{number}"))


def test_an_environment_of_uv_has_no_pip(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.python_is(has_pip=False)
    case.imports["cv2"] = MISSING
    (finding,) = case.examine().findings
    assert finding.commands == (f"uv pip install --python {PY} {HEADLESS}",)


def test_other_systems_call_packages_otherwise(tmp_path: Path) -> None:
    case = pc(tmp_path)
    case.imports["cv2"] = NO_GL
    for id, line in (
        ("fedora", "sudo dnf install -y mesa-libGL"),
        ("arch", "sudo pacman -S --needed libglvnd"),
    ):
        case.write("etc/os-release", f"ID={id}\n")
        (finding,) = case.examine().findings
        assert finding.commands == (line,)
    case.write("etc/os-release", "ID=odd\n")
    (finding,) = case.examine().findings
    assert finding.commands == ()
    assert "holds libGL.so.1" in finding.remedy


def test_an_empty_root_is_told_and_kills_nothing(tmp_path: Path) -> None:
    case = Case(tmp_path, pi4(tmp_path / "x").python, {}, {})
    found = case.examine()
    assert {"numpy", "opencv", "camera"} <= {f.check for f in found.findings}
    assert found.untold == ()


def test_a_check_that_fails_is_told_and_the_others_look(tmp_path: Path) -> None:
    case = pi4(tmp_path)

    def room(folder: Path) -> Room:
        raise OSError(5, "Input/output error")

    facts = case.facts()
    facts.machine = replace(facts.machine, room=room, now=NOON - 3e7)
    found = examine(facts)
    assert [u.check for u in found.untold] == ["disk"]
    assert "Input/output error" in found.untold[0].reason
    assert [f.check for f in found.findings] == ["clock"]


@pytest.mark.parametrize("source", ["drawn", "drawn:3", "rtsp://camera/1", "http://camera/x"])
def test_what_comes_from_elsewhere_needs_no_camera(source: str, tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.source = source
    assert checks_of(case) == set()


# The commands themselves.


def test_the_lines_about_the_governor_write_what_systemd_reads(tmp_path: Path) -> None:
    case = pi4(tmp_path)
    case.write("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", "ondemand\n")
    (finding,) = case.examine().findings
    line = finding.commands[1].partition(" | sudo tee /etc")[0]
    written = run_command(("sh", "-c", line), 5).out
    assert written.splitlines() == [
        "[Unit]",
        "After=raspi-config.service",
        "[Service]",
        "Type=oneshot",
        f'ExecStart=/bin/sh -c "echo performance | tee {GOVERNORS}"',
        "[Install]",
        "WantedBy=multi-user.target",
    ]


def test_a_command_that_is_missing_slow_or_killed_is_an_end(tmp_path: Path) -> None:
    machine = this_machine(tmp_path)
    python = machine.python.executable
    assert run_command(("edgeface-no-such-command",), 1).missing
    assert run_command((str(tmp_path),), 1).code is None
    slow = run_command((python, "-c", "import time; time.sleep(9)"), 0.2)
    assert slow.code is None
    assert "did not end within" in slow.err
    killed = run_command((python, "-c", "import os; os.kill(os.getpid(), 4)"), 9)
    assert killed.signal == "SIGILL"
    fails = run_command((python, "-c", "raise ValueError('so')"), 9)
    assert (fails.code, fails.last_line) == (1, "ValueError: so")


FAKE_CV2 = """
CAP_V4L2 = 200
class Picture:
    shape = (480, 640, 3)
class VideoCapture:
    def __init__(self, number, api):
        assert (number, api) == (4, CAP_V4L2)
    def isOpened(self):
        return {opens}
    def read(self):
        return {there}, Picture() if {there} else None
"""


@pytest.mark.parametrize(
    ("opens", "there", "said"),
    [(True, True, "640x480"), (True, False, "dark"), (False, False, "closed")],
)
def test_a_picture_is_taken_by_a_child(opens: bool, there: bool, said: str, tmp_path: Path) -> None:
    (tmp_path / "cv2.py").write_text(FAKE_CV2.format(opens=opens, there=there))
    machine = this_machine(tmp_path)
    path = (str(tmp_path), *machine.python.path)
    facts = Facts(replace(machine, python=replace(machine.python, path=path)), source="4")
    assert look(facts, Node(4, "fake", "camera", usable=True, users=())) == said


def test_a_camera_that_is_not_there_is_closed_to_opencv_itself(tmp_path: Path) -> None:
    node = Node(99, "none", "camera", usable=True, users=())
    assert look(Facts(this_machine(tmp_path)), node) == "closed"


def test_names_that_stand_twice_are_the_same() -> None:
    from edgeface import bundlefolder
    from edgeface.doctor import held, opencv
    from edgeface.vision import haar

    assert held.MANIFEST == bundlefolder.MANIFEST
    assert opencv.HAAR_FILE == haar.HAAR_FILE
