#!/usr/bin/env python3
"""How alike two latency tables of one space order its networks: bench/latency_tables.py A.json B.json

Draws a candidate, or nothing where a block may vanish, for each different block of the tables and compares the sums.
Prints Kendall's tau, and the deciles of B among the draws that take 90 to 100 % of A's median. Standard library only.
"""
import collections
import itertools
import json
import random
import sys

DRAWS = 1000


def read(path):
    with open(path, encoding="utf-8") as file:
        return {key: entry["milliseconds"] for key, entry in json.load(file)["entries"].items()}


def main(first, second):
    a, b = read(first), read(second)
    blocks = collections.defaultdict(list)
    for key in a:
        operation, shapes = key.split(" ", 1)
        blocks[shapes if operation.startswith("mb") else key].append(key)
    fixed = [keys[0] for keys in blocks.values() if len(keys) == 1]
    searched = {shapes: keys for shapes, keys in blocks.items() if len(keys) > 1}

    def vanishes(shapes):
        inputs, outputs, stride = shapes.split(" ")
        return stride == "s1" and inputs.split("x")[0] == outputs

    def draw(generator):
        return fixed + [key for shapes, keys in searched.items()
                        for key in [generator.choice(keys + [None] if vanishes(shapes) else keys)] if key]

    generator = random.Random(1)
    sums = [(sum(a[key] for key in keys), sum(b[key] for key in keys)) for keys in (draw(generator) for _ in range(DRAWS))]
    order = [(left[0] - right[0]) * (left[1] - right[1]) for left, right in itertools.combinations(sums, 2)]
    tau = (sum(one > 0 for one in order) - sum(one < 0 for one in order)) / len(order)
    median = sorted(one for one, _ in sums)[DRAWS // 2]
    near = sorted(two for one, two in sums if 0.9 * median <= one <= median)
    print(f"Kendall's tau {tau:.2f} over {DRAWS} draws; of {len(near)} at 90 to 100 % of the first table's median, "
          f"a tenth take {near[len(near) // 10]:.3g} ms by the second, nine tenths {near[9 * len(near) // 10]:.3g} ms")


if len(sys.argv) != 3:
    sys.exit(__doc__)
main(*sys.argv[1:])
