//! Puts the machine together: the only place that builds things.
//!
//! Dry and live are the same machine over two worlds of ports. The live world without accounts is
//! the outbox; what not even that can do is refused.

use std::path::PathBuf;
use std::sync::Arc;

use super::command::{Refusal, RefusalKind};
use super::parts::{Origin, Parts};
use super::queries;
use super::receive::Inbox;
use crate::adapters::outbox::OutboxDir;
use crate::adapters::outbox::billing::{OutboxBilling, OutboxReports};
use crate::adapters::outbox::mail::{OutboxInvite, OutboxMail};
use crate::adapters::outbox::people::OutboxPeople;
use crate::adapters::outbox::profile::OutboxProfile;
use crate::adapters::outbox::workspace::OutboxWorkspace;
use crate::adapters::sim::Sim;
use crate::adapters::sim::billing::SimBilling;
use crate::adapters::sim::calendar::SimCalendar;
use crate::adapters::sim::counterparty::client::Clients;
use crate::adapters::sim::counterparty::payer::Payer;
use crate::adapters::sim::counterparty::person::People;
use crate::adapters::sim::counterparty::prospect::Prospects;
use crate::adapters::sim::counterparty::reviewer::Reviewers;
use crate::adapters::sim::counterparty::{Member, Society};
use crate::adapters::sim::mail::SimMail;
use crate::adapters::sim::market::{Market, MarketError};
use crate::adapters::sim::people::SimPeople;
use crate::adapters::sim::profile::SimProfile;
use crate::adapters::sim::receiver::Receiver;
use crate::adapters::sim::reports::SimReports;
use crate::adapters::sim::source::SimSource;
use crate::adapters::sim::workspace::SimWorkspace;
use crate::adapters::source_file::SourceFile;
use crate::adapters::unconnected::Unconnected;
use crate::config::{Current, Settings};
use crate::domain::draw::Seed;
use crate::effects::counterparty::Counterparties;
use crate::effects::gate::Gate;
use crate::effects::port::World;
use crate::engines::orchestrator::contract::{Driven, Receive};
use crate::engines::orchestrator::engine::Orchestrator;
use crate::layers::NineLayers;
use crate::runtime::clock::{Clock, SystemClock};
use crate::runtime::process::ProcessIdentity;
use crate::store::Store;
use crate::store::error::StoreError;

/// What a machine is put together from.
pub struct Setup {
    /// The database file.
    pub database: PathBuf,
    /// What the operator configured.
    pub settings: Settings,
    /// Which face asks.
    pub origin: Origin,
    /// Who gives the commands, without the host.
    pub user: String,
}

/// Puts the machine together.
///
/// # Errors
/// A database that cannot be used, or a receivers' record that cannot be written.
pub fn build(setup: Setup) -> Result<Parts, Refusal> {
    build_with(setup, Arc::new(SystemClock::new()))
}

/// Puts the machine together on a clock of its own.
///
/// # Errors
/// As `build`.
pub fn build_with(setup: Setup, clock: Arc<dyn Clock>) -> Result<Parts, Refusal> {
    let Setup { database, settings, origin, user } = setup;
    let settings = Arc::new(settings);
    let process = ProcessIdentity::current();
    let owner = process.owner(origin.role());
    let store = Store::open(&database, Arc::clone(&clock)).map_err(|error| unusable(&error))?;
    let seed = Seed(settings.sim.seed);
    let sim = Sim::new(seed, settings.sim.faults.clone(), receiver(&settings)?.map(Arc::new));
    let inbox = Arc::new(Inbox::new(Arc::clone(&clock), Arc::clone(&settings)));
    let engine = |world: World, counterparties: Option<Arc<dyn Counterparties>>| {
        // What proposals put in force holds in their own mode, so each engine has its own.
        let current = Current::from(Arc::clone(&settings));
        let gate =
            Gate::new(world, store.clone(), Arc::clone(&clock), current.clone(), owner.clone());
        let receive: Arc<dyn Receive> = inbox.clone();
        let driven = Driven { layers: Arc::new(NineLayers), counterparties, receive };
        Arc::new(Orchestrator::new(
            store.clone(),
            Arc::new(gate),
            driven,
            Arc::clone(&clock),
            current,
            seed,
        ))
    };
    let market = Market::named(settings.sim.market)
        .and_then(|market| market.with(&settings.sim.rates))
        .map_err(|error| broken_market(&error))?;
    let society = society(seed, &market).map_err(|error| broken_market(&error))?;
    let dry = dry_world(&sim, &settings, &market, &store).map_err(|error| broken_market(&error))?;
    let outbox = settings.paths.outbox_dir.clone();
    Ok(Parts {
        dry: engine(dry, Some(Arc::new(society))),
        live: engine(live_world(&OutboxDir::new(&outbox)), None),
        through: format!("outbox {}", outbox.display()),
        actor: format!("{user}@{}", process.host),
        started_at: clock.wall(),
        store,
        clock,
        settings,
        sim,
        inbox,
        process,
        owner,
        origin,
    })
}

/// The simulated world: every port answers by keyed draws, and nothing leaves the process.
fn dry_world(
    sim: &Sim,
    settings: &Settings,
    market: &Market,
    store: &Store,
) -> Result<World, MarketError> {
    let profile = Arc::new(SimProfile::new(sim.clone(), market, store.clone())?);
    let billing = Arc::new(SimBilling(sim.clone()));
    Ok(World {
        mail: Arc::new(SimMail { sim: sim.clone(), keys: settings.sim.mail_keys }),
        invite: Arc::new(SimCalendar(sim.clone())),
        task: Arc::new(SimPeople(sim.clone())),
        withdrawal: Arc::new(SimPeople(sim.clone())),
        workspace: Arc::new(SimWorkspace(sim.clone())),
        profile_edit: profile.clone(),
        post: profile.clone(),
        review_reply: profile.clone(),
        report: Arc::new(SimReports(sim.clone())),
        invoice: billing.clone(),
        credit_note: billing.clone(),
        subscription: billing,
        source: Arc::new(SimSource(sim.clone())),
        profile_read: profile,
    })
}

/// The real world without accounts: files that a person sends or acts on.
fn live_world(outbox: &OutboxDir) -> World {
    let profile = Arc::new(OutboxProfile(outbox.clone()));
    let billing = Arc::new(OutboxBilling(outbox.clone()));
    World {
        mail: Arc::new(OutboxMail(outbox.clone())),
        invite: Arc::new(OutboxInvite(outbox.clone())),
        task: Arc::new(OutboxPeople(outbox.clone())),
        withdrawal: Arc::new(OutboxPeople(outbox.clone())),
        workspace: Arc::new(OutboxWorkspace(outbox.clone())),
        profile_edit: profile.clone(),
        post: profile.clone(),
        review_reply: profile,
        report: Arc::new(OutboxReports(outbox.clone())),
        invoice: billing.clone(),
        credit_note: billing.clone(),
        subscription: billing,
        source: Arc::new(SourceFile),
        profile_read: Arc::new(Unconnected { needs: "an account at the profile's provider" }),
    }
}

/// Everybody who answers in the simulated world.
fn society(seed: Seed, market: &Market) -> Result<Society, MarketError> {
    let members: Vec<Box<dyn Member>> = vec![
        Box::new(Prospects::new(market)?),
        Box::new(People::new(market)?),
        Box::new(Clients::new(market)?),
        Box::new(Payer::new(market)?),
        Box::new(Reviewers::new(market)?),
    ];
    Ok(Society::new(seed, members))
}

/// The markets are embedded, so a mistake in them is ours; one in `sim.rates` is the asker's.
fn broken_market(error: &MarketError) -> Refusal {
    if let MarketError::NoSuchRate { .. } = error {
        return Refusal {
            kind: RefusalKind::Usage,
            why: error.to_string(),
            hint: Some("name rates in sim.rates as section.rate: prospect.declines".to_owned()),
        };
    }
    Refusal {
        kind: RefusalKind::Failed,
        why: std::error::Error::source(error)
            .map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")),
        hint: Some("this is a bug in the embedded market; report it".to_owned()),
    }
}

fn receiver(settings: &Settings) -> Result<Option<Receiver>, Refusal> {
    let Some(path) = &settings.sim.receiver_log else { return Ok(None) };
    Receiver::open(path).map(Some).map_err(|error| Refusal {
        kind: RefusalKind::Usage,
        why: format!("cannot write the receivers' record {}: {error}", path.display()),
        hint: Some("mend or unset sim.receiver_log".to_owned()),
    })
}

/// A database that cannot be opened is the asker's matter when it is the wrong file.
pub(super) fn unusable(error: &StoreError) -> Refusal {
    let refusal = queries::failed(error);
    match error {
        StoreError::Foreign { .. }
        | StoreError::Newer { .. }
        | StoreError::MigrationChanged { .. }
        | StoreError::File { .. }
        | StoreError::Unsound { .. }
        | StoreError::Open { .. } => Refusal { kind: RefusalKind::Usage, ..refusal },
        StoreError::Damaged { .. }
        | StoreError::Pragma { .. }
        | StoreError::Sqlite { .. }
        | StoreError::Fenced { .. }
        | StoreError::Unreadable(_)
        | StoreError::Illegal(_)
        | StoreError::WriterGone => refusal,
    }
}
