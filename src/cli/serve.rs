//! `cep serve`: the machine without a screen, with webhooks, health and metrics.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::context::{Context, Session};
use super::error::{Error, Kind};
use super::stop::Stop;
use super::{render, stop};
use crate::app::backup;
use crate::app::command::Command;
use crate::app::port::Machine as _;
use crate::app::serving::assert_safe_to_serve;
use crate::config::{Serve, Settings};
use crate::domain::mode::Mode;
use crate::runtime::clock::{Clock, SystemClock};
use crate::server::{Desk, Listening, ServeError};

/// How often it is looked whether this process may still serve.
const LOOK: Duration = Duration::from_secs(1);

/// Serves: takes in webhooks, answers health checks and metrics, and carries out what dashboards and
/// commands on the same database ask for.
///
/// With --live it works the live world without a break: what comes due or is delivered at once, and
/// each layer looks for new work as `serve.look_s` says. Stop it with SIGTERM or Ctrl-C: what is in
/// flight finishes, and the next start goes on from there.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Address and port, instead of `serve.listen`
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
    /// Work the live world: effects really go out
    #[arg(long)]
    live: bool,
    /// The word live, typed to let effects out
    #[arg(long, value_name = "WORD")]
    confirm: Option<String>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let mut serve = context.settings.serve.clone();
    if let Some(listen) = args.listen {
        serve.listen = listen;
    }
    let live = args.live || context.mode() == Mode::Live;
    if live && args.confirm.as_deref() != Some("live") {
        return Err(Error::new(Kind::Safeguard, "live effects go out only with the typed word")
            .hint("add --live --confirm live, or leave --live out: webhooks are taken in anyway"));
    }
    assert_protected(&serve)?;
    let settings = Settings { serve: serve.clone(), ..context.settings.clone() };
    assert_safe_to_serve(&settings)?;
    let mut stop = Stop::listen()?;
    let (session, serving) = context.serve(settings).await?;
    let desk = Desk::new(session.handle.clone(), serving);
    let listening = Listening::bind(Arc::clone(&desk)).await.map_err(|error| unserved(&error))?;
    let address =
        listening.address().map_err(|error| Error::new(Kind::Failed, error.to_string()))?;
    if live {
        let confirmation = args.confirm.unwrap_or_default();
        let ack = session.handle.submit(Command::ArmLive { confirmation }).await?;
        render::note(&ack.text);
    }
    tell_start(&session, address, &serve);
    drop(crate::runtime::spawn::task("backups", backup::in_rhythm(session.handle.clone())));
    let (stopping, stopped) = watch::channel(false);
    let server = crate::runtime::spawn::task("server", listening.serve(stopped));
    let asked = until_asked(&mut stop, &desk).await;
    desk.drain();
    stopping.send_replace(true);
    let drained = async {
        let (ended, ()) = tokio::join!(server, stop::drain(&session.handle));
        ended
    };
    tokio::select! {
        ended = drained => {
            if let Err(error) = ended {
                return Err(Error::new(Kind::Failed, format!("the server ended badly: {error}")));
            }
        }
        () = stop.asked_again() => return Err(Error::new(Kind::Interrupted, "left at once")
            .hint("nothing is lost: the next start goes on where the rows are")),
    }
    asked
}

/// Waits until somebody asks this process to stop, or it has lost the right to serve.
async fn until_asked(stop: &mut Stop, desk: &Desk) -> Result<(), Error> {
    let clock = SystemClock::new();
    loop {
        tokio::select! {
            () = stop.asked() => return Ok(()),
            () = clock.pause(LOOK) => {
                if !desk.is_owner() {
                    return Err(Error::new(Kind::Failed, "the lease of this process was lost")
                        .hint("another process serves, or the database failed; see the log"));
                }
            }
        }
    }
}

/// Refuses to listen on a network without TLS or a proxy that is trusted to give it.
fn assert_protected(serve: &Serve) -> Result<(), Error> {
    if serve.is_local() || serve.tls.is_some() || !serve.trusted_proxies.is_empty() {
        return Ok(());
    }
    let why = format!("serve.listen: {} is beyond loopback without TLS", serve.listen);
    Err(Error::new(Kind::Safeguard, why).hint(
        "set serve.tls_cert_file and serve.tls_key_file, or name the proxy in front of it in \
         serve.trusted_proxies",
    ))
}

fn unserved(error: &ServeError) -> Error {
    let hint = match error {
        ServeError::Bind { .. } => {
            "name another address with --listen, or see who has it: ss -ltnp"
        }
        ServeError::Tls(_) => {
            "both files have to be PEM: the chain with the server's own first, and its key"
        }
    };
    Error::usage(error.to_string()).hint(hint)
}

fn tell_start(session: &Session, address: SocketAddr, serve: &Serve) {
    let scheme = if serve.tls.is_some() { "https" } else { "http" };
    render::note(&format!(
        "serving {} at {scheme}://{address}",
        session.handle.parts().database().display()
    ));
    if !session.handle.is_armed() {
        render::note("live is not armed: deliveries are stored, and nothing goes out");
    }
}
