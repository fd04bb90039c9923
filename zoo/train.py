"""Train the bundled network on drawn pictures and write it as ONNX.

Run it from anywhere, with Debian 12's own Python:

    apt-get install --no-install-recommends gcc libturbojpeg0-dev \\
        python3-torch python3-onnx python3-numpy
    /usr/bin/python3 zoo/train.py --work DIR     # about 45 minutes on one core

It compiles cleave-draw into DIR, trains, writes a checkpoint there after every
few thousand pictures, and at the end writes shapes.onnx beside this file and
prints the accuracy on pictures it has never seen. Started again with the same
DIR, it goes on where it stopped; `--only-export` skips the training.

The idea: pictures cost a millisecond each to draw, so none is shown twice and
nothing can be learnt by heart. Most are small (112 pixels), which is eight
times cheaper than 224; the last ones have the full size, to adapt to it.

Seeds: 1 is the demo's picture set and 2 the larger held-out set; training
draws from seed 1000 only.
"""
import argparse
import math
import os
import struct
import subprocess
import sys
import time

import numpy as np
import torch
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
CLASSES = 16
CHUNK = 4096  # pictures between two checkpoints
# side drawn, side cropped from it, pictures a step, chunks
PHASES = [(128, 112, 32, 52), (184, 160, 32, 10), (256, 224, 32, 6)]
QUALITIES = [92, 85, 92, 70, 92, 55]  # of JPEG, chunk by chunk
HARD = 100  # of the pictures the accuracy is promised for, as cleave-draw's
TOP_RATE, DECAY, SMOOTHING = 3e-3, 0.02, 0.05
DEMO_SEED, TEST_SEED, TRAIN_SEED = 1, 2, 1000


# --- the network -----------------------------------------------------------

def layer(wide_in, wide_out, side=1, stride=1, groups=1, relu=True):
    parts = [nn.Conv2d(wide_in, wide_out, side, stride, side // 2,
                       groups=groups, bias=False), nn.BatchNorm2d(wide_out)]
    return nn.Sequential(*parts, *([nn.ReLU()] if relu else []))


class Block(nn.Module):
    """Widen, look around, narrow again; `fused` widens and looks at once.

    The last block of a stage ends in a ReLU: its narrow, half-empty output is
    where cutting the network costs the fewest bytes.
    """

    def __init__(self, wide_in, wide_out, stride, factor, fused, last):
        super().__init__()
        wide = wide_in * factor
        self.expand = layer(wide_in, wide, 3 if fused else 1,
                            stride if fused else 1)
        self.depth = None if fused else layer(wide, wide, 3, stride, wide)
        self.project = layer(wide, wide_out, relu=False)
        self.adds = stride == 1 and wide_in == wide_out
        self.last = last

    def forward(self, x):
        y = self.expand(x)
        y = y if self.depth is None else self.depth(y)
        y = self.project(y)
        y = y + x if self.adds else y
        return torch.relu(y) if self.last else y

    def tensors(self, name):
        """(operator, output name) of every node, in the graph's order."""
        yield from [("Conv", name + "_expand_conv"), ("Relu", name + "_expand")]
        if self.depth is not None:
            yield from [("Conv", name + "_depth_conv"), ("Relu", name + "_depth")]
        tail = ["Conv"] + ["Add"] * self.adds + ["Relu"] * self.last
        names = {"Conv": "_project", "Add": "_sum", "Relu": "_out"}
        for op in tail[:-1]:
            yield op, name + names[op]
        yield tail[-1], name + "_out"


class Net(nn.Module):
    # width, stride, widening, fused, last of its stage
    BLOCKS = [(24, 2, 3, True, False), (24, 1, 4, False, True),
              (32, 2, 4, False, False), (32, 1, 4, False, False),
              (32, 1, 4, False, True),
              (64, 2, 4, False, False), (64, 1, 4, False, False),
              (64, 1, 4, False, True),
              (128, 2, 4, False, False), (128, 1, 3, False, True)]

    def __init__(self):
        super().__init__()
        self.stem = layer(3, 16, 3, 2)
        blocks, wide = [], 16
        for wide_out, stride, factor, fused, last in self.BLOCKS:
            blocks.append(Block(wide, wide_out, stride, factor, fused, last))
            wide = wide_out
        self.blocks = nn.Sequential(*blocks)
        self.head = layer(wide, 256)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.logits = nn.Linear(256, CLASSES)

    def forward(self, x):
        x = self.head(self.blocks(self.stem(x)))
        return self.logits(torch.flatten(self.pool(x), 1))

    def tensors(self):
        yield from [("Conv", "stem_conv"), ("Relu", "stem")]
        for i, block in enumerate(self.blocks):
            yield from block.tensors("block%d" % (i + 1))
        yield from [("Conv", "head_conv"), ("Relu", "head"),
                    ("GlobalAveragePool", "pool"), ("Flatten", "flat"),
                    ("Gemm", "logits")]


# --- pictures --------------------------------------------------------------

def build_drawer(work):
    """Compile cleave-draw; contraction off, so that every machine agrees."""
    drawer = os.path.join(work, "cleave-draw")
    sources = [os.path.join(HERE, f) for f in ("draw.c", "scene.c", "figures.c")]
    subprocess.run(["cc", "-std=c17", "-O2", "-ffp-contract=off",
                    "-D_POSIX_C_SOURCE=200809L", "-o", drawer, *sources,
                    "-lturbojpeg", "-lm"], check=True)
    return drawer


def pictures(drawer, seed, first, count, side, quality, batch,
             hard=HARD):
    """Yield (pixels: batch x side x side x 3 bytes, labels)."""
    with subprocess.Popen([drawer, "--raw", "-", "--seed", str(seed),
                           "--first", str(first), "--count", str(count),
                           "--size", str(side), "--quality", str(quality),
                           "--hard", str(hard)],
                          stdout=subprocess.PIPE) as process:
        magic, told, told_side = struct.unpack("<8sII", process.stdout.read(16))
        if (magic, told, told_side) != (b"CLVRAW01", count, side):
            sys.exit("train.py: cleave-draw's stream is not the expected one")
        for start in range(0, count, batch):
            n = min(batch, count - start)
            pixels = np.frombuffer(process.stdout.read(n * side * side * 3),
                                   np.uint8).reshape(n, side, side, 3)
            labels = (np.arange(n) + first + start) % CLASSES
            yield pixels, torch.from_numpy(labels)


def to_input(pixels):
    """Bytes to what the card says: (x / 255 - 0.5) / 0.5, channels first."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)).float()
    return (x * (2.0 / 255.0) - 1.0).permute(0, 3, 1, 2)


def crop_at_random(pixels, crop, dice):
    room = pixels.shape[1] - crop
    out = np.empty((len(pixels), crop, crop, 3), np.uint8)
    for i, picture in enumerate(pixels):
        y, x = dice.integers(0, room + 1, 2)
        part = picture[y:y + crop, x:x + crop]
        out[i] = part[:, ::-1] if dice.integers(2) else part
    return out


def crop_middle(pixels, crop):
    at = (pixels.shape[1] - crop) // 2
    return pixels[:, at:at + crop, at:at + crop]


# --- training --------------------------------------------------------------

def schedule():
    """One entry a chunk: (side, crop, batch, part of the work before it)."""
    cost = [crop * crop for _, crop, _, n in PHASES for _ in range(n)]
    rows = [(side, crop, batch) for side, crop, batch, n in PHASES
            for _ in range(n)]
    total = sum(cost)
    return [(*row, sum(cost[:i]) / total, cost[i] / total)
            for i, row in enumerate(rows)]


def rate_at(done):
    """Rises for the first 6 % of the work, then falls as a cosine to nought."""
    if done < 0.06:
        return TOP_RATE * (0.05 + 0.95 * done / 0.06)
    return TOP_RATE * 0.5 * (1 + math.cos(math.pi * (done - 0.06) / 0.94))


def hard_at(number):
    """Easy pictures get the learning started; full size comes with HARD."""
    if number < 30:
        return min(HARD, 10 + 6 * number)
    return 80 if number < 62 else HARD


def train_chunk(net, optimiser, drawer, number, row):
    side, crop, batch, before, share = row
    dice = np.random.default_rng(number)
    steps, right, loss_sum = CHUNK // batch, 0, 0.0
    net.train()
    stream = pictures(drawer, TRAIN_SEED, number * CHUNK, CHUNK, side,
                      QUALITIES[number % len(QUALITIES)], batch,
                      hard_at(number))
    for step, (pixels, labels) in enumerate(stream):
        for group in optimiser.param_groups:
            group["lr"] = rate_at(before + share * step / steps)
        x = to_input(crop_at_random(pixels, crop, dice))
        scores = net(x.contiguous(memory_format=torch.channels_last))
        loss = nn.functional.cross_entropy(scores, labels,
                                           label_smoothing=SMOOTHING)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss_sum += loss.item() / steps
        right += (scores.argmax(1) == labels).sum().item()
    return loss_sum, right / CHUNK


def groups_of(net):
    """Weights decay; biases and normalisation do not."""
    many = [p for p in net.parameters() if p.dim() > 1]
    few = [p for p in net.parameters() if p.dim() <= 1]
    return [{"params": many, "weight_decay": DECAY},
            {"params": few, "weight_decay": 0.0}]


def train(net, drawer, work):
    rows, start = schedule(), 0
    path = os.path.join(work, "checkpoint.pt")
    optimiser = torch.optim.AdamW(groups_of(net), lr=TOP_RATE)
    if os.path.exists(path):
        saved = torch.load(path)
        net.load_state_dict(saved["net"])
        optimiser.load_state_dict(saved["optimiser"])
        start = saved["chunks"]
    for number in range(start, len(rows)):
        began = time.monotonic()
        loss, right = train_chunk(net, optimiser, drawer, number, rows[number])
        torch.save({"net": net.state_dict(), "chunks": number + 1,
                    "optimiser": optimiser.state_dict()}, path + ".new")
        os.replace(path + ".new", path)
        seconds = time.monotonic() - began
        print("%3d/%d  side %d  loss %.3f  right %.1f %%  %.0f pictures/s"
              % (number + 1, len(rows), rows[number][1], loss, 100 * right,
                 CHUNK / seconds), flush=True)


# --- the answer ------------------------------------------------------------

def interval(right, n):
    """Wilson's 95 % interval of a proportion."""
    z, p = 1.96, right / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n
                                           + z * z / (4 * n * n))
    return middle - half, middle + half


def evaluate(net, drawer, seed, count, side=256, crop=224):
    net.eval()
    confused = np.zeros((CLASSES, CLASSES), int)
    with torch.no_grad():
        for pixels, labels in pictures(drawer, seed, 0, count, side, 92, 32):
            x = to_input(crop_middle(pixels, crop))
            best = net(x.contiguous(memory_format=torch.channels_last)).argmax(1)
            np.add.at(confused, (labels.numpy(), best.numpy()), 1)
    right = int(confused.trace())
    low, high = interval(right, count)
    print("seed %d: %d of %d right: %.2f %%, 95 %% interval %.2f to %.2f %%"
          % (seed, right, count, 100 * right / count, 100 * low, 100 * high))
    return confused


def rename(model, net):
    """Give every tensor the name it has in Net.tensors()."""
    graph, wanted = model.graph, list(net.tensors())
    if [n.op_type for n in graph.node] != [op for op, _ in wanted]:
        sys.exit("train.py: the exported graph has other operators than the "
                 "network: %s" % [n.op_type for n in graph.node])
    new = {}
    for node, (op, name) in zip(graph.node, wanted):
        new[node.output[0]] = node.name = name
        if op in ("Conv", "Gemm"):
            layer_name = name[:-5] if name.endswith("_conv") else name
            new[node.input[1]] = layer_name + "_weight"
            new[node.input[2]] = layer_name + "_bias"
    for node in graph.node:
        node.input[:] = [new.get(x, x) for x in node.input]
        node.output[:] = [new.get(x, x) for x in node.output]
    for weight in graph.initializer:
        weight.name = new[weight.name]
    del graph.value_info[:]


def count_macs(model):
    import onnx
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
              for v in onnx.shape_inference.infer_shapes(model).graph.value_info}
    shapes["logits"] = [1, CLASSES]
    weights = {w.name: list(w.dims) for w in model.graph.initializer}
    macs = 0
    for node in model.graph.node:
        if node.op_type in ("Conv", "Gemm"):
            per = weights[node.input[1]][1:]
            macs += math.prod(shapes[node.output[0]]) * math.prod(per)
    return macs, sum(math.prod(d) for d in weights.values())


def export(net, path):
    import onnx
    net = net.eval().to(memory_format=torch.contiguous_format)
    torch.onnx.export(net, torch.zeros(1, 3, 224, 224), path, opset_version=13,
                      input_names=["image"], output_names=["logits"])
    model = onnx.load(path)
    rename(model, net)
    model.graph.name = "shapes"
    model.doc_string = "Sixteen drawn shapes; see zoo/README.md of cleave."
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)
    macs, weights = count_macs(model)
    print("%s: %.3f million weights, %.1f million MACs, %d bytes"
          % (os.path.basename(path), weights / 1e6, macs / 1e6,
             os.path.getsize(path)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", required=True, metavar="DIR",
                        help="folder for the drawing program and checkpoints")
    parser.add_argument("--out", default=os.path.join(HERE, "shapes.onnx"))
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
        saved = torch.load(os.path.join(args.work, "checkpoint.pt"))
        net.load_state_dict(saved["net"])
    else:
        train(net, drawer, args.work)
    confused = evaluate(net, drawer, TEST_SEED, args.held_out)
    evaluate(net, drawer, DEMO_SEED, 480)
    print("class, right, most often taken for:")
    names = open(os.path.join(HERE, "classes.txt")).read().split()
    for i, name in enumerate(names):
        others = confused[i].copy()
        others[i] = -1
        print("  %-9s %5.1f %%  %s" % (name, 100 * confused[i, i]
                                       / confused[i].sum(),
                                       names[others.argmax()]))
    export(net, args.out)


if __name__ == "__main__":
    main()
