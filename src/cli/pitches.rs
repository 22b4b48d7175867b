//! `cep pitches`: lists, shows, edits and rewrites pitches before they go out.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process;

use clap::Subcommand;

use super::context::{Context, Database, Session, make_folder, misanswered};
use super::error::{Error, Kind};
use super::table::Table;
use super::{render, text_file};
use crate::app::command::{Command, PitchEdit};
use crate::app::port::Machine as _;
use crate::app::query::{Answer, PitchFilter, PitchPart, PitchRow, PitchView, Query};
use crate::domain::pitch::Sentence;
use crate::domain::sales::{Channel, Stage};

/// How long the text of a channel may be, for whoever gave too long a file.
const FITS: &str = "a text of one channel has at most 200 words";

/// Lists pitches, and shows, edits or rewrites one before it goes out.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Option<Verb>,
    /// Only prospects at these stages: qualified, pitched, contacted, booked, client, lost
    #[arg(long, value_name = "STAGE", value_delimiter = ',', value_parser = stage)]
    stage: Vec<Stage>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Shows all four channels as they go out, and what each sentence rests on.
    Show {
        /// The prospect, as in `osm:node/123`
        entity: String,
    },
    /// Puts your own text in the place of one that has not gone out.
    ///
    /// Without --text-file and --subject, on a terminal, it opens the text in $EDITOR. The text goes
    /// through the same checks as a template's: a sentence that rests on nothing is named.
    Edit {
        /// The prospect, as in `osm:node/123`
        entity: String,
        /// Which text: email, linkedin, sms or phone
        #[arg(long, value_name = "CHANNEL", value_parser = channel, default_value = "email")]
        channel: Channel,
        /// A file with the new text, without the footer; - reads stdin
        #[arg(long, value_name = "FILE")]
        text_file: Option<PathBuf>,
        /// The new subject of the e-mail
        #[arg(long, value_name = "TEXT")]
        subject: Option<String>,
    },
    /// Has layer 2 write the pitch again, edits included, before anything has gone out.
    Rewrite {
        /// The prospect, as in `osm:node/123`
        entity: String,
        /// The variant to use instead of the one that is drawn
        #[arg(long, value_name = "NAME")]
        variant: Option<String>,
    },
}

fn stage(word: &str) -> Result<Stage, String> {
    Stage::from_column(word).map_err(|_| {
        let known: Vec<_> = Stage::ALL.iter().map(|stage| stage.as_column()).collect();
        format!("use one of {}", known.join(", "))
    })
}

fn channel(word: &str) -> Result<Channel, String> {
    Channel::from_column(word).map_err(|_| "use email, linkedin, sms or phone".to_owned())
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mode = context.mode();
    match args.command {
        None => list(args, context).await,
        Some(Verb::Show { entity }) => {
            let view = view(&context.open(Database::MustExist)?, context, entity).await?;
            if context.json() { render::json(&view) } else { render::text(&page(&view)) }
        }
        Some(Verb::Edit { entity, channel, text_file, subject }) => {
            if subject.is_some() && channel != Channel::Email {
                return Err(
                    Error::usage("only an e-mail has a subject").hint("leave --subject out")
                );
            }
            let session = context.open(Database::MustExist)?;
            let text = match (text_file, &subject) {
                (Some(path), _) => Some(text_file::read(&path, FITS)?),
                (None, Some(_)) => None,
                (None, None) => {
                    let typed = typed(&session, context, &entity, channel).await?;
                    if typed.is_none() {
                        render::note("the text is as it was; nothing is changed");
                        return Ok(());
                    }
                    typed
                }
            };
            let edit = PitchEdit { mode, entity, channel, text, subject };
            let ack = session.handle.submit(Command::EditPitch(edit)).await?;
            render::ack(&ack, context.json())
        }
        Some(Verb::Rewrite { entity, variant }) => {
            context.tell(Command::RewritePitch { mode, entity, variant }).await
        }
    }
}

async fn list(args: Args, context: &Context) -> Result<(), Error> {
    let session = context.open(Database::MustExist)?;
    let filter = PitchFilter { mode: context.mode(), stages: args.stage, limit: args.limit };
    let Answer::Pitches(rows) = session.ask(Query::Pitches(filter)).await? else {
        return Err(misanswered());
    };
    if context.json() { render::json_lines(&rows) } else { table(&rows, "no pitch fits") }
}

/// Prints pitches as a table.
pub(super) fn table(rows: &[PitchRow], nothing: &str) -> Result<(), Error> {
    let mut table = Table::new(&["prospect", "stage", "variant", "by hand", "name", "subject"]);
    for row in rows {
        table.row(&[
            row.entity.clone(),
            row.stage.as_column().to_owned(),
            row.variant.clone(),
            by_hand(row),
            row.name.clone(),
            row.subject.clone(),
        ]);
    }
    render::table(&table, nothing)
}

fn by_hand(row: &PitchRow) -> String {
    let edited = row.edited.iter().map(|channel| channel.as_column());
    edited.chain(row.chosen_by_person.then_some("variant")).collect::<Vec<_>>().join(", ")
}

async fn view(session: &Session, context: &Context, entity: String) -> Result<PitchView, Error> {
    let query = Query::Pitch { mode: context.mode(), entity };
    let Answer::Pitch(view) = session.ask(query).await? else { return Err(misanswered()) };
    Ok(*view)
}

/// Lays a pitch out for reading.
fn page(view: &PitchView) -> String {
    let row = &view.row;
    let mut page = format!(
        "{}  {}\n{}, {}, campaign {}\nvariant {} ({}), {}, written by {}\n",
        row.entity,
        row.name,
        row.category,
        row.stage.as_column(),
        row.campaign,
        row.variant,
        row.tone.as_deref().unwrap_or("no longer in the templates"),
        row.language,
        row.writer,
    );
    let by_hand = by_hand(row);
    if !by_hand.is_empty() {
        // Writing to a String cannot fail.
        let _ = writeln!(page, "by hand: {by_hand}; it counts for no variant");
    }
    for part in &view.parts {
        section(&mut page, part, view);
    }
    let _ = write!(page, "\nWhat may be said of this business:\n");
    for sentence in &view.may_say {
        let _ = writeln!(page, "  {sentence}");
    }
    page
}

fn section(page: &mut String, part: &PitchPart, view: &PitchView) {
    let edited = if part.edited { ", edited by a person" } else { "" };
    let state = part.begun.as_deref().unwrap_or("not begun");
    let (word, words, words_max) = (part.channel.as_column(), part.words, part.words_max);
    let _ = write!(page, "\n== {word}: {words} of {words_max} words, {state}{edited} ==\n");
    if part.channel == Channel::Email {
        let _ = writeln!(page, "Subject: {}\n", view.row.subject);
    }
    let _ = writeln!(page, "{}\n", part.text.trim_end());
    let subject = if part.channel == Channel::Email { &view.subject[..] } else { &[] };
    if subject.is_empty() && part.sentences.is_empty() {
        page.push_str("  its sentences were not traced\n");
    }
    for sentence in subject.iter().chain(&part.sentences) {
        let _ = writeln!(page, "  {:<22} {}", rests_on(sentence), sentence.text);
    }
}

fn rests_on(sentence: &Sentence) -> String {
    if sentence.rests_on.is_empty() {
        sentence.kind.word().to_owned()
    } else {
        sentence.rests_on.join(", ")
    }
}

/// Lets a person type the text in their editor, beginning with the one that stands; `None` when they
/// leave it as it is, so that looking at a text does not make it one by hand.
async fn typed(
    session: &Session,
    context: &Context,
    entity: &str,
    channel: Channel,
) -> Result<Option<String>, Error> {
    let editor = context.environment.get("VISUAL").or_else(|| context.environment.get("EDITOR"));
    let Some(editor) = editor.filter(|_| render::on_terminal()) else {
        return Err(Error::usage("there is no text")
            .hint("name one with --text-file or --subject, or set EDITOR on a terminal"));
    };
    let view = view(session, context, entity.to_owned()).await?;
    let Some(part) = view.parts.into_iter().find(|part| part.channel == channel) else {
        return Err(misanswered());
    };
    let folder = &context.settings.paths.state_dir;
    make_folder(folder)?;
    let path = folder.join(format!("pitch-{}.txt", process::id()));
    // The footer is not part of the text: it is put below each mail as it goes out.
    let text = part.text.split("\n\n--\n").next().unwrap_or_default().to_owned();
    let written = fs::write(&path, format!("{text}\n"));
    let unwritable = |error: std::io::Error| {
        Error::new(Kind::Failed, format!("cannot use {}: {error}", path.display()))
            .hint("make the state directory writable, or use --text-file")
    };
    written.map_err(unwritable)?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let ended = process::Command::new(program).args(words).arg(&path).status();
    let typed = text_file::read(&path, FITS);
    // The file was only for the editor; if it stays, the next edit has another name.
    let _removed = fs::remove_file(&path);
    match ended {
        Ok(status) if status.success() => {
            let typed = typed?;
            Ok((typed.trim_end() != text.trim_end()).then_some(typed))
        }
        Ok(status) => {
            Err(Error::usage(format!("{program} ended with {status}; nothing is changed")))
        }
        Err(error) => Err(Error::usage(format!("cannot start {program}: {error}"))
            .hint("set EDITOR to a program that exists, or use --text-file")),
    }
}
