//! What was acknowledged, held against the log.

use annal_core::{CommandId, LedgerId, Position};
use annal_log::Log;

/// An acknowledged decision.
pub(crate) struct Entry {
    pub(crate) command: CommandId,
    pub(crate) first: Position,
    pub(crate) last: Position,
}

pub(crate) fn is_in_the_log(database: &str, journal: &[Entry]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let ledger: LedgerId = "main".parse().unwrap();
        let log = Log::connect(database, ledger).await.unwrap();
        for entry in journal {
            let receipt = log.receipt(entry.command).await.unwrap();
            let (receipt, _) = receipt
                .unwrap_or_else(|| panic!("{} was acknowledged and is lost", entry.command.0));
            assert_eq!((receipt.first, receipt.last), (entry.first, entry.last));
            let before = Position(entry.first.0 - 1);
            let event = log.read(before, 1).await.unwrap().remove(0);
            assert_eq!(event.metadata.command_id, entry.command);
        }
        let verified = log.verify(None).await.unwrap();
        assert_eq!(verified.fault, None);
    });
}
