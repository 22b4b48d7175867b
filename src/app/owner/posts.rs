//! Carries out what people do to posts before they go out: edit a text, hold a post, let it go.
//!
//! Nothing that has begun to go out is changed: what stands on the profile and what the database
//! says must stay the same words.

use rusqlite::Connection;
use serde_json::json;

use super::Owner;
use super::record::{Outcome, refuse};
use crate::app::command::{Ack, PostCommand, Refusal, RefusalKind};
use crate::app::service;
use crate::domain::effect::Action;
use crate::domain::event::NewEvent;
use crate::domain::gbp;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::operations::{Client, PostRow, PostState};
use crate::domain::time::Moment;
use crate::layers::gbp_optimizer::post_unit;
use crate::store::error::StoreError;
use crate::store::events::{self, About};
use crate::store::operations::profile_work;
use crate::store::{effects, operate, units};

type Acted = Result<Result<Outcome, Refusal>, StoreError>;

impl Owner {
    pub(super) async fn change_post(&self, command: PostCommand) -> Result<Ack, Refusal> {
        let wall = self.parts.clock.wall();
        let args = json!(command);
        match command {
            PostCommand::Edit { mode, client, slot, text } => {
                let act = move |tx: &Connection, now| {
                    edit(tx, mode, (client.as_str(), slot.as_str()), &text, (now, wall))
                };
                self.at_once(mode, "edit_post", args, act).await
            }
            PostCommand::Hold { mode, client, slot, held } => {
                let act = move |tx: &Connection, now| {
                    hold(tx, mode, (client.as_str(), slot.as_str()), held, (now, wall))
                };
                self.at_once(mode, "hold_post", args, act).await
            }
        }
    }
}

fn edit(
    tx: &Connection,
    mode: Mode,
    named: (&str, &str),
    text: &str,
    at: (Moment, Moment),
) -> Acted {
    let (client, post) = match planned(tx, mode, named)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let text = match gbp::post_text(text) {
        Ok(text) => text,
        Err(why) => {
            let hint = "change the text and try again; the number stands on the profile itself";
            return Ok(Err(refuse(RefusalKind::Usage, why, hint)));
        }
    };
    profile_work::edit_post(tx, mode, &client.entity, &post.slot, &text, at.0)?;
    let said = format!("post {} of {} is as you wrote it", post.slot, client.name);
    let told = format!("{}: a person wrote post {}", client.name, post.slot);
    tell(tx, mode, at, &client.entity, "post_edited", told)?;
    Ok(Ok(Outcome::new(said).changed(post.text, text)))
}

fn hold(
    tx: &Connection,
    mode: Mode,
    named: (&str, &str),
    held: bool,
    at: (Moment, Moment),
) -> Acted {
    let (client, post) = match planned(tx, mode, named)? {
        Ok(found) => found,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let (word, kind) = if held { ("held", "post_held") } else { ("free to go", "post_released") };
    if post.held == held {
        let why = format!("post {} of {} is {word} already", post.slot, client.name);
        return Ok(Err(refuse(RefusalKind::Usage, why, "`cep posts` shows which are held")));
    }
    profile_work::hold_post(tx, mode, &client.entity, &post.slot, held)?;
    let name = post_unit(&client.entity, &post.slot);
    let waits = matches!(units::state_of(tx, mode, &name)?, Some((_, UnitState::Waiting)));
    if !held && waits {
        // The instant tells this answer from an earlier one: a post may be held twice.
        units::answer(tx, mode, &name, &json!({ "result": "released", "at": at.0 }))?;
    }
    let said = format!("post {} of {} is {word}", post.slot, client.name);
    tell(tx, mode, at, &client.entity, kind, format!("{said}, says a person"))?;
    let (before, after) = if held { ("free to go", "held") } else { ("held", "free to go") };
    Ok(Ok(Outcome::new(said).changed(before, after)))
}

/// Finds a post that has not begun to go out.
fn planned(
    tx: &Connection,
    mode: Mode,
    (called, slot): (&str, &str),
) -> Result<Result<(Client, PostRow), Refusal>, StoreError> {
    let Some(client) = service::one(tx, mode, called)? else {
        return Ok(Err(refuse(
            RefusalKind::Usage,
            format!("no client, or more than one, is called {called:?}"),
            "`cep clients --json` has their keys",
        )));
    };
    let Some(post) = profile_work::post(tx, mode, &client.entity, slot)? else {
        return Ok(Err(refuse(
            RefusalKind::Usage,
            format!("{} has no post {slot:?}", client.name),
            "`cep posts CLIENT` lists them, such as 2026-W06/1",
        )));
    };
    let unit = units::state_of(tx, mode, &post_unit(&client.entity, slot))?;
    let journal = effects::of_entity(tx, mode, &client.entity, Action::PublishPost)?;
    let begun = post.state != PostState::Planned
        || matches!(unit, Some((_, UnitState::Leased)))
        || journal.iter().any(|effect| effect.version == slot);
    if begun {
        return Ok(Err(refuse(
            RefusalKind::Safeguard,
            format!("post {slot} of {} has begun to go out", client.name),
            "change it on the profile itself; `cep posts CLIENT` says where each post is",
        )));
    }
    Ok(Ok((client, post)))
}

/// Notes that a person has acted, and tells of it.
fn tell(
    tx: &Connection,
    mode: Mode,
    (at, wall_at): (Moment, Moment),
    entity: &str,
    kind: &str,
    text: String,
) -> Result<(), StoreError> {
    let layer = Layer::GbpOptimizer;
    operate::touch(tx, mode, layer, entity)?;
    let about = About { mode, at, wall_at, layer: Some(layer), unit_id: None, run_id: None };
    events::append(tx, about, &NewEvent::info(kind, text))
}
