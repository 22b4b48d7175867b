//! Carries out what people do to pitches before they go out: edit a text, have it written again.
//!
//! Nothing that has begun to go out is changed: what the recipient got and what the database says
//! must stay the same words.

use std::sync::Arc;

use rusqlite::Connection;
use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, PitchEdit, Refusal, RefusalKind};
use crate::domain::error::WorkError;
use crate::domain::event::NewEvent;
use crate::domain::layer::Layer;
use crate::domain::mode::Mode;
use crate::domain::pitch::{PitchFault, Trace};
use crate::domain::sales::{Channel, Pitch};
use crate::domain::time::Moment;
use crate::layers::pitch_generator::{self, PitchGround};
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::sales::{messages, pitches};
use crate::store::{operate, units};

impl Owner {
    pub(super) async fn edit_pitch(&self, edit: PitchEdit) -> Result<Ack, Refusal> {
        let settings = Arc::clone(&self.parts.settings);
        let wall = self.parts.clock.wall();
        let args = json!(edit);
        self.at_once(edit.mode, "edit_pitch", args, move |tx, now| {
            let (pitch, ground) = match found(tx, edit.mode, &edit.entity, |tx, entity| {
                PitchGround::read(tx, &settings, edit.mode, entity)
            })? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let begun =
                messages::begun(tx, edit.mode, &edit.entity, &pitch.campaign, Some(edit.channel))?;
            if let Some(why) = begun {
                return Ok(Err(refuse(
                    RefusalKind::Safeguard,
                    format!("the {} text is not changed any more: {why}", edit.channel.as_column()),
                    "`cep pitches show` says which channels have not been used yet",
                )));
            }
            match edited(&ground, &pitch, &edit) {
                Ok((changed, before, after)) => {
                    keep(tx, edit.mode, (now, wall), &changed, "pitch_edited", {
                        let channel = edit.channel.as_column();
                        format!("{}: a person wrote the {channel} text", ground.prospect.name)
                    })?;
                    let text = format!(
                        "the {} text of {} is as you wrote it, every sentence traced",
                        edit.channel.as_column(),
                        ground.prospect.name
                    );
                    Ok(Ok(Outcome::new(text).changed(before, after)))
                }
                Err(fault) => Ok(Err(refused(&fault))),
            }
        })
        .await
    }

    pub(super) async fn rewrite_pitch(
        &self,
        mode: Mode,
        entity: String,
        variant: Option<String>,
    ) -> Result<Ack, Refusal> {
        let settings = Arc::clone(&self.parts.settings);
        let args = json!({ "entity": entity, "variant": variant });
        self.at_once(mode, "rewrite_pitch", args, move |tx, now| {
            let (pitch, ground) = match found(tx, mode, &entity, |tx, entity| {
                PitchGround::read(tx, &settings, mode, entity)
            })? {
                Ok(found) => found,
                Err(refusal) => return Ok(Err(refusal)),
            };
            if let Some(why) = messages::begun(tx, mode, &entity, &pitch.campaign, None)? {
                return Ok(Err(refuse(
                    RefusalKind::Safeguard,
                    format!("the pitch is not written again: {why}"),
                    "edit the channels that have not been used: `cep pitches edit`",
                )));
            }
            let prospect = &ground.prospect;
            let known = settings.pitch.book.variants(&prospect.language, &prospect.category);
            if let Some(wrong) = variant.as_deref().filter(|one| !known.contains(one)) {
                return Ok(Err(refuse(
                    RefusalKind::Usage,
                    format!("there is no variant {wrong:?} for {}", prospect.name),
                    &format!("use one of {}", known.join(", ")),
                )));
            }
            let n = pitches::rewrites(tx, mode, &entity, &pitch.campaign)? + 1;
            let unit =
                pitch_generator::rewrite_unit(prospect, &pitch.campaign, n, variant.as_deref());
            units::insert(tx, mode, None, now, &unit)?;
            operate::touch(tx, mode, Layer::PitchGenerator, &entity)?;
            let text = format!("the pitch of {} is written again when layer 2 runs", prospect.name);
            let after = variant.as_deref().unwrap_or("drawn");
            Ok(Ok(Outcome::new(text).changed(pitch.variant.as_str(), after)))
        })
        .await
    }
}

/// Finds a prospect's latest pitch and what it rests on.
fn found(
    tx: &Connection,
    mode: Mode,
    entity: &str,
    ground: impl FnOnce(&Connection, &str) -> Result<PitchGround, WorkError>,
) -> Result<Result<(Pitch, PitchGround), Refusal>, StoreError> {
    let Some(pitch) = pitches::latest(tx, mode, entity)? else {
        return Ok(Err(refuse(
            RefusalKind::Usage,
            format!("{entity} has no pitch in the {mode} world"),
            "`cep pitches` lists those that there are",
        )));
    };
    Ok(match ground(tx, entity) {
        Ok(ground) => Ok((pitch, ground)),
        Err(error) => Err(Refusal {
            kind: RefusalKind::Failed,
            why: error.message.clone(),
            hint: error.hint.clone(),
        }),
    })
}

/// Puts a person's texts in their places; returns the pitch with what was there before and is now.
fn edited(
    ground: &PitchGround,
    pitch: &Pitch,
    edit: &PitchEdit,
) -> Result<(Pitch, String, String), PitchFault> {
    let desk = ground.desk();
    let mut pitch = pitch.clone();
    let mut trace: Trace = serde_json::from_value(pitch.claims.clone()).unwrap_or_default();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    if let Some(subject) = &edit.subject {
        let (text, traced) = desk.check(None, subject)?;
        trace.insert("subject".to_owned(), traced);
        before.push(std::mem::replace(&mut pitch.subject, text.clone()));
        after.push(text);
    }
    if let Some(text) = &edit.text {
        let (text, traced) = desk.check(Some(edit.channel), text)?;
        trace.insert(edit.channel.as_column().to_owned(), traced);
        let place = match edit.channel {
            Channel::Email => &mut pitch.email,
            Channel::Linkedin => &mut pitch.linkedin,
            Channel::Sms => &mut pitch.sms,
            Channel::Phone => &mut pitch.phone,
        };
        before.push(std::mem::replace(place, text.clone()));
        after.push(text);
    }
    pitch.claims = json!(trace);
    pitch.by_hand.edit(edit.channel);
    Ok((pitch, before.join("\n\n"), after.join("\n\n")))
}

fn refused(fault: &PitchFault) -> Refusal {
    let hint = match fault {
        PitchFault::TooLong { .. } => "shorten it; links and the footer count as well",
        PitchFault::Claim(_) => {
            "say an observation in the words that `cep pitches show` lists, ask a question, or speak \
             of what we offer"
        }
        PitchFault::NothingToSay | PitchFault::Empty(_) | PitchFault::Template(_) => {
            "give a text, or have it written again: `cep pitches rewrite`"
        }
    };
    refuse(RefusalKind::Usage, fault.to_string(), hint)
}

/// Stores a changed pitch and tells of it.
fn keep(
    tx: &Connection,
    mode: Mode,
    (at, wall_at): (Moment, Moment),
    pitch: &Pitch,
    kind: &str,
    text: String,
) -> Result<(), StoreError> {
    pitches::put(tx, mode, at, pitch)?;
    operate::touch(tx, mode, Layer::PitchGenerator, &pitch.entity)?;
    let layer = Some(Layer::PitchGenerator);
    let about = About { mode, at, wall_at, layer, unit_id: None, run_id: None };
    events::append(tx, about, &NewEvent::info(kind, text))
}
