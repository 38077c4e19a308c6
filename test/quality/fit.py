#!/usr/bin/env python3
"""Weights for the ranking to begin with: those that make what was asked likeliest, over several logs that count as much each.

usage: fit.py [-o FILE] [-r RIDGE] DUMP ...

A DUMP is what core-replay -d writes of a log.  The weights are those of a conditional logit, found by Newton's method with a
small ridge; core-replay -w FILE replays with them.  For figures of a log that the weights were not chosen on, leave its dump out.
Needs numpy.
"""
import argparse
import sys

import numpy as np

# Judgement, or nothing that a log of mere events shows: they keep their weights.
KEPT = {"rhythm", "context", "new_table", "passed_over", "taste"}
MOST = 6000  # decisions of a log


class Decisions:
    """Of those decisions whose query was among the offers: the offers' features, one below the other."""

    def __init__(self, path):
        raw = open(path, "rb").read()
        nfeatures = int(np.frombuffer(raw, np.int32, 1)[0])
        self.names = [raw[4 + 32 * f:36 + 32 * f].split(b"\0")[0].decode() for f in range(nfeatures)]
        place = 4 + 32 * nfeatures
        decisions = []
        while place < len(raw):
            n, taken = (int(x) for x in np.frombuffer(raw, np.int32, 2, place))
            if taken >= 0:
                decisions.append((place + 24, n, taken))
            place += 24 + 4 * n * nfeatures
        decisions = [decisions[i] for i in np.linspace(0, len(decisions) - 1, min(MOST, len(decisions))).astype(int)]
        self.features = np.concatenate([np.frombuffer(raw, np.float32, n * nfeatures, place).reshape(n, nfeatures) for place, n, _ in decisions])
        self.counts = np.array([n for _, n, _ in decisions])
        self.starts = np.concatenate([[0], np.cumsum(self.counts)[:-1]])
        self.taken = self.starts + np.array([taken for _, _, taken in decisions])

    def slopes(self, weights, columns):
        """The mean log-likelihood, its gradient and the negative of its second derivatives."""
        features = self.features[:, columns]
        decision = np.repeat(np.arange(len(self.counts)), self.counts)
        scores = (features @ weights.astype(np.float32)).astype(float)
        scores -= np.maximum.reduceat(scores, self.starts)[decision]
        shares = np.exp(scores)
        shares /= np.add.reduceat(shares, self.starts)[decision]
        weighed = features * shares[:, None].astype(np.float32)
        expected = np.add.reduceat(weighed, self.starts, axis=0)
        n = len(self.counts)
        return (np.log(shares[self.taken]).mean(), (features[self.taken] - expected).mean(0).astype(float),
                (features.T @ weighed - expected.T @ expected).astype(float) / n)


def fit(logs, columns, ridge):
    weights = np.zeros(len(columns))
    for _ in range(20):
        likelihood, gradient, curvature = 0.0, -ridge * weights, ridge * np.eye(len(columns))
        for log in logs:
            l, g, c = log.slopes(weights, columns)
            likelihood += l / len(logs)
            gradient = gradient + g / len(logs)
            curvature = curvature + c / len(logs)
        step = np.linalg.solve(curvature, gradient)
        weights = weights + step * min(1.0, 1.0 / abs(step).max())
        if abs(step).max() < 1e-4:
            break
    return weights, likelihood


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("-o", default="/dev/stdout")
    parser.add_argument("-r", type=float, default=0.002)
    parser.add_argument("-x", default="", help="features to do without, separated by commas")
    parser.add_argument("dumps", nargs="+")
    options = parser.parse_args()
    logs = [Decisions(path) for path in options.dumps]
    names = logs[0].names
    without = KEPT | set(options.x.split(","))
    columns = [f for f, name in enumerate(names) if name not in without and any(log.features[:, f].std() > 0 for log in logs)]
    weights, likelihood = fit(logs, columns, options.r)
    print("mean log-likelihood %.4f" % likelihood, file=sys.stderr)
    with open(options.o, "w") as file:
        for f, weight in zip(columns, weights):
            file.write("%s %.2f\n" % (names[f], weight))
        for name in options.x.split(","):
            if name:
                file.write("%s 0\n" % name)


if __name__ == "__main__":
    main()
