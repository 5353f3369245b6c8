//! A run as a page that needs nothing but itself.

use crate::runs::RunDetail;
use crate::{ShownVersion, TimelineEntry};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #ddd}
th{background:#f4f4f4}pre{white-space:pre-wrap;background:#f8f8f8;padding:.8rem}summary{cursor:pointer;font-weight:600}
@media print{details{display:block}}";

/// The whole page.
pub(super) fn page(
    run: &RunDetail,
    versions: &[ShownVersion],
    timeline: &[TimelineEntry],
) -> String {
    let row = &run.run;
    let title = format!("{} {}", row.report, row.cycle);
    let mut body = format!("<h1>{}</h1>\n", escaped(&title));
    body += &format!(
        "<p>Run {}, {}, definition {}. True for the log up to position {}. \
         Each event with its hash is in <code>events.jsonl</code>.</p>\n",
        row.run_id,
        escaped(&row.status),
        escaped(&row.definition),
        run.head_position
    );
    body += "<h2>Versions</h2>\n";
    let listed = run.versions.iter().map(|it| {
        [
            it.phase.to_string(),
            it.number.to_string(),
            it.status.clone(),
            it.items.to_string(),
            it.carried_forward.to_string(),
            it.decided_by
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            it.reason.clone().unwrap_or_default(),
        ]
    });
    let header = [
        "phase",
        "version",
        "status",
        "items",
        "carried forward",
        "decided by",
        "reason",
    ];
    body += &table(&header, listed);
    for it in versions {
        let name = format!("{}@{}", it.version.phase, it.version.number);
        body += &format!(
            "<details><summary>{name}</summary><pre>{}</pre></details>\n",
            escaped(&it.told())
        );
    }
    body += "<h2>Timeline</h2>\n";
    let entries = timeline.iter().map(|it| {
        [
            it.position.to_string(),
            it.recorded_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            it.actor_name.to_string(),
            it.sentence.clone(),
            it.reason.clone().unwrap_or_default(),
        ]
    });
    body += &table(
        &["position", "recorded (UTC)", "who", "what", "why"],
        entries,
    );
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{}</title><style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n",
        escaped(&title)
    )
}

fn table<const N: usize>(header: &[&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let cells = |tag: &str, cells: &[String]| {
        let cells = cells
            .iter()
            .map(|it| format!("<{tag}>{}</{tag}>", escaped(it)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let header: Vec<String> = header.iter().map(ToString::to_string).collect();
    let rows: String = rows.map(|it| cells("td", &it)).collect();
    format!(
        "<table>\n<thead>{}</thead>\n<tbody>{rows}</tbody></table>\n",
        cells("th", &header)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn what_people_wrote_stays_text() {
        assert_eq!(escaped("<b a=\"1\">&"), "&lt;b a=&quot;1&quot;&gt;&amp;");
    }
}
