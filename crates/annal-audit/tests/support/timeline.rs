//! A timeline, page after page.

use annal_audit::{Audit, TimelineEntry, TimelineFilter};

pub(crate) async fn whole_timeline(audit: &Audit, filter: TimelineFilter) -> Vec<TimelineEntry> {
    let (mut entries, mut filter) = (Vec::new(), filter);
    loop {
        let page = audit.timeline(&filter).await.unwrap();
        assert!(page.rows.len() <= filter.limit as usize);
        entries.extend(page.rows);
        match page.next {
            Some(next) => filter.after = next,
            None => return entries,
        }
    }
}
