//! Where the ledger's head will be when it is a batch's turn: what the database can be told beforehand, so that it makes
//! the batch's digests and writes its commands while another batch is still being written. A wrong guess costs doing
//! both twice.

use annal_core::Position;

/// What this process knows of the head. As long as nobody else writes to the ledger that is all there is to know.
#[derive(Debug, Default)]
pub(crate) struct Guess {
    /// The last position that a batch of this process was answered with.
    reached: Option<Position>,
    /// Events that were sent and are not answered.
    under_way: u64,
    /// Whether the last batch stood where it was expected.
    held: bool,
}

/// What was expected of one batch when it was sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    head: Option<Position>,
    events: u64,
    told: bool,
}

impl Guess {
    /// A batch of so many events is sent.
    pub(crate) fn sent(&mut self, events: u64) -> Expected {
        let head = self
            .reached
            .map(|reached| Position(reached.0 + self.under_way));
        self.under_way += events;
        Expected {
            head,
            events,
            told: self.held,
        }
    }

    /// It was answered; `written` are its first and last position, if any of it was written.
    pub(crate) fn answered(&mut self, expected: Expected, written: Option<(Position, Position)>) {
        self.under_way -= expected.events;
        let Some((first, last)) = written else { return };
        self.held = expected.head.is_some_and(|head| head.next() == first);
        self.reached = self.reached.max(Some(last));
    }
}

impl Expected {
    /// What the database is told; nothing while other processes are found to write in between.
    pub(crate) fn head(&self) -> Option<Position> {
        self.head.filter(|_| self.told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(first: u64, last: u64) -> Option<(Position, Position)> {
        Some((Position(first), Position(last)))
    }

    #[test]
    fn who_writes_alone_knows_the_head() {
        let mut guess = Guess::default();
        let first = guess.sent(3);
        assert_eq!(first.head(), None);
        guess.answered(first, at(11, 13));
        let second = guess.sent(2);
        assert_eq!(second.head(), None, "nothing has held yet");
        guess.answered(second, at(14, 15));

        let third = guess.sent(4);
        let fourth = guess.sent(1);

        assert_eq!(third.head(), Some(Position(15)));
        assert_eq!(fourth.head(), Some(Position(19)), "behind the third");
    }

    #[test]
    fn nothing_is_guessed_while_somebody_else_writes() {
        let mut guess = Guess::default();
        for first in [1, 2] {
            let sent = guess.sent(1);
            guess.answered(sent, at(first, first));
        }
        let overtaken = guess.sent(1);
        assert_eq!(overtaken.head(), Some(Position(2)));
        guess.answered(overtaken, at(8, 8));

        let next = guess.sent(1);
        assert_eq!(next.head(), None);
        guess.answered(next, at(9, 9));
        assert_eq!(guess.sent(1).head(), Some(Position(9)), "alone again");
    }

    #[test]
    fn what_was_not_written_moves_nothing() {
        let mut guess = Guess::default();
        for first in [1, 2] {
            let sent = guess.sent(1);
            guess.answered(sent, at(first, first));
        }
        let refused = guess.sent(5);
        guess.answered(refused, None);
        assert_eq!(guess.sent(1).head(), Some(Position(2)));
    }
}
