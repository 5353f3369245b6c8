//! Whatever bytes come in, the answer is a value or an error with a code: nothing panics.

use std::collections::BTreeSet;

use annal_data::checks::parse_check;
use annal_data::evidence::parse_evidence;
use annal_data::format::Format;
use annal_data::generate::generate;
use annal_data::number::Decimal;
use annal_data::profiling::{derive_rules, run_rules};
use annal_data::{Dataset, Dictionary};
use proptest::prelude::*;

const HMDA: &str = include_str!("../../../examples/hmda_boston_dictionary.csv");
const FR_Y14M: &str = include_str!("../../../examples/fr_y14m_dictionary.csv");
const LAYOUT: &str = "schedule,line_item,name,format,requirement,primary_key,critical,risk\n";

/// A dictionary with a column of every kind of format.
fn dictionary() -> Dictionary {
    let mut text = format!("{LAYOUT}L,0,id,Character(9),mandatory,yes,no,high\n");
    let formats = [
        "integer",
        "integer 1-6",
        "ratio",
        "percent",
        "yes|no",
        "YYYYMMDD",
        "N12.2",
        "N3",
        "Numeric",
    ];
    for (index, format) in formats.iter().enumerate() {
        text.push_str(&format!(
            "L,{index},c{index},{format},mandatory,no,yes,high\n"
        ));
    }
    Dictionary::parse("d.csv", text.as_bytes(), None).expect("a dictionary without a fault")
}

/// The text with some of its bytes replaced.
fn damaged(text: &'static str) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec((0..text.len(), any::<u8>()), 0..8).prop_map(|changes| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte) in changes {
            bytes[at] = byte;
        }
        bytes
    })
}

/// Cells as they might be: numbers, days, words, and anything else.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{0,14}(\\.[0-9]{0,7})?",
        "[0-9]{8}",
        "(yes|no|NA|)",
        "[^,\"\r\n\0]{0,12}",
        "\"[^\"\0]{0,8}\"?",
    ]
}

proptest! {
    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Dictionary::parse("d.csv", &bytes, None);
        let _ = Dictionary::parse("d.csv", &bytes, Some("D.1"));
        let _ = Dataset::parse("t.csv", &bytes, &dictionary());
        let _ = parse_evidence("e.csv", &bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = parse_check(&text);
        let _ = text.parse::<Format>();
    }

    #[test]
    fn damaged_dictionaries(hmda in damaged(HMDA), form in damaged(FR_Y14M)) {
        let parsed = [Dictionary::parse("d.csv", &hmda, None), Dictionary::parse("d.csv", &form, Some("D.1"))];
        for result in parsed {
            match result {
                Ok(dictionary) => {
                    let rules = derive_rules(&dictionary);
                    let ids: BTreeSet<_> = rules.iter().map(|rule| &rule.id).collect();
                    prop_assert_eq!(ids.len(), rules.len());
                    prop_assert_eq!(generate(&dictionary, 1, 3), generate(&dictionary, 1, 3));
                }
                Err(error) => prop_assert!(error.to_string().contains("d.csv"), "{}", error),
            }
        }
    }

    #[test]
    fn rows_of_any_cells_are_read_and_profiled_or_refused(
        rows in prop::collection::vec(prop::collection::vec(cell(), 9), 1..6)
    ) {
        let dictionary = dictionary();
        let mut text = "id,c0,c1,c2,c3,c4,c5,c6,c7,c8\n".to_owned();
        for (index, row) in rows.iter().enumerate() {
            text.push_str(&format!("{index},{}\n", row.join(",")));
        }
        match Dataset::parse("t.csv", text.as_bytes(), &dictionary) {
            Ok(data) => {
                prop_assert_eq!(data.rows().len(), rows.len());
                run_rules(&derive_rules(&dictionary), &data).unwrap();
            }
            Err(error) => prop_assert!(error.to_string().contains("line "), "{}", error),
        }
    }

    #[test]
    fn evidence_of_any_cells(cells in prop::collection::vec((cell(), cell(), cell()), 0..6)) {
        let mut text = "row_key,attribute,source_value\n".to_owned();
        for (key, attribute, value) in &cells {
            text.push_str(&format!("{key},{attribute},{value}\n"));
        }
        let _ = parse_evidence("e.csv", text.as_bytes());
    }

    #[test]
    fn a_check_that_is_read_comes_back_the_same(
        head in "(one of |between |written as |at most column |not after column |yes only if column |present|unique)",
        tail in "[a-z0-9 .|\\-]{0,20}( and [0-9]{1,3}| is [a-z]{1,3})?"
    ) {
        let text = format!("{head}{tail}");
        if let Ok(check) = parse_check(&text) {
            let written = check.to_string();
            prop_assert_eq!(parse_check(&written), Ok(check));
        }
    }

    #[test]
    fn decimals_are_ordered_as_numbers_are(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000) {
        let write = |number: i64| {
            let sign = if number < 0 { "-" } else { "" };
            format!("{sign}{}.{:03}", number.abs() / 1000, number.abs() % 1000)
        };
        let (one, other) = (write(a), write(b));
        prop_assert_eq!(Decimal::parse(&one).unwrap().cmp(&Decimal::parse(&other).unwrap()), a.cmp(&b));
    }
}
