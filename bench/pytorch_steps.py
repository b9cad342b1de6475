#!/usr/bin/env python3
"""Weight steps of ours and of PyTorch, in turn: how much faster are ours?

    bench/pytorch_steps.py CLI [--batch N] [--resolution N] [--steps N] [--rounds N] [--threads N]

CLI is the built command line (artifacts/bin/Proxyless.Cli/release/Proxyless.Cli). PyTorch trains random paths of the same space
(imagenet-mobile), built from its own modules: as it comes, and with channels-last tensors and an allocator that keeps its memory.
Both have the same number of threads. Prints the medians of the rounds and of their ratios.
Debian: apt install python3-torch.
"""
import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import time

# Width, blocks, stride of the first block: the stages of the space.
STAGES = [(24, 4, 2), (40, 4, 2), (80, 4, 2), (96, 4, 1), (192, 4, 2), (320, 1, 1)]
STEM, FIRST, HEAD, CLASSES = 32, 16, 1280, 1000
CANDIDATES = [(kernel, expansion) for kernel in (3, 5, 7) for expansion in (3, 6)]

# As in Runtime/Allocator.cs.
ALLOCATOR = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(2**31 - 1), "MALLOC_TOP_PAD_": str(256 << 20)}


def steps_of_pytorch(options):
    import torch
    from torch import nn

    def layer(inputs, outputs, kernel, stride=1, groups=1, activates=True):
        convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        parts = [convolution, nn.BatchNorm2d(outputs)]
        return nn.Sequential(*parts, nn.ReLU6(inplace=True)) if activates else nn.Sequential(*parts)

    class Block(nn.Module):
        def __init__(self, inputs, outputs, kernel, expansion, stride):
            super().__init__()
            hidden = inputs * expansion
            expand = [layer(inputs, hidden, 1)] if expansion > 1 else []
            self.layers = nn.Sequential(
                *expand,
                layer(hidden, hidden, kernel, stride, groups=hidden),
                layer(hidden, outputs, 1, activates=False),
            )
            self.has_shortcut = stride == 1 and inputs == outputs

        def forward(self, x):
            return x + self.layers(x) if self.has_shortcut else self.layers(x)

    def network(source):
        layers = [layer(3, STEM, 3, 2), Block(STEM, FIRST, 3, 1, 1)]
        width = FIRST
        for outputs, blocks, stride in STAGES:
            for i in range(blocks):
                # A block that may be left out is so in one of seven draws.
                choice = source.randrange(len(CANDIDATES) + (i > 0))
                if choice < len(CANDIDATES):
                    kernel, expansion = CANDIDATES[choice]
                    layers.append(Block(width, outputs, kernel, expansion, stride if i == 0 else 1))
                width = outputs
        layers += [layer(width, HEAD, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(HEAD, CLASSES)]
        return nn.Sequential(*layers)

    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    source = random.Random(0)
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    images = torch.randn(options.batch, 3, options.resolution, options.resolution).to(memory_format=layout)
    labels = torch.randint(0, CLASSES, (options.batch,))
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    times = []
    for _ in range(options.steps + 3):
        model = network(source).to(memory_format=layout)
        optimizer = torch.optim.SGD(model.parameters(), 1e-3, momentum=0.9, weight_decay=4e-5, nesterov=True)

        # The optimizer of a search has its momenta already.
        for parameter in model.parameters():
            parameter.grad = torch.zeros_like(parameter)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        start = time.perf_counter()
        loss(model(images), labels).backward()
        optimizer.step()
        times.append(1e3 * (time.perf_counter() - start))
    print(json.dumps({"median_ms": statistics.median(times[3:]), "torch": torch.__version__}))


def measure(words, environment=None):
    found = subprocess.run(words, check=True, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    return json.loads(found.stdout)["median_ms"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cli", nargs="?")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--resolution", type=int, default=112)
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--channels-last", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inner:
        steps_of_pytorch(options)
        return
    if options.cli is None:
        parser.error("the built command line is missing: artifacts/bin/Proxyless.Cli/release/Proxyless.Cli")
    shape = ["--batch", str(options.batch), "--resolution", str(options.resolution), "--steps", str(options.steps),
             "--threads", str(options.threads)]
    ours = [options.cli, "bench", "--mode", "weight", "--space", "imagenet-mobile", "--json", *shape]
    theirs = [sys.executable, os.path.abspath(__file__), "--inner", *shape]
    times = {"ours": [], "PyTorch as it comes": [], "PyTorch, channels-last and tuned allocator": []}
    for _ in range(options.rounds):
        for name, words, environment in zip(times, (ours, theirs, [*theirs, "--channels-last"]), ({}, {}, ALLOCATOR)):
            times[name].append(measure(words, environment))
    for name, own in times.items():
        ratios = [theirs / ours for theirs, ours in zip(own, times["ours"])]
        print(f"{name}: {statistics.median(own):.0f} ms, {statistics.median(ratios):.2f} times ours "
              f"({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
