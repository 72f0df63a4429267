//! What an article gained day by day, for charts. Knows no SQL.

use std::collections::HashMap;

use chrono::{NaiveDate, TimeDelta};

use crate::clock::Clock;
use crate::error::Result;
use crate::models::counting::{Day, Policy};
use crate::models::days::{DaySpan, DayViews};
use crate::models::time::Ts;
use crate::store::{self, Delivery};

/// Use cases on numbers by day.
#[derive(Clone)]
pub struct History {
    store: Delivery,
    clock: Clock,
    days_kept: i32,
}

/// The views of an article day by day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewHistory {
    /// The article.
    pub article_id: i64,
    /// The days told; `None` where none of those that were asked for has begun or is still kept.
    pub span: Option<DaySpan>,
    /// Each of these days, in order.
    pub items: Vec<DayViews>,
    /// The rules in force on these days, the earliest first.
    pub policies: Vec<Policy>,
    /// When it was read.
    pub now: Ts,
}

impl History {
    pub(super) fn new(store: Delivery, clock: Clock, days_kept: i32) -> Self {
        Self {
            store,
            clock,
            days_kept,
        }
    }

    /// The views of the public article with `id` from one day to another, by the clock of its site; one that was taken back fails
    /// with the reason.
    pub async fn of_article(
        &self,
        id: i64,
        from: Option<NaiveDate>,
        to: Option<NaiveDate>,
    ) -> Result<ViewHistory> {
        let now = Ts::from(self.clock.now());
        let days_kept = self.days_kept;
        self.store
            .read_short(move |conn| {
                store::connection::snapshot(conn, |conn| {
                    let utc_offset = store::counting::zone_of_public(conn, id, now)?;
                    let today = Day::at(now, &utc_offset);
                    let asked = DaySpan::resolve(from.map(Day::of), to.map(Day::of), today)?;
                    let span = asked.and_then(|asked| asked.since(today.plus(1 - days_kept)));
                    let (items, policies) = match span {
                        Some(span) => {
                            let found = store::history::of_article(conn, id, span)?;
                            let policies = store::counting::policies::all(conn)?;
                            (
                                every_day(span, found),
                                in_force(policies, span, &utc_offset),
                            )
                        }
                        None => (Vec::new(), Vec::new()),
                    };
                    Ok(ViewHistory {
                        article_id: id,
                        span,
                        items,
                        policies,
                        now,
                    })
                })
            })
            .await
    }
}

/// Each day of `span`, also those on which nothing happened.
fn every_day(span: DaySpan, found: Vec<DayViews>) -> Vec<DayViews> {
    let found: HashMap<Day, DayViews> = found.into_iter().map(|item| (item.day, item)).collect();
    span.days()
        .map(|day| {
            found.get(&day).copied().unwrap_or(DayViews {
                day,
                views: 0,
                hits: 0,
            })
        })
        .collect()
}

/// Those of `policies`, which begin with the latest, that held at some moment of the days of `span`; the earliest first.
fn in_force(policies: Vec<Policy>, span: DaySpan, utc_offset: &str) -> Vec<Policy> {
    let mut next: Option<Ts> = None;
    let mut held: Vec<Policy> = Vec::new();
    for policy in policies {
        let has_begun = Day::at(policy.since, utc_offset) <= span.last;
        let is_over = next.replace(policy.since).is_some_and(|next| {
            let end = Ts(next.0 - TimeDelta::microseconds(1));
            Day::at(end, utc_offset) < span.first
        });
        if has_begun && !is_over {
            held.push(policy);
        }
    }
    held.reverse();
    held
}
