//! Converts the domain's types to and from columns.

use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

use super::error::StoreError;
use crate::domain::cash::FactKind;
use crate::domain::credit::CreditReason;
use crate::domain::effect::{Action, EffectKey};
use crate::domain::error::ErrorClass;
use crate::domain::event::Level;
use crate::domain::finance::{Account, CostCategory, InvoiceState, Movement};
use crate::domain::history::Telling;
use crate::domain::ids::{AttemptId, CommandId, Epoch, EventId, ProposalId, RunId, UnitId};
use crate::domain::layer::Layer;
use crate::domain::learning::{Measure, ProposalState, VariantState};
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::run::RunState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::money::{Currency, Money};
use crate::domain::onboarding::ContractState;
use crate::domain::operations::{
    ActionState, ClientState, DocumentState, OnboardingStep, Plan, PostState,
};
use crate::domain::sales::{ByHand, Canceler, MeetingOutcome, MeetingState};
use crate::domain::time::{Moment, Uptime};

macro_rules! integer_column {
    ($($name:ident),+ $(,)?) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.0.into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                i64::column_result(value).map(Self)
            }
        }
    )+};
}

integer_column!(Moment, Uptime, RunId, UnitId, AttemptId, EventId, CommandId, Epoch, ProposalId);

macro_rules! word_column {
    ($($name:ident: $read:path),+ $(,)?) => {$(
        impl ToSql for $name {
            fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
                Ok(self.as_column().into())
            }
        }

        impl FromSql for $name {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                $read(value.as_str()?).map_err(FromSqlError::other)
            }
        }
    )+};
}

word_column! {
    UnitState: UnitState::from_column,
    AttemptState: AttemptState::from_column,
    EffectState: EffectState::from_column,
    RunState: RunState::from_column,
    Level: Level::from_column,
    ErrorClass: ErrorClass::from_column,
    Action: Action::from_column,
    Mode: str::parse::<Mode>,
    MeetingState: MeetingState::from_column,
    MeetingOutcome: MeetingOutcome::from_column,
    Canceler: Canceler::from_column,
    Plan: Plan::from_column,
    ClientState: ClientState::from_column,
    OnboardingStep: OnboardingStep::from_column,
    DocumentState: DocumentState::from_column,
    ContractState: ContractState::from_column,
    CreditReason: CreditReason::from_column,
    PostState: PostState::from_column,
    ActionState: ActionState::from_column,
    InvoiceState: InvoiceState::from_column,
    Account: Account::from_column,
    Movement: Movement::from_column,
    CostCategory: CostCategory::from_column,
    FactKind: FactKind::from_column,
    Telling: Telling::from_column,
    VariantState: VariantState::from_column,
    ProposalState: ProposalState::from_column,
    Measure: Measure::from_column,
}

impl ToSql for ByHand {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_column().into())
    }
}

impl FromSql for ByHand {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Self::from_column(value.as_str()?).map_err(FromSqlError::other)
    }
}

impl ToSql for Layer {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(i64::from(self.number()).into())
    }
}

impl FromSql for Layer {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let number = value.as_i64()?;
        u8::try_from(number)
            .ok()
            .and_then(Self::from_number)
            .ok_or(FromSqlError::OutOfRange(number))
    }
}

impl ToSql for EffectKey {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.0.as_str().into())
    }
}

impl FromSql for EffectKey {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        String::column_result(value).map(Self)
    }
}

/// Reads a count of rows, which SQLite keeps as a signed number.
pub(super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

/// Reads an amount from its two columns.
pub(super) fn money(row: &Row<'_>, minor: &str, currency: &str) -> rusqlite::Result<Money> {
    let code: String = row.get(currency)?;
    let currency = Currency::new(&code).map_err(FromSqlError::other)?;
    Ok(Money::new(row.get(minor)?, currency))
}

/// Reads one row or none, and keeps every other error.
pub(super) fn optional<T>(result: rusqlite::Result<T>) -> Result<Option<T>, StoreError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Reads a JSON column into its type.
pub(super) fn json<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<T> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}

/// Reads a JSON column that may be NULL.
pub(super) fn json_opt<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
) -> rusqlite::Result<Option<T>> {
    let Some(text) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    serde_json::from_str(&text).map(Some).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })
}
