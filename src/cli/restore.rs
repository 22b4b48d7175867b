//! `cep restore`: puts a backup in the place of a database.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::context::Context;
use super::error::Error;
use super::render;
use crate::app::command::Command;
use crate::app::restore::{Report, Request, restore};
use crate::runtime::clock::{Clock as _, SystemClock};

/// Puts a backup in the place of the database, so that nothing goes out a second time.
///
/// Nobody may have the database open. What is there is kept under another name, and what went out
/// since the backup is carried over from it. Where it cannot be read, acts that may have gone out are
/// asked for at the receiver, repeated under the same key, or held for a person, until somebody says
/// --settled.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub(super) struct Args {
    /// The backup, from `cep backup`
    #[arg(conflicts_with = "settled")]
    file: Option<PathBuf>,
    /// Replace a database that is not empty; it is kept under another name
    #[arg(long, requires = "file")]
    replace: bool,
    /// End the doubt of this world after a restore: every act that went out between backup and restore
    /// has been told with `cep resolve`, and what is still held did not happen
    #[arg(long, requires = "evidence")]
    settled: bool,
    /// Where it was looked up, for --settled
    #[arg(long, value_name = "TEXT", requires = "settled")]
    evidence: Option<String>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let Some(file) = args.file else {
        let evidence = args.evidence.unwrap_or_default();
        return context.tell(Command::EndDoubt { mode: context.mode(), evidence }).await;
    };
    let (target, settings) = (context.database(), context.settings.clone());
    let (user, now) = (context.user(), SystemClock::new().now());
    let done = super::blocking(move || {
        let request = Request { file: &file, target: &target, replace: args.replace, user, now };
        restore(&request, &settings)
    });
    let report = done.await??;
    if context.json() { render::json(&report) } else { render::text(&told(&report)) }
}

/// Returns what was done and what to do next.
fn told(report: &Report) -> String {
    let (done, made_at) = (&report.restored, report.contents.made_at);
    let mut text = format!(
        "restored {} from a backup of {made_at}: generation {}\n",
        report.database.display(),
        done.generation
    );
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    if let Some(kept) = &report.kept {
        line(format!("the database before it is kept as {}", kept.display()));
    }
    line(format!(
        "{} runs are interrupted, {} units taken back, {} acts that were in flight are unknown",
        done.runs, done.units, done.in_flight
    ));
    if done.is_known {
        line(format!(
            "{} acts and {} opt-outs since the backup are carried over: none of them goes out again",
            done.carried, done.opt_outs
        ));
        line("deliveries and answers since the backup are only in the kept database".to_owned());
    } else {
        if let Some(why) = &report.unreadable {
            line(format!("the database before it cannot be read: {why}"));
        }
        in_doubt(&mut text, report);
    }
    text + "next: `cep status` shows how it stands; `cep run all` or `cep serve` goes on with it"
}

fn in_doubt(text: &mut String, report: &Report) {
    if let Some(outbox) = &report.outbox_lost {
        let _ = writeln!(
            text,
            "the outbox {} does not hold what was written for people before the backup: live acts are\n\
             held. If you still have its files, put them there, and restore again",
            outbox.display()
        );
    }
    let _ = write!(
        text,
        "what went out since {} is not known here. Until you say otherwise an act without a row is\n\
         asked for at its receiver, repeated under the same key where the receiver still knows it, or\n\
         held for you; {} acts that were refused before the backup are unknown as well\n\
         1. take in opt-outs and deliveries since then: `cep suppress`, `cep receive mail`\n\
         2. look at receivers for what went out since then, and tell it: `cep effects --state unknown`,\n\
         \x20  `cep resolve KEY happened --evidence …`\n\
         3. when all of it is told: `cep restore --settled --evidence …`, in each world (--mode)\n",
        report.contents.made_at, report.restored.doubted
    );
}
