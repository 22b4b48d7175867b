//! `cep events`: prints the stream of facts, once or as they happen.

use std::time::Duration;

use super::context::{Context, Database, Session, misanswered};
use super::error::Error;
use super::picture::layer_tag;
use super::stop::Stop;
use super::{parse, render};
use crate::app::query::{Answer, EventFilter, Query};
use crate::domain::event::{Event, Level};
use crate::domain::ids::EventId;
use crate::domain::layer::Layer;
use crate::runtime::clock::{Clock, SystemClock};
use crate::tui::format;

/// How often new events are looked for: soon enough for an eye, cheap enough to be left running.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// How many of the latest events are printed when nothing else is said.
const LATEST: u32 = 50;

/// How many events are read at once.
const PAGE: u32 = 1_000;

/// Prints events, the oldest first: the latest ones, or all after one.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Go on printing as they happen, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Only those after this one; 0 for all
    #[arg(long, value_name = "ID")]
    since: Option<i64>,
    /// Only this layer, 1 to 9
    #[arg(long, value_name = "LAYER", value_parser = parse::layer)]
    layer: Option<Layer>,
    /// Only this level and above: info, warn, error
    #[arg(long, value_name = "LEVEL", value_parser = level)]
    level: Option<Level>,
    /// At most so many, unless followed
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
}

fn level(word: &str) -> Result<Level, String> {
    Level::from_column(word).map_err(|_| "use info, warn or error".to_owned())
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let mut since = args.since.map(EventId);
    if since.is_none() {
        let limit = args.limit.unwrap_or(LATEST);
        let events = page(&session, args, context, None, limit).await?;
        print(&events, context.json())?;
        since = Some(events.last().map_or(EventId(0), |last| last.id));
        if !args.follow {
            return Ok(());
        }
    }
    if args.follow {
        return follow(&session, args, context, since).await;
    }
    let mut left = args.limit.unwrap_or(u32::MAX);
    loop {
        let events = page(&session, args, context, since, left.min(PAGE)).await?;
        print(&events, context.json())?;
        left = left.saturating_sub(u32::try_from(events.len()).unwrap_or(u32::MAX));
        since = events.last().map(|last| last.id);
        if left == 0 || events.len() < PAGE as usize {
            return Ok(());
        }
    }
}

/// Prints events as they happen.
async fn follow(
    session: &Session,
    args: &Args,
    context: &Context,
    mut since: Option<EventId>,
) -> Result<(), Error> {
    let mut stop = Stop::listen()?;
    let clock = SystemClock::new();
    loop {
        let events = page(session, args, context, since, PAGE).await?;
        print(&events, context.json())?;
        since = events.last().map(|last| last.id).or(since);
        if events.len() < PAGE as usize {
            tokio::select! {
                () = clock.pause(LOOK_EVERY) => {}
                // Following has no other end, so this one is no failure.
                () = stop.asked() => return Ok(()),
            }
        }
    }
}

async fn page(
    session: &Session,
    args: &Args,
    context: &Context,
    since: Option<EventId>,
    limit: u32,
) -> Result<Vec<Event>, Error> {
    let filter = EventFilter {
        mode: Some(context.mode()),
        since,
        layer: args.layer,
        level: args.level,
        limit,
        ..EventFilter::default()
    };
    let Answer::Events(events) = session.ask(Query::Events(filter)).await? else {
        return Err(misanswered());
    };
    Ok(events)
}

fn print(events: &[Event], as_json: bool) -> Result<(), Error> {
    if as_json {
        return render::json_lines(events);
    }
    for event in events {
        let layer = event.layer.map_or_else(|| "  ".to_owned(), layer_tag);
        let at = format::full_time(event.at);
        let level = event.level.as_column();
        render::text(&format!("{:>7}  {at}  {level:<5}  {layer}  {}", event.id, event.text))?;
    }
    Ok(())
}
