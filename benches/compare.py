"""The program against what an analyst would use instead, whole processes in turn: medians of seconds, of processor
seconds and of peak memory.

    python3 benches/compare.py SOURCE [--core] [--again] [--runs 5] [--program target/release/vitalfew] [--peers FOLDER]

SOURCE is a glob of Parquet files or a CSV file with the columns of the benchmark invoices (account_id, invoice_id,
invoice_date, product_id, net_amount, cost), or `iowa:GLOB` for those of pipelines/iowa_liquor.yaml. Each job is an
account × year cube, growth, Pareto and scores on two threads, written as Parquet: by the program all four as tables, by
the peers the scores alone. The program also checks every line, reconciles, hashes and syncs. `--core` leaves out the
distinct invoices and products. A round of the program begins without a folder of earlier runs; `--again` then runs it
once more, where nothing has changed. The peers are the scripts peer_duckdb.py and peer_polars.py in the folder that
`--peers` names, ../shared/bench where left out; those that are not there are left out. On a shared machine look at the
ratios and at the processor seconds, not at the seconds; memory below 15 MB is that of this script.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("source")
arguments.add_argument("--core", action="store_true")
arguments.add_argument("--again", action="store_true")
arguments.add_argument("--runs", type=int, default=5)
arguments.add_argument("--program", default="target/release/vitalfew")
arguments.add_argument("--peers", default="../shared/bench")
asked = arguments.parse_args()

iowa = asked.source.startswith("iowa:")
path = os.path.abspath(asked.source.removeprefix("iowa:"))
root = os.path.dirname(path.split("*")[0])
if iowa:
    columns = 'account: Store Number, date: Date, amount: Sale (Dollars)'
    distinct = ', invoice: \'SUBSTR("Invoice/Item Number", 1, 12)\', product: Item Number'
else:
    columns = "account: account_id, date: invoice_date, amount: net_amount, cost: cost"
    distinct = ", invoice: invoice_id, product: product_id"

PIPELINE = f"""
name: compare
root: {root}
as_of: {"2021-12-31" if iowa else "1997-12-31"}
currency: USD
stages:
  - read: {{id: invoices, path: "{os.path.relpath(path, root)}"}}
  - ledger:
      from: invoices
      columns: {{{columns}{"" if asked.core else distinct}}}
  - account_years: {{from: ledger}}
  - growth: {{from: account_years, years: 3}}
  - pareto: {{from: account_years, cutoff: 80}}
  - scorecard:
      missing: neutral
      groups:
        all:
          weight: 1
          criteria:
            growth: {{weight: 4, measure: growth.cagr, scale: [[-0.2, 1], [0, 5], [0.25, 10]]}}
            size: {{weight: 3, measure: pareto.revenue, scale: percentile}}
            share: {{weight: 3, measure: pareto.cum_share, scale: [[0, 10], [1, 1]]}}
  - parquet: {{from: [account_years, growth, pareto, scorecard], to: tables}}
"""


def measured(command):
    """Seconds, processor seconds and peak memory in MB of a process."""
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(command)}")
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


with tempfile.TemporaryDirectory() as folder:
    pipeline = os.path.join(folder, "compare.yaml")
    with open(pipeline, "w") as file:
        file.write(PIPELINE)
    out = os.path.join(folder, "out")
    run = [asked.program, "run", pipeline, "--out", out, "--log", "none", "--threads", "2"]
    commands = {"vitalfew": run + ["--fresh"]}
    if asked.again:
        commands["vitalfew, nothing changed"] = run
    for peer in ["duckdb", "polars"]:
        script = os.path.join(asked.peers, f"peer_{peer}.py")
        if os.path.exists(script):
            source = asked.source if iowa else path
            core = ["--core"] if asked.core else []
            commands[peer] = [sys.executable, script, source, os.path.join(folder, "out.parquet")] + core
    figures = {name: [] for name in commands}
    for _ in range(asked.runs):
        # Else it would compare what it made with what it has published before.
        shutil.rmtree(out, ignore_errors=True)
        for name, command in commands.items():
            figures[name].append(measured(command))
    medians = {name: [statistics.median(figure) for figure in zip(*all)] for name, all in figures.items()}
    base = medians["vitalfew"]
    print(f"{'':28}{'seconds':>9}{'':>8}{'processor':>11}{'':>8}{'MB':>7}")
    for name, (seconds, processor, memory) in medians.items():
        print(f"{name:28}{seconds:9.2f}{seconds / base[0]:7.2f}×{processor:11.2f}{processor / base[1]:7.2f}×{memory:7.0f}")
