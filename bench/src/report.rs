//! The page and its charts, from the results: between two marks `<!-- name -->` and `<!-- /name -->` the page's text is
//! made anew; the rest of it is written by people.

mod blocks;
mod chart;
mod numbers;

use std::fs;
use std::path::PathBuf;

use annal_measure::Failure;
use clap::Args;

use crate::record::Records;
use crate::say;

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// The page.
    #[arg(long, default_value = "docs/bench.md")]
    page: PathBuf,
    /// Folder of the charts.
    #[arg(long, default_value = "docs/bench")]
    charts: PathBuf,
}

/// A piece of the page, and the charts that it shows.
struct Block {
    name: &'static str,
    text: String,
    /// File name and SVG.
    charts: Vec<(String, String)>,
}

impl Report {
    pub(crate) fn run(&self, records: &Records) -> Result<(), Failure> {
        let mut page = fs::read_to_string(&self.page)
            .map_err(|error| format!("{}: {error}", self.page.display()))?;
        fs::create_dir_all(&self.charts)?;
        for block in blocks::all(records)? {
            page = put(&page, block.name, &block.text)?;
            for (name, svg) in block.charts {
                fs::write(self.charts.join(name), svg)?;
            }
        }
        fs::write(&self.page, page)?;
        say(&format!("wrote {}", self.page.display()));
        Ok(())
    }
}

/// The page with another text between the marks of a name.
fn put(page: &str, name: &str, text: &str) -> Result<String, Failure> {
    let (from, to) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let lost = || format!("the page has no {from:?} … {to:?}");
    let begin = page.find(&from).ok_or_else(lost)? + from.len();
    let end = begin + page[begin..].find(&to).ok_or_else(lost)?;
    Ok(format!("{}{text}{}", &page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::put;

    #[test]
    fn only_what_is_between_the_marks_is_made_anew() {
        let page = "a\n<!-- x -->\nold\n<!-- /x -->\nb\n";
        let new = "a\n<!-- x -->\nnew\n<!-- /x -->\nb\n";
        assert_eq!(put(page, "x", "new\n").ok().as_deref(), Some(new));
        assert!(put(page, "y", "new\n").is_err());
    }
}
