"""Train the second bundled network: what the ground of a picture is covered with.

    /usr/bin/python3 zoo/train_ground.py --work DIR    # ten minutes on one core

needs what train.py needs, whose parts it borrows. Started again with the same
DIR, it goes on where it stopped; `--only-export` skips the training.

The idea is train.py's: no picture is shown twice, nearly all are small (112
pixels, of which 96 are looked at), and the last ones are full ones made
smaller as the model card says. A ground looks the same mirrored and turned,
so every picture comes in one of eight ways.

Seeds: as in train.py, 1 is the demo's and 2 the held-out one; training draws
from 2000 only.
"""
import argparse
import os
import subprocess
import sys
import time

import numpy as np
import torch
from torch import nn

from train import (DECAY, DEMO_SEED, HERE, TEST_SEED, build_drawer, count_macs,
                   groups_of, interval, layer, rename, to_input)
import train

GROUNDS = 4
SIDE, CROP = 112, 96
SEED = 2000
CHUNK, BATCH = 4096, 32
SMALL, FULL = 36, 4  # chunks of pictures drawn small, and drawn in full
TOP_RATE = 4e-3


class Net(nn.Module):
    """Plain convolutions: a pattern is a local thing, and pooled at the end."""

    WIDTHS = [(16, 2), (32, 2), (32, 1), (64, 2), (64, 1), (96, 2)]

    def __init__(self):
        super().__init__()
        layers, wide = [], 3
        for wide_out, stride in self.WIDTHS:
            layers.append(layer(wide, wide_out, 3, stride))
            wide = wide_out
        self.layers = nn.Sequential(*layers)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.logits = nn.Linear(wide, GROUNDS)

    def forward(self, x):
        x = self.layers(x)
        return self.logits(torch.flatten(self.pool(x), 1))

    def tensors(self):
        for i in range(len(self.WIDTHS)):
            yield from [("Conv", "conv%d_conv" % (i + 1)),
                        ("Relu", "conv%d" % (i + 1))]
        yield from [("GlobalAveragePool", "pool"), ("Flatten", "flat"),
                    ("Gemm", "logits")]


def draw(drawer, work, seed, first, count, side, quality=92):
    """(count x side x side x 3 bytes, the grounds)."""
    stream = os.path.join(work, "pixels")
    answers = os.path.join(work, "grounds")
    subprocess.run([drawer, "--raw", stream, "--grounds", answers,
                    "--seed", str(seed), "--first", str(first),
                    "--count", str(count), "--size", str(side),
                    "--quality", str(quality)], check=True)
    pixels = np.fromfile(stream, np.uint8)[16:]
    os.remove(stream)
    return (pixels.reshape(count, side, side, 3),
            torch.from_numpy(np.fromfile(answers, np.uint8).astype(np.int64)))


def shrink(pixels):
    """Full pictures to SIDE, bilinear and antialiased, as the card says."""
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
    x = nn.functional.interpolate(x, (SIDE, SIDE), mode="bilinear",
                                  antialias=True, align_corners=False)
    return x.round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()


def one_of_eight(pixels, dice):
    room = SIDE - CROP
    out = np.empty((len(pixels), CROP, CROP, 3), np.uint8)
    for i, picture in enumerate(pixels):
        y, x = dice.integers(0, room + 1, 2)
        part = np.rot90(picture[y:y + CROP, x:x + CROP], dice.integers(4))
        out[i] = part[:, ::-1] if dice.integers(2) else part
    return out


def middle(pixels):
    at = (SIDE - CROP) // 2
    return pixels[:, at:at + CROP, at:at + CROP]


def train_chunk(net, optimiser, drawer, work, number):
    dice = np.random.default_rng(number)
    quality = train.QUALITIES[number % len(train.QUALITIES)]
    is_full = number >= SMALL
    pixels, grounds = draw(drawer, work, SEED, number * CHUNK, CHUNK,
                           256 if is_full else SIDE, quality)
    steps, right, loss_sum = CHUNK // BATCH, 0, 0.0
    net.train()
    for step in range(steps):
        part = pixels[step * BATCH:(step + 1) * BATCH]
        labels = grounds[step * BATCH:(step + 1) * BATCH]
        for group in optimiser.param_groups:
            done = (number + step / steps) / (SMALL + FULL)
            group["lr"] = train.rate_at(done) * TOP_RATE / train.TOP_RATE
        x = to_input(one_of_eight(shrink(part) if is_full else part, dice))
        scores = net(x.contiguous(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(scores, labels,
                                           label_smoothing=0.02)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss_sum += loss.item() / steps
        right += (scores.argmax(1) == labels).sum().item()
    return loss_sum, right / CHUNK


def run_chunks(net, drawer, work):
    start, path = 0, os.path.join(work, "ground.pt")
    optimiser = torch.optim.AdamW(groups_of(net), lr=TOP_RATE,
                                  weight_decay=DECAY)
    if os.path.exists(path):
        saved = torch.load(path)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        start = saved["chunks"]
    for number in range(start, SMALL + FULL):
        began = time.process_time()
        loss, right = train_chunk(net, optimiser, drawer, work, number)
        torch.save({"net": net.state_dict(), "chunks": number + 1,
                    "optimiser": optimiser.state_dict()}, path + ".new")
        os.replace(path + ".new", path)
        print("%3d/%d  loss %.3f  right %.1f %%  %.0f s of processor"
              % (number + 1, SMALL + FULL, loss, 100 * right,
                 time.process_time() - began), flush=True)


def evaluate(net, drawer, work, seed, count):
    net.eval()
    confused = np.zeros((GROUNDS, GROUNDS), int)
    pixels, grounds = draw(drawer, work, seed, 0, count, 256)
    with torch.no_grad():
        for at in range(0, count, 64):
            x = to_input(middle(shrink(pixels[at:at + 64])))
            best = net(x.contiguous(memory_format=torch.channels_last)).argmax(1)
            np.add.at(confused, (grounds[at:at + 64].numpy(), best.numpy()), 1)
    right = int(confused.trace())
    low, high = interval(right, count)
    print("seed %d: %d of %d right: %.2f %%, 95 %% interval %.2f to %.2f %%"
          % (seed, right, count, 100 * right / count, 100 * low, 100 * high))
    print(confused)


def export(net, path):
    import onnx
    net = net.eval().to(memory_format=torch.contiguous_format)
    torch.onnx.export(net, torch.zeros(1, 3, CROP, CROP), path,
                      opset_version=13, input_names=["image"],
                      output_names=["logits"])
    model = onnx.load(path)
    rename(model, net)
    model.graph.name = "ground"
    model.doc_string = "Four kinds of ground; see zoo/README.md of cleave."
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    train.CLASSES = GROUNDS
    macs, weights = count_macs(model)
    print("%s: %.3f million weights, %.1f million MACs, %d bytes"
          % (os.path.basename(path), weights / 1e6, macs / 1e6,
             os.path.getsize(path)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", required=True, metavar="DIR",
                        help="folder for the drawing program and checkpoints")
    parser.add_argument("--out", default=os.path.join(HERE, "ground.onnx"))
    parser.add_argument("--only-export", action="store_true",
                        help="take the checkpoint as it is")
    parser.add_argument("--held-out", type=int, default=4096, metavar="N")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    drawer = build_drawer(args.work)
    net = Net().to(memory_format=torch.channels_last)
    if args.only_export:
        saved = torch.load(os.path.join(args.work, "ground.pt"))
        net.load_state_dict(saved["net"])
    else:
        run_chunks(net, drawer, args.work)
    evaluate(net, drawer, args.work, TEST_SEED, args.held_out)
    evaluate(net, drawer, args.work, DEMO_SEED, 480)
    export(net, args.out)


if __name__ == "__main__":
    sys.exit(main())
