//! The log as cqrs-es's event repository.

use std::collections::HashMap;

use annal_core::envelope::{Metadata, Provenance};
use annal_core::{Actor, CommandId, PersonId, Sequence};
use chrono::{DateTime, SecondsFormat, Utc};
use cqrs_es::Aggregate;
use cqrs_es::persist::{
    PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
};
use futures::{Stream, StreamExt, pin_mut};
