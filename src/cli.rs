//! What the command line takes.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, FromArgMatches, Parser, Subcommand};
use seatkeeper::config::{Config, DATABASE_URL};
use seatkeeper::directory::credentials::Role;
use serde_json::{Value, json};

use crate::import_file::ImportFile;
use crate::ledger_command::LedgerCommand;

/// Turns an identity provider's calls into coaching seats.
#[derive(Parser)]
#[command(version, about)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Serve SCIM and the admin API until told to stop.
    Serve(Box<Config>),
    /// Play a day of identity provider traffic on a new database, and go on serving it.
    Demo {
        /// The address to listen on; port 0 takes a free one.
        #[arg(
            long,
            env = "SEATKEEPER_LISTEN",
            value_name = "ADDRESS",
            default_value = "127.0.0.1:8080"
        )]
        listen: SocketAddr,
    },
    /// Bring the schema of the database up to date.
    Migrate(Database),
    /// Customers, each apart from the others.
    Tenant(On<TenantCommand>),
    /// Credentials of identity providers and operators.
    Token(On<TokenCommand>),
    /// Seats that were bought together.
    Pool(On<PoolCommand>),
    /// Coaching tracks.
    Track(On<TrackCommand>),
    /// Rules that say who gets which track.
    Mapping(On<MappingCommand>),
    /// Take over a file of an HR system, or say what it would do.
    Import(Box<ImportFile>),
    /// The account of every seat.
    Ledger(On<LedgerCommand>),
    /// Print how programs call the admin API, as `OpenAPI` 3.1.
    Openapi,
    /// Copy a SQLite database, in use or not, to a new file.
    Backup(Copying),
    /// Put a copy in the place of a SQLite database that is not there.
    Restore(Copying),
}

#[derive(Args)]
pub(crate) struct Copying {
    /// The copy.
    #[arg(value_name = "PATH")]
    pub(crate) copy: PathBuf,
    #[command(flatten)]
    pub(crate) database: Database,
}

#[derive(Args)]
pub(crate) struct Database {
    /// The database: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long,
        env = "SEATKEEPER_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        default_value = DATABASE_URL,
        global = true
    )]
    pub(crate) database_url: String,
}

/// Something done on a database.
#[derive(Args)]
pub(crate) struct On<A: FromArgMatches + Subcommand> {
    #[command(subcommand)]
    pub(crate) action: A,
    #[command(flatten)]
    pub(crate) database: Database,
}

#[derive(Subcommand)]
pub(crate) enum TenantCommand {
    /// Make a tenant.
    Create {
        /// Its name.
        name: String,
        /// Where its days begin at midnight.
        #[arg(long, value_name = "IANA", default_value = "UTC")]
        time_zone: String,
    },
    /// Show all tenants.
    List,
}

#[derive(Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token and print it, this once.
    Create {
        #[command(flatten)]
        of: Of,
        /// What it may do.
        #[arg(long, value_parser = role())]
        role: Role,
        /// The identity provider or HR source that a token of the role scim is for.
        #[arg(long, value_name = "NAME", default_value = "default")]
        connection: String,
        /// Whose it is: an id, e-mail address, user name or `externalId:…`. It ends with their
        /// access; of the role scim, they look after the connection.
        #[arg(long, value_name = "PERSON")]
        member: Option<String>,
        /// How long it is good for, in days.
        #[arg(long, value_name = "DAYSd", default_value = "365d", value_parser = days)]
        expires_in: i64,
    },
    /// Show the tokens, without their secrets.
    List(Of),
    /// Revoke a token.
    Revoke {
        #[command(flatten)]
        of: Of,
        /// The token, or its middle part.
        token: String,
    },
}

#[derive(Subcommand)]
pub(crate) enum PoolCommand {
    /// Make a pool with its seats.
    Create {
        #[command(flatten)]
        of: Of,
        /// Its name in the API.
        #[arg(long)]
        key: String,
        /// How many seats were bought.
        #[arg(long, value_name = "N")]
        purchased: u32,
        /// The first day of the term.
        #[arg(long, value_name = "YYYY-MM-DD")]
        term_start: String,
        /// The last day of the term.
        #[arg(long, value_name = "YYYY-MM-DD")]
        term_end: String,
        /// What happens when it is full: waitlist, reject or overage.
        #[arg(long, value_name = "POLICY")]
        full_policy: Option<String>,
        /// What it is of.
        #[arg(long, value_name = "KEY")]
        product: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum TrackCommand {
    /// Make a track.
    Create {
        #[command(flatten)]
        of: Of,
        /// Its name in the API.
        #[arg(long)]
        key: String,
        /// What people call it.
        #[arg(long)]
        name: String,
        /// Whoever matches no rule lands here.
        #[arg(long)]
        default: bool,
        /// Days of access, where the rule does not say.
        #[arg(long, value_name = "N")]
        duration_days: Option<u32>,
        /// What it is of.
        #[arg(long, value_name = "KEY")]
        product: Option<String>,
    },
}

#[derive(Subcommand)]
pub(crate) enum MappingCommand {
    /// Make a rule.
    Create {
        #[command(flatten)]
        of: Of,
        /// For the members of the groups of this name.
        #[arg(long, value_name = "NAME", required_unless_present = "filter")]
        group: Option<String>,
        /// For whoever matches this SCIM filter.
        #[arg(long, conflicts_with = "group")]
        filter: Option<String>,
        /// The track they get.
        #[arg(long, value_name = "KEY")]
        track: String,
        /// The pool their seats come from.
        #[arg(long, value_name = "KEY")]
        pool: Option<String>,
        /// The lower of two numbers wins.
        #[arg(long, value_name = "N")]
        priority: Option<i64>,
    },
}

#[derive(Args)]
pub(crate) struct Of {
    /// The name of the tenant.
    #[arg(long, value_name = "NAME")]
    pub(crate) tenant: String,
}

impl PoolCommand {
    /// The tenant, and the pool as the admin API takes it.
    pub(crate) fn body(&self) -> (&str, Value) {
        let Self::Create {
            of,
            key,
            purchased,
            term_start,
            term_end,
            full_policy,
            product,
        } = self;
        let body = given(json!({
            "key": key,
            "purchased": purchased,
            "termStart": term_start,
            "termEnd": term_end,
            "fullPolicy": full_policy,
            "product": product,
        }));
        (&of.tenant, body)
    }
}

impl TrackCommand {
    /// The tenant, and the track as the admin API takes it.
    pub(crate) fn body(&self) -> (&str, Value) {
        let Self::Create {
            of,
            key,
            name,
            default,
            duration_days,
            product,
        } = self;
        let body = given(json!({
            "key": key,
            "name": name,
            "default": default,
            "durationDays": duration_days,
            "product": product,
        }));
        (&of.tenant, body)
    }
}

impl MappingCommand {
    /// The tenant, and the rule as the admin API takes it.
    pub(crate) fn body(&self) -> (&str, Value) {
        let Self::Create {
            of,
            group,
            filter,
            track,
            pool,
            priority,
        } = self;
        let body = given(json!({
            "group": group,
            "filter": filter,
            "track": track,
            "pool": pool,
            "priority": priority,
        }));
        (&of.tenant, body)
    }
}

/// What was given; the server decides what the rest is.
fn given(mut body: Value) -> Value {
    if let Some(body) = body.as_object_mut() {
        body.retain(|_, value| !value.is_null());
    }
    body
}

fn role() -> impl TypedValueParser<Value = Role> {
    let names = Role::ALL.iter().map(|role| role.as_str());
    PossibleValuesParser::new(names).try_map(|name| name.parse::<Role>())
}

fn days(text: &str) -> Result<i64, String> {
    let number = text.strip_suffix('d').unwrap_or(text).parse().ok();
    number
        .filter(|days| (1..=36_500).contains(days))
        .ok_or_else(|| "a number of days, as in 365d".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split(' '))
    }

    #[test]
    fn the_definition_holds_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_setting_is_in_the_readme() {
        let readme = include_str!("../README.md");
        let command = Cli::command();
        let serve = command.find_subcommand("serve").unwrap();
        for setting in serve.get_arguments().filter(|a| a.get_id() != "help") {
            let flag = setting.get_long().unwrap();
            let variable = setting.get_env().unwrap().to_str().unwrap();
            let row = format!("| `--{flag}` | `{variable}` |");
            assert!(readme.contains(&row), "no row {row}");
        }
    }

    #[test]
    fn a_database_is_named_before_or_after_the_action() {
        for line in [
            "seatkeeper tenant --database-url sqlite://x create acme",
            "seatkeeper tenant create acme --database-url sqlite://x",
        ] {
            let Command::Tenant(on) = parse(line).unwrap().command else {
                unreachable!()
            };
            assert_eq!(on.database.database_url, "sqlite://x");
        }
    }

    #[test]
    fn a_rule_is_for_a_group_or_for_a_filter() {
        let rule = "seatkeeper mapping create --tenant t --track k";
        assert!(parse(rule).is_err());
        assert!(parse(&format!("{rule} --group g --filter title")).is_err());
        let Command::Mapping(on) = parse(&format!("{rule} --group g")).unwrap().command else {
            unreachable!()
        };
        assert_eq!(on.action.body(), ("t", json!({"group": "g", "track": "k"})));
    }

    #[test]
    fn a_life_is_a_number_of_days() {
        assert_eq!((days("365d"), days("7")), (Ok(365), Ok(7)));
        for wrong in ["0d", "-1d", "d", "1h", "1000000000d"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }
}
