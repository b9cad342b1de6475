#!/usr/bin/env python3
"""CIFAR-10 as JPEG files in a folder for each class, as the measurements in docs/results have it.

    bench/cifar_folders.py BINARY FOLDER [--of-each TRAIN TEST]

BINARY is what `proxyless data get cifar10` writes. Makes FOLDER/train/CLASS/NNNNN.jpg and FOLDER/test/CLASS/NNNNN.jpg
(quality 75, colors at half resolution), numbered in the order of the binary files; with --of-each only the first TRAIN
and TEST images of each class. Debian: apt install python3-pil.
"""
import argparse
import math
import pathlib

from PIL import Image

SIDE = 32
PLANE = SIDE * SIDE
RECORD = 1 + 3 * PLANE


def write(files, classes, folder, most):
    for name in classes:
        (folder / name).mkdir(parents=True)
    counts = [0] * len(classes)
    for file in files:
        content = file.read_bytes()
        for start in range(0, len(content), RECORD):
            label = content[start]
            if counts[label] >= most:
                continue

            # Planes of red, green and blue.
            planes = [content[i:i + PLANE] for i in range(start + 1, start + RECORD, PLANE)]
            image = Image.merge("RGB", [Image.frombytes("L", (SIDE, SIDE), plane) for plane in planes])
            image.save(folder / classes[label] / f"{counts[label]:05}.jpg", quality=75, subsampling="4:2:0")
            counts[label] += 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--of-each", type=int, nargs=2, default=(math.inf, math.inf), metavar=("TRAIN", "TEST"))
    options = parser.parse_args()
    training = sorted(options.binary.glob("data_batch_*.bin"))
    if not training:
        parser.error(f"{options.binary} has no data_batch_*.bin; 'proxyless data get cifar10' downloads them")
    if options.folder.exists():
        parser.error(f"{options.folder} exists; give another folder")
    classes = (options.binary / "batches.meta.txt").read_text(encoding="utf-8").split()
    most_training, most_test = options.of_each
    write(training, classes, options.folder / "train", most_training)
    write([options.binary / "test_batch.bin"], classes, options.folder / "test", most_test)


if __name__ == "__main__":
    main()
