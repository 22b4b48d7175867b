//! `cep receive`: takes in what came from outside and has no signature.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::error::{Error, Kind};
use crate::app::command::{Command, RawMail};
use crate::domain::letter::BYTES_MAX;

/// Mails of a folder that share a commit: enough that a folder is read fast, and few enough that
/// they fit in memory.
const MAILS_PER_COMMIT: usize = 50;

/// Bytes of mails that share a commit; one mail may have all of them.
const BYTES_PER_COMMIT: usize = BYTES_MAX;

/// Takes in what came from outside: replies, bounces and answers to invites, as raw mail.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Takes in raw mail; the same mail twice is one mail.
    ///
    /// A mail server pipes one message to `cep --mode live receive mail -`; an operator names a saved
    /// message, or a Maildir, whose folder `new` is read. Files stay where and as they are. What a
    /// mail asks for is done by the next run of layers 3 and 4: it may stop or pause what we send,
    /// and everything else becomes a task for a person (`cep tasks`).
    Mail {
        /// A message, a folder of messages (of a Maildir, its `new`), or - for stdin
        #[arg(value_name = "FILE|FOLDER|-")]
        source: PathBuf,
    },
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let What::Mail { source } = args.what;
    if source == Path::new("-") {
        let mail = bounded(std::io::stdin()).map_err(|error| unreadable(&source, &error))?;
        return take(vec![mail], context).await;
    }
    let kind = fs::metadata(&source).map_err(|error| unreadable(&source, &error))?;
    if !kind.is_dir() {
        return take(vec![file(&source)?], context).await;
    }
    let mut files = messages(&source)?;
    if files.is_empty() {
        let why = format!("no message lies in {}", source.display());
        return Err(Error::new(Kind::Usage, why).hint("name a folder with one message a file"));
    }
    files.sort();
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for path in files {
        let mail = file(&path)?;
        if !batch.is_empty()
            && (batch.len() == MAILS_PER_COMMIT || bytes + mail.0.len() > BYTES_PER_COMMIT)
        {
            take(std::mem::take(&mut batch), context).await?;
            bytes = 0;
        }
        bytes += mail.0.len();
        batch.push(mail);
    }
    take(batch, context).await
}

async fn take(mails: Vec<RawMail>, context: &Context) -> Result<(), Error> {
    context.tell(Command::ReceiveMail { mode: context.mode(), mails }).await
}

/// The files of a folder that are messages; a Maildir keeps those that nobody has seen in `new`, and
/// unfinished ones begin with a dot.
fn messages(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let new = folder.join("new");
    let folder = if new.is_dir() { new } else { folder.to_owned() };
    let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, &error))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| unreadable(&folder, &error))?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        if !hidden && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            files.push(entry.path());
        }
    }
    Ok(files)
}

fn file(path: &Path) -> Result<RawMail, Error> {
    fs::File::open(path).and_then(bounded).map_err(|error| unreadable(path, &error))
}

/// Reads a mail, and of a larger one than is kept one byte more, which says that it was larger. The
/// rest is read and dropped: a mail server takes a closed pipe for a failure.
fn bounded(mut source: impl Read) -> std::io::Result<RawMail> {
    let mut bytes = Vec::new();
    source.by_ref().take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes)?;
    std::io::copy(&mut source, &mut std::io::sink())?;
    Ok(RawMail(bytes))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::usage(format!("cannot read {}: {error}", path.display()))
        .hint("name a readable message or folder; what was taken in before stays, once")
}
