//! Strings, one behind the other.

/// Strings by number, 0 upwards. The same string may be there more than once.
#[derive(Debug, Default)]
pub struct Names {
    all: String,
    /// Where each string ends.
    ends: Vec<usize>,
}

impl Names {
    /// Adds a string; its number.
    pub fn push(&mut self, text: &str) -> u32 {
        // Memory ends long before four billion strings.
        let number = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.all.push_str(text);
        self.ends.push(self.all.len());
        number
    }

    /// The string of a number.
    pub fn text(&self, number: u32) -> &str {
        let index = super::index(number);
        let start = if index == 0 { 0 } else { self.ends.get(index - 1).copied().unwrap_or_default() };
        let end = self.ends.get(index).copied().unwrap_or_default();
        self.all.get(start..end).unwrap_or_default()
    }

    /// Forgets all strings; the memory stays.
    pub fn clear(&mut self) {
        self.all.clear();
        self.ends.clear();
    }

    /// How many bytes of memory they take, about.
    pub fn bytes(&self) -> usize {
        self.all.capacity() + self.ends.capacity() * size_of::<usize>()
    }
}
