"""The simulation of the stage `robustness` in NumPy, to measure it against: see benches/all/robustness.rs.

    python3 benches/smaa.py [accounts] [draws]

Draws weights of 15 criteria in three groups from Dirichlet distributions around the declared ones, ranks all
accounts in every draw, and keeps what the stage keeps: how often each account is among the best 50, each of its
first 100 ranks, and its rank at 5, 50 and 95%. Draws are taken in blocks so that memory stays flat; the percentiles
come from counts of ranks, exact below 1 024 accounts and in a second pass above, as in the stage.
"""

import sys
import time

import numpy

GROUPS = [(0.40, [0.40, 0.20, 0.20, 0.20]), (0.25, [0.30, 0.20, 0.10, 0.20, 0.20]), (0.35, [0.25, 0.15, 0.20, 0.15, 0.10, 0.15])]
CONCENTRATION = 50
TOP = 50
RANKS = 100
INTERVALS = 1024
BLOCK = 64
PERCENTILES = [0.05, 0.50, 0.95]


def blocks(scores, known, draws):
    """The ranks of all accounts, block by block: draws by accounts, from 0."""
    random = numpy.random.Generator(numpy.random.PCG64(1))
    for start in range(0, draws, BLOCK):
        count = min(BLOCK, draws - start)
        groups = random.dirichlet([CONCENTRATION * weight for weight, _ in GROUPS], count)
        within = [random.dirichlet(CONCENTRATION * numpy.array(criteria), count) for _, criteria in GROUPS]
        weights = numpy.concatenate([groups[:, [place]] * drawn for place, drawn in enumerate(within)], axis=1)
        sums = (weights @ scores) / (weights @ known)
        order = numpy.argsort(-sums, axis=1, kind="stable")
        ranks = numpy.empty_like(order)
        numpy.put_along_axis(ranks, order, numpy.arange(sums.shape[1])[None, :], axis=1)
        yield ranks


def simulate(scores, known, draws):
    accounts = scores.shape[1]
    everybody = numpy.arange(accounts)
    width = -(-accounts // INTERVALS)
    chosen = numpy.zeros(accounts, dtype=numpy.int64)
    acceptability = numpy.zeros(accounts * RANKS, dtype=numpy.int64)
    intervals = numpy.zeros((accounts, -(-accounts // width)), dtype=numpy.int64)
    for ranks in blocks(scores, known, draws):
        chosen += (ranks < TOP).sum(axis=0)
        for rank in ranks:
            best = everybody[rank < RANKS]
            acceptability[best * RANKS + rank[best]] += 1
            intervals[everybody, rank // width] += 1
    sums = intervals.cumsum(axis=1)
    targets = [int(-(-draws * percentile // 1)) for percentile in PERCENTILES]
    found = [(sums >= target).argmax(axis=1) for target in targets]
    if width == 1:
        return chosen, acceptability, [interval + 1 for interval in found]
    below = [numpy.where(interval > 0, sums[everybody, interval - 1], 0) for interval in found]
    inside = [numpy.zeros((accounts, width), dtype=numpy.int64) for _ in PERCENTILES]
    for ranks in blocks(scores, known, draws):
        for rank in ranks:
            for counts, interval in zip(inside, found):
                hit = everybody[rank // width == interval]
                counts[hit, rank[hit] % width] += 1
    exact = []
    for counts, interval, before, target in zip(inside, found, below, targets):
        reached = (before[:, None] + counts.cumsum(axis=1) >= target).argmax(axis=1)
        exact.append(interval * width + reached + 1)
    return chosen, acceptability, exact


def main():
    accounts = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    draws = int(sys.argv[2]) if len(sys.argv) > 2 else 10_000
    random = numpy.random.Generator(numpy.random.PCG64(2))
    criteria = sum(len(criteria) for _, criteria in GROUPS)
    scores = random.uniform(1, 10, (criteria, accounts))
    # A tenth of the accounts lacks the last three criteria.
    known = numpy.ones_like(scores)
    known[-3:, ::10] = 0
    scores *= known
    started = time.perf_counter()
    chosen, _, percentiles = simulate(scores, known, draws)
    seconds = time.perf_counter() - started
    assert chosen.sum() == TOP * draws and (percentiles[0] <= percentiles[2]).all()
    print(f"{draws} draws of {criteria} weights over {accounts} accounts: {seconds:.2f} s")


if __name__ == "__main__":
    main()
