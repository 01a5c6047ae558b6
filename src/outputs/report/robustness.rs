//! Whether other weights or missing judgements would change the list.

use std::collections::BTreeSet;

use serde::Serialize;

use super::account::{Accounts, called};
use super::{Inputs, Listing};
use crate::scoring::overrides::{Decision, decisions};
use crate::table::Table;

/// An account is settled where fewer than this part of the draws contradicts the list.
const DOUBT: f64 = 0.05;

/// How accounts are chosen and weights drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Drawn {
    pub draws: usize,
    pub concentration: f64,
    /// The score that the list asks for; none where it takes the best.
    pub score: Option<f64>,
    /// Whether accounts of class A, B and C can be chosen.
    pub classes: [bool; 3],
}

/// The section on the list under other weights.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Robustness {
    pub drawn: Drawn,
    /// The classes of which accounts can be chosen, as `A, B`; empty where all can.
    pub classes: String,
    /// Accounts on the list, and those that are on it in at least 95% of the draws.
    pub chosen: usize,
    /// Accounts that are on the list besides, and those that are not, because a person decided so.
    pub protected: usize,
    pub barred: usize,
    pub settled: usize,
    /// Those that are on it in more than 5% and fewer than 95%, the most likely first.
    pub doubtful: Listing<Doubtful>,
    /// Pairs at the line, those that swap most often first.
    pub swaps: Option<Listing<Swap>>,
    /// Missing judgements that could change the list, for each account the one to ask for first.
    pub asks: Option<Listing<Ask>>,
}

/// An account near the line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Doubtful {
    pub name: String,
    pub chosen: bool,
    pub p_key: Option<f64>,
    pub rank: Option<i64>,
    pub rank_p05: Option<i64>,
    pub rank_p95: Option<i64>,
    /// The criterion whose weight decides soonest, its weight in the total, and the one at which it decides.
    pub flip_criterion: Option<String>,
    pub weight: Option<f64>,
    pub flip_weight: Option<f64>,
}

/// An account on the list and one off it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Swap {
    pub name: String,
    pub other: String,
    pub share: Option<f64>,
}

/// A judgement that is missing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Ask {
    pub name: String,
    pub criterion: String,
    /// Whether the account would enter from the score on; else it would leave below it.
    pub enters: bool,
    pub turning_score: Option<f64>,
}

pub(super) fn robustness(inputs: &Inputs, drawn: Drawn, accounts: &Accounts, top: usize) -> Option<Robustness> {
    let table = inputs.robustness?;
    let name = |key: &str| called(key, accounts);
    let (chosen, p_key) = (table.flags("chosen"), table.numbers("p_key"));
    let likely = |least: f64| p_key.iter().flatten().filter(move |p_key| **p_key >= least).count();
    let classes = ["A", "B", "C"].into_iter().zip(drawn.classes).filter(|(_, able)| *able).map(|(class, _)| class);
    let classes = if drawn.classes == [true; 3] { Vec::new() } else { classes.collect::<Vec<&str>>() };
    let decisions = inputs.overrides.map(decisions).unwrap_or_default();
    let decided = |decision: Decision| decisions.values().filter(|decided| decided.decision == decision).count();
    Some(Robustness {
        drawn,
        classes: classes.join(", "),
        chosen: chosen.iter().filter(|chosen| **chosen).count(),
        protected: decided(Decision::Always),
        barred: decided(Decision::Never),
        settled: likely(1.0 - DOUBT),
        doubtful: Listing::cut(doubtful(table, name), top),
        swaps: inputs.swaps.map(|table| Listing::cut(swaps(table, name), top.min(10))),
        asks: inputs.missing_first.map(|table| Listing::cut(asks(table, name), top)),
    })
}

fn doubtful(table: &Table, name: impl Fn(&str) -> String) -> Vec<Doubtful> {
    let (chosen, p_key, keys) = (table.flags("chosen"), table.numbers("p_key"), table.text("account"));
    let ranks = ["rank", "rank_p05", "rank_p95"].map(|column| table.integers(column));
    let criteria = table.optional_text("flip_criterion");
    let (deltas, weights) = (table.numbers("flip_delta"), table.numbers("flip_weight"));
    let is_doubtful = |row: &usize| p_key[*row].is_some_and(|p_key| p_key > DOUBT && p_key < 1.0 - DOUBT);
    let mut rows: Vec<usize> = (0..table.rows()).filter(is_doubtful).collect();
    rows.sort_by(|a, b| {
        p_key[*b].partial_cmp(&p_key[*a]).map_or(keys[*a].cmp(keys[*b]), |order| order.then(keys[*a].cmp(keys[*b])))
    });
    let row = |row: usize| Doubtful {
        name: name(keys[row]),
        chosen: chosen[row],
        p_key: p_key[row],
        rank: ranks[0][row],
        rank_p05: ranks[1][row],
        rank_p95: ranks[2][row],
        flip_criterion: criteria[row].map(str::to_owned),
        weight: weights[row].zip(deltas[row]).map(|(weight, delta)| weight - delta),
        flip_weight: weights[row],
    };
    rows.into_iter().map(row).collect()
}

fn swaps(table: &Table, name: impl Fn(&str) -> String) -> Vec<Swap> {
    let pairs = table.text("account").into_iter().zip(table.text("other")).zip(table.numbers("share"));
    let swap = |((key, other), share): ((&str, &str), Option<f64>)| Swap { name: name(key), other: name(other), share };
    pairs.map(swap).filter(|swap| swap.share > Some(0.0)).collect()
}

/// Only judgements, for nobody can be asked for what is measured, and one of each account: it is asked for first.
fn asks(table: &Table, name: impl Fn(&str) -> String) -> Vec<Ask> {
    let (keys, criteria) = (table.text("account"), table.text("criterion"));
    let (enters, turning) = (table.flags("could_enter"), table.numbers("turning_score"));
    let judged = table.text("source").into_iter().enumerate().filter(|(_, source)| *source == "judged");
    let ask = |row: usize| Ask {
        name: name(keys[row]),
        criterion: criteria[row].to_owned(),
        enters: enters[row],
        turning_score: turning[row],
    };
    let mut asked = BTreeSet::new();
    judged.filter(|(row, _)| asked.insert(keys[*row])).map(|(row, _)| ask(row)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::report;
    use super::super::sample::{KEYS, book, facts};
    use super::*;
    use crate::outputs::locale::Language;
    use crate::outputs::markdown::render;
    use crate::outputs::report::Facts;
    use crate::table::TableBuilder;

    fn tables() -> [Table; 3] {
        let main = TableBuilder::new("robustness", 3)
            .per_account()
            .text("account", KEYS[..3].to_vec())
            .flags("chosen", vec![true, true, false])
            .integers("rank", vec![1, 2, 3])
            .ratios("p_key", vec![1.0, 0.625, 0.375])
            .integers("rank_p05", vec![1, 2, 2])
            .integers("rank_p95", vec![1, 3, 3])
            .optional_text("flip_criterion", vec![None, Some("new_markets"), Some("new_markets")])
            .ratios("flip_delta", vec![None, Some(0.125), Some(0.125)])
            .ratios("flip_weight", vec![None, Some(0.375), Some(0.375)])
            .build();
        let asks = TableBuilder::new("missing_first", 5)
            .text("account", vec!["C-4", "C-3", "C-2", "C-3", "C-1"])
            .text("criterion", vec!["new_markets", "new_markets", "new_markets", "mutuality", "revenue"])
            .text("source", vec!["judged", "judged", "judged", "judged", "measured"])
            .flags("could_enter", vec![true, true, false, true, true])
            .numbers("turning_score", vec![1.0, 6.25, 2.5, 9.0, 2.0])
            .build();
        let swaps = TableBuilder::new("swaps", 2)
            .text("account", vec!["C-2", "C-1"])
            .text("other", vec!["C-3", "C-3"])
            .ratios("share", vec![0.375, 0.0])
            .build();
        [main, asks, swaps]
    }

    fn section(language: Language, [main, asks, swaps]: &[Table; 3], score: Option<f64>) -> String {
        let book = book();
        let inputs = Inputs { robustness: Some(main), missing_first: Some(asks), swaps: Some(swaps), ..book.inputs() };
        let drawn = Drawn { draws: 10_000, concentration: 50.0, score, classes: [true, score.is_some(), true] };
        let facts = Facts { robustness: Some(drawn), ..facts(language) };
        let text = render(&report(&facts, &inputs), language, None).unwrap();
        let heading = if language == Language::English { "## Would the list" } else { "## ¿Cambiaría la lista?" };
        let section = text.split(heading).nth(1).unwrap().split("\n## ").next().unwrap();
        section.trim().replace('\u{a0}', "~")
    }

    #[test]
    fn the_section_in_both_languages() {
        insta::assert_snapshot!(section(Language::English, &tables(), None), @r"
        change?

        On the list are the 2 accounts with the highest scores.
        Only accounts of these classes can be on it: A, C.
        1 more account is on it because somebody decided so.
        Weights are a judgement too. To see what hangs on them, 10,000 other sets of weights were drawn at random around them (concentration 50: the higher, the closer), and each set ranked the accounts anew.
        **1 account** is on the list under at least 95% of these sets: it is there however one weighs.
        **2 accounts** are on it under some sets and off it under others (5 to 95%): here the weights decide.

        | Account | On the list | Sets that list it | No. | No. at best (5%) | No. at worst (95%) | The weight that would change it soonest |
        |:---|:---|---:|---:|---:|---:|:---|
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | yes | 63% | 2 | 2 | 3 | New markets: from 25.0% to 37.5% |
        | Cable \[x\](y) (C-3) | no | 38% | 3 | 2 | 3 | New markets: from 25.0% to 37.5% |

        At the end of the list, the pairs that swap places most often:

        | On the list | Off it | Sets that swap them |
        |:---|:---|---:|
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | Cable \[x\](y) (C-3) | 38% |

        3 accounts could enter or leave the list by a single missing judgement; these are to be asked for first, one for each account:

        | Account | Criterion | With which score |
        |:---|:---|:---|
        | Delta (C-4) | New markets | enters with any score: it is not rated yet |
        | Cable \[x\](y) (C-3) | New markets | enters from 6.3 |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | New markets | leaves below 2.5 |
        ");
        insta::assert_snapshot!(section(Language::Spanish, &tables(), Some(6.5)), @r"
        En la lista están 2 cuentas, con una puntuación de 6,50 o más.
        1 cuenta más está en ella porque alguien lo decidió.
        También los pesos son opinables. Para ver qué depende de ellos, se sortearon 10.000 juegos de pesos distintos alrededor de los declarados (concentración 50: cuanto mayor, más cerca) y con cada juego las cuentas se ordenaron de nuevo.
        **1 cuenta** está en la lista con al menos el 95~% de estos juegos: lo está se pese como se pese.
        **2 cuentas** están en ella con unos juegos y fuera con otros (del 5 al 95~%): aquí deciden los pesos.

        | Cuenta | En la lista | Juegos que la incluyen | N.º | N.º en el mejor caso (5~%) | N.º en el peor caso (95~%) | El peso que antes lo cambiaría |
        |:---|:---|---:|---:|---:|---:|:---|
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | sí | 63~% | 2 | 2 | 3 | New markets: de 25,0~% a 37,5~% |
        | Cable \[x\](y) (C-3) | no | 38~% | 3 | 2 | 3 | New markets: de 25,0~% a 37,5~% |

        Al final de la lista, las parejas que más a menudo cambian de sitio:

        | En la lista | Fuera de ella | Juegos que las intercambian |
        |:---|:---|---:|
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | Cable \[x\](y) (C-3) | 38~% |

        3 cuentas podrían entrar o salir de la lista por una sola valoración que falta; por las que conviene preguntar primero, una de cada cuenta:

        | Cuenta | Criterio | Con qué puntuación |
        |:---|:---|:---|
        | Delta (C-4) | New markets | entra con cualquier puntuación: aún no está puntuada |
        | Cable \[x\](y) (C-3) | New markets | entra desde 6,3 |
        | Bolt \| Nut &lt;Ltd&gt; (C-2) | New markets | sale por debajo de 2,5 |
        ");
    }

    #[test]
    fn a_list_that_nothing_changes() {
        let [main, asks, swaps] = tables();
        let cut = |table: &Table, rows: usize| Table { spec: table.spec.clone(), frame: table.frame.head(Some(rows)) };
        let settled = [cut(&main, 1), cut(&asks, 0), cut(&swaps, 0)];
        insta::assert_snapshot!(section(Language::English, &settled, Some(6.5)), @"
        change?

        On the list is 1 account, with a score of 6.50 or more.
        1 more account is on it because somebody decided so.
        Weights are a judgement too. To see what hangs on them, 10,000 other sets of weights were drawn at random around them (concentration 50: the higher, the closer), and each set ranked the accounts anew.
        **1 account** is on the list under at least 95% of these sets: it is there however one weighs.
        No other account is on it under more than 5%: other weights would hardly change the list.

        No missing judgement could change the list by itself.
        ");
        let none = [cut(&main, 0), cut(&asks, 0), cut(&swaps, 0)];
        insta::assert_snapshot!(section(Language::English, &none, Some(6.5)), @"
        change?

        No account is on the list: none has a score of 6.50 or more.
        1 more account is on it because somebody decided so.
        Weights are a judgement too. To see what hangs on them, 10,000 other sets of weights were drawn at random around them (concentration 50: the higher, the closer), and each set ranked the accounts anew.
        No account is on the list under at least 95% of these sets.
        No other account is on it under more than 5%: other weights would hardly change the list.

        No missing judgement could change the list by itself.
        ");
    }
}
