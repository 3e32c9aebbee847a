//! Reports: what operators would otherwise add up themselves. Each is read with parameters that all
//! have a default, and answers lines, and where those are people, counts of them besides.

mod asked;
mod attention;
pub(super) mod figures;
mod nudges;
mod people;
mod stock;
mod usage;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::roles::Right;
use super::{Items, Query, cursor, not_found, object};
use crate::directory::{Caller, Directory, Error};
use crate::scim::Object;
use crate::seats::named;
use asked::Asked;

named! {
    /// Every report there is.
    Name {
        /// How people take up and use their coaching.
        ActivationUsage = "activation-usage",
        /// What needs somebody today.
        Attention = "attention",
        /// The identity providers and HR systems.
        Connections = "connections",
        /// Whose access ends soon.
        Expiring = "expiring",
        /// When seats come free, by the dates known today.
        Forecast = "forecast",
        /// Whose access is over and who still has sessions.
        LeaversWithSessions = "leavers-with-sessions",
        /// Whether nudges help.
        Nudges = "nudges",
        /// Reflection Points.
        Reflections = "reflections",
        /// Pools and how full they are.
        Seats = "seats",
        /// What was used beyond the purchase.
        TrueUp = "true-up",
        /// Seats that are held and of which nothing comes.
        UnusedSeats = "unused-seats",
        /// The lines.
        Waitlist = "waitlist",
    }
}

/// A parameter of a report.
struct Parameter {
    name: &'static str,
    default: &'static str,
    what: &'static str,
}

const fn parameter(name: &'static str, default: &'static str, what: &'static str) -> Parameter {
    Parameter {
        name,
        default,
        what,
    }
}

const TRACK: Parameter = parameter("track", "", "only this track; empty for all");
const POOL: Parameter = parameter("pool", "", "only this pool; empty for all");
const FROM: Parameter = parameter("from", "", "first day; empty for the beginning");
const TO: Parameter = parameter("to", "", "last day; empty for today");
const GROUP_BY: Parameter = parameter(
    "groupBy",
    "track",
    "all, track, pool, week, or attr. and the name of an attribute",
);

impl Name {
    /// What it says, in a line.
    fn title(self) -> &'static str {
        match self {
            Self::ActivationUsage => "How people take up and use their coaching",
            Self::Attention => "What needs somebody today",
            Self::Connections => "Identity providers and HR systems: when last seen, what failed",
            Self::Expiring => "Whose access ends soon",
            Self::Forecast => "Seats that come free, by the dates known today",
            Self::LeaversWithSessions => "Whose access is over and who still has sessions",
            Self::Nudges => "Whether nudges help, by kind and reason",
            Self::Reflections => "Reflection Points: assigned, written, outstanding",
            Self::Seats => "Pools and how full they are",
            Self::TrueUp => "What was used beyond the purchase",
            Self::UnusedSeats => "Seats that are held and of which nothing comes",
            Self::Waitlist => "Who waits, for how long, and what comes free",
        }
    }

    /// The right that it takes besides `read`.
    fn right(self) -> Right {
        match self {
            Self::ActivationUsage
            | Self::Attention
            | Self::LeaversWithSessions
            | Self::Reflections
            | Self::UnusedSeats => Right::Engagement,
            Self::Connections => Right::ReadRules,
            Self::Nudges => Right::Nudge,
            Self::Expiring | Self::Forecast | Self::Seats | Self::TrueUp | Self::Waitlist => {
                Right::Read
            }
        }
    }

    /// Whether its lines are people, and so many that they are read a page at a time.
    fn has_pages(self) -> bool {
        matches!(
            self,
            Self::Attention | Self::Expiring | Self::LeaversWithSessions | Self::UnusedSeats
        )
    }

    fn parameters(self) -> &'static [Parameter] {
        const WITHIN: Parameter = parameter("within", "30d", "days ahead");
        const REASON: Parameter = parameter("reason", "", "only this reason; empty for all");
        const OVERDUE: Parameter =
            parameter("overdueDays", "14", "days after which one is overdue");
        const UNTIL: Parameter = parameter("until", "90d", "last day, or days ahead; at most 731");
        const IDLE: Parameter =
            parameter("days", "30", "days without engagement that count as idle");
        const ACTIVATION: Parameter =
            parameter("activationDays", "10", "days to activate an account");
        const LOW: Parameter = parameter(
            "lowPercent",
            "10",
            "a pool is low when less than this is available",
        );
        const SILENT: Parameter = parameter(
            "silentHours",
            "24",
            "hours without a request after which a connection is silent",
        );
        match self {
            Self::ActivationUsage => &[GROUP_BY, FROM, TO, TRACK, POOL],
            Self::Reflections => &[GROUP_BY, FROM, TO, TRACK, POOL, OVERDUE],
            Self::Attention => &[TRACK, POOL],
            Self::Nudges => &[FROM, TO],
            Self::Expiring => &[WITHIN, TRACK, POOL],
            Self::Forecast => &[UNTIL, POOL],
            Self::UnusedSeats => &[IDLE, ACTIVATION, REASON, POOL],
            Self::Seats => &[LOW],
            Self::Connections => &[SILENT],
            Self::LeaversWithSessions | Self::TrueUp | Self::Waitlist => &[],
        }
    }
}

/// A report.
#[derive(Debug, Clone)]
pub struct Report {
    /// Which.
    pub name: Name,
    /// As of when.
    pub at: Timestamp,
    /// The parameters that it was read with, those by default too.
    pub parameters: Object,
    /// Counts by reason, where lines are people.
    pub summary: Vec<Object>,
    /// Its lines, each with the same keys in the same order.
    pub lines: Items,
}

impl Report {
    /// What it says, in a line.
    pub fn title(&self) -> &'static str {
        self.name.title()
    }

    /// As JSON.
    pub fn to_json(&self) -> Value {
        json!({
            "report": self.name.as_str(),
            "title": self.title(),
            "at": self.at,
            "parameters": self.parameters,
            "summary": self.summary,
            "items": self.lines.items,
            "nextCursor": self.lines.next_cursor,
        })
    }
}

/// Every parameter of reports once, with what it says and the reports that have it.
pub(crate) fn all_parameters() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let mut all: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for report in Name::ALL {
        for parameter in report.parameters() {
            match all.iter_mut().find(|(name, ..)| *name == parameter.name) {
                Some((_, _, of)) => of.push(report.as_str()),
                None => all.push((parameter.name, parameter.what, vec![report.as_str()])),
            }
        }
    }
    all
}

/// What a report says, before it has a frame.
#[derive(Default)]
struct Body {
    summary: Vec<Object>,
    lines: Items,
}

impl Body {
    fn of(items: Vec<Object>) -> Self {
        Self {
            lines: Items {
                items,
                next_cursor: None,
            },
            ..Self::default()
        }
    }
}

impl Directory {
    /// A report, by its name.
    pub async fn read_report(
        &self,
        caller: &Caller,
        name: &str,
        query: &Query,
        now: Timestamp,
    ) -> Result<Report, Error> {
        caller.may(Right::Read)?;
        let name: Name = name.parse().map_err(|_| not_found("such report"))?;
        caller.may(name.right())?;
        let asked = Asked::read(name, query)?;
        self.catch_up(caller.tenant, now).await?;
        let body = match name {
            Name::ActivationUsage => self.activation_usage(caller, &asked, now).await,
            Name::Attention => self.attention(caller, &asked, now).await,
            Name::Connections => self.connections_report(caller, &asked, now).await,
            Name::Expiring => self.expiring(caller, &asked, now).await,
            Name::Forecast => self.forecast(caller, &asked, now).await,
            Name::LeaversWithSessions => self.leavers_with_sessions(caller, &asked, now).await,
            Name::Nudges => self.nudges_report(caller, &asked, now).await,
            Name::Reflections => self.reflections(caller, &asked, now).await,
            Name::Seats => self.seats_report(caller, &asked, now).await,
            Name::TrueUp => self.true_up(caller, now).await,
            Name::UnusedSeats => self.unused_seats(caller, &asked, now).await,
            Name::Waitlist => self.waitlist_report(caller, now).await,
        }?;
        Ok(Report {
            name,
            at: now,
            parameters: asked.shown(),
            summary: body.summary,
            lines: body.lines,
        })
    }

    /// The reports, each with its parameters.
    pub async fn list_reports(
        &self,
        caller: &Caller,
        query: &Query,
        now: Timestamp,
    ) -> Result<Items, Error> {
        caller.may(Right::Read)?;
        query.only(&[], None)?;
        let rows = Name::ALL.iter().map(|name| {
            let parameters: Value = name
                .parameters()
                .iter()
                .map(|p| json!({"name": p.name, "default": p.default, "what": p.what}))
                .collect();
            let item = object([
                ("name", name.as_str().into()),
                ("title", name.title().into()),
                ("right", name.right().as_str().into()),
                ("parameters", parameters),
                ("formats", json!(["json", "csv", "table", "svg"])),
            ]);
            (name.as_str().to_owned(), item)
        });
        let list = cursor::list(caller, "reports", query);
        self.page_by_key(list, query, rows.collect(), now).await
    }
}

/// A share of a whole, to three places; none of nothing.
fn rate(part: i64, whole: i64) -> Value {
    if whole <= 0 {
        return Value::Null;
    }
    rounded(exact(part) / exact(whole), 3)
}

fn rounded(value: f64, places: i32) -> Value {
    let scale = 10_f64.powi(places);
    json!((value * scale).round() / scale)
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of people and seats are exact far beyond any there are"
)]
fn exact(n: i64) -> f64 {
    n as f64
}
