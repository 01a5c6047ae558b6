//! What is sold, and lines of it.

use super::accounts::Account;
use super::drawing::{below, mix};
use super::sheet::field;
use super::words::{FAMILIES, PER_FAMILY};
use rand_pcg::Pcg64Mcg;

pub(super) struct Product {
    /// As it stands in the file: quoted already if it must be.
    pub(super) sku: String,
    pub(super) price: u64,
    pub(super) decimals: u32,
    pub(super) by_metre: bool,
    /// The cost of goods in percent of the list price.
    pub(super) cost: u64,
    /// How often this product or one before it is bought.
    pub(super) popularity: u64,
}

pub(super) fn catalogue(seed: u64) -> Vec<Product> {
    let mut popularity = 0;
    let mut products = Vec::new();
    for (prefix, low, high, decimals, by_metre) in FAMILIES {
        for item in 0..PER_FAMILY {
            let hash = mix(seed, 1_000_000_000 + products.len() as u64);
            let sku = match (prefix, item) {
                ("FIT", 3) => "FIT-103,A2".to_string(),
                ("HOS", 5) => "HOS-3/4\"".to_string(),
                _ => format!("{prefix}-{}", 100 + item),
            };
            popularity += 100_000 / (5 + hash % 120);
            let price = low + (high - low) * (item * item * 10 + hash % 10) / 819;
            let cost = 52 + mix(hash, 1) % 20;
            let sku = field(&sku);
            products.push(Product { sku, price, decimals, by_metre, cost, popularity });
        }
    }
    products
}

/// A line before it is written: quantity in tenths, price in ten-thousandths of a euro, cost in cents.
pub(super) struct Line<'a> {
    pub(super) sku: &'a str,
    pub(super) quantity: i64,
    pub(super) price: i64,
    pub(super) decimals: u32,
    pub(super) cost: i64,
}

/// Freight or a bank's fee: not sold by choice, and left out of most reckonings.
pub(super) fn extra(draw: &mut Pcg64Mcg) -> Line<'static> {
    let (sku, cents, percent) = match below(draw, 4) {
        0 => ("BANK CHARGES", 350 + below(draw, 1_150) as i64, 0),
        _ => ("POSTAGE", 690 + below(draw, 4_200) as i64, 80),
    };
    let (quantity, price, decimals, cost) = (10, cents * 100, 2, cents * percent / 100);
    Line { sku, quantity, price, decimals, cost }
}

/// A line of goods: a product the account can afford, as much of it as a line of the account is worth.
pub(super) fn goods<'a>(
    products: &'a [Product],
    draw: &mut Pcg64Mcg,
    account: &Account,
    month: u32,
    years: u32,
    credit: bool,
) -> Line<'a> {
    let usual = account.worth * (30 + below(draw, 71) + below(draw, 71)) / 100;
    let worth = match credit {
        true if account.is_refund(month, 12 * years) => usual * 24,
        true => usual / 2,
        false => usual,
    };
    let mut product = pick(products, draw);
    for _ in 0..6 {
        // Nobody orders what one line cannot pay, nor a lorry load of screws.
        if product.price > worth || product.price * 15_000 < worth {
            product = pick(products, draw);
        }
    }
    // List prices rise by a constant amount each year; larger accounts pay less than the list says.
    let years_ago = u64::from((12 * years - 1).saturating_sub(month) / 12).min(20);
    let list = product.price * (1_000 - 22 * years_ago) / 1_000;
    let discount = mix(account.hash, 7) % 12 + 12 * account.worth / (account.worth + 12_000_000);
    let step = 10_u64.pow(4 - product.decimals);
    let price = (list * (100 - discount) / 100 / step).max(1) * step;
    let quantity = tenths(worth, price, product.by_metre && below(draw, 4) == 0);
    let cost = quantity * list * product.cost / 100 * (97 + below(draw, 7)) / 100_000;
    let sign = if credit { -1 } else { 1 };
    let (quantity, cost) = (sign * quantity as i64, sign * cost as i64);
    let (sku, price, decimals) = (product.sku.as_str(), price as i64, product.decimals);
    Line { sku, quantity, price, decimals, cost }
}

/// How much of a product is bought for `worth`, in tenths: whole, or in half metres, and large amounts in packs of ten.
pub(super) fn tenths(worth: u64, price: u64, halves: bool) -> u64 {
    match worth / price {
        pieces @ 200.. => pieces / 10 * 100,
        _ if halves => (worth * 2 / price).max(1) * 5,
        pieces => pieces.max(1) * 10,
    }
}

pub(super) fn pick<'a>(products: &'a [Product], draw: &mut Pcg64Mcg) -> &'a Product {
    let last = products.len() - 1;
    let drawn = below(draw, products[last].popularity);
    &products[products.partition_point(|product| product.popularity <= drawn).min(last)]
}
