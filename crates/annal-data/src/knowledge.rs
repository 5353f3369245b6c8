//! What the names and formats of the two forms tell beyond their dictionaries. These are rules of thumb of this
//! project; the rules made from them go to a tester, who approves or rejects each.

use annal_core::item::{Level, Requirement};

use crate::dictionary::Attribute;
use crate::format::{Format, Kind};

/// States and territories as FR Y-14M reports them.
const STATES: &str = "AL|AK|AZ|AR|CA|CO|CT|DE|DC|FL|GA|HI|ID|IL|IN|IA|KS|KY|LA|ME|MD|MA|MI|MN|MS|MO|MT|NE|NV|NH|NJ|NM|NY|NC|ND|OH|OK|OR|PA|RI|SC|SD|TN|TX|UT|VT|VA|WA|WV|WI|WY|PR|VI|GU|AS|MP";

/// FR Y-14M: whether the item with this title names the row.
#[must_use]
pub fn names_the_row(title: &str) -> bool {
    ["reference number", "loan number", "account number"].contains(&title.to_lowercase().as_str())
}

/// FR Y-14M: an item is a critical data element when its title speaks of what is owed, what is overdue, what was
/// charged off, or of the estimates of loss that capital is computed from.
#[must_use]
pub fn is_critical(title: &str) -> bool {
    contains(
        title,
        &[
            "ending balance",
            "unpaid principal balance",
            "past due",
            "charge-off amount",
            "current credit limit",
            "probability of default",
            "loss given default",
            "exposure at default",
        ],
    )
}

/// FR Y-14M: the risk of an item. High when it is critical, or mandatory and about money owed, credit quality or
/// income; medium when it is another mandatory amount, rate or date; low otherwise.
#[must_use]
pub fn risk(title: &str, format: &Format, requirement: Requirement, critical: bool) -> Level {
    let mandatory = requirement == Requirement::Mandatory;
    let measured = matches!(
        format.kind(),
        Kind::Number(_, 1..)
            | Kind::Number(10.., _)
            | Kind::Decimal(_)
            | Kind::Day
            | Kind::Number(3, 0)
    );
    let weighty = contains(
        title,
        &[
            "balance",
            "limit",
            "payment due",
            "bureau score",
            "income",
            "recovery",
        ],
    );
    match (critical, mandatory && measured, weighty) {
        (true, _, _) | (_, true, true) => Level::High,
        (_, true, false) => Level::Medium,
        _ => Level::Low,
    }
}

fn contains(title: &str, words: &[&str]) -> bool {
    let title = title.to_lowercase();
    words.iter().any(|word| title.contains(word))
}

/// The values that an attribute may have, where they are few.
#[must_use]
pub fn codes(attribute: &Attribute) -> Option<Vec<String>> {
    let words = |text: &str| Some(text.split('|').map(str::to_owned).collect());
    match (attribute.format.kind(), attribute.name.as_str()) {
        (Kind::OneOf(list), _) => Some(list.clone()),
        (Kind::Text(2), "AccountState") => words(STATES),
        (Kind::Number(1, 0), "CreditCardType") => words("1|2|3|4"),
        // The only flag of schedule D.1 that is a list of kinds.
        (Kind::Number(1, 0), "FeeTypeFlag") => None,
        (Kind::Number(1, 0), name) if name.ends_with("Flag") => words("0|1"),
        _ => None,
    }
}

/// Between which values an attribute is plausible.
#[must_use]
pub fn plausible(attribute: &Attribute) -> Option<(&'static str, &'static str)> {
    let name = attribute.name.to_lowercase();
    let speaks_of = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match attribute.format.kind() {
        // Expenses of nothing or of more than the income; loans far above the value.
        Kind::Ratio if speaks_of(&["to_income"]) => Some(("0.01", "1")),
        Kind::Ratio => Some(("0.05", "1.25")),
        Kind::Percent => Some(("0", "100")),
        Kind::Day => Some(("19500101", "20991231")),
        Kind::Number(3, 0) if speaks_of(&["score"]) => Some(("300", "850")),
        Kind::Number(3, 0) if speaks_of(&["pastdue"]) => Some(("0", "720")),
        Kind::Number(2, 0) if speaks_of(&["delinquency"]) => Some(("0", "24")),
        Kind::Number(5, 0) if speaks_of(&["users"]) => Some(("0", "100")),
        Kind::Number(12, 0) if speaks_of(&["income"]) => Some(("0", "100000000")),
        Kind::Number(_, 3) if speaks_of(&["apr"]) => Some(("0", "40")),
        Kind::Number(_, 3) if speaks_of(&["margin"]) => Some(("-10", "40")),
        Kind::Number(_, 5) => Some(("0", "1")),
        Kind::Number(12, 2) if speaks_of(&["fee"]) => Some(("0", "5000")),
        Kind::Number(12, 2) if speaks_of(&["balance"]) => Some(("-100000", "1000000")),
        Kind::Number(12, 2) => Some(("0", "1000000")),
        _ => None,
    }
}

/// How two columns of a row have to agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// The first is not greater than the second.
    AtMost,
    /// The first day is not after the second.
    NotAfter,
    /// The first is `yes` only where the second is.
    YesOnlyIfYes,
}

/// Pairs of columns that have to agree, over both forms.
pub const AGREEMENTS: [(&str, Agreement, &str); 9] = [
    (
        "housing_expense_to_income",
        Agreement::AtMost,
        "debt_to_income",
    ),
    (
        "denied_mortgage_insurance",
        Agreement::YesOnlyIfYes,
        "denied",
    ),
    ("MinimumPaymentDue", Agreement::AtMost, "TotalPaymentDue"),
    ("TotalPastDue", Agreement::AtMost, "TotalPaymentDue"),
    (
        "CurrentCashAdvanceLimit",
        Agreement::AtMost,
        "CurrentCreditLimit",
    ),
    ("CycleEndingRetailAPR", Agreement::AtMost, "MaxAPR"),
    ("PromotionalAPR", Agreement::AtMost, "MaxAPR"),
    (
        "AccountOriginationDate",
        Agreement::NotAfter,
        "AccountCycleEndDate",
    ),
    ("CreditScoreRefreshDate", Agreement::NotAfter, "PeriodId"),
];

/// The columns that tell the line of business of a row, in the order in which they are looked for, and what each
/// value means. A row of a report without any of them belongs to `all`.
pub(crate) const LINES_OF_BUSINESS: [(&str, &[(&str, &str)]); 2] = [
    (
        "condominium",
        &[("1", "condominium"), ("0", "single_family")],
    ),
    (
        "CreditCardType",
        &[
            ("1", "general_purpose_cards"),
            ("2", "private_label_cards"),
            ("3", "business_cards"),
            ("4", "business_cards"),
        ],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing_data::{fr_y14m, hmda};

    #[test]
    fn a_loan_level_form_has_a_sensible_share_of_high_risk() {
        let dictionary = fr_y14m();
        let count = |level| {
            dictionary
                .attributes()
                .iter()
                .filter(|a| a.risk == level)
                .count()
        };
        assert_eq!(
            (count(Level::High), count(Level::Medium), count(Level::Low)),
            (33, 30, 55)
        );
        assert_eq!(
            dictionary
                .attributes()
                .iter()
                .filter(|a| a.critical)
                .count(),
            17
        );
    }

    #[test]
    fn what_is_known_uses_columns_that_exist() {
        let (hmda, form) = (hmda(), fr_y14m());
        let exists = |name: &str| {
            hmda.attribute(name)
                .or_else(|| form.attribute(name))
                .is_some()
        };
        for (column, _, other) in AGREEMENTS {
            assert!(exists(column) && exists(other), "{column} {other}");
        }
        for (column, _) in LINES_OF_BUSINESS {
            assert!(exists(column), "{column}");
        }
    }
}
