use super::*;
use crate::outputs::report::report;
use crate::outputs::report::sample::{book, facts};

pub(super) fn sample(language: Language) -> Report {
    report(&facts(language), &book().inputs())
}

/// Renders a user's template over the sample.
fn with(text: &str) -> String {
    render(&sample(Language::English), Language::English, Some(("mine.md", text)))
        .unwrap_or_else(|error| error.to_string())
}

/// No-break spaces would be invisible in a snapshot.
pub(super) fn visible(text: &str) -> String {
    text.replace('\u{a0}', "~")
}

#[test]
fn a_users_template_has_the_fields_filters_and_messages() {
    let text = "{{ as_of | date }}, {{ as_of | short_date }}: {{ ranking.revenue | money }}, {{ 1234567 | number }},
{{ 0.5 | percent }}, {{ 0.5 | percent(2) }}, {{ 7 | score }}, {{ none | percent }}, {{ none }}, {{ last_year | year }}
{{ t('more', count=2) }} {{ word('reason', 'missing_date') }} {{ word('reason', 'a*b') }} {{ period('of', 2023, 2025) }}";
    assert_eq!(
        visible(&with(text)),
        "31 December 2025, 31/12/2025: 223,000.00~EUR, 1,234,567,
50.0%, 50.00%, 7.00, –, –, 2025
… and 2 more. no date a\\*b of 2023 to 2025"
    );
}

#[test]
fn a_users_template_is_safe_without_doing_anything_for_it() {
    assert_eq!(with("{{ ranking.vital_few.rows[1].name }}"), r"Bolt \| Nut &lt;Ltd&gt; (C-2)");
    assert_eq!(with("{{ 'a|b' ~ t('more', count=1) }}"), r"a\|b… and 1 more.");
    assert_eq!(with("{{ ['<b>', 'x|y'] | join(', ') }}"), r"&lt;b&gt;, x\|y");
    assert_eq!(with("{{ ['<b>'] }}"), r"\['&lt;b&gt;'\]");
    assert_eq!(with("{% set name = '<b>' %}{% set both %}{{ name }}|{% endset %}{{ both }}"), "&lt;b&gt;|");
    assert_eq!(with("{{ '<b>' | upper }} {{ '<b>' | escape }}"), "&lt;B&gt; &lt;b&gt;");
    assert_eq!(with("{{ t('title', as_of='<b>') }}"), "Key accounts on &lt;b&gt;");
    assert_eq!(with("{{ '<b>' | safe }}"), "<b>");
}

#[test]
fn a_users_template_can_replace_one_block() {
    let text = with("{% extends 'key_accounts' %}{% block opening %}\nOur own words.\n{% endblock %}");
    assert!(text.contains("\nOur own words.\n"), "{text}");
    assert!(text.contains("## Who is shrinking"), "{text}");
    assert!(!text.contains("brings in 89.7%"), "{text}");
}

#[test]
fn mistakes_of_a_template_say_where_and_what() {
    let cases = [
        ("one\n{{ revenu }}", "line 2: `revenu` is undefined"),
        ("{{ ranking.sum }}", "line 1: `ranking.sum` is undefined"),
        ("{{ revenu | money }}", "line 1: `revenu` is undefined"),
        ("{{ t('more', count=revenu) }}", "line 1: `revenu` is undefined"),
        ("{{ t('more') }}", "line 1: message `more` needs a value `count`"),
        ("{{ t('mor') }}", "line 1: there is no message `mor`"),
        ("{{ pipeline | money }}", "line 1: `key_accounts` is not a whole number"),
        ("\n\n{{ as_of | currency }}", "line 3: filter currency is unknown"),
        ("{% include 'other.md' %}", "line 1: tried to include non-existing template 'other.md'"),
        ("{% for row in ranking %}", "line 1: syntax error: unexpected end of input, expected end of block"),
    ];
    for (text, expected) in cases {
        assert_eq!(with(text), format!("template `mine.md`, {expected}"));
    }
}

#[test]
fn a_template_without_an_end_is_stopped() {
    let text = "{% for a in range(9999) %}{% for b in range(9999) %}{{ b }}{% endfor %}{% endfor %}";
    let error =
        render_within(&sample(Language::English), Language::English, Some(("mine.md", text)), 10_000).unwrap_err();
    assert_eq!(error.to_string(), "template `mine.md`, line 1: too much work, as of a loop without an end");
}

/// A list of a thousand rows has to fit into the fuel.
#[test]
fn the_built_in_template_has_fuel_to_spare() {
    let text = render_within(&sample(Language::English), Language::English, None, FUEL / 200);
    assert!(text.is_ok(), "{text:?}");
}
