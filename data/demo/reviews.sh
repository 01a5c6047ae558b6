#!/usr/bin/env bash
# Makes the two earlier reviews of the invented company again, with the invoices that were in the books then and the weights
# of then. Run it in the folder of the repository; the program must be on the path.
set -euo pipefail

out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
rm -rf data/demo/reviews

review() {
    vitalfew run pipelines/key_accounts.yaml --out "$out" --log none \
        --set stages.scorecard.groups.growth.weight=35 \
        --set stages.scorecard.groups.value_creation.weight=40 \
        "$@"
    vitalfew keep key_accounts --out "$out" --to data/demo/reviews
}
review --as-of 2024-12-31 \
    --set 'stages.invoices.path=data/demo/invoices/202[1-4]-*.csv'
review --as-of 2025-06-30 \
    --set 'stages.invoices.path=["data/demo/invoices/202[1-4]-*.csv", "data/demo/invoices/2025-0[1-6].csv"]'
