//! Copies of a SQLite database, taken while it is in use, and put back.

use std::fs::File;
use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{Connection as _, Row as _};

use super::engine::args;
use super::{Error, Options, Store, TenantId};

impl Store {
    /// Writes a copy of the database as of now to a new file, and syncs it.
    ///
    /// # Errors
    /// [`Error::Schema`] on PostgreSQL, which has tools of its own, and if there is such a file.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        if self.sqlite_path().is_none() {
            let detail = "this copies SQLite files; use pg_dump or pg_basebackup for PostgreSQL";
            return Err(Error::Schema(detail.into()));
        }
        refuse_existing(to)?;
        let Some(path) = to.to_str() else {
            return Err(Error::Schema("the name of the copy is not UTF-8".into()));
        };
        let mut session = self.read(TenantId(0)).await?;
        session.all("vacuum into $1", args![path]).await?;
        sync(to)
    }
}

/// Whether there is a database to copy; opening one that is not there would make it.
pub fn exists(url: &str) -> bool {
    url.strip_prefix("sqlite:")
        .is_none_or(|path| file_of(path).is_file())
}

fn file_of(path: &str) -> PathBuf {
    PathBuf::from(path.strip_prefix("//").unwrap_or(path))
}

/// Puts a copy in the place of a SQLite database that is not there, checked before and after.
///
/// # Errors
/// [`Error::Schema`] if the copy is damaged, or if there is a database already: that is moved away
/// by hand, never overwritten.
pub async fn restore(from: &Path, url: &str) -> Result<Store, Error> {
    let Some(path) = url.strip_prefix("sqlite:") else {
        let detail = "this restores SQLite files; use pg_restore for PostgreSQL";
        return Err(Error::Schema(detail.into()));
    };
    let to = file_of(path);
    refuse_existing(&to)?;
    check(from).await?;
    let copied = std::fs::copy(from, &to);
    copied.map_err(|error| io(&to, &error))?;
    sync(&to)?;
    Store::open(url, Options::default()).await
}

async fn check(file: &Path) -> Result<(), Error> {
    if !file.is_file() {
        return Err(Error::Schema(format!(
            "there is no file {}",
            file.display()
        )));
    }
    let options = SqliteConnectOptions::new().filename(file).read_only(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    let checked = sqlx::query("pragma integrity_check")
        .fetch_one(&mut connection)
        .await;
    let damaged = |why: &str| Error::Schema(format!("{} is damaged: {why}", file.display()));
    let verdict: String = checked
        .and_then(|row| row.try_get(0))
        .map_err(|error| damaged(&error.to_string()))?;
    if verdict != "ok" {
        return Err(damaged(&verdict));
    }
    let ours = sqlx::query("select count(*) from tenant")
        .fetch_one(&mut connection)
        .await;
    ours.map_err(|_| Error::Schema(format!("{} is no copy of seatkeeper's", file.display())))?;
    connection.close().await?;
    Ok(())
}

fn refuse_existing(file: &Path) -> Result<(), Error> {
    if file.exists() {
        return Err(Error::Schema(format!(
            "there is a file {} already",
            file.display()
        )));
    }
    Ok(())
}

/// Makes sure that the file, and its name in the folder, outlive a loss of power.
fn sync(file: &Path) -> Result<(), Error> {
    let folder = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    for place in [file, folder.unwrap_or(Path::new("."))] {
        let synced = File::open(place).and_then(|open| open.sync_all());
        synced.map_err(|error| io(place, &error))?;
    }
    Ok(())
}

fn io(file: &Path, error: &std::io::Error) -> Error {
    Error::Unavailable(format!("{}: {error}", file.display()))
}
