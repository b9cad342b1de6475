"""Images a second of torchvision with Pillow, one thread, augmented as `proxyless bench data` augments photographs.

    python3 torchvision_images.py FOLDER [RESOLUTION] [EPOCHS]

Prints the median over the epochs after the first. Debian: apt install python3-torchvision.
"""
import pathlib
import statistics
import sys
import time

import torch
from PIL import Image
from torchvision import transforms

folder = pathlib.Path(sys.argv[1])
resolution = int(sys.argv[2]) if len(sys.argv) > 2 else 224
epochs = int(sys.argv[3]) if len(sys.argv) > 3 else 5
files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png"))
torch.set_num_threads(1)
augment = transforms.Compose([
    transforms.RandomResizedCrop(resolution, scale=(0.25, 1)),
    transforms.RandomHorizontalFlip(),
    transforms.ColorJitter(0.2, 0.2, 0.2),
    transforms.ToTensor(),
    transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
])


def rate():
    start = time.perf_counter()
    for path in files:
        with Image.open(path) as image:
            augment(image.convert("RGB"))
    return len(files) / (time.perf_counter() - start)


rates = [rate() for _ in range(epochs + 1)][1:]
print(f"torchvision {len(files)} images {statistics.median(rates):.0f} images/s, fastest {max(rates):.0f}")
