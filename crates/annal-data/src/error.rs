//! What can be wrong with an input, said so that the person who gave it can put it right.

/// A fault in an input file or in items that do not fit together. Lines count from 1, the header being line 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The bytes are no CSV text in UTF-8.
    #[error("{file}, line {line}: {what}; save the file as CSV in UTF-8")]
    Unreadable {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// The file has no line after its header, or not even that.
    #[error("{file}: there is nothing after the header; give a file with at least one row")]
    NoRows {
        /// The file.
        file: String,
    },
    /// The header has none of the known layouts.
    #[error(
        "{file}, line 1: the header '{found}' is no known layout; a dictionary begins with '{expected}'"
    )]
    UnknownLayout {
        /// The file.
        file: String,
        /// The header as found.
        found: String,
        /// The layouts that are known.
        expected: String,
    },
    /// The header lacks a column.
    #[error(
        "{file}, line 1: the column '{column}' is missing; add it to the header and to every row"
    )]
    MissingColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// The header has a column that the dictionary does not know.
    #[error(
        "{file}, line 1: the column '{column}' is not in the dictionary; take it out of the data or put it into the dictionary"
    )]
    ExtraColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// The header has a column twice.
    #[error("{file}, line 1: the column '{column}' is there twice; keep one of them")]
    DuplicateColumn {
        /// The file.
        file: String,
        /// The column.
        column: String,
    },
    /// A row has too many or too few fields.
    #[error(
        "{file}, line {line}: the row has {found} fields and the header {expected}; look for a missing comma or an unquoted one"
    )]
    BrokenRow {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// Fields in the header.
        expected: usize,
        /// Fields in the row.
        found: usize,
    },
    /// A cell that has to say something is empty.
    #[error("{file}, line {line}, column '{column}': the cell is empty; fill it in")]
    EmptyCell {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
    },
    /// A cell holds a word that is not one of those allowed there.
    #[error(
        "{file}, line {line}, column '{column}': '{word}' is not known; write one of {allowed}"
    )]
    UnknownWord {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The word.
        word: String,
        /// The words that are allowed.
        allowed: String,
    },
    /// A format that nobody taught us.
    #[error(
        "{file}, line {line}, column '{column}': '{text}' is not a format; write for instance integer, integer 1-6, ratio, percent, yes|no, Character(9), YYYYMMDD, N5 or N12.2"
    )]
    UnknownFormat {
        /// The file, or the item.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The format's text.
        text: String,
    },
    /// Two lines of a dictionary have the same name.
    #[error(
        "{file}, line {line}, column '{column}': '{name}' is on line {first} already; every attribute needs a name of its own"
    )]
    DuplicateName {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The name.
        name: String,
        /// The line that has it first.
        first: u64,
    },
    /// A name or key that cannot become part of an identifier.
    #[error(
        "{file}, line {line}, column '{column}': '{text}' cannot be used as a name or key: {why}; shorten it or take that character out"
    )]
    BadName {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The text.
        text: String,
        /// The rule it breaks.
        why: String,
    },
    /// No attribute of the dictionary is a primary key.
    #[error("{file}, line 1, column '{column}': no attribute is the primary key; {hint}")]
    NoPrimaryKey {
        /// The file.
        file: String,
        /// The column that would name it.
        column: String,
        /// What to do.
        hint: String,
    },
    /// The dictionary holds several schedules and none was chosen, or one that it lacks.
    #[error("{file}, column 'schedule': {asked}; choose one of {known}")]
    UnknownSchedule {
        /// The file.
        file: String,
        /// What was asked for, in words.
        asked: String,
        /// The schedules of the file.
        known: String,
    },
    /// A row without its key.
    #[error("{file}, line {line}, column '{column}': the key is missing; every row needs one")]
    MissingKey {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
    },
    /// Two rows with one key.
    #[error(
        "{file}, line {line}, column '{column}': the key '{key}' is on line {first} already; keep one of the rows or correct its key"
    )]
    DuplicateKey {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The column.
        column: String,
        /// The key.
        key: String,
        /// The line that has it first.
        first: u64,
    },
    /// Two lines of one piece of evidence say different things about one value.
    #[error(
        "{file}, line {line}, column 'source_value': line {first} says something else about '{attribute}' of row '{key}'; keep the one that is right"
    )]
    Contradiction {
        /// The file.
        file: String,
        /// The line.
        line: u64,
        /// The row's key.
        key: String,
        /// The attribute.
        attribute: String,
        /// The line that speaks of it first.
        first: u64,
    },
    /// A rule's text is none that can be executed.
    #[error(
        "the check '{text}' cannot be executed; write for instance 'present', 'unique', 'written as integer', 'one of yes|no', 'between 0 and 3', 'at most column debt_to_income', 'not after column AccountCycleEndDate' or 'yes only if column denied is yes'"
    )]
    UnknownCheck {
        /// The check's text.
        text: String,
    },
    /// A rule, a sample or a test names a column that the data lacks.
    #[error("{by} needs the column '{column}', which is not there; correct it or add the column")]
    UnknownColumn {
        /// Who needs it.
        by: String,
        /// The column.
        column: String,
    },
    /// An item is not of the kind that this needs.
    #[error("the item '{item}' is not {expected}; pass the items of that phase")]
    WrongItem {
        /// The item.
        item: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// An item says what cannot be used.
    #[error("the item '{item}' cannot be used: {why}; change the item")]
    BadItem {
        /// The item.
        item: String,
        /// What is wrong with it.
        why: String,
    },
    /// A row that is not in the data.
    #[error("{by} needs the row '{key}', which is not in the data; name a row by its key")]
    UnknownRow {
        /// Who needs it.
        by: String,
        /// The row's key.
        key: String,
    },
    /// More samples were asked for than rows are left.
    #[error(
        "{asked} samples were asked for and only {left} rows are left that were not drawn before; ask for {left} or fewer"
    )]
    NotEnoughRows {
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        left: usize,
    },
    /// A test without any document to compare with.
    #[error("there is no evidence to test against; accept at least one document first")]
    NoEvidence,
    /// A share that is not between 0 and 1.
    #[error("{what} is {value}; give a share between 0 and 1")]
    BadShare {
        /// What it is.
        what: &'static str,
        /// The value.
        value: String,
    },
}

impl DataError {
    /// A code that stays the same whatever the message says; scripts may match on it.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "unreadable",
            Self::NoRows { .. } => "no_rows",
            Self::UnknownLayout { .. } => "unknown_layout",
            Self::MissingColumn { .. } => "missing_column",
            Self::ExtraColumn { .. } => "extra_column",
            Self::DuplicateColumn { .. } => "duplicate_column",
            Self::BrokenRow { .. } => "broken_row",
            Self::EmptyCell { .. } => "empty_cell",
            Self::UnknownWord { .. } => "unknown_word",
            Self::UnknownFormat { .. } => "unknown_format",
            Self::DuplicateName { .. } => "duplicate_name",
            Self::BadName { .. } => "bad_name",
            Self::NoPrimaryKey { .. } => "no_primary_key",
            Self::UnknownSchedule { .. } => "unknown_schedule",
            Self::MissingKey { .. } => "missing_key",
            Self::DuplicateKey { .. } => "duplicate_key",
            Self::Contradiction { .. } => "contradiction",
            Self::UnknownCheck { .. } => "unknown_check",
            Self::UnknownColumn { .. } => "unknown_column",
            Self::WrongItem { .. } => "wrong_item",
            Self::BadItem { .. } => "bad_item",
            Self::UnknownRow { .. } => "unknown_row",
            Self::NotEnoughRows { .. } => "not_enough_rows",
            Self::NoEvidence => "no_evidence",
            Self::BadShare { .. } => "bad_share",
        }
    }
}
