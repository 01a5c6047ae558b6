//! What was decided about an account: by the rule of the list, and by people.

use super::Page;
use crate::calendar::iso;
use crate::explain::{Override, Selection};
use crate::outputs::terminal::plain;

impl Page<'_> {
    pub(super) fn selection(&mut self, selection: &Selection) {
        self.heading("The list of key accounts");
        let since = selection.since.map(|since| format!(" since {}", iso(since))).unwrap_or_default();
        let what = match (selection.status.as_str(), selection.key) {
            ("entered", _) => "New on the list".to_owned(),
            ("left", _) => "Off the list with this run".to_owned(),
            ("waiting", _) => {
                let position = selection.waiting_position.map(|position| format!(", no. {position} in line"));
                format!("Waits for a place{}", position.unwrap_or_default())
            }
            ("watch", true) => format!("On the list{since}, and watched"),
            ("watch", false) => "Not on the list, and watched".to_owned(),
            (_, true) => format!("On the list{since}"),
            (_, false) => "Not on the list".to_owned(),
        };
        let manager = selection.manager.as_ref().map(|manager| format!("; looked after by {}", plain(manager)));
        self.words(format_args!("{what}{}.", manager.unwrap_or_default()));
        for reason in &selection.reasons {
            self.words(format_args!("- {}", plain(reason)));
        }
        if let Some(review) = selection.review.map(iso) {
            let run = if selection.decided { "by this run" } else { "by an earlier run; this one only watches" };
            self.words(format_args!("Decided for the review of {review}, {run}."));
        }
    }

    pub(super) fn overrides(&mut self, overrides: &[Override]) {
        if overrides.is_empty() {
            return;
        }
        self.heading("What people decided");
        for row in overrides {
            let what = match row.what.as_str() {
                "score" => "The whole score".to_owned(),
                "decision" => "The list".to_owned(),
                criterion => self.label("criterion", criterion),
            };
            let (value, was) = (self.points(row.value), self.points(row.was));
            let until = row.until.map(|until| format!(", until {}", iso(until))).unwrap_or_default();
            let who = if row.who.is_empty() { "nobody".to_owned() } else { plain(&row.who) };
            let why = if row.why.is_empty() { "no reason given".to_owned() } else { plain(&row.why) };
            match (row.status.as_str(), &row.decision) {
                ("active", Some(decision)) => {
                    self.words(format_args!("{what}: {decision} on it, says {who}{until}: {why}."));
                }
                (status, Some(decision)) => {
                    let status = self.label("override_status", status);
                    self.words(format_args!("{what}: {decision} does not act ({status}), says {who}{until}: {why}."));
                }
                ("active", None) => {
                    self.words(format_args!("{what}: {value} in place of {was}, says {who}{until}: {why}."));
                }
                (status, None) => {
                    let status = self.label("override_status", status);
                    self.words(format_args!("{what}: {value} does not act ({status}), says {who}{until}: {why}."));
                }
            }
        }
    }
}
