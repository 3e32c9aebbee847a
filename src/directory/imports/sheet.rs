//! Reading a file that was sent: its encoding, its header, its rows a batch at a time, on a thread
//! of its own. It may be of any size; what is in memory is a batch or two.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek as _, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use encoding_rs::WINDOWS_1252;
use encoding_rs_io::{DecodeReaderBytes, DecodeReaderBytesBuilder};
use tokio::sync::mpsc;

use crate::roster::columns::{Column, Columns};
use crate::roster::records::{Broken, Records};
use crate::roster::row::Row;

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// A file whose header has been read.
pub(super) struct Sheet {
    pub(super) columns: Columns,
    /// Names in the header that nobody knows.
    pub(super) unknown: Vec<String>,
    /// Whether it was taken for Windows-1252, being no UTF-8.
    pub(super) is_windows: bool,
    position: Arc<AtomicU64>,
    records: Records<BufReader<DecodeReaderBytes<Watched, Vec<u8>>>>,
}

/// Reads a header: its columns and the names that nobody knows, or the name that is there twice.
pub(super) type ReadHeader = fn(Vec<String>) -> Result<(Columns, Vec<String>), String>;

/// Why a file cannot be read at all.
#[derive(Debug)]
pub(super) enum Unusable {
    Empty,
    BrokenHeader(String),
    Twice(String),
    Io(io::Error),
}

/// A line of a file: a person, or nothing that can be read.
#[derive(Debug, Clone)]
pub(super) enum Line {
    Row(Row),
    Broken(Broken),
}

/// Lines, and how many bytes of the file were read for them.
pub(super) struct Batch {
    pub(super) lines: Vec<Line>,
    pub(super) position: u64,
}

impl From<io::Error> for Unusable {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Sheet {
    /// Opens a file at its beginning. Blocks.
    pub(super) fn open(mut file: File, read: ReadHeader) -> Result<Self, Unusable> {
        file.seek(SeekFrom::Start(0))?;
        let is_windows = !is_unicode(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        let position = Arc::new(AtomicU64::new(0));
        let watched = Watched {
            file,
            position: Arc::clone(&position),
        };
        let decoded = DecodeReaderBytesBuilder::new()
            .encoding(is_windows.then_some(WINDOWS_1252))
            .strip_bom(true)
            .bom_override(true)
            .build(watched);
        let mut records = Records::new(BufReader::with_capacity(CHUNK, decoded))?;
        let header = match records.record()? {
            None => return Err(Unusable::Empty),
            Some(Err(broken)) => return Err(Unusable::BrokenHeader(broken.detail)),
            Some(Ok(header)) => header.cells,
        };
        let (columns, unknown) = read(header).map_err(Unusable::Twice)?;
        Ok(Self {
            columns,
            unknown,
            is_windows,
            position,
            records,
        })
    }

    /// Whether a row can say whom it is about.
    pub(super) fn names_people(&self, by_email_alone: bool) -> bool {
        let other = [Column::WorkerId, Column::ExternalId, Column::UserName];
        self.columns.has(Column::Email)
            || (!by_email_alone && other.iter().any(|column| self.columns.has(*column)))
    }

    /// Reads on, on a thread of its own, in batches of so many lines.
    pub(super) fn batches(mut self, size: usize) -> mpsc::Receiver<io::Result<Batch>> {
        let (batches, reading) = mpsc::channel(1);
        tokio::task::spawn_blocking(move || {
            loop {
                let batch = self.batch(size);
                let goes_on = match &batch {
                    Ok(batch) if batch.lines.is_empty() => return,
                    batch => batch.is_ok(),
                };
                // Nobody listens any more once an import has been given up.
                if batches.blocking_send(batch).is_err() || !goes_on {
                    return;
                }
            }
        });
        reading
    }

    fn batch(&mut self, size: usize) -> io::Result<Batch> {
        let mut lines = Vec::with_capacity(size);
        while lines.len() < size {
            match self.records.record()? {
                None => break,
                Some(Ok(record)) => lines.push(Line::Row(Row::read(record, &self.columns))),
                Some(Err(broken)) => lines.push(Line::Broken(broken)),
            }
        }
        Ok(Batch {
            lines,
            position: self.position.load(Ordering::Relaxed),
        })
    }
}

/// A file, and how far it has been read.
struct Watched {
    file: File,
    position: Arc<AtomicU64>,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.position.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Whether a file is UTF-8, or says by its first bytes that it is UTF-16.
fn is_unicode(file: &mut File) -> io::Result<bool> {
    let mut buffer = vec![0; CHUNK];
    let mut held = 0;
    let mut is_first = true;
    loop {
        let Some(free) = buffer.get_mut(held..) else {
            return Ok(false);
        };
        let read = file.read(free)?;
        let filled = held + read;
        let Some(bytes) = buffer.get(..filled) else {
            return Ok(false);
        };
        if is_first && (bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff])) {
            return Ok(true);
        }
        is_first = false;
        match std::str::from_utf8(bytes) {
            Ok(_) => held = 0,
            // A character may be cut by the end of what was read, but not by that of the file.
            Err(error) if error.error_len().is_none() && read > 0 => {
                let from = error.valid_up_to();
                held = filled - from;
                buffer.copy_within(from..filled, 0);
            }
            Err(_) => return Ok(false),
        }
        if read == 0 {
            return Ok(true);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn sheet(bytes: &[u8]) -> Sheet {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Sheet::open(file, Columns::read)
            .map_err(|_| "unusable")
            .unwrap()
    }

    fn first_cell(mut sheet: Sheet) -> String {
        let Line::Row(row) = sheet.batch(1).unwrap().lines.remove(0) else {
            panic!("a row")
        };
        row.given[0].clone()
    }

    #[test]
    fn encodings_are_told_apart() {
        let utf16: Vec<u8> = "\u{feff}email\nZoë\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (bytes, is_windows) in [
            ("email\nZoë\n".as_bytes(), false),
            ("\u{feff}email\nZoë\n".as_bytes(), false),
            (b"email\nZo\xeb\n", true),
            (&utf16, false),
        ] {
            let sheet = sheet(bytes);
            assert!(sheet.columns.has(Column::Email), "{bytes:?}");
            assert_eq!(sheet.is_windows, is_windows, "{bytes:?}");
            assert_eq!(first_cell(sheet), "Zoë", "{bytes:?}");
        }
    }

    #[test]
    fn a_character_that_is_cut_by_a_chunk_is_whole() {
        for pad in 0..4 {
            let text = format!("email\n{}{}\n", "x".repeat(pad), "é€".repeat(CHUNK / 4));
            assert!(!sheet(text.as_bytes()).is_windows, "{pad}");
        }
    }
}
