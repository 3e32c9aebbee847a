//! Records of a CSV file, read strictly, so that a row that is broken is told apart from those
//! around it. (A lenient parser takes an unclosed quote and all that follows for one cell, and the
//! rest of the file is lost.)

use std::collections::VecDeque;
use std::io::{self, BufRead, Read as _};

/// Bytes of a line, and of a record, at most.
const MAX_RECORD: u64 = 256 << 10;
/// Lines of a record at most: cells do have line breaks, and an unclosed quote would take all.
const MAX_LINES: usize = 32;

/// A record and the line it begins on, 1 for the first of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it begins.
    pub line: u64,
    /// Its cells as given.
    pub cells: Vec<String>,
}

/// A line that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Where it is.
    pub line: u64,
    /// What is wrong, in words.
    pub detail: String,
    /// Its cells as far as they can be told apart.
    pub cells: Vec<String>,
}

/// Reads records one at a time; holds no more than one of them.
pub struct Records<R> {
    input: R,
    delimiter: char,
    /// Lines that were read as part of a record that turned out to be none.
    returned: VecDeque<(u64, String)>,
    line: u64,
    width: Option<usize>,
}

enum Parsed {
    Whole(Vec<String>),
    /// A quote is open at the end.
    Open,
    /// Something follows a closing quote; the number of the cell, 1 for the first.
    Stray(usize),
}

impl<R: BufRead> Records<R> {
    /// Reads from the beginning. The first line that is not blank decides what separates cells.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn new(input: R) -> io::Result<Self> {
        let mut records = Self {
            input,
            delimiter: ',',
            returned: VecDeque::new(),
            line: 0,
            width: None,
        };
        while let Some((line, text)) = records.next_line()? {
            if !text.trim().is_empty() {
                records.delimiter = delimiter(&text);
                records.returned.push_front((line, text));
                break;
            }
        }
        Ok(records)
    }

    /// The next record. All have as many cells as the first.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn record(&mut self) -> io::Result<Option<Result<Record, Broken>>> {
        loop {
            let Some((line, first)) = self.next_line()? else {
                return Ok(None);
            };
            let mut text = first.clone();
            let mut more: Vec<(u64, String)> = Vec::new();
            let detail = loop {
                match parse(&text, self.delimiter) {
                    Parsed::Whole(cells) => match self.width {
                        Some(width) if cells.len() != width => {
                            let is_blank = cells.iter().all(|cell| cell.trim().is_empty());
                            if is_blank && more.is_empty() {
                                break None;
                            }
                            break Some(format!(
                                "has {} cells where the first row has {width}",
                                cells.len()
                            ));
                        }
                        _ if cells.iter().all(|cell| cell.trim().is_empty()) => break None,
                        _ => {
                            self.width = Some(cells.len());
                            return Ok(Some(Ok(Record { line, cells })));
                        }
                    },
                    Parsed::Stray(cell) => {
                        break Some(format!(
                            "something follows the closing quote of cell {cell}"
                        ));
                    }
                    Parsed::Open => {
                        let is_too_long =
                            text.len() as u64 >= MAX_RECORD || more.len() >= MAX_LINES;
                        match if is_too_long { None } else { self.next_line()? } {
                            Some((at, next)) => {
                                text.push('\n');
                                text.push_str(&next);
                                more.push((at, next));
                            }
                            None => break Some("a quote is opened and not closed".to_owned()),
                        }
                    }
                }
            };
            // What was taken for the rest of this row are rows of their own.
            for returned in more.into_iter().rev() {
                self.returned.push_front(returned);
            }
            if let Some(detail) = detail {
                let cells = self.roughly(&first);
                return Ok(Some(Err(Broken {
                    line,
                    detail,
                    cells,
                })));
            }
        }
    }

    /// The cells of a broken line, none more than there are columns.
    fn roughly(&self, text: &str) -> Vec<String> {
        let cells = match parse(text, self.delimiter) {
            Parsed::Whole(cells) => cells,
            _ => text.split(self.delimiter).map(str::to_owned).collect(),
        };
        let width = self.width.unwrap_or(cells.len()).max(1);
        let mut kept: Vec<String> = cells.iter().take(width).cloned().collect();
        if let (Some(last), Some(rest)) = (kept.last_mut(), cells.get(width..)) {
            for cell in rest {
                last.push(self.delimiter);
                last.push_str(cell);
            }
        }
        kept
    }

    fn next_line(&mut self) -> io::Result<Option<(u64, String)>> {
        if let Some(returned) = self.returned.pop_front() {
            return Ok(Some(returned));
        }
        let mut bytes = Vec::new();
        let read = (&mut self.input)
            .take(MAX_RECORD)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        if !bytes.ends_with(b"\n") && read as u64 == MAX_RECORD {
            self.skip_line()?;
        }
        for end in *b"\n\r" {
            bytes.pop_if(|last| *last == end);
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Some((self.line, text)))
    }

    fn skip_line(&mut self) -> io::Result<()> {
        loop {
            let held = self.input.fill_buf()?;
            let (length, ends) = match held.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (held.len(), held.is_empty()),
            };
            self.input.consume(length);
            if ends {
                return Ok(());
            }
        }
    }
}

/// What separates the cells of a header: whichever of these it has most of outside of quotes.
fn delimiter(header: &str) -> char {
    let mut counts = [(',', 0), (';', 0), ('\t', 0)];
    let mut quoted = false;
    for c in header.chars() {
        quoted ^= c == '"';
        for (delimiter, count) in &mut counts {
            *count += usize::from(*delimiter == c && !quoted);
        }
    }
    // Of equals the first.
    let most = counts.iter().map(|(_, count)| *count).max();
    counts
        .iter()
        .find(|(_, count)| Some(*count) == most)
        .map_or(',', |(delimiter, _)| *delimiter)
}

fn parse(text: &str, delimiter: char) -> Parsed {
    let mut cells = vec![String::new()];
    let mut chars = text.chars().peekable();
    let mut at_start = true;
    let mut quoted = false;
    let mut closed = false;
    while let Some(c) = chars.next() {
        // There is always one.
        let Some(cell) = cells.last_mut() else { break };
        if quoted {
            match c {
                '"' if chars.peek() == Some(&'"') => {
                    chars.next();
                    cell.push('"');
                }
                '"' => (quoted, closed) = (false, true),
                c => cell.push(c),
            }
        } else if c == delimiter {
            cells.push(String::new());
            (at_start, closed) = (true, false);
        } else if closed {
            if c != ' ' {
                return Parsed::Stray(cells.len());
            }
        } else if c == '"' && at_start {
            quoted = true;
            at_start = false;
        } else {
            cell.push(c);
            at_start = false;
        }
    }
    if quoted {
        Parsed::Open
    } else {
        Parsed::Whole(cells)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Read = Vec<Result<Record, Broken>>;

    fn read(text: &str) -> Read {
        let mut records = Records::new(text.as_bytes()).unwrap();
        let mut all = Vec::new();
        while let Some(record) = records.record().unwrap() {
            all.push(record);
        }
        all
    }

    fn cells(text: &str) -> Vec<Vec<String>> {
        let records = read(text).into_iter();
        records.filter_map(Result::ok).map(|r| r.cells).collect()
    }

    fn broken(text: &str) -> Vec<(u64, String)> {
        let records = read(text).into_iter();
        let broken = records.filter_map(Result::err);
        broken.map(|b| (b.line, b.detail)).collect()
    }

    #[test]
    fn commas_semicolons_and_tabs_are_told_apart() {
        for text in ["a,b;c\n1,2;3\n", "a\tb\n1\t2;3\n", "\"a;x\";b\n1;2,3\n"] {
            assert_eq!(cells(text)[1].len(), 2, "{text}");
        }
        assert_eq!(cells("email\nada@x\n"), [["email"], ["ada@x"]]);
    }

    #[test]
    fn quotes_hold_delimiters_quotes_and_line_breaks() {
        let text = "a,b\r\n\"1,\"\"x\"\"\",\"two\nlines\"\r\n3,4";
        let expected = [["a", "b"], ["1,\"x\"", "two\nlines"], ["3", "4"]];
        assert_eq!(cells(text), expected);
        assert!(matches!(&read(text)[2], Ok(Record { line: 4, .. })));
    }

    #[test]
    fn blank_rows_are_none() {
        assert_eq!(
            cells("\n\na,b\n\"\n\n1\",2\n"),
            [["a", "b"], ["\n\n1", "2"]]
        );
        assert_eq!(cells("a,b\n\n,\n  ,\n,,,\n1,2\n\n").len(), 2);
    }

    #[test]
    fn an_unclosed_quote_loses_no_other_row() {
        for text in [
            "a,b\n1,2\n3,\"4\n5,6\n7,8\n",
            "a,b\n1,2\n3,\"4\n5,\"6\"\n7,8\n",
            "a,b\n1,2\n3,\"4\n5,6\n7,\"8\"\n",
        ] {
            let rows = cells(text);
            assert_eq!(
                rows,
                [["a", "b"], ["1", "2"], ["5", "6"], ["7", "8"]],
                "{text}"
            );
            assert_eq!(broken(text).len(), 1, "{text}");
            assert_eq!(broken(text)[0].0, 3, "{text}");
        }
    }

    #[test]
    fn a_row_with_cells_too_few_or_too_many_is_broken_alone() {
        let text = "a,b\n1\n2,3\n4,5,6\n";
        assert_eq!(cells(text), [["a", "b"], ["2", "3"]]);
        let lines: Vec<_> = broken(text).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [2, 4]);
        let Some(Err(many)) = read(text).pop() else {
            panic!("the last is broken")
        };
        assert_eq!(many.cells, ["4", "5,6"]);
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_memory_than_a_record_may() {
        let text = format!("a,b\n1,\"{}\n2,3\n", "x".repeat(1 << 20));
        assert_eq!(cells(&text), [["a", "b"], ["2", "3"]]);
        assert_eq!(broken(&text).len(), 1);
    }

    proptest! {
        /// What another writer writes is read as it was.
        #[test]
        fn what_is_written_is_read(rows in prop::collection::vec(
            prop::collection::vec("[a-z0-9 ,;\"\n]{0,6}x", 3), 1..8)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["a", "b", "c"]).unwrap();
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(&cells(&text)[1..], &rows[..]);
        }

        /// Nothing that is sent makes it fail, and it always ends.
        #[test]
        fn anything_can_be_read(text in "[a\",;\n\r]{0,80}") {
            let lines = text.lines().count();
            prop_assert!(read(&text).len() <= lines);
        }
    }
}
