//! The list of key accounts: who is on it and why, who has come and gone, and who waits.

use serde::Serialize;

use super::account::{Accounts, called};
use super::judging::{Override, decided};
use super::{Inputs, Listing};
use crate::scoring::overrides::DECISION;
use crate::table::Table;

/// The list is what the report is about: of it so many rows are shown at least.
const SHOWN: usize = 60;

/// What the pipeline declares of its list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Declared {
    /// The lines to enter and to leave: of the score, or of the places.
    pub enter_score: Option<f64>,
    pub leave_score: Option<f64>,
    pub enter_top: Option<usize>,
    pub leave_top: Option<usize>,
    /// The classes of which accounts can be chosen, as `A, B`; empty where all can.
    pub classes: String,
    /// The next review day; nothing where every run decides.
    pub next_review: Option<i32>,
}

/// The section on the list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Selection {
    pub declared: Declared,
    /// The review day whose decision stands, and whether this run made it.
    pub review: Option<i32>,
    pub decided: bool,
    /// How many accounts are on the list, have come, have gone, and wait.
    pub keys: usize,
    pub entered: usize,
    pub gone: usize,
    pub waits: usize,
    /// Whether classes and managers of accounts are known.
    pub classed: bool,
    pub managed: bool,
    /// Those on the list, the best first, and behind them those without a rank.
    pub list: Listing<Chosen>,
    /// Those that have left it.
    pub left: Listing<Chosen>,
    /// Those that wait, in order.
    pub waiting: Listing<Chosen>,
    /// Those of which a review would decide otherwise.
    pub watched: Listing<Chosen>,
    /// Whether protected accounts alone take more places than there are.
    pub exceeded: bool,
    /// The names of those that are on the list only as they were on it before.
    pub held: Vec<String>,
    /// What people decided, also where it does not act.
    pub decisions: Vec<Override>,
}

/// An account and what was decided of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Chosen {
    pub name: String,
    pub status: String,
    pub key: bool,
    pub score: Option<f64>,
    pub rank: Option<i64>,
    pub class: Option<String>,
    pub position: Option<i64>,
    pub manager: Option<String>,
    pub since: Option<i32>,
    /// In words, in the language of the pipeline.
    pub reasons: String,
    #[serde(skip)]
    without_hysteresis: bool,
}

pub(super) fn selection(inputs: &Inputs, declared: &Declared, accounts: &Accounts, top: usize) -> Option<Selection> {
    let table = inputs.selection?;
    let mut rows = chosen(table, accounts);
    rows.sort_by(|a, b| (a.rank.is_none(), a.rank, &a.name).cmp(&(b.rank.is_none(), b.rank, &b.name)));
    let with = |is_wanted: &dyn Fn(&Chosen) -> bool| -> Vec<Chosen> {
        rows.iter().filter(|row| is_wanted(row)).cloned().collect()
    };
    let of_status = |status: &str| with(&|row: &Chosen| row.status == status);
    let (list, left) = (with(&|row: &Chosen| row.key), of_status("left"));
    let mut waiting = of_status("waiting");
    waiting.sort_by_key(|row| row.position);
    let is_held = |row: &&Chosen| row.status == "key" && !row.without_hysteresis;
    Some(Selection {
        declared: declared.clone(),
        review: table.dates("review").first().copied().flatten(),
        decided: table.flags("decided").first() == Some(&true),
        keys: list.len(),
        entered: of_status("entered").len(),
        gone: left.len(),
        waits: waiting.len(),
        classed: rows.iter().any(|row| row.class.is_some()),
        managed: list.iter().any(|row| row.manager.is_some()),
        exceeded: table.text("reason_codes").iter().any(|codes| codes.contains("exceeds_")),
        held: list.iter().filter(is_held).map(|row| row.name.clone()).collect(),
        list: Listing::cut(list, top.max(SHOWN)),
        left: Listing::cut(left, top),
        waiting: Listing::cut(waiting, top),
        watched: Listing::cut(of_status("watch"), top),
        decisions: inputs.overrides.map(|table| decisions(table, accounts)).unwrap_or_default(),
    })
}

fn chosen(table: &Table, accounts: &Accounts) -> Vec<Chosen> {
    let (keys, status, reasons) = (table.text("account"), table.text("status"), table.text("reasons"));
    let (is_key, scores, ranks) = (table.flags("key"), table.numbers("score"), table.integers("rank"));
    let (classes, managers) = (table.optional_text("class"), table.optional_text("manager"));
    let (positions, since) = (table.integers("waiting_position"), table.dates("since"));
    let without = table.flags("would_be_without_hysteresis");
    let row = |row: usize| Chosen {
        name: called(keys[row], accounts),
        status: status[row].to_owned(),
        key: is_key[row],
        score: scores[row],
        rank: ranks[row],
        class: classes[row].map(str::to_owned),
        position: positions[row],
        manager: managers[row].map(str::to_owned),
        since: since[row],
        reasons: reasons[row].to_owned(),
        without_hysteresis: without[row],
    };
    (0..table.rows()).map(row).collect()
}

/// The overrides that are about the list.
fn decisions(table: &Table, accounts: &Accounts) -> Vec<Override> {
    decided(table, accounts).into_iter().filter(|row| row.what == DECISION).collect()
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

    /// C-1 is protected, C-2 is held, C-3 has entered, C-4 waits, C-5 has left and C-0, which is in no other table, too.
    fn table(decided: bool) -> Table {
        let status = if decided {
            ["left", "key", "key", "entered", "waiting", "left"]
        } else {
            ["none", "key", "key", "watch", "waiting", "watch"]
        };
        let of_all = |value: i32| vec![value; 6];
        TableBuilder::new("selection", 6)
            .per_account()
            .text("account", [&["C-0"], &KEYS[..]].concat())
            .text("status", status.to_vec())
            .flags("key", vec![false, true, true, decided, false, !decided])
            .numbers("score", vec![None, Some(8.0), Some(6.75), Some(7.25), Some(7.0), None])
            .optional_text("class", vec![None, Some("A"), Some("A"), Some("B"), Some("B"), None])
            .integers("rank", vec![None, None, Some(3), Some(1), Some(2), None])
            .text(
                "reasons",
                vec!["gone", "protected by <Eva>; so | said", "held", "in", "all 3 places are taken", "out"],
            )
            .text(
                "reason_codes",
                vec!["vanished", "protected exceeds_at_most", "held", "meets_enter", "full_at_most", "below"],
            )
            .flags("would_be_without_hysteresis", vec![false, true, false, true, true, false])
            .integers("waiting_position", vec![None, None, None, None, Some(1), None])
            .optional_text("manager", vec![None, Some("m.oliveira"), None, None, None, None])
            .dates("since", vec![None, Some(20088), Some(20361), Some(20453), None, None])
            .dates("review", of_all(20453))
            .flags("decided", vec![decided; 6])
            .build()
    }

    fn text(language: Language, table: &Table, declared: Declared) -> String {
        let book = book();
        // The invoices have no line of C-0 any more, and the list of accounts still knows its name.
        let accounts = TableBuilder::new("accounts", 5)
            .text("account", vec!["C-0", "C-1", "C-2", "C-3", "C-4"])
            .text("name", vec!["Echo | Co", "Acme & Sons", "Bolt | Nut <Ltd>", "Cable [x](y)", "Delta"])
            .build();
        let inputs = Inputs { selection: Some(table), accounts: Some(&accounts), ..book.inputs() };
        let facts = Facts { selection: Some(declared), ..facts(language) };
        let text = render(&report(&facts, &inputs), language, None).unwrap();
        let until = if language == Language::English { "\n## What was read" } else { "\n## Qué se ha leído" };
        text.split(until).next().unwrap().trim().replace('\u{a0}', "~")
    }

    fn by_score() -> Declared {
        Declared {
            enter_score: Some(7.0),
            leave_score: Some(6.5),
            enter_top: None,
            leave_top: None,
            classes: "A, B".to_owned(),
            next_review: Some(20543),
        }
    }

    #[test]
    fn a_review_in_both_languages() {
        insta::assert_snapshot!(text(Language::English, &table(true), by_score()), @r"
        # Key accounts on 31 December 2025

        **3 accounts are on the list of key accounts**: 1 has entered, 2 have left, 1 waits for a place.
        **2 accounts of 4** bring in 89.7% of the revenue of 2025 (223,000.00~EUR): the vital few, class A, with the cut-off at 80%.
        From 2022 to 2025, net revenue rose by 1.4% (0.5% a year), from 220,000.00~EUR to 223,000.00~EUR.
        In class A, **1 account** grew in each of the last 3 years and **1** bought less in 2025 than in 2024 (20,000.00~EUR less).

        ## The list of key accounts

        An account enters with a score of 7.00 or more and leaves below 6.50.
        Only accounts of these classes can be on it: A, B.
        The list was decided for the review of 31 December 2025; the next one is on 31 March 2026.
        No. counts all accounts that fulfil what is asked for besides the score, also those that are not on the list.

        | No. | Account | Status | Score | Class | Since | Manager | Why |
        |---:|:---|:---|---:|:---|---:|:---|:---|
        | 1 | Cable \[x\](y) (C-3) | new | 7.25 | B | 31/12/2025 | – | in |
        | 3 | Bolt \| Nut &lt;Ltd&gt; (C-2) | on it | 6.75 | A | 30/09/2025 | – | held |
        | – | Acme & Sons (C-1) | on it | 8.00 | A | 31/12/2024 | m.oliveira | protected by &lt;Eva&gt;; so \| said |

        1 account has its place only because it was on the list before: Bolt \| Nut &lt;Ltd&gt; (C-2).

        **Protected accounts alone take more places than there are**; their reasons say which.

        Have left it:

        | Account | Score | Why |
        |:---|---:|:---|
        | C-5 | – | out |
        | Echo \| Co (C-0) | – | gone |

        Wait for a place, in this order:

        | No. | Account | Score | Why |
        |---:|:---|---:|:---|
        | 1 | Delta (C-4) | 7.00 | all 3 places are taken |

        What people decided about the list:

        | Account | Decided | Who | Why | Until | Status |
        |:---|:---|:---|:---|---:|:---|
        | Delta (C-4) | always on it | board | pilot line | – | acts |
        | C-5 | never on it | board | default | 31/07/2025 | expired |
        ");
        insta::assert_snapshot!(text(Language::Spanish, &table(true), by_score()), @r"
        # Cuentas clave a 31 de diciembre de 2025

        **3 cuentas están en la lista de cuentas clave**: ha entrado 1, han salido 2, 1 espera una plaza.
        **2 cuentas de 4** aportan el 89,7~% de la facturación de 2025 (223.000,00~EUR): son los pocos vitales, la clase A, con el corte en el 80 %.
        Entre 2022 y 2025, la facturación neta creció un 1,4~% (un 0,5~% anual), de 220.000,00~EUR a 223.000,00~EUR.
        En la clase A, **1 cuenta** creció en cada uno de los últimos 3 años y **1** compró menos en 2025 que en 2024 (20.000,00~EUR menos).

        ## La lista de cuentas clave

        Una cuenta entra con una puntuación de 7,00 o más y sale por debajo de 6,50.
        Solo pueden estar en ella cuentas de estas clases: A, B.
        La lista se decidió para la revisión del 31 de diciembre de 2025; la próxima es el 31 de marzo de 2026.
        El n.º cuenta todas las cuentas que cumplen lo que se exige además de la puntuación, también las que no están en la lista.

        | N.º | Cuenta | Estado | Puntuación | Clase | Desde | Gestor | Por qué |
        |---:|:---|:---|---:|:---|---:|:---|:---|
        | 1 | Cable \[x\](y) (C-3) | nueva | 7,25 | B | 31/12/2025 | – | in |
        | 3 | Bolt \| Nut &lt;Ltd&gt; (C-2) | en ella | 6,75 | A | 30/09/2025 | – | held |
        | – | Acme & Sons (C-1) | en ella | 8,00 | A | 31/12/2024 | m.oliveira | protected by &lt;Eva&gt;; so \| said |

        1 cuenta conserva su plaza solo porque ya estaba en la lista: Bolt \| Nut &lt;Ltd&gt; (C-2).

        **Las cuentas protegidas ocupan por sí solas más plazas de las que hay**; sus motivos dicen cuáles.

        Han salido de ella:

        | Cuenta | Puntuación | Por qué |
        |:---|---:|:---|
        | C-5 | – | out |
        | Echo \| Co (C-0) | – | gone |

        Esperan una plaza, en este orden:

        | N.º | Cuenta | Puntuación | Por qué |
        |---:|:---|---:|:---|
        | 1 | Delta (C-4) | 7,00 | all 3 places are taken |

        Lo que se decidió sobre la lista:

        | Cuenta | Decidida | Quién | Por qué | Hasta | Estado |
        |:---|:---|:---|:---|---:|:---|
        | Delta (C-4) | siempre en ella | board | pilot line | – | vale |
        | C-5 | nunca en ella | board | default | 31/07/2025 | caducada |
        ");
    }

    #[test]
    fn a_run_between_reviews_only_watches() {
        insta::assert_snapshot!(text(Language::English, &table(false), by_score()), @r"
        # Key accounts on 31 December 2025

        **3 accounts are on the list of key accounts**: none has entered, none has left, 1 waits for a place.
        **2 accounts of 4** bring in 89.7% of the revenue of 2025 (223,000.00~EUR): the vital few, class A, with the cut-off at 80%.
        From 2022 to 2025, net revenue rose by 1.4% (0.5% a year), from 220,000.00~EUR to 223,000.00~EUR.
        In class A, **1 account** grew in each of the last 3 years and **1** bought less in 2025 than in 2024 (20,000.00~EUR less).

        ## The list of key accounts

        An account enters with a score of 7.00 or more and leaves below 6.50.
        Only accounts of these classes can be on it: A, B.
        The list is that of the review of 31 December 2025. This run only watches: until the next one, on 31 March 2026, nobody enters or leaves but by decision.
        No. counts all accounts that fulfil what is asked for besides the score, also those that are not on the list.

        | No. | Account | Status | Score | Class | Since | Manager | Why |
        |---:|:---|:---|---:|:---|---:|:---|:---|
        | 3 | Bolt \| Nut &lt;Ltd&gt; (C-2) | on it | 6.75 | A | 30/09/2025 | – | held |
        | – | Acme & Sons (C-1) | on it | 8.00 | A | 31/12/2024 | m.oliveira | protected by &lt;Eva&gt;; so \| said |
        | – | C-5 | watch | – | – | – | – | out |

        1 account has its place only because it was on the list before: Bolt \| Nut &lt;Ltd&gt; (C-2).

        **Protected accounts alone take more places than there are**; their reasons say which.

        Wait for a place, in this order:

        | No. | Account | Score | Why |
        |---:|:---|---:|:---|
        | 1 | Delta (C-4) | 7.00 | all 3 places are taken |

        To be watched: the next review would decide otherwise as things are, or something must become known by then.

        | Account | On the list | Score | Why |
        |:---|:---|---:|:---|
        | Cable \[x\](y) (C-3) | no | 7.25 | in |
        | C-5 | yes | – | out |

        What people decided about the list:

        | Account | Decided | Who | Why | Until | Status |
        |:---|:---|:---|:---|---:|:---|
        | Delta (C-4) | always on it | board | pilot line | – | acts |
        | C-5 | never on it | board | default | 31/07/2025 | expired |
        ");
        insta::assert_snapshot!(text(Language::Spanish, &table(false), by_score()), @r"
        # Cuentas clave a 31 de diciembre de 2025

        **3 cuentas están en la lista de cuentas clave**: no ha entrado ninguna, no ha salido ninguna, 1 espera una plaza.
        **2 cuentas de 4** aportan el 89,7~% de la facturación de 2025 (223.000,00~EUR): son los pocos vitales, la clase A, con el corte en el 80 %.
        Entre 2022 y 2025, la facturación neta creció un 1,4~% (un 0,5~% anual), de 220.000,00~EUR a 223.000,00~EUR.
        En la clase A, **1 cuenta** creció en cada uno de los últimos 3 años y **1** compró menos en 2025 que en 2024 (20.000,00~EUR menos).

        ## La lista de cuentas clave

        Una cuenta entra con una puntuación de 7,00 o más y sale por debajo de 6,50.
        Solo pueden estar en ella cuentas de estas clases: A, B.
        La lista es la de la revisión del 31 de diciembre de 2025. Esta ejecución solo observa: hasta la próxima, el 31 de marzo de 2026, nadie entra ni sale salvo por decisión.
        El n.º cuenta todas las cuentas que cumplen lo que se exige además de la puntuación, también las que no están en la lista.

        | N.º | Cuenta | Estado | Puntuación | Clase | Desde | Gestor | Por qué |
        |---:|:---|:---|---:|:---|---:|:---|:---|
        | 3 | Bolt \| Nut &lt;Ltd&gt; (C-2) | en ella | 6,75 | A | 30/09/2025 | – | held |
        | – | Acme & Sons (C-1) | en ella | 8,00 | A | 31/12/2024 | m.oliveira | protected by &lt;Eva&gt;; so \| said |
        | – | C-5 | en observación | – | – | – | – | out |

        1 cuenta conserva su plaza solo porque ya estaba en la lista: Bolt \| Nut &lt;Ltd&gt; (C-2).

        **Las cuentas protegidas ocupan por sí solas más plazas de las que hay**; sus motivos dicen cuáles.

        Esperan una plaza, en este orden:

        | N.º | Cuenta | Puntuación | Por qué |
        |---:|:---|---:|:---|
        | 1 | Delta (C-4) | 7,00 | all 3 places are taken |

        En observación: tal como están las cosas, la próxima revisión decidiría otra cosa, o algo debe saberse hasta entonces.

        | Cuenta | En la lista | Puntuación | Por qué |
        |:---|:---|---:|:---|
        | Cable \[x\](y) (C-3) | no | 7,25 | in |
        | C-5 | sí | – | out |

        Lo que se decidió sobre la lista:

        | Cuenta | Decidida | Quién | Por qué | Hasta | Estado |
        |:---|:---|:---|:---|---:|:---|
        | Delta (C-4) | siempre en ella | board | pilot line | – | vale |
        | C-5 | nunca en ella | board | default | 31/07/2025 | caducada |
        ");
    }

    #[test]
    fn a_list_of_nobody_that_every_run_decides() {
        let declared = Declared {
            enter_score: None,
            leave_score: None,
            enter_top: Some(40),
            leave_top: Some(50),
            classes: String::new(),
            next_review: None,
        };
        let empty = Table { spec: table(true).spec, frame: table(true).frame.head(Some(0)) };
        insta::assert_snapshot!(text(Language::English, &empty, declared.clone()), @"
        # Key accounts on 31 December 2025

        No account is on the list of key accounts: none has entered, none has left, none waits for a place.
        **2 accounts of 4** bring in 89.7% of the revenue of 2025 (223,000.00~EUR): the vital few, class A, with the cut-off at 80%.
        From 2022 to 2025, net revenue rose by 1.4% (0.5% a year), from 220,000.00~EUR to 223,000.00~EUR.
        In class A, **1 account** grew in each of the last 3 years and **1** bought less in 2025 than in 2024 (20,000.00~EUR less).

        ## The list of key accounts

        An account enters within the first 40 by score and leaves behind the first 50.
        The list is decided anew with every run.

        What people decided about the list:

        | Account | Decided | Who | Why | Until | Status |
        |:---|:---|:---|:---|---:|:---|
        | Delta (C-4) | always on it | board | pilot line | – | acts |
        | C-5 | never on it | board | default | 31/07/2025 | expired |
        ");
        insta::assert_snapshot!(text(Language::Spanish, &empty, declared), @"
        # Cuentas clave a 31 de diciembre de 2025

        Ninguna cuenta está en la lista de cuentas clave: no ha entrado ninguna, no ha salido ninguna, ninguna espera una plaza.
        **2 cuentas de 4** aportan el 89,7~% de la facturación de 2025 (223.000,00~EUR): son los pocos vitales, la clase A, con el corte en el 80 %.
        Entre 2022 y 2025, la facturación neta creció un 1,4~% (un 0,5~% anual), de 220.000,00~EUR a 223.000,00~EUR.
        En la clase A, **1 cuenta** creció en cada uno de los últimos 3 años y **1** compró menos en 2025 que en 2024 (20.000,00~EUR menos).

        ## La lista de cuentas clave

        Una cuenta entra entre las 40 primeras por puntuación y sale detrás de las 50 primeras.
        La lista se decide de nuevo en cada ejecución.

        Lo que se decidió sobre la lista:

        | Cuenta | Decidida | Quién | Por qué | Hasta | Estado |
        |:---|:---|:---|:---|---:|:---|
        | Delta (C-4) | siempre en ella | board | pilot line | – | vale |
        | C-5 | nunca en ella | board | default | 31/07/2025 | caducada |
        ");
    }
}
