//! `cep healthy`: whether a process serves this database and answers, for supervisors without curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::context::{Context, Database};
use super::error::{Error, Kind};
use super::render;
use crate::config::Serve;
use crate::domain::mode::Mode;

/// How long the answer may take. A supervisor asks every few seconds.
const PATIENCE: Duration = Duration::from_secs(3);

/// Says whether a process serves this database and answers; exit code 0 when it does.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where it was told to listen, if not at `serve.listen`
    #[arg(long, value_name = "IP:PORT")]
    listen: Option<SocketAddr>,
}

pub(super) async fn run(args: Args, context: &Context) -> Result<(), Error> {
    let sick = |why: String| Error::new(Kind::Failed, why).hint("`cep serve` and its log say why");
    let session = context.open(Database::MustExist)?;
    let picture = session.handle.picture(Mode::Live)?;
    let Some(server) = picture.system.server else {
        return Err(sick("no process serves this database".to_owned()));
    };
    let serve = &context.settings.serve;
    let address = reachable(args.listen.unwrap_or(serve.listen));
    match tokio::time::timeout(PATIENCE, answers(address, serve)).await {
        Ok(Ok(())) => render::text(&format!("{server} answers at {address}")),
        Ok(Err(why)) => Err(sick(format!("{server} does not answer at {address}: {why}"))),
        Err(_) => Err(sick(format!("{server} does not answer at {address} within 3 s"))),
    }
}

/// A process that listens on every address is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip @ (IpAddr::V4(_) | IpAddr::V6(_)) => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Asks for `/livez`. Behind TLS a connection has to do: whether the certificate is for this name is
/// for those to judge who come from outside.
async fn answers(address: SocketAddr, serve: &Serve) -> Result<(), String> {
    let mut stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    if serve.tls.is_some() {
        return Ok(());
    }
    let request = "GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.map_err(|error| error.to_string())?;
    let first = String::from_utf8_lossy(&answer);
    let first = first.lines().next().unwrap_or_default();
    if first.contains(" 200 ") { Ok(()) } else { Err(format!("it says {first:?}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_on_loopback() {
        let asked = |listen: &str| reachable(listen.parse().unwrap()).to_string();
        assert_eq!(asked("0.0.0.0:8787"), "127.0.0.1:8787");
        assert_eq!(asked("[::]:80"), "[::1]:80");
        assert_eq!(asked("10.0.0.5:8787"), "10.0.0.5:8787");
    }
}
