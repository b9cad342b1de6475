#!/usr/bin/env python3
"""The comparisons of docs/results/truth.md without their three hours of trainings.

    bench/truth_comparisons.py PROXYLESS CIFAR10 FOLDER

PROXYLESS is the built command (artifacts/bin/Proxyless.Cli/release/Proxyless.Cli), CIFAR10 the folder of JPEG files that
bench/cifar_folders.py makes. Each comparison is begun by its command in truth.md, stopped before its trainings, and given
the accuracies of docs/results/truth/networks.csv: FOLDER/0.0715, 0.091, 0.103 and 0.125 of a band each, FOLDER/all of all
120 networks. A search on the same images is then evaluated in seconds:

    proxyless compare --out FOLDER/0.091 --resume --scored-by runs/a
"""
import argparse
import csv
import json
import pathlib
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRUTH = ROOT / "docs" / "results" / "truth"
LIMITS = ["0.0715", "0.091", "0.103", "0.125"]
NETWORKS = 30
RECIPE = "--threads 1 --batch-size 64 --learning-rate 1 --train-epochs 6 --erase 0".split()

# Of the table's rounding.
TOLERANCE_MS = 1e-6


def begin(command, images, limit, folder):
    """Begins a comparison and stops it once its networks are measured."""
    process = subprocess.Popen(
        [command, "compare", "--data", images, "--space", ROOT / "configs" / "spaces" / "cifar16-search.yaml"]
        + ["--target", TRUTH / "target.yaml", "--latency", limit, "--network", f"random:{NETWORKS}"]
        + ["--out", folder, "--quiet", *RECIPE]
    )
    while process.poll() is None and not (folder / "comparison.json").exists():
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    process.wait()
    measured = len(list(folder.glob("networks/*/measurement.json")))
    if measured != NETWORKS:
        raise SystemExit(f"{folder}: {measured} of {NETWORKS} networks are there; see what the command said")


def fill(folder, rows):
    """Puts the accuracies of the table in the place of trainings."""
    for row in rows:
        network = folder / "networks" / row["network"]
        (latency,) = json.loads((network / "measurement.json").read_text())["latencies"].values()
        if abs(latency - float(row["latency_ms"])) > TOLERANCE_MS:
            raise SystemExit(f"{network} takes {latency} ms, in the table {row['latency_ms']}: it is another network")
        training = network / "seed-0"
        shutil.rmtree(training, ignore_errors=True)
        training.mkdir()
        # The table has no top-5 accuracies and no times, which no rank depends on.
        result = {"top1": float(row["top1"]), "top5": 1, "train_seconds": 0, "test_images": 10000}
        (training / "result.json").write_text(json.dumps(result))


def join(folders, joined):
    """Makes one comparison of the networks of all."""
    shutil.copytree(folders[-1], joined, ignore=shutil.ignore_patterns("networks", ".lock*"))
    plan = json.loads((joined / "comparison.json").read_text())
    plan["networks"] = []
    for folder in folders:
        for network in json.loads((folder / "comparison.json").read_text())["networks"]:
            name = f"{network['name']}-{folder.name}"
            plan["networks"].append({**network, "name": name})
            shutil.copytree(folder / "networks" / network["name"], joined / "networks" / name)
    (joined / "comparison.json").write_text(json.dumps(plan))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("proxyless", "cifar10", "folder"):
        parser.add_argument(name, type=pathlib.Path)
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder} exists; give another folder")
    with open(TRUTH / "networks.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    folders = []
    for band, limit in enumerate(LIMITS, 1):
        folder = options.folder / limit
        begin(options.proxyless.resolve(), options.cifar10, limit, folder)
        fill(folder, [row for row in rows if row["band"] == str(band)])
        folders.append(folder)
    join(folders, options.folder / "all")


if __name__ == "__main__":
    main()
