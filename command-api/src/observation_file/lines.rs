//! The lines of a file, looked at where they were read: nothing is copied but the beginning of a
//! line that the next read goes on with.

use std::io::{ErrorKind, Read};
use std::ops::Range;

/// Bytes read at once: few enough that they are still in the cache when they are looked at.
const READ_BYTES: usize = 1 << 16;
/// The longest line; a longer one is refused whole.
pub(super) const LINE_MAX_BYTES: usize = 1 << 20;

/// A line that is not blank: its number from 1, and where in the buffer it is, without its end;
/// nowhere where it is longer than [`LINE_MAX_BYTES`].
pub(super) type Line = (u64, Option<Range<usize>>);

/// See the module.
pub(super) struct Lines {
    reader: Box<dyn Read + Send>,
    bytes: Vec<u8>,
    /// What was read and not yet given out.
    waiting: Range<usize>,
    number: u64,
    /// Whether the rest of a line that is too long is being passed over.
    passing_over: bool,
    ended: bool,
}

impl Lines {
    pub(super) fn new(reader: Box<dyn Read + Send>) -> Self {
        let bytes = vec![0; READ_BYTES + LINE_MAX_BYTES];
        Self { reader, bytes, waiting: 0..0, number: 0, passing_over: false, ended: false }
    }

    /// Puts up to `most` lines into `group`, which is empty at the end of the file only. They are
    /// there until the next call.
    ///
    /// # Errors
    /// What the file says when it is read; the file has ended then.
    pub(super) fn next_group(&mut self, most: usize, group: &mut Vec<Line>) -> std::io::Result<()> {
        group.clear();
        while group.len() < most {
            let waiting = self.bytes.get(self.waiting.clone()).unwrap_or_default();
            if let Some(length) = memchr::memchr(b'\n', waiting) {
                let line = self.waiting.start..self.waiting.start + length;
                self.waiting.start = line.end + 1;
                self.take(line, group);
            } else if !group.is_empty() {
                // Reading on would move what the group points to.
                return Ok(());
            } else if self.ended {
                let line = std::mem::take(&mut self.waiting);
                if !line.is_empty() || self.passing_over {
                    self.take(line, group);
                }
                return Ok(());
            } else {
                self.read_on()?;
            }
        }
        Ok(())
    }

    /// The text of a line of the last group.
    pub(super) fn text(&self, at: &Range<usize>) -> &[u8] {
        self.bytes.get(at.clone()).unwrap_or_default()
    }

    /// A line, or the end of one that was too long.
    fn take(&mut self, line: Range<usize>, group: &mut Vec<Line>) {
        self.number += 1;
        if std::mem::take(&mut self.passing_over) {
            group.push((self.number, None));
            return;
        }
        let text = self.bytes.get(line.clone()).unwrap_or_default().trim_ascii_end();
        if text.len() > LINE_MAX_BYTES {
            group.push((self.number, None));
        } else if !text.is_empty() {
            group.push((self.number, Some(line.start..line.start + text.len())));
        }
    }

    /// Reads once more behind what waits.
    fn read_on(&mut self) -> std::io::Result<()> {
        if self.waiting.len() > LINE_MAX_BYTES {
            self.passing_over = true;
        }
        if self.passing_over {
            self.waiting = 0..0;
        }
        self.bytes.copy_within(self.waiting.clone(), 0);
        self.waiting = 0..self.waiting.len();
        let room = self.bytes.get_mut(self.waiting.end..).unwrap_or_default();
        let count = loop {
            match self.reader.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    return Err(error);
                }
                Ok(count) => break count,
            }
        };
        self.ended = count == 0;
        self.waiting.end += count;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Drop<'a>(&'a [u8], usize);

    impl Read for Drop<'_> {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            let count = self.1.min(self.0.len()).min(room.len());
            let (now, rest) = self.0.split_at(count);
            room[..count].copy_from_slice(now);
            self.0 = rest;
            Ok(count)
        }
    }

    fn read(text: &'static [u8], at_once: usize, most: usize) -> Vec<(u64, Option<Vec<u8>>)> {
        let mut lines = Lines::new(Box::new(Drop(text, at_once)));
        let (mut group, mut found) = (Vec::new(), Vec::new());
        loop {
            lines.next_group(most, &mut group).expect("it can be read");
            if group.is_empty() {
                return found;
            }
            assert!(group.len() <= most);
            let text = |at: &Range<usize>| lines.bytes[at.clone()].to_vec();
            found.extend(group.iter().map(|(number, at)| (*number, at.as_ref().map(text))));
        }
    }

    #[test]
    fn lines_are_the_same_however_they_are_read() {
        let text: &[u8] = b"one\r\n\n  \ntwo \n\nthree\n four";
        let wanted: Vec<(u64, Option<Vec<u8>>)> =
            [(1, "one"), (4, "two"), (6, "three"), (7, " four")]
                .map(|(number, line)| (number, Some(line.into())))
                .into();
        for at_once in [1, 2, 3, 7, 100] {
            for most in [1, 2, 64] {
                assert_eq!(read(text, at_once, most), wanted, "{at_once} bytes, {most} lines");
            }
        }
        assert_eq!(read(b"", 1, 1), []);
        assert_eq!(read(b"\n\n", 1, 1), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_line_and_the_next_is_read() {
        let mut text = vec![b'x'; 3 * LINE_MAX_BYTES];
        text.splice(0..0, *b"first\n");
        text.extend_from_slice(b"\nlast");
        let text: &'static [u8] = text.leak();
        let wanted = [(1, Some(b"first".to_vec())), (2, None), (3, Some(b"last".to_vec()))];
        assert_eq!(read(text, 100_000, 64), wanted);
        assert_eq!(read(&text[..text.len() - 5], 1 << 20, 64), wanted[..2]);
        let just: &'static [u8] = vec![b'y'; LINE_MAX_BYTES].leak();
        assert_eq!(read(just, 1 << 20, 64), [(1, Some(just.to_vec()))]);
    }
}
