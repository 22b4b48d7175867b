//! Answers questions about pitches: which there are, how one goes out, which would be promoted.

use rusqlite::Connection;

use super::parts::Parts;
use super::query::{Answer, PitchFilter, PitchPart, PitchRow, PitchView};
use crate::config::Settings;
use crate::domain::mode::Mode;
use crate::domain::pitch::{Kind, Sentence, Trace, words_max};
use crate::domain::sales::{Channel, Pitch};
use crate::layers::pitch_generator::PitchGround;
use crate::store::error::StoreError;
use crate::store::promotion;
use crate::store::sales::{messages, pitches, prospects};

/// Lists pitches, the newest first.
pub(super) fn list(
    conn: &Connection,
    parts: &Parts,
    filter: &PitchFilter,
) -> Result<Answer, StoreError> {
    let found = pitches::list(conn, filter.mode, &filter.stages, filter.limit)?;
    let rows = found.into_iter().map(|pitch| row(conn, &parts.settings, filter.mode, pitch));
    Ok(Answer::Pitches(rows.filter_map(Result::transpose).collect::<Result<_, _>>()?))
}

/// Lists what `promote` would copy.
pub(super) fn promotion(
    conn: &Connection,
    parts: &Parts,
    limit: Option<u32>,
    entities: &[String],
) -> Result<Answer, StoreError> {
    let wanted = promotion::wanted(conn, limit.unwrap_or(u32::MAX), entities)?;
    let mut rows = Vec::new();
    for one in wanted {
        let Some(pitch) = pitches::get(conn, Mode::Dry, &one.entity, &one.campaign)? else {
            continue;
        };
        rows.extend(row(conn, &parts.settings, Mode::Dry, pitch)?);
    }
    Ok(Answer::Promotion(rows))
}

fn row(
    conn: &Connection,
    settings: &Settings,
    mode: Mode,
    pitch: Pitch,
) -> Result<Option<PitchRow>, StoreError> {
    Ok(prospects::get(conn, mode, &pitch.entity)?.map(|prospect| PitchRow {
        entity: pitch.entity,
        name: prospect.name,
        category: prospect.category,
        language: prospect.language,
        stage: prospect.stage,
        campaign: pitch.campaign,
        tone: settings.pitch.book.tone(&pitch.variant).map(str::to_owned),
        variant: pitch.variant,
        writer: pitch.writer,
        edited: pitch.by_hand.edited,
        chosen_by_person: pitch.by_hand.chosen,
        subject: pitch.subject,
    }))
}

/// Shows a prospect's latest pitch as it goes out; `None` when it has none.
pub(super) fn one(
    conn: &Connection,
    parts: &Parts,
    mode: Mode,
    entity: &str,
) -> Result<Option<Answer>, StoreError> {
    let Some(pitch) = pitches::latest(conn, mode, entity)? else { return Ok(None) };
    let Some(row) = row(conn, &parts.settings, mode, pitch.clone())? else { return Ok(None) };
    let ground = PitchGround::read(conn, &parts.settings, mode, entity).ok();
    let trace: Trace = serde_json::from_value(pitch.claims.clone()).unwrap_or_default();
    let of = |part: &str| trace.get(part).cloned().unwrap_or_default();
    let mut shown = Vec::new();
    for channel in Channel::ALL {
        let state = messages::begun(conn, mode, entity, &pitch.campaign, Some(channel))?;
        let text = goes_out(ground.as_ref(), &pitch, channel);
        let mut sentences = of(channel.as_column());
        if !sentences.is_empty() {
            sentences.extend(footer(&text, pitch.text(channel)));
        }
        shown.push(PitchPart {
            channel,
            words: text.split_whitespace().count(),
            words_max: words_max(channel),
            text,
            edited: pitch.by_hand.edited.contains(&channel),
            begun: state,
            sentences,
        });
    }
    let may_say = ground.iter().flat_map(|ground| &ground.observed);
    Ok(Some(Answer::Pitch(Box::new(PitchView {
        may_say: may_say.map(|claim| claim.sentence.clone()).collect(),
        subject: of("subject"),
        parts: shown,
        row,
    }))))
}

/// Returns what stands below a text as it goes out, line by line: nobody writes it, the law does.
fn footer(goes_out: &str, text: &str) -> Vec<Sentence> {
    let below = goes_out.strip_prefix(text).unwrap_or_default();
    let lines = below.lines().map(str::trim).filter(|line| !matches!(*line, "" | "--"));
    let sentence =
        |line: &str| Sentence { text: line.to_owned(), kind: Kind::Footer, rests_on: Vec::new() };
    lines.map(sentence).collect()
}

/// Returns a channel's text as its recipient gets it.
fn goes_out(ground: Option<&PitchGround>, pitch: &Pitch, channel: Channel) -> String {
    let text = pitch.text(channel);
    let Some(ground) = ground else { return text.to_owned() };
    let (entity, prospect) = (&pitch.entity, &ground.prospect);
    let address = prospect.email.as_deref().unwrap_or_default();
    let link = ground
        .sender
        .unsubscribe_link(entity, address, &pitch.campaign)
        .unwrap_or_else(|fault| format!("({fault})"));
    ground.desk().as_it_goes_out(channel, text, &link)
}
