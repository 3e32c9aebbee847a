//! Settings of the server. Each is a flag of `seatkeeper serve` and an environment variable.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use axum::http::Uri;
use clap::{Args, ValueEnum};

/// The database that is used if none is named.
pub const DATABASE_URL: &str = "sqlite://seatkeeper.db";

/// How a server is to run.
#[derive(Clone, Args)]
pub struct Config {
    /// The database: `sqlite://PATH` or `postgres://USER:PASSWORD@HOST/NAME`.
    #[arg(
        long,
        env = "SEATKEEPER_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        default_value = DATABASE_URL
    )]
    pub database_url: String,

    /// The address to listen on; port 0 takes a free one.
    #[arg(
        long,
        env = "SEATKEEPER_LISTEN",
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// Where clients reach the server, as `https://scim.example.com`: the beginning of every
    /// `meta.location`. Without it the Host header of the request says.
    #[arg(long, env = "SEATKEEPER_BASE_URL", value_name = "URL", value_parser = base_url)]
    pub base_url: Option<String>,

    /// Where people reach the server, as `https://seats.example.com`: the beginning of links that
    /// they are sent. Without it nobody is asked whether they keep their seat.
    #[arg(long, env = "SEATKEEPER_PUBLIC_URL", value_name = "URL", value_parser = base_url)]
    pub public_url: Option<String>,

    /// Requests a second that one tenant may make; 0 for no limit.
    #[arg(
        long,
        env = "SEATKEEPER_RATE_LIMIT",
        value_name = "N",
        default_value_t = 1000
    )]
    pub rate_limit: u32,

    /// What to log: a level (`error`, `warn`, `info`, `debug`), or levels of modules.
    #[arg(
        long,
        env = "SEATKEEPER_LOG",
        value_name = "FILTER",
        default_value = "info"
    )]
    pub log: String,

    /// How a line of the log looks.
    #[arg(
        long,
        env = "SEATKEEPER_LOG_FORMAT",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log_format: LogFormat,

    /// Connections that clients may hold at once; more wait to be accepted.
    #[arg(
        long,
        env = "SEATKEEPER_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 4096
    )]
    pub max_connections: usize,

    /// Connections to the database at most: all of them on PostgreSQL, those that read on SQLite.
    #[arg(
        long,
        env = "SEATKEEPER_DATABASE_CONNECTIONS",
        value_name = "N",
        default_value_t = 16
    )]
    pub database_connections: usize,

    /// How long requests in hand may take to end when the server stops.
    #[arg(
        long,
        env = "SEATKEEPER_DRAIN_SECONDS",
        value_name = "SECONDS",
        default_value_t = 25
    )]
    pub drain_seconds: u64,

    /// Whether seats are held when a connection removes too many people at once.
    #[arg(
        long,
        env = "SEATKEEPER_BREAKER",
        value_name = "on|off",
        default_value = "on"
    )]
    pub breaker: Switch,

    /// How many SQLite transactions may share one commit; 1 commits each by itself.
    #[arg(
        long,
        env = "SEATKEEPER_COMMIT_GROUP",
        value_name = "N",
        default_value_t = 64,
        hide_short_help = true
    )]
    pub commit_group: usize,

    /// Lets webhooks be sent to addresses that are not public, and by plain HTTP. Whoever may make a
    /// webhook can then reach what this server can.
    #[arg(long, env = "SEATKEEPER_WEBHOOKS_ALLOW_PRIVATE")]
    pub webhooks_allow_private: bool,

    /// A file of PEM with certificate authorities that receivers of webhooks are believed by, besides
    /// the public ones.
    #[arg(long, env = "SEATKEEPER_WEBHOOKS_CA_FILE", value_name = "PATH")]
    pub webhooks_ca_file: Option<PathBuf>,
}

/// Whether something is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    #[default]
    On,
    /// It is not.
    Off,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// For machines: a JSON object a line.
    Json,
}

impl Config {
    /// A server on this database and a free port of the loopback, all else as by default.
    pub fn for_database(url: &str) -> Self {
        Self {
            database_url: url.to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            base_url: None,
            public_url: None,
            rate_limit: 1000,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
            max_connections: 4096,
            database_connections: 16,
            drain_seconds: 25,
            breaker: Switch::On,
            commit_group: 64,
            webhooks_allow_private: false,
            webhooks_ca_file: None,
        }
    }
}

/// Shows everything but the database's password.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("database_url", &without_password(&self.database_url))
            .field("listen", &self.listen)
            .field("base_url", &self.base_url)
            .field("public_url", &self.public_url)
            .field("rate_limit", &self.rate_limit)
            .field("log", &self.log)
            .field("log_format", &self.log_format)
            .field("max_connections", &self.max_connections)
            .field("database_connections", &self.database_connections)
            .field("drain_seconds", &self.drain_seconds)
            .field("breaker", &self.breaker)
            .field("commit_group", &self.commit_group)
            .field("webhooks_allow_private", &self.webhooks_allow_private)
            .field("webhooks_ca_file", &self.webhooks_ca_file)
            .finish()
    }
}

/// The URL as it may be shown. Its parameters are left out: one of them may be a password, too.
pub fn without_password(url: &str) -> String {
    let url = url.split_once('?').map_or(url, |(url, _)| url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    // The last `@`: a password that nobody escaped may hold one.
    match rest.rsplit_once('@') {
        None => url.to_owned(),
        Some((credentials, host)) => {
            let user = credentials.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:***@{host}")
        }
    }
}

fn base_url(text: &str) -> Result<String, String> {
    let uri: Uri = text.parse().map_err(|_| "this is not a URL".to_owned())?;
    let known = matches!(uri.scheme_str(), Some("http" | "https"));
    if !known || uri.authority().is_none() || uri.query().is_some() {
        return Err("a base URL begins with http:// or https:// and has no query".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use clap::{Command, FromArgMatches as _};

    fn parse(arguments: &[&str]) -> Result<Config, clap::Error> {
        let command = Config::augment_args(Command::new("serve").no_binary_name(true));
        Config::from_arg_matches(&command.try_get_matches_from(arguments)?)
    }

    #[test]
    fn a_password_is_not_shown() {
        for url in [
            "postgres://ada:secret@db/seats",
            "postgres://ada:sec@secret@db/seats",
            "postgres://ada@db/seats?password=secret",
        ] {
            let config = Config::for_database(url);
            let shown = format!("{config:?}");
            assert!(
                !shown.contains("secret") && shown.contains("@db/seats"),
                "{shown}"
            );
        }
        assert_eq!(without_password(DATABASE_URL), DATABASE_URL);
    }

    #[test]
    fn the_defaults_of_the_command_line_are_those_of_the_library() {
        let parsed = parse(&["--listen", "127.0.0.1:0"]).unwrap();
        let made = Config::for_database(DATABASE_URL);
        assert_eq!(format!("{parsed:?}"), format!("{made:?}"));
    }

    #[test]
    fn a_base_url_is_one_and_ends_without_a_slash() {
        let config = parse(&["--base-url", "https://scim.example.com/hr/"]).unwrap();
        assert_eq!(
            config.base_url.as_deref(),
            Some("https://scim.example.com/hr")
        );
        for wrong in ["scim.example.com", "ftp://x", "https://x?y", "/scim", ""] {
            assert!(parse(&["--base-url", wrong]).is_err(), "{wrong}");
        }
    }
}
