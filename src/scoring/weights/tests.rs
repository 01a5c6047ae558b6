use super::*;
use proptest::prelude::*;

fn close(found: &[f64], expected: &[f64]) -> bool {
    found.len() == expected.len() && found.iter().zip(expected).all(|(a, b)| (a - b).abs() <= 1e-12)
}

/// The weights of criteria `a`, `b`, … under a key `weights`, or the mistakes.
fn weighed(yaml: &str, own: &[Option<f64>]) -> Result<Weights, Vec<String>> {
    let source = crate::pipeline::diagnostics::SourceText { name: String::new(), text: yaml.to_owned() };
    let node = crate::pipeline::node::parse(&source, 0).unwrap();
    let names: Vec<Located<String>> =
        ('a'..='z').take(own.len()).map(|letter| Located::new(letter.to_string(), node.span.clone())).collect();
    let weight = |own: &Option<f64>| own.map(|own| Located::new(Some(own), node.span.clone()));
    let members: Vec<Member> =
        names.iter().zip(own).map(|(name, own)| Member { name, what: "criterion", weight: weight(own) }).collect();
    let problems = Problems::default();
    let node = (node.value != Value::Null).then_some(&node);
    let weights = weigh(node, &members, "group `g`", &problems);
    let mistakes: Vec<String> = problems.into_sorted().into_iter().map(|problem| problem.message).collect();
    if mistakes.is_empty() { Ok(weights) } else { Err(mistakes) }
}

fn shares(yaml: &str, count: usize) -> Vec<f64> {
    weighed(yaml, &vec![None; count]).unwrap().shares
}

/// For three: (1 + 1/2 + 1/3)/3 = 11/18, (1/2 + 1/3)/3 = 5/18, (1/3)/3 = 2/18.
#[test]
fn rank_order_centroids_by_hand() {
    assert!(close(&rank_order_centroid(3), &[11.0 / 18.0, 5.0 / 18.0, 2.0 / 18.0]));
    assert!(close(&rank_order_centroid(2), &[0.75, 0.25]));
    assert!(close(&rank_order_centroid(1), &[1.0]));
    assert!(close(&shares("{method: rank, order: [b, c, a]}", 3), &[2.0 / 18.0, 11.0 / 18.0, 5.0 / 18.0]));
    // Equals share: (5/18 + 2/18)/2.
    assert!(close(&shares("{method: rank, order: [b, [c, a]]}", 3), &[7.0 / 36.0, 11.0 / 18.0, 7.0 / 36.0]));
    assert!(close(&shares("{method: rank, order: [[a, b, c]]}", 3), &[1.0 / 3.0; 3]));
}

#[test]
fn every_method_by_hand() {
    let direct = weighed("null", &[Some(60.0), Some(30.0), Some(30.0)]).unwrap();
    assert_eq!(direct.weighing, Weighing { method: Method::Direct, consistency_ratio: None });
    assert!(close(&direct.shares, &[0.5, 0.25, 0.25]));
    assert_eq!(weighed("direct", &[Some(60.0), Some(30.0), Some(30.0)]).unwrap(), direct);
    assert_eq!(weighed("{method: direct}", &[Some(60.0), Some(30.0), Some(30.0)]).unwrap(), direct);
    assert!(close(&shares("equal", 4), &[0.25; 4]));
    assert!(close(&shares("{method: swing, swings: {b: 100, a: 60, c: 40}}", 3), &[0.3, 0.5, 0.2]));
    let ahp = weighed("{method: ahp, compare: {a / b: 2, c / b: 1/2}}", &[None; 3]).unwrap();
    assert!(close(&ahp.shares, &[4.0 / 7.0, 2.0 / 7.0, 1.0 / 7.0]));
    assert_eq!(ahp.weighing, Weighing { method: Method::Ahp, consistency_ratio: Some(0.0) });
}

#[test]
fn inconsistent_comparisons_count_where_they_are_accepted() {
    let compare = "compare: {a / b: 9, b / c: 9, a / c: 1/9}";
    let refused = weighed(&format!("{{method: ahp, {compare}}}"), &[None; 3]).unwrap_err();
    assert!(refused[0].contains("contradict each other"), "{refused:?}");
    let accepted = weighed(&format!("{{method: ahp, accept_inconsistency: true, {compare}}}"), &[None; 3]).unwrap();
    assert!(accepted.weighing.consistency_ratio.unwrap() > 1.0);
    // A circle: none is more important than another.
    assert!(close(&accepted.shares, &[1.0 / 3.0; 3]));
}

proptest! {
    #[test]
    fn weights_of_any_method_add_up_to_one(ratings in proptest::collection::vec(0.01f64..1e6, 1..20)) {
        let count = ratings.len();
        let letters: Vec<String> = ('a'..='z').take(count).map(|letter| letter.to_string()).collect();
        let swings: Vec<String> = letters.iter().zip(&ratings).map(|(name, rating)| format!("{name}: {rating}")).collect();
        let direct = weighed("null", &ratings.iter().copied().map(Some).collect::<Vec<_>>()).unwrap().shares;
        let swing = shares(&format!("{{method: swing, swings: {{{}}}}}", swings.join(", ")), count);
        let rank = shares(&format!("{{method: rank, order: [{}]}}", letters.join(", ")), count);
        prop_assert!(close(&direct, &swing));
        prop_assert!(rank.is_sorted_by(|a, b| a > b));
        for shares in [direct, swing, rank, shares("equal", count)] {
            prop_assert!((shares.iter().sum::<f64>() - 1.0).abs() < 1e-12 && shares.iter().all(|share| *share > 0.0));
        }
    }
}
