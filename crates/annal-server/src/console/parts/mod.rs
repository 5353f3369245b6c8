//! The pieces that pages are made of.

mod badge;
mod field;
mod name;
mod problem;
mod table;
mod time;
pub(crate) mod words;

pub(crate) use badge::{Badge, badge};
pub(crate) use field::{area, choice, csrf, file, hidden, text};
pub(crate) use name::{human, person, verdict_badge, version_link};
pub(crate) use problem::problem;
pub(crate) use table::{Column, Row, Table};
pub(crate) use time::{due, span, time};
