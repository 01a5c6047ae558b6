//! What the built-in template makes of the small book.

use super::tests::{sample, visible};
use super::*;
use crate::outputs::report::sample::{book, facts};
use crate::outputs::report::{Facts, Inputs, report};
use crate::table::TableBuilder;

#[test]
fn the_report_in_english() {
    let text = render(&sample(Language::English), Language::English, None).unwrap();
    insta::assert_snapshot!(visible(&text), @r"
    # Key accounts on 31 December 2025

    **2 accounts of 4** bring in 89.7% of the revenue of 2025 (223,000.00~EUR): the vital few, class A, with the cut-off at 80%.
    From 2022 to 2025, net revenue rose by 1.4% (0.5% a year), from 220,000.00~EUR to 223,000.00~EUR.
    In class A, **1 account** grew in each of the last 3 years and **1** bought less in 2025 than in 2024 (20,000.00~EUR less).

    ## What was read

    2,305 invoice lines were read from 2 files; the accepted ones are dated 1 January 2022 to 30 December 2025.
    **25 lines** with 525.50~EUR were left out, 0.1% of the money read.
    It adds up: accepted, excluded and quarantined lines make exactly what was read, in lines and in money.
    1 quarantined line has no amount that can be read; it counts as a line and not as money.
    3 accepted lines carry no cost.

    | Outcome | Lines | Of all lines | Amount (EUR) | Of all money |
    |:---|---:|---:|---:|---:|
    | Read | 2,305 | | 910,525.50 | |
    | Accepted | 2,280 | 98.9% | 910,000.00 | 99.9% |
    | Excluded | 18 | 0.8% | 510.50 | 0.1% |
    | Quarantined | 7 | 0.3% | 15.00 | 0.0% |

    Why lines were left out, the largest amount first:

    | Reason | Outcome | Lines | Amount (EUR) | Of all money | Files | First at |
    |:---|:---|---:|---:|---:|---:|:---|
    | not a product | Excluded | 17 | 513.50 | 0.1% | 2 | invoices/2024.csv:17 |
    | date cannot be read | Quarantined | 5 | 15.00 | 0.0% | 1 | invoices/2025.csv:44 |
    | dated after the last day that counts | Excluded | 1 | -3.00 | 0.0% | 1 | – |
    | amount cannot be read | Quarantined | 2 | 0.00 | 0.0% | 1 | invoices/2024.csv:301 |

    Files that lost lines, the largest sum first:

    | File | Read | Accepted | Excluded | Quarantined | Left out (EUR) |
    |:---|---:|---:|---:|---:|---:|
    | invoices/2024.csv | 1,200 | 1,190 | 8 | 2 | 500.00 |
    | invoices/2025.csv | 1,105 | 1,090 | 10 | 5 | 25.50 |

    ## The years at a glance

    Revenue of all accounts, net of credit notes; an account is active in a year with revenue above zero.

    | Year | Net revenue (EUR) | Change | Active accounts |
    |:---|---:|---:|---:|
    | 2022 | 220,000.00 | – | 3 |
    | 2023 | 225,000.00 | 2.3% | 3 |
    | 2024 | 220,000.50 | -2.2% | 4 |
    | 2025 | 223,000.00 | 1.4% | 4 |

    ## How concentrated revenue is

    The largest account brings in 62.8% of revenue, and the top fifth of the accounts 62.8%.
    The book is as concentrated as one of 2.1 accounts of equal size.

    | Segment | Accounts | Revenue 2025 (EUR) | In class A | Largest | 5 largest | 10 largest | Top fifth | Gini |
    |:---|---:|---:|---:|---:|---:|---:|---:|---:|
    | All accounts | 4 | 223,000.00 | 2 | 62.8% | – | – | 62.8% | 0.51 |
    | north | 2 | 143,000.00 | 1 | 97.9% | – | – | 97.9% | 0.48 |
    | south | 2 | 80,000.00 | 2 | 75.0% | – | – | 75.0% | 0.25 |

    ## Class A: the vital few

    2 accounts with 200,000.00~EUR of revenue, 89.7% of the total, the largest first.

    | No. | Account | Segment | Revenue 2025 (EUR) | Share | Cumulative | Growth a year | Score |
    |---:|:---|:---|---:|---:|---:|---:|---:|
    | 1 | Acme & Sons (C-1) | north | 140,000.00 | 62.8% | 62.8% | 11.9% | 7.43 |
    | 2 | Bolt \| Nut &lt;Ltd&gt; (C-2) | south | 60,000.00 | 26.9% | 89.7% | -12.6% | 4.50 |

    ## Who grew in each of the last 3 years

    1 account grew in each of the last 3 years (1 in class A).

    | Account | Class | Revenue 2025 (EUR) | Growth 2023 | Growth 2024 | Growth 2025 | Growth a year |
    |:---|:---|---:|---:|---:|---:|---:|
    | Acme & Sons (C-1) | A | 140,000.00 | 10.0% | 13.6% | 12.0% | 11.9% |

    ## Who is shrinking

    2 accounts of classes A and B, or lost, bought less in 2025 than in 2024: 30,000.50~EUR less in all, the largest loss first.
    1 of them bought nothing in 2025.

    | Account | Class | Revenue 2024 (EUR) | Revenue 2025 (EUR) | Difference (EUR) | Last invoice | Change |
    |:---|:---|---:|---:|---:|---:|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | A | 80,000.00 | 60,000.00 | -20,000.00 | 01/08/2025 | -25.0% |
    | Delta (C-4) | – | 10,000.50 | 0.00 | -10,000.50 | 15/08/2024 | -100.0% (lost) |

    ## Who earns the profit

    In 2025, 7,000.00~EUR is left (3.1% of revenue): 223,000.00~EUR of revenue, less 186,800.00~EUR for the goods and 29,200.00~EUR to serve the accounts.
    **1 account** earns as much as all accounts together; all 3 that earn anything make 171.4% of the profit.
    **1** loses money and gives back 71.4% of it (5,000.00~EUR).
    2 rows of the 5 in the table of costs cannot be used (40.50~EUR in them); `cost_rows` says why.
    **1 account** of class A is key by revenue only: it is not among those that make the first 80% of all profit.
    1 account outside class A is among them: key by profit only.

    | Account | Key by | Revenue 2025 (EUR) | Cost to serve (EUR) | Net margin (EUR) | Net margin of revenue | No. by net margin |
    |:---|:---|---:|---:|---:|---:|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | revenue | 60,000.00 | 10,000.00 | -5,000.00 | -8.3% | 5 |
    | Cable \[x\](y) (C-3) | profit | 20,000.00 | 1,000.00 | 9,000.00 | 45.0% | 1 |

    ## The score

    4 accounts of 5 are rated, from 1 to 10, the highest first. Coverage is the weight of the criteria that are known for an account; with the rest known too, its score would lie between the last two columns.

    | No. | Account | Class | Score | Growth | Close ties | Coverage | At least | At most |
    |---:|:---|:---|---:|---:|---:|---:|---:|---:|
    | 1 | Acme & Sons (C-1) | A | 7.43 | 7.00 | 8.00 | 100.0% | 7.43 | 7.43 |
    | 2 | Cable \[x\](y) (C-3) | B | 6.00 | 10.00 | – | 75.0% | 4.75 | 7.00 |
    | 3 | Bolt \| Nut &lt;Ltd&gt; (C-2) | A | 4.50\* | 3.00 | 6.00 | 75.0% | 3.63 | 5.88 |
    | 4 | Delta (C-4) | – | 1.00 | 1.00 | – | 75.0% | 1.00 | 3.25 |

    \* An override acts on this score; see below who decided what and why.

    ## What people decided

    2 overrides act: somebody's word stands in the place of what was computed.

    | Account | What | Computed | Decided | Who | Why | Until |
    |:---|:---|---:|---:|:---|:---|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | the whole score | 4.75 | 4.50 | eva | merger | 16/02/2026 |
    | Delta (C-4) | the list | – | always on it | board | pilot line | – |

    3 overrides do not act:

    | Account | What | Score | Who | Why | Until | Why not used |
    |:---|:---|---:|:---|:---|---:|:---|
    | Cable \[x\](y) (C-3) | New markets | 7.00 | zoe \| eva | &lt;b&gt;signed&lt;/b&gt; | 08/11/2025 | expired |
    | C-5 | the list | never on it | board | default | 31/07/2025 | expired |
    | C-9 | Sympathy | – | – | – | – | account unknown |

    ## How the score is made

    Each criterion scores from 1 to 10 and counts with its weight; a measured one is read off a scale, a judged one comes from the sheet of judgements.

    | Group | Criterion | Weight in group | Weight in total | Source | Scale |
    |:---|:---|---:|---:|:---|:---|
    | Growth (75.0%) | Revenue | 100.0% | 75.0% | growth a year | -10% → 1, 0% → 4, 25% → 10 |
    | Close ties (25.0%) | New markets | 100.0% | 25.0% | judged | – |

    Weights that follow from a method:

    - The groups against each other: from their order (rank-order centroid)
    - Close ties: from comparisons in pairs (AHP), with a consistency ratio of 0.023 (random index of Saaty 2005; up to 0.10 the comparisons agree)

    ## Who judged what

    2 raters gave the judgements that count, 2 in all.

    | Rater | Judgements | Accounts | Mean | Newest |
    |:---|---:|---:|---:|---:|
    | eva | 1 | 1 | 8.00 | 08/11/2025 |
    | zoe &lt;b&gt; | 1 | 1 | 4.00 | – |

    1 criterion of an account was judged by several raters, whose mean counts; raters are 3 points or more apart in 1.

    | Account | Criterion | Raters | Lowest | Highest | Mean |
    |:---|:---|---:|---:|---:|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | New markets | 2 | 4.00 | 8.00 | 6.00 |

    ## What is missing

    The scorecard has 5 accounts, 1 of them with every criterion known; on average, data or judgements back 70.0% of the weight.
    In class A it is 87.5%.

    Criteria that are not known for some accounts, those that class A lacks most first:

    | Criterion | Group | Source | Weight in total | Accounts without | Of class A |
    |:---|:---|:---|---:|---:|---:|
    | New markets | Close ties | judged | 25.0% | 4 | 1 |
    | Revenue | Growth | measured | 75.0% | 1 | 0 |

    The sheet holds 5 judgements; used: 2.

    | Why not used | Judgements |
    |:---|---:|
    | expired | 2 |
    | account unknown | 1 |

    1 account is not rated, since too little of its score is known:

    | Account | Class | Revenue 2025 (EUR) | Coverage |
    |:---|:---|---:|---:|
    | C-5 | C | 3,000.00 | 25.0% |
    ");
}

#[test]
fn the_report_in_spanish() {
    let text = render(&sample(Language::Spanish), Language::Spanish, None).unwrap();
    insta::assert_snapshot!(visible(&text), @r"
    # Cuentas clave a 31 de diciembre de 2025

    **2 cuentas de 4** aportan el 89,7~% de la facturación de 2025 (223.000,00~EUR): son los pocos vitales, la clase A, con el corte en el 80 %.
    Entre 2022 y 2025, la facturación neta creció un 1,4~% (un 0,5~% anual), de 220.000,00~EUR a 223.000,00~EUR.
    En la clase A, **1 cuenta** creció en cada uno de los últimos 3 años y **1** compró menos en 2025 que en 2024 (20.000,00~EUR menos).

    ## Qué se ha leído

    Se han leído 2305 líneas de factura de 2 ficheros; las aceptadas van del 1 de enero de 2022 al 30 de diciembre de 2025.
    Se han apartado **25 líneas** con 525,50~EUR, el 0,1~% del importe leído.
    Las cuentas cuadran: las líneas aceptadas, excluidas y en cuarentena suman exactamente lo leído, en líneas y en importe.
    1 línea en cuarentena no tiene un importe legible; cuenta como línea, pero no como importe.
    3 líneas aceptadas no llevan coste.

    | Resultado | Líneas | Del total | Importe (EUR) | Del importe |
    |:---|---:|---:|---:|---:|
    | Leídas | 2305 | | 910.525,50 | |
    | Aceptadas | 2280 | 98,9~% | 910.000,00 | 99,9~% |
    | Excluidas | 18 | 0,8~% | 510,50 | 0,1~% |
    | En cuarentena | 7 | 0,3~% | 15,00 | 0,0~% |

    Por qué se han apartado líneas, de mayor a menor importe:

    | Motivo | Resultado | Líneas | Importe (EUR) | Del importe | Ficheros | La primera en |
    |:---|:---|---:|---:|---:|---:|:---|
    | not a product | Excluidas | 17 | 513,50 | 0,1~% | 2 | invoices/2024.csv:17 |
    | fecha ilegible | En cuarentena | 5 | 15,00 | 0,0~% | 1 | invoices/2025.csv:44 |
    | con fecha posterior al último día que cuenta | Excluidas | 1 | -3,00 | 0,0~% | 1 | – |
    | importe ilegible | En cuarentena | 2 | 0,00 | 0,0~% | 1 | invoices/2024.csv:301 |

    Ficheros con líneas apartadas, de mayor a menor importe:

    | Fichero | Leídas | Aceptadas | Excluidas | En cuarentena | Apartado (EUR) |
    |:---|---:|---:|---:|---:|---:|
    | invoices/2024.csv | 1200 | 1190 | 8 | 2 | 500,00 |
    | invoices/2025.csv | 1105 | 1090 | 10 | 5 | 25,50 |

    ## Los años de un vistazo

    Facturación de todas las cuentas, descontados los abonos; una cuenta está activa en un año si su facturación es mayor que cero.

    | Año | Facturación neta (EUR) | Variación | Cuentas activas |
    |:---|---:|---:|---:|
    | 2022 | 220.000,00 | – | 3 |
    | 2023 | 225.000,00 | 2,3~% | 3 |
    | 2024 | 220.000,50 | -2,2~% | 4 |
    | 2025 | 223.000,00 | 1,4~% | 4 |

    ## Cómo se concentra la facturación

    La cuenta más grande aporta el 62,8~% de la facturación, y la quinta parte más grande de las cuentas, el 62,8~%.
    La cartera está tan concentrada como una de 2,1 cuentas de igual tamaño.

    | Segmento | Cuentas | Facturación 2025 (EUR) | En clase A | La mayor | 5 mayores | 10 mayores | Quinta parte mayor | Gini |
    |:---|---:|---:|---:|---:|---:|---:|---:|---:|
    | Todas las cuentas | 4 | 223.000,00 | 2 | 62,8~% | – | – | 62,8~% | 0,51 |
    | north | 2 | 143.000,00 | 1 | 97,9~% | – | – | 97,9~% | 0,48 |
    | south | 2 | 80.000,00 | 2 | 75,0~% | – | – | 75,0~% | 0,25 |

    ## Clase A: los pocos vitales

    2 cuentas con 200.000,00~EUR de facturación, el 89,7~% del total, de mayor a menor.

    | N.º | Cuenta | Segmento | Facturación 2025 (EUR) | Cuota | Acumulada | Crecimiento anual | Puntuación |
    |---:|:---|:---|---:|---:|---:|---:|---:|
    | 1 | Acme & Sons (C-1) | north | 140.000,00 | 62,8~% | 62,8~% | 11,9~% | 7,43 |
    | 2 | Bolt \| Nut &lt;Ltd&gt; (C-2) | south | 60.000,00 | 26,9~% | 89,7~% | -12,6~% | 4,50 |

    ## Quién creció en cada uno de los últimos 3 años

    1 cuenta creció en cada uno de los últimos 3 años (1 en la clase A).

    | Cuenta | Clase | Facturación 2025 (EUR) | Crecimiento 2023 | Crecimiento 2024 | Crecimiento 2025 | Crecimiento anual |
    |:---|:---|---:|---:|---:|---:|---:|
    | Acme & Sons (C-1) | A | 140.000,00 | 10,0~% | 13,6~% | 12,0~% | 11,9~% |

    ## Quién compra menos

    2 cuentas de clase A o B, o perdidas, compraron menos en 2025 que en 2024: 30.000,50~EUR menos en total, de mayor a menor pérdida.
    1 de ellas no compró nada en 2025.

    | Cuenta | Clase | Facturación 2024 (EUR) | Facturación 2025 (EUR) | Diferencia (EUR) | Última factura | Variación |
    |:---|:---|---:|---:|---:|---:|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | A | 80.000,00 | 60.000,00 | -20.000,00 | 01/08/2025 | -25,0~% |
    | Delta (C-4) | – | 10.000,50 | 0,00 | -10.000,50 | 15/08/2024 | -100,0~% (perdida) |

    ## Quién gana el beneficio

    En 2025 quedan 7000,00~EUR (el 3,1~% de la facturación): 223.000,00~EUR de facturación, menos 186.800,00~EUR de coste de los productos y 29.200,00~EUR de coste de servir a las cuentas.
    **1 cuenta** gana tanto como todas juntas; las cuentas que ganan algo (3) suman el 171,4~% del beneficio.
    **1** pierde dinero y devuelve el 71,4~% (5000,00~EUR).
    De las 5 filas de la tabla de costes, 2 no se pueden utilizar (contienen 40,50~EUR); `cost_rows` dice por qué.
    **1 cuenta** de la clase A es clave solo por facturación: no está entre las que suman el primer 80 % del beneficio.
    Fuera de la clase A hay 1 cuenta entre ellas: es clave solo por beneficio.

    | Cuenta | Clave por | Facturación 2025 (EUR) | Coste de servir (EUR) | Margen neto (EUR) | Margen neto sobre facturación | N.º por margen neto |
    |:---|:---|---:|---:|---:|---:|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | facturación | 60.000,00 | 10.000,00 | -5000,00 | -8,3~% | 5 |
    | Cable \[x\](y) (C-3) | beneficio | 20.000,00 | 1000,00 | 9000,00 | 45,0~% | 1 |

    ## La puntuación

    4 cuentas de 5 tienen puntuación, de 1 a 10, de mayor a menor. La cobertura es el peso de los criterios que se conocen de una cuenta; si se conociera también el resto, su puntuación estaría entre las dos últimas columnas.

    | N.º | Cuenta | Clase | Puntuación | Crecimiento | Close ties | Cobertura | Mínimo | Máximo |
    |---:|:---|:---|---:|---:|---:|---:|---:|---:|
    | 1 | Acme & Sons (C-1) | A | 7,43 | 7,00 | 8,00 | 100,0~% | 7,43 | 7,43 |
    | 2 | Cable \[x\](y) (C-3) | B | 6,00 | 10,00 | – | 75,0~% | 4,75 | 7,00 |
    | 3 | Bolt \| Nut &lt;Ltd&gt; (C-2) | A | 4,50\* | 3,00 | 6,00 | 75,0~% | 3,63 | 5,88 |
    | 4 | Delta (C-4) | – | 1,00 | 1,00 | – | 75,0~% | 1,00 | 3,25 |

    \* Sobre esta puntuación actúa una decisión; más abajo, quién decidió qué y por qué.

    ## Lo que decidieron las personas

    Actúan 2 decisiones: la palabra de alguien ocupa el lugar de lo calculado.

    | Cuenta | Qué | Calculada | Decidida | Quién | Por qué | Hasta |
    |:---|:---|---:|---:|:---|:---|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | la puntuación entera | 4,75 | 4,50 | eva | merger | 16/02/2026 |
    | Delta (C-4) | la lista | – | siempre en ella | board | pilot line | – |

    3 decisiones no actúan:

    | Cuenta | Qué | Puntuación | Quién | Por qué | Hasta | Por qué no se usa |
    |:---|:---|---:|:---|:---|---:|:---|
    | Cable \[x\](y) (C-3) | New markets | 7,00 | zoe \| eva | &lt;b&gt;signed&lt;/b&gt; | 08/11/2025 | caducada |
    | C-5 | la lista | nunca en ella | board | default | 31/07/2025 | caducada |
    | C-9 | Sympathy | – | – | – | – | cuenta desconocida |

    ## Cómo se forma la puntuación

    Cada criterio puntúa de 1 a 10 y cuenta según su peso; los medidos se leen en una escala y los valorados vienen de la hoja de valoraciones.

    | Grupo | Criterio | Peso en el grupo | Peso en el total | Origen | Escala |
    |:---|:---|---:|---:|:---|:---|
    | Crecimiento (75,0~%) | Facturación | 100,0~% | 75,0~% | crecimiento anual | -10~% → 1, 0~% → 4, 25~% → 10 |
    | Close ties (25,0~%) | New markets | 100,0~% | 25,0~% | valorado | – |

    Pesos que se derivan de un método:

    - Los grupos entre sí: según su orden (centroide del orden)
    - Close ties: por comparaciones por pares (AHP), con una razón de consistencia de 0,023 (índice aleatorio de Saaty 2005; hasta 0,10 las comparaciones concuerdan)

    ## Quién valoró qué

    2 evaluadores dieron las valoraciones que cuentan, 2 en total.

    | Evaluador | Valoraciones | Cuentas | Media | Más reciente |
    |:---|---:|---:|---:|---:|
    | eva | 1 | 1 | 8,00 | 08/11/2025 |
    | zoe &lt;b&gt; | 1 | 1 | 4,00 | – |

    1 criterio de una cuenta fue valorado por varios evaluadores, cuya media cuenta; en 1 de ellos distan 3 puntos o más.

    | Cuenta | Criterio | Evaluadores | Mínima | Máxima | Media |
    |:---|:---|---:|---:|---:|---:|
    | Bolt \| Nut &lt;Ltd&gt; (C-2) | New markets | 2 | 4,00 | 8,00 | 6,00 |

    ## Qué falta

    En el cuadro de puntuación hay 5 cuentas; con todos los criterios conocidos: 1. De media, los datos o las valoraciones respaldan el 70,0~% del peso.
    En la clase A es el 87,5~%.

    Criterios que no se conocen de algunas cuentas, primero los que más faltan en la clase A:

    | Criterio | Grupo | Origen | Peso en el total | Cuentas sin él | De clase A |
    |:---|:---|:---|---:|---:|---:|
    | New markets | Close ties | valorado | 25,0~% | 4 | 1 |
    | Facturación | Crecimiento | medido | 75,0~% | 1 | 0 |

    La hoja contiene 5 valoraciones; utilizadas: 2.

    | Por qué no se usa | Valoraciones |
    |:---|---:|
    | caducada | 2 |
    | cuenta desconocida | 1 |

    1 cuenta no tiene puntuación, porque se conoce demasiado poco de ella:

    | Cuenta | Clase | Facturación 2025 (EUR) | Cobertura |
    |:---|:---|---:|---:|
    | C-5 | C | 3000,00 | 25,0~% |
    ");
}

/// Every row of a table has the cells of its header, whatever sections and columns there are.
#[test]
fn tables_are_whole() {
    let book = book();
    let all = book.inputs();
    let variants = [
        all,
        Inputs { pareto: None, ..all },
        Inputs { growth: None, ..all },
        Inputs { scorecard: None, ..all },
        Inputs { profile: None, outcomes: None, accounts: None, ..all },
        Inputs { weights: None, contributions: None, judgements: None, ..all },
        Inputs { pareto: None, cost_rows: None, ..all },
        Inputs::default(),
    ];
    for inputs in variants {
        for language in [Language::English, Language::Spanish] {
            let text = render(&report(&facts(language), &inputs), language, None).unwrap();
            assert_whole(&text);
        }
    }
}

fn assert_whole(text: &str) {
    let mut cells = None;
    for line in text.lines() {
        let found = line.replace(r"\|", "").matches('|').count();
        if found > 0 {
            assert!(line.starts_with('|') && line.ends_with('|'), "{line}");
            assert_eq!(*cells.get_or_insert(found), found, "{line}");
        } else {
            cells = None;
        }
    }
    assert!(!text.contains("\n\n\n"), "{text}");
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
}

#[test]
fn fiscal_years_have_their_own_name_where_they_are_not_calendar_years() {
    let of = |language| {
        let facts = Facts { fiscal_year_starts: 12, ranking_years: 3, ..facts(language) };
        render(&report(&facts, &book().inputs()), language, None).unwrap()
    };
    let english = of(Language::English);
    assert!(english.contains("of the revenue of FY2023 to FY2025"), "{english}");
    assert!(english.contains("| FY2022 |"), "{english}");
    let spanish = of(Language::Spanish);
    assert!(spanish.contains("de la facturación de los ejercicios 2023 a 2025"), "{spanish}");
    assert!(spanish.contains("| ejercicio 2022 |"), "{spanish}");
}

#[test]
fn lists_are_cut() {
    let facts = Facts { top: 1, ..facts(Language::English) };
    let text = render(&report(&facts, &book().inputs()), Language::English, None).unwrap();
    assert!(text.contains("\n\n… and 3 more.\n"), "{text}");
    assert_whole(&text);
}

/// The sentences of the section on profit where no account loses money, and where the book as a whole does.
#[test]
fn profit_in_words() {
    let words = |margins: [i64; 2], language: Language| {
        let earned: i64 = margins.into_iter().filter(|margin| *margin > 0).sum();
        let total: i64 = margins.into_iter().sum();
        let share = |amount: i64| (total > 0).then(|| amount as f64 / total as f64);
        let count = |of: fn(&&i64) -> bool| margins.iter().filter(of).count() as i64;
        let profitability = TableBuilder::new("profitability", 2)
            .text("account", vec!["A", "B"])
            .money("revenue", vec![100_000, 100_000])
            .money("cost", margins.map(|margin| 100_000 - margin).to_vec())
            .money("cost_to_serve", vec![0, 0])
            .money("net_margin", margins.to_vec())
            .build();
        let whale = TableBuilder::new("whale", 1)
            .integers("profitable_accounts", vec![count(|margin| **margin > 0)])
            .integers("unprofitable_accounts", vec![count(|margin| **margin < 0)])
            .ratios("peak", vec![share(earned)])
            .ratios("erosion", vec![share(earned - total)])
            .money("peak_amount", vec![earned])
            .integers("accounts_for_all_profit", vec![(total > 0).then_some(2)])
            .build();
        let inputs = Inputs { profitability: Some(&profitability), whale: Some(&whale), ..Inputs::default() };
        let text = render(&report(&facts(language), &inputs), language, None).unwrap();
        visible(text.lines().last().unwrap_or_default())
    };
    let (english, spanish) = (Language::English, Language::Spanish);
    assert_eq!(words([10_000, 5_000], english), "2 accounts earn all of it, and none loses money.");
    assert_eq!(words([10_000, 5_000], spanish), "2 cuentas lo ganan todo y ninguna pierde dinero.");
    assert_eq!(
        words([10_000, -15_000], english),
        "**The book as a whole earns nothing**: 1 account earns 100.00~EUR, and the others lose 150.00~EUR."
    );
    assert_eq!(words([0, -15_000], english), "No account earns anything, and the others lose 150.00~EUR.");
}

/// All lines accepted and nothing else to say: a sentence, and no table.
#[test]
fn clean_books_take_one_sentence() {
    let table = TableBuilder::new("reconciliation", 2)
        .text("file", vec!["a.csv", "b.csv"])
        .integers("rows_read", vec![3, 4])
        .integers("rows_accepted", vec![3, 4])
        .integers("rows_excluded", vec![0, 0])
        .integers("rows_quarantined", vec![0, 0])
        .money("amount_read", vec![100, 250])
        .money("amount_accepted", vec![100, 250])
        .money("amount_excluded", vec![0, 0])
        .money("amount_quarantined", vec![0, 0])
        .integers("rows_without_amount", vec![0, 0])
        .integers("rows_without_cost", vec![7, 0])
        .build();
    let outcomes = TableBuilder::new("outcomes", 0)
        .text("file", Vec::<&str>::new())
        .text("outcome", Vec::<&str>::new())
        .text("reason", Vec::<&str>::new())
        .integers("rows", Vec::<i64>::new())
        .money("amount", Vec::<i64>::new())
        .integers("first_line", Vec::<i64>::new())
        .build();
    let inputs = Inputs { reconciliation: Some(&table), outcomes: Some(&outcomes), ..Inputs::default() };
    let of = |language| visible(&render(&report(&facts(language), &inputs), language, None).unwrap());
    insta::assert_snapshot!(of(Language::English), @"
    # Key accounts on 31 December 2025

    ## What was read

    7 invoice lines were read from 2 files, and all were accepted: 3.50~EUR, dated 1 January 2022 to 30 December 2025.
    ");
    insta::assert_snapshot!(of(Language::Spanish), @"
    # Cuentas clave a 31 de diciembre de 2025

    ## Qué se ha leído

    Se han leído 7 líneas de factura de 2 ficheros y se han aceptado todas: 3,50~EUR, del 1 de enero de 2022 al 30 de diciembre de 2025.
    ");
}
