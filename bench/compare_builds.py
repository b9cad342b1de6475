#!/usr/bin/env python3
"""Steps of two builds in alternation: is the new one slower, does it take more memory?

    bench/compare_builds.py OLD NEW [--mode MODE] [--space SPACE] [--batch N]
                            [--resolution N] [--steps N] [--pairs N]

OLD and NEW are the built command lines (artifacts/bin/Proxyless.Cli/release/Proxyless.Cli). The order changes from pair to
pair. Prints the median of the ratios new/old with its 95 % interval (bootstrap, seed 1).
"""
import argparse
import json
import random
import statistics
import subprocess


def measure(program, options):
    words = [program, "bench", "--mode", options.mode, "--space", options.space, "--batch", str(options.batch)]
    words += ["--steps", str(options.steps), "--json"]
    if options.resolution:
        words += ["--resolution", str(options.resolution)]
    result = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return result["median_ms"], result["peak_mb"]


def interval(ratios):
    source = random.Random(1)
    medians = sorted(statistics.median(source.choices(ratios, k=len(ratios))) for _ in range(4000))
    return medians[100], medians[3899]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--mode", default="weight")
    parser.add_argument("--space", default="cifar")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--resolution", type=int, help="side of the images in pixels (the space's own)")
    parser.add_argument("--steps", type=int, default=24)
    parser.add_argument("--pairs", type=int, default=20)
    options = parser.parse_args()
    times, memories = [], []
    for pair in range(options.pairs):
        order = [options.old, options.new] if pair % 2 == 0 else [options.new, options.old]
        found = {program: measure(program, options) for program in order}
        times.append(found[options.new][0] / found[options.old][0])
        memories.append(found[options.new][1] / found[options.old][1])
    for name, ratios in (("step time", times), ("memory", memories)):
        low, high = interval(ratios)
        print(f"{name}, new/old: {statistics.median(ratios):.3f}, 95 % interval {low:.3f} to {high:.3f}, {len(ratios)} pairs")


if __name__ == "__main__":
    main()
