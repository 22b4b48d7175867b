//! Walks a JSON document by name without ever failing on the way, and names the place when the end
//! of the way is not what was needed.

use serde_json::Value;

use super::BadEvent;
use crate::domain::money::{Currency, Money};
use crate::domain::time::{Moment, SECOND_MS};

/// A place in a document, existing or not, that remembers how it was reached.
pub(super) struct Node<'v> {
    value: Option<&'v Value>,
    path: String,
}

impl<'v> Node<'v> {
    /// The whole document.
    pub(super) fn root(value: &'v Value) -> Self {
        Self { value: Some(value), path: String::new() }
    }

    /// The member `name`; one that does not exist is a place without a value.
    pub(super) fn get(&self, name: &str) -> Self {
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { value: self.value.and_then(|value| value.get(name)), path }
    }

    /// The members of a list; anything else has none.
    pub(super) fn items(&self) -> Vec<Self> {
        let list = self.value.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        list.iter()
            .enumerate()
            .map(|(index, value)| Self {
                value: Some(value),
                path: format!("{}[{index}]", self.path),
            })
            .collect()
    }

    /// Whether a value other than null stands here.
    pub(super) fn is_set(&self) -> bool {
        self.value.is_some_and(|value| !value.is_null())
    }

    /// This place, or `other` when nothing stands here: the new shape, then the old one.
    pub(super) fn or(self, other: Self) -> Self {
        if self.is_set() { self } else { other }
    }

    /// The text here, if it is one and not empty.
    pub(super) fn as_text(&self) -> Option<String> {
        self.value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// The id here: the text itself, or the `id` of an expanded object.
    pub(super) fn as_id(&self) -> Option<String> {
        self.as_text().or_else(|| self.get("id").as_text())
    }

    /// The whole number here, if it is one.
    pub(super) fn as_whole(&self) -> Option<i64> {
        self.value.and_then(Value::as_i64)
    }

    /// The number here as written, which keeps decimals exact.
    pub(super) fn as_decimal_text(&self) -> Option<String> {
        match self.value? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    /// The instant here, in whole seconds, if it is one.
    pub(super) fn as_moment(&self) -> Option<Moment> {
        self.as_whole().map(|seconds| Moment(seconds.saturating_mul(SECOND_MS)))
    }

    /// Whether `true` stands here.
    pub(super) fn flag(&self) -> bool {
        self.value.and_then(Value::as_bool).unwrap_or(false)
    }

    /// The text of member `name`, which must be there.
    pub(super) fn text(&self, name: &str) -> Result<String, BadEvent> {
        let member = self.get(name);
        member.as_text().ok_or_else(|| member.bad())
    }

    /// The whole number of member `name`, which must be there.
    pub(super) fn whole(&self, name: &str) -> Result<i64, BadEvent> {
        let member = self.get(name);
        member.as_whole().ok_or_else(|| member.bad())
    }

    /// The instant of member `name`, which must be there.
    pub(super) fn moment(&self, name: &str) -> Result<Moment, BadEvent> {
        let member = self.get(name);
        member.as_moment().ok_or_else(|| member.bad())
    }

    /// The currency of this object, which must be there.
    pub(super) fn currency(&self) -> Result<Currency, BadEvent> {
        let member = self.get("currency");
        member.as_text().and_then(|code| Currency::new(&code).ok()).ok_or_else(|| member.bad())
    }

    /// The amount of member `name` in this object's currency, which must be there.
    pub(super) fn amount(&self, name: &str) -> Result<Money, BadEvent> {
        Ok(Money::new(self.whole(name)?, self.currency()?))
    }

    /// The complaint that nothing usable stands here.
    pub(super) fn bad(&self) -> BadEvent {
        const SHOWN_CHARS: usize = 60;
        let found = match self.value {
            None => "it is missing".to_owned(),
            Some(value) => value.to_string().chars().take(SHOWN_CHARS).collect(),
        };
        BadEvent { field: self.path.clone(), found }
    }
}
