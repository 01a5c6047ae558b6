use super::assign::{propose, propose_within};
use super::fit::{Fit, Places, Weights};
use super::plan::{Account, Plan, Team};
use super::sheets::{self, Forms, Known, Levels, Manager, Requirements, Skills, names};
use crate::sources::TextRow;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn row(line: u64, cells: &[&str]) -> TextRow {
    let cells = cells.iter().map(|cell| (!cell.is_empty()).then(|| (*cell).to_owned())).collect();
    TextRow { file: "sheet.csv".to_owned(), line, cells, defect: None }
}

fn rows(rows: &[&[&str]]) -> Vec<TextRow> {
    rows.iter().zip(2..).map(|(cells, line)| row(line, cells)).collect()
}

fn reasons(unused: &[sheets::Unused]) -> Vec<(u64, &str)> {
    unused.iter().map(|row| (row.line, row.reason)).collect()
}

fn manager(name: &str, capacity: i64, region: &str, levels: &[(&str, i64)]) -> Manager {
    let levels = levels.iter().map(|(skill, level)| ((*skill).to_owned(), level * 10_000)).collect::<Levels>();
    Manager { name: name.to_owned(), capacity, languages: BTreeSet::new(), regions: names(region), levels }
}

#[test]
fn managers_are_read_by_name_and_slips_are_told() {
    let (managers, unused) = sheets::managers(
        &rows(&[
            &["Zoe", "2", "es; pt", "Iberia / France"],
            &["Ana", "0", "", ""],
            &["", "3", "", ""],
            &["Bea", "two", "", ""],
            &["Cai", "2.5", "", ""],
            &["Dan", "-1", "", ""],
            // The same but for case and blanks.
            &["z oe", "9", "", ""],
        ]),
        &Forms::new(),
    );
    let read: Vec<(&str, i64)> = managers.iter().map(|manager| (manager.name.as_str(), manager.capacity)).collect();
    assert_eq!(read, [("Ana", 0), ("Zoe", 2)]);
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<String>>();
    assert_eq!((&managers[1].languages, &managers[1].regions), (&set(&["es", "pt"]), &set(&["france", "iberia"])));
    let expected = [
        (4, "missing_manager"),
        (5, "unreadable_capacity"),
        (6, "unreadable_capacity"),
        (7, "capacity_out_of_range"),
        (8, "duplicate"),
    ];
    assert_eq!(reasons(&unused), expected);
}

#[test]
fn what_is_said_of_an_account_goes_before_its_segment_and_that_before_all() {
    let (accounts, segments) = (BTreeSet::from(["A", "B", "C"]), BTreeSet::from(["publicsector".to_owned()]));
    let known = Known { accounts: &accounts, segments: &segments };
    let mut skills = Skills::of_the_article();
    let (requirements, unused) = sheets::requirements(
        &rows(&[
            &["Selling", "7", "", ""],
            &["Planificación", "5", "", ""],
            &["planning", "8", "Public sector", ""],
            &["Tenders", "6.5", "public sector", ""],
            &["planning", "9", "", "B"],
            &["", "5", "", ""],
            &["finance", "high", "", ""],
            &["finance", "0", "", ""],
            &["finance", "11", "", ""],
            &["finance", "5", "Retail", ""],
            &["finance", "5", "", "D"],
            &["selling", "6", "", ""],
        ]),
        &Forms::new(),
        &known,
        &mut skills,
    );
    let general = BTreeMap::from([("selling", 70_000), ("planning", 50_000)]);
    assert_eq!(requirements.of("A", None), general);
    assert_eq!(requirements.of("A", Some("Retail")), general);
    let public = BTreeMap::from([("selling", 70_000), ("planning", 80_000), ("Tenders", 65_000)]);
    assert_eq!(requirements.of("C", Some("Public sector")), public);
    let own = BTreeMap::from([("selling", 70_000), ("planning", 90_000), ("Tenders", 65_000)]);
    assert_eq!(requirements.of("B", Some("Public sector")), own);
    let expected = [
        (7, "missing_skill"),
        (8, "unreadable_level"),
        (9, "level_out_of_range"),
        (10, "level_out_of_range"),
        (11, "unknown_segment"),
        (12, "unknown_account"),
        (13, "duplicate"),
    ];
    assert_eq!(reasons(&unused), expected);
}

#[test]
fn levels_are_of_known_managers_and_of_skills_that_somebody_asks_for() {
    let mut managers = [manager("Ana", 1, "", &[]), manager("Zoe", 1, "", &[])];
    let unused = sheets::add_levels(
        &rows(&[
            &["ANA", "Soft skills", "7.5"],
            &["Zoe", "Habilidades personales", "4"],
            &["Zoe", "Venta", "10"],
            &["", "selling", "5"],
            &["Bea", "selling", "5"],
            &["Zoe", "", "5"],
            &["Zoe", "selling", "10.5"],
            &["Zoe", "juggling", "5"],
            &["Zoe", "SELLING", "3"],
        ]),
        &Forms::new(),
        &mut managers,
        &Requirements::defaults(),
        &mut Skills::of_the_article(),
    );
    let levels = |levels: &[(&str, i64)]| levels.iter().map(|(skill, level)| ((*skill).to_owned(), *level)).collect();
    assert_eq!(managers[0].levels, levels(&[("soft_skills", 75_000)]));
    assert_eq!(managers[1].levels, levels(&[("soft_skills", 40_000), ("selling", 100_000)]));
    let expected = [
        (5, "missing_manager"),
        (6, "unknown_manager"),
        (7, "missing_skill"),
        (8, "level_out_of_range"),
        (9, "not_required"),
        (10, "duplicate"),
    ];
    assert_eq!(reasons(&unused), expected);
}

#[test]
fn a_row_that_cannot_be_read_counts_in_no_sheet() {
    let mut broken = row(2, &["Ana", "3", "", ""]);
    let detail = String::new();
    broken.defect = Some(crate::sources::Defect { row: 0, reason: "too_few_fields", detail });
    let (managers, unused) = sheets::managers(&[broken], &Forms::new());
    assert!(managers.is_empty());
    assert_eq!(reasons(&unused), [(2, "unreadable_row")]);
}

#[test]
fn a_fit_weighs_the_parts_that_are_known() {
    let needs = BTreeMap::from([("finance", 50_000), ("selling", 70_000)]);
    let ana = manager("Ana", 1, "Iberia", &[("selling", 10), ("finance", 2)]);
    let fit = |region: &str, language: &str, manager: &Manager| {
        let places = Places { regions: &names(region), languages: &names(language) };
        Fit::of(&needs, places, manager, Weights::default())
    };
    // 7 of 7 and 2 of 5: what is above 7 does not help.
    let skills = 9.0 / 12.0;
    let found = fit("iberia", "es", &ana);
    // Ana's languages are not known: 60 for skills and 20 for the region.
    let expected =
        Fit { fit: Some((60.0 * skills + 20.0) / 80.0), skills: Some(skills), region: Some(true), language: None };
    assert_eq!(found, expected);
    assert_eq!(found.millionths(), 812_500);
    let speaking = Manager { languages: names("en, es"), ..ana.clone() };
    assert_eq!(fit("DACH", "es", &speaking).fit, Some((60.0 * skills + 20.0) / 100.0));
    assert_eq!(fit("", "", &ana).fit, Some(skills));
    let nothing = Places { regions: &names(""), languages: &names("") };
    let unknown = Fit::of(&BTreeMap::new(), nothing, &ana, Weights::default());
    assert_eq!((unknown, unknown.millionths()), (Fit::default(), 0));
    // A skill that nobody has spoken of is not there.
    assert_eq!(fit("", "", &manager("Bea", 1, "", &[])).skills, Some(0.0));
}

/// Two managers, three accounts without one; Ana has one place left and Bea one.
///
/// Fits in millionths:      Ana      Bea
///   North (score 9)     900 000  800 000
///   South (score 8)     900 000  300 000
///   West  (score 7)   1 000 000  900 000
///
/// The two best get the places: North with Bea and South with Ana make 1 700 000, the other way round 1 200 000.
#[test]
fn the_best_accounts_share_the_places_and_the_total_fit_is_the_greatest() {
    let fits = [[900_000, 800_000], [900_000, 300_000], [1_000_000, 900_000]];
    let fit = |account: usize, manager: usize| fits[account][manager];
    assert_eq!(propose(3, &[1, 1], fit), [Some(1), Some(0), None]);
    // With a second place of Bea's all three have one: 0.8 + 0.9 + 0.9 is 2.6, Ana for West would make 2.1.
    assert_eq!(propose(3, &[1, 2], fit), [Some(1), Some(0), Some(1)]);
    assert_eq!(propose(3, &[0, 0], fit), [None, None, None]);
    assert_eq!(propose(2, &[], fit), [None, None]);
}

#[test]
fn among_equals_the_better_account_goes_to_the_manager_first_by_name() {
    assert_eq!(propose(3, &[1, 1, 1], |_, _| 500_000), [Some(0), Some(1), Some(2)]);
    assert_eq!(propose(3, &[3, 3], |_, _| 0), [Some(0), Some(0), Some(0)]);
}

#[test]
fn managers_without_a_place_do_not_count_however_many_there_are() {
    // Preferences of a million managers and the best fit of 300 accounts would leave 64 bits.
    let mut free = vec![0; 1_000_000];
    (free[7], free[999_999]) = (100, 200);
    let found =
        propose(300, &free, |account, manager| if (account < 200) == (manager == 7) { 999_999 } else { 1_000_000 });
    assert_eq!(found, [vec![Some(999_999); 200], vec![Some(7); 100]].concat());
}

#[test]
fn more_than_can_be_solved_at_once_comes_in_blocks_within_capacity() {
    let fit = |account: usize, manager: usize| ((account * 7 + manager * 13) % 101) as i64;
    // Blocks of 20: 20 · 20 accounts times 60 places are 24 000.
    let found = propose_within(24_000, 250, &[70, 90, 60], fit);
    let of = |manager: usize| found.iter().filter(|place| **place == Some(manager)).count();
    assert_eq!(([of(0), of(1), of(2)], found.iter().filter(|place| place.is_none()).count()), ([70, 90, 60], 30));
    assert!(found[..220].iter().all(Option::is_some));
    // Within the first block the total is the greatest.
    let total = |found: &[Option<usize>]| -> i64 {
        found.iter().enumerate().filter_map(|(account, place)| place.map(|place| fit(account, place))).sum()
    };
    assert_eq!(total(&found[..20]), total(&propose(20, &[70, 90, 60], fit)));
}

/// The greatest total over every way to assign, by trying all.
fn brute_force(fits: &[Vec<i64>], free: &[usize]) -> i64 {
    let Some((first, rest)) = fits.split_first() else { return 0 };
    let with = |(manager, fit): (usize, &i64)| {
        let mut left = free.to_vec();
        left[manager] = left[manager].checked_sub(1)?;
        Some(fit + brute_force(rest, &left))
    };
    first.iter().enumerate().filter_map(with).max().unwrap_or_default()
}

proptest! {
    #[test]
    fn the_total_fit_is_that_of_the_best_of_all_assignments(
        fits in proptest::collection::vec(proptest::collection::vec(0..=1_000_000i64, 3), 0..6),
        free in proptest::collection::vec(0usize..4, 3),
    ) {
        let places: usize = free.iter().sum();
        let found = propose(fits.len(), &free, |account, manager| fits[account][manager]);
        prop_assert_eq!(found.len(), fits.len());
        // The first accounts, as many as there are places, and no others.
        prop_assert!(found.iter().enumerate().all(|(account, place)| place.is_some() == (account < places)));
        for (manager, free) in free.iter().enumerate() {
            prop_assert!(found.iter().filter(|place| **place == Some(manager)).count() <= *free);
        }
        let total: i64 = found.iter().zip(&fits).filter_map(|(place, fits)| place.map(|place| fits[place])).sum();
        let served = &fits[..fits.len().min(places)];
        prop_assert_eq!(total, brute_force(served, &free));
    }

    #[test]
    fn the_order_of_accounts_and_managers_never_shows(
        accounts in proptest::collection::vec((1u8..=10, 0usize..4, proptest::bool::ANY), 0..12),
        order in proptest::sample::subsequence((0..12).collect::<Vec<usize>>(), 12).prop_shuffle(),
        levels in proptest::collection::vec((0i64..4, 1i64..=10), 3),
    ) {
        let keys: Vec<String> = (0..12).map(|place| format!("account {place}")).collect();
        let regions = ["Iberia", "DACH", "France", ""];
        let team: Vec<Manager> = levels.iter().zip(["Ana", "Bea", "Cai"].iter().zip(regions)).map(
            |((capacity, level), (name, region))| manager(name, *capacity, region, &[("selling", *level)])
        ).collect();
        let account = |place: usize| accounts.get(place).map(|(score, region, managed)| Account {
            name: &keys[place],
            score: Some(f64::from(*score)),
            revenue: i64::from(*score) * 100,
            region: Some(regions[*region]).filter(|region| !region.is_empty()),
            current: managed.then_some("Bea"),
            ..Account::default()
        });
        let requirements = Requirements::defaults();
        let plan = |order: &[usize]| -> Plan {
            let team = Team { managers: &team, requirements: &requirements, weights: Weights::default() };
            team.plan(order.iter().filter_map(|place| account(*place)).collect())
        };
        let first = plan(&(0..12).collect::<Vec<usize>>());
        prop_assert_eq!(&first, &plan(&order));
        for (manager, load) in team.iter().zip(&first.loads) {
            prop_assert!(load.proposed == 0 || load.accounts + load.proposed <= manager.capacity);
        }
        let sum: i64 = first.loads.iter().map(|load| load.accounts + load.proposed).sum();
        prop_assert_eq!(sum as usize, first.assignments.iter().filter(|row| row.manager.is_some()).count());
    }
}

/// Ana has North and South and place for one; Bea has place for two and nobody yet. East's manager is not in the sheet.
///
/// All ask for selling 7, planning 6, finance 5 and soft skills 7, which is 25 in all. Ana has 8, 6, 3 and nobody knows:
/// 7 + 6 + 3 = 16 of 25. Bea has 7, 4, 5 and 7: 23 of 25.
#[test]
fn a_plan_worked_by_hand() {
    let team = [
        manager("Ana", 1, "", &[("selling", 8), ("planning", 6), ("finance", 3)]),
        manager("Bea", 2, "", &[("selling", 7), ("planning", 4), ("finance", 5), ("soft_skills", 7)]),
    ];
    let account = |name, score, revenue, current| Account { name, score, revenue, current, ..Account::default() };
    let accounts = vec![
        account("West", Some(6.0), 40, None),
        account("North", Some(9.0), 100, Some("ana")),
        account("East", Some(8.0), 70, Some("Gone")),
        account("South", None, 50, Some("Ana")),
        account("Far", Some(5.0), 10, None),
    ];
    let requirements = Requirements::defaults();
    let plan = Team { managers: &team, requirements: &requirements, weights: Weights::default() }.plan(accounts);
    let rows: Vec<_> = plan.assignments.iter().map(|row| (row.account.name, row.manager, row.proposed)).collect();
    let expected = [
        ("East", Some(1), true),
        ("Far", None, false),
        ("North", Some(0), false),
        ("South", Some(0), false),
        ("West", Some(1), true),
    ];
    assert_eq!(rows, expected);
    assert_eq!((plan.assignments[0].fit.fit, plan.assignments[2].fit.fit), (Some(23.0 / 25.0), Some(16.0 / 25.0)));
    let loads: Vec<_> = plan.loads.iter().map(|load| (load.accounts, load.proposed, load.effort)).collect();
    assert_eq!(loads, [(2, 0, 0.9), (0, 2, 0.0)]);
    assert_eq!((plan.loads[0].revenue, plan.loads[1].proposed_revenue), (150, 110));
    let needs: Vec<_> =
        plan.needs.iter().map(|need| (need.manager, need.skill, need.gap(), need.level, need.revenue)).collect();
    let expected = [
        (0, "finance", 20_000, Some(30_000), 150),
        (0, "soft_skills", 70_000, None, 150),
        (1, "planning", 20_000, Some(40_000), 110),
    ];
    assert_eq!(needs, expected);
}

/// Two segments ask for different levels: the gap is that of the higher one, the revenue that of the accounts it concerns.
#[test]
fn what_is_at_stake_is_the_revenue_of_the_accounts_that_ask_for_more() {
    let (known, segments) = (BTreeSet::new(), BTreeSet::from(["crafts".to_owned()]));
    let known = Known { accounts: &known, segments: &segments };
    let sheet = rows(&[&["selling", "5", "", ""], &["selling", "8", "Crafts", ""]]);
    let (requirements, _) = sheets::requirements(&sheet, &Forms::new(), &known, &mut Skills::of_the_article());
    let team = [manager("Ana", 9, "", &[("selling", 6)])];
    let account = |name, segment, revenue| Account {
        name,
        revenue,
        segment: Some(segment),
        current: Some("Ana"),
        ..Account::default()
    };
    let accounts = vec![account("A", "Crafts", 7), account("B", "Retail", 100), account("C", "Crafts", -2)];
    let plan = Team { managers: &team, requirements: &requirements, weights: Weights::default() }.plan(accounts);
    let [need] = plan.needs.as_slice() else { panic!("{:?}", plan.needs) };
    assert_eq!((need.required, need.gap(), need.accounts, need.revenue), (80_000, 20_000, 2, 5));
}
