//! Worlds to draw in tests: a quiet one, a troubled one, an overfull one. Fixed clock, fixed names.

pub(crate) mod answers;

use std::sync::Arc;

use serde_json::json;

use super::model::Model;
use crate::app::query::{
    Acknowledged, AttemptRow, Care, CauseNote, EffectRow, ErrorDetail, ErrorGroup, LivePreview,
    LivePreviewRow, PhiWhy, UnitRow,
};
use crate::app::snapshot::{
    AttemptCounts, ContainerRow, DryClock, EffectCounts, Figure, LayerRow, LiveStatus, NextDue,
    PhiPoint, PhiView, RunView, Snapshot, SystemHealth, UnitCounts, WorldCounts, Worlds,
};
use crate::app::tasks::{AcceptedAnswer, TaskCounts, TaskDetail, TaskNote, TaskRow, Urgency};
use crate::domain::effect::{Action, EffectKey, TaskKind};
use crate::domain::error::{ErrorClass, WorkError};
use crate::domain::event::{Event, Level};
use crate::domain::ids::{AttemptId, EventId, ProposalId, RunId, UnitId};
use crate::domain::layer::{Container, Layer};
use crate::domain::learning::{
    Measure, Proposal, ProposalState, ProposedChange, Setting, SettingKey, StoredProposal,
};
use crate::domain::lifecycle::attempt::AttemptState;
use crate::domain::lifecycle::effect::EffectState;
use crate::domain::lifecycle::run::RunState;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;
use crate::domain::sales::Channel;
use crate::domain::time::{DAY_MS, Moment};

/// The wall clock of all fixtures: 2026-11-23 12:04:31 UTC.
pub(crate) const NOW: Moment = Moment(1_795_435_471_000);

/// Dry time of all fixtures: day 12, 09:30.
pub(crate) fn dry_clock() -> DryClock {
    let start: Moment = "2026-01-05T09:00:00Z".parse().unwrap();
    DryClock { start, now: "2026-01-16T09:30:00Z".parse().unwrap(), jump: None }
}

/// An event of unit 7.
pub(crate) fn event(id: i64, level: Level, layer: Option<u8>, text: &str) -> Event {
    Event {
        id: EventId(id),
        mode: Mode::Dry,
        at: dry_clock().now,
        wall_at: NOW.plus_ms(-60_000 + id * 100),
        level,
        layer: layer.and_then(Layer::from_number),
        unit_id: Some(UnitId(7)),
        run_id: Some(RunId(418)),
        kind: "note".to_owned(),
        text: text.to_owned(),
        data: None,
    }
}

fn layer_row(layer: Layer) -> LayerRow {
    LayerRow {
        layer,
        units: UnitCounts::default(),
        attempts: AttemptCounts::default(),
        effects: EffectCounts::default(),
        paused: None,
        in_run: false,
        next_retry: None,
        next_planned: None,
        last_error: None,
        last_ended_wall: None,
        duration_ms: 0,
    }
}

fn container_row(container: Container) -> ContainerRow {
    ContainerRow {
        container,
        weight: if container == Container::Operations { 0.34 } else { 0.33 },
        health: None,
        conversion: Figure::default(),
        efficiency: Figure::default(),
        error_rate: Figure::default(),
        throughput_per_h: Figure::default(),
        window_end: None,
        stale: false,
    }
}

/// A machine in which nothing has ever happened.
pub(crate) fn empty() -> Snapshot {
    Snapshot {
        mode: Mode::Dry,
        wall_at: NOW,
        dry_clock: dry_clock(),
        worlds: Worlds::default(),
        live: LiveStatus { armed: false, other_owner: None, through: "outbox ./outbox".to_owned() },
        run: None,
        layers: Layer::ALL.map(layer_row).into(),
        tasks: TaskCounts::default(),
        containers: Container::ALL.map(container_row).into(),
        phi: PhiView::default(),
        events: Vec::new(),
        system: SystemHealth { db_path: "cep.db".to_owned(), ..SystemHealth::default() },
        demo: None,
    }
}

/// A machine in the middle of a run, with a failure, a retry and a live backlog.
pub(crate) fn troubled() -> Snapshot {
    let mut snapshot = empty();
    snapshot.run = Some(RunView {
        id: RunId(418),
        mode: Mode::Dry,
        state: RunState::Running,
        layers: Layer::ALL.into(),
        started_wall: NOW.plus_ms(-192_000),
        ended_wall: None,
        owner: Some("pid 412@host".to_owned()),
        is_ours: true,
    });
    snapshot.worlds = Worlds {
        dry: WorldCounts {
            failed: 4,
            due: 98,
            planned: 41,
            waiting: 3,
            retrying: 1,
            ..WorldCounts::default()
        },
        live: WorldCounts {
            due: 12,
            oldest_due: Some(NOW.plus_ms(-3 * 3_600_000)),
            ..WorldCounts::default()
        },
    };
    snapshot.tasks = TaskCounts { open: 5, overdue: 1 };
    troubled_layers(&mut snapshot);
    let health = [(0.71, 0.83, 0.90, 0.155), (0.94, 0.97, 0.93, 0.01), (0.97, 1.0, 0.95, 0.005)];
    for (row, (health, conversion, efficiency, errors)) in
        snapshot.containers.iter_mut().zip(health)
    {
        row.health = Some(health);
        row.conversion = Figure { value: Some(conversion), n: 40 };
        row.efficiency = Figure { value: Some(efficiency), n: 412 };
        row.error_rate = Figure { value: Some(errors), n: 433 };
        row.throughput_per_h = Figure { value: Some(12.3), n: 412 };
    }
    snapshot.phi = PhiView {
        value: Some(0.8571),
        band: Some("operations live".to_owned()),
        coupling: Some(0.9804),
        containers_known: 3,
        red_flags: vec!["Sales error rate 15.5 % > 10 %".to_owned()],
        trend: (0..40)
            .map(|n| PhiPoint {
                at: dry_clock().start.plus_ms(n * DAY_MS / 4),
                value: (n != 7).then_some(0.3 + f64::from(u32::try_from(n).unwrap()) / 70.0),
            })
            .collect(),
        parts: vec![
            (Container::Sales, 0.2297),
            (Container::Operations, 0.3133),
            (Container::Finance, 0.3138),
        ],
        lost: vec![(Layer::BookingHandler, 0.0521), (Layer::OutreachEngine, 0.0078)],
    };
    snapshot.events = vec![
        event(1, Level::Info, Some(3), "sent e-mail 1 to A Dental (simulated)"),
        event(2, Level::Warn, Some(5), "attempt 2/5 429 rate limited; next try in 8s"),
        event(3, Level::Error, Some(4), "attempt 4/5 stopped: 401 token expired (permanent)"),
    ];
    snapshot.system.wal_bytes = 2_202_009;
    snapshot
}

fn troubled_layers(snapshot: &mut Snapshot) {
    let done = |n| UnitCounts { done: n, ..UnitCounts::default() };
    let set = [
        UnitCounts { skipped: 31, ..done(169) },
        done(198),
        UnitCounts { leased: 4, ready: 20, scheduled: 62, ..done(112) },
        UnitCounts { dead: 4, ..done(31) },
        UnitCounts { retry_wait: 1, waiting: 3, ..done(18) },
        UnitCounts { scheduled: 9, ..UnitCounts::default() },
        UnitCounts { blocked: 2, ..UnitCounts::default() },
        UnitCounts { scheduled: 1, ..done(6) },
        UnitCounts::default(),
    ];
    for (row, units) in snapshot.layers.iter_mut().zip(set) {
        row.units = units;
        row.in_run = true;
        row.attempts.ok = units.done;
        row.effects.simulated = units.done;
        row.duration_ms = units.done * 210;
        row.last_ended_wall = (units.done > 0).then_some(NOW);
    }
    snapshot.layers[3].last_error = Some("token_expired: 401 from calendar".to_owned());
    snapshot.layers[3].attempts.failed = 16;
    snapshot.layers[4].next_retry = Some(NextDue {
        unit: UnitId(7),
        run_at: dry_clock().now.plus_ms(8_000),
        why: "429, Retry-After 8 s".to_owned(),
        tries: 2,
        tries_max: 5,
    });
    snapshot.layers[7].paused = Some("by you".to_owned());
}

/// Figures and texts that fit nowhere.
pub(crate) fn overfull() -> Snapshot {
    let mut snapshot = troubled();
    for row in &mut snapshot.layers {
        row.units =
            UnitCounts { done: 98_765_432, dead: 1_234_567, retry_wait: 99_999, ..row.units };
        row.duration_ms = 900_000_000;
        row.last_error = Some("x".repeat(400));
        row.attempts = AttemptCounts { ok: 98_765_432, failed: 12_345_678 };
        row.paused = row.paused.as_ref().map(|_| answers::hostile("paused"));
    }
    let counts = WorldCounts {
        failed: 12_345_678,
        held: 99_999,
        unknown: 99_999,
        due: 12_345_678,
        planned: 98_765_432,
        waiting: 99_999,
        retrying: 99_999,
        oldest_due: Some(NOW.plus_ms(-90 * DAY_MS)),
    };
    snapshot.worlds = Worlds { dry: counts, live: counts };
    snapshot.tasks = TaskCounts { open: 99_999, overdue: 99_999 };
    snapshot.live.other_owner = Some(answers::hostile("pid 98765@"));
    snapshot.phi.red_flags =
        (0..9).map(|n| format!("red flag number {n} with many words")).collect();
    snapshot.events = (0..256)
        .map(|n| {
            event(n, Level::Warn, Some(1), &format!("{n} \u{1b}[31m{}", "wörter 日本 ".repeat(40)))
        })
        .collect();
    snapshot.system.notices = (0..9).map(|n| answers::hostile(&format!("notice {n}"))).collect();
    snapshot
}

/// A model that shows `snapshot` at a size.
pub(crate) fn model(snapshot: Snapshot, size: (u16, u16)) -> Model {
    Model::new(Arc::new(snapshot), NOW, size)
}

/// A unit in retry.
pub(crate) fn unit(id: i64, state: UnitState) -> UnitRow {
    UnitRow {
        id: UnitId(id),
        mode: Mode::Dry,
        layer: Layer::BookingHandler,
        entity: "calendly:evt-1".to_owned(),
        version: "invite/0".to_owned(),
        kind: "invite".to_owned(),
        label: "invite for A Dental".to_owned(),
        state,
        tries: 3,
        tries_max: 5,
        run_at: Some(dry_clock().now.plus_ms(8_000)),
        worker: None,
        why: Some("429, Retry-After 8 s".to_owned()),
        blocked_on: None,
        last_error: Some("rate_limited: 429 from calendar".to_owned()),
        changed_wall: NOW,
    }
}

/// One cause with as many units as ids.
pub(crate) fn group(units: &[i64]) -> ErrorGroup {
    ErrorGroup {
        fingerprint: "a91c03ffe210".to_owned(),
        layer: Layer::BookingHandler,
        class: ErrorClass::RateLimited,
        code: "rate_limited".to_owned(),
        message: "429 from calendar".to_owned(),
        retrying: units.len() as u64,
        dead: 0,
        held: 0,
        first_wall: NOW.plus_ms(-30_000),
        last_wall: NOW,
        next_retry: Some(dry_clock().now.plus_ms(8_000)),
        units: units.iter().map(|&id| UnitId(id)).collect(),
        care: Care::default(),
    }
}

/// Sales fell within an hour because layer 4 failed, and a flag came up.
pub(crate) fn why() -> PhiWhy {
    use crate::domain::phi::{ContainerInputs, IdRange, LayerInputs, Phi, Tally, Why};
    let tally = |hits, n| Tally {
        of: "hits of rows",
        table: "units",
        hits,
        n,
        ids: Some(IdRange { first: 12, last: 418 }),
    };
    let of = |failed: u64| {
        let one = |container: Container| ContainerInputs {
            container,
            window_end: Some(NOW),
            layers: container
                .layers()
                .map(|layer| {
                    let failed = if layer == Layer::BookingHandler { failed } else { 1 };
                    let (attempts, units) = (tally(failed, 41), tally(41 - failed, 41));
                    LayerInputs { layer, attempts, units, done: 9 }
                })
                .collect(),
            conversion: vec![tally(7, 11)],
        };
        Phi::of(Container::ALL.map(one).into())
    };
    let (before, after) = (of(1), of(17));
    let parts = Why::between(&before, &after).unwrap();
    crate::app::why::told(
        Mode::Dry,
        (NOW.plus_ms(-3_600_000), &before),
        (NOW, &after),
        Some(&parts),
    )
}

/// A cause that somebody looks after, and that has failed so often since.
pub(crate) fn care(failed_since: u64) -> Care {
    let text = "the receiver's office opens at nine".to_owned();
    Care {
        acknowledged: Some(Acknowledged {
            by: "ann@desk".to_owned(),
            wall_at: NOW.plus_ms(-3_600_000),
            note: None,
            failed_since,
        }),
        notes: vec![CauseNote { by: "bob@desk".to_owned(), wall_at: NOW, text }],
    }
}

/// The card of a unit that failed three times and waits.
pub(crate) fn detail(id: i64) -> ErrorDetail {
    let error = WorkError {
        causes: vec!["http.send".to_owned(), "429 Too Many Requests".to_owned()],
        hint: Some("lower limits.email.per_day".to_owned()),
        ..WorkError::new(ErrorClass::RateLimited, "rate_limited", "429 from calendar.example")
    };
    let attempts = (1..=3)
        .map(|number| AttemptRow {
            id: AttemptId(i64::from(number)),
            number,
            state: AttemptState::Failed,
            started_at: dry_clock().now,
            started_wall: NOW.plus_ms(-20_000 + i64::from(number) * 4_000),
            duration_ms: Some(410),
            error: Some(error.clone()),
            backoff_ms: Some(2_000 << number),
            backoff_why: Some("Retry-After".to_owned()),
            worker: "w3 pid 412@host".to_owned(),
        })
        .collect();
    ErrorDetail {
        unit: unit(id, UnitState::RetryWait),
        error: Some(error),
        fingerprint: Some("a91c03ffe210".to_owned()),
        same: 4,
        care: Care::default(),
        worked_by: None,
        impact: "blocks onboarding of A Dental".to_owned(),
        attempts,
        next_retry: Some(NextDue {
            unit: UnitId(id),
            run_at: dry_clock().now.plus_ms(8_000),
            why: "429, Retry-After 8 s".to_owned(),
            tries: 3,
            tries_max: 5,
        }),
        effects: vec![EffectRow {
            key: EffectKey("0f".repeat(16)),
            mode: Mode::Dry,
            action: Action::SendInvite,
            layer: Layer::BookingHandler,
            entity: "calendly:evt-1".to_owned(),
            version: "0".to_owned(),
            state: EffectState::Rejected,
            unit: UnitId(id),
            summary: "invite to a@dental.example".to_owned(),
            reference: None,
            evidence: None,
            late_writes: Vec::new(),
            sent_at: dry_clock().now,
            sent_wall: NOW,
        }],
        if_nothing: "it is tried again twice, then given up".to_owned(),
        input: json!({"slot": "2026-01-20T10:00:00Z"}),
        events: vec![event(5, Level::Warn, Some(4), "attempt 3/5 failed: 429")],
    }
}

/// Twelve live messages that wait for somebody to arm.
pub(crate) fn preview() -> LivePreview {
    LivePreview {
        layers: vec![LivePreviewRow {
            layer: Layer::OutreachEngine,
            due: 12,
            planned: 48,
            does: "e-mail, tasks for people".to_owned(),
            oldest_due: Some(NOW.plus_ms(-3 * 3_600_000)),
        }],
        through: "outbox ./outbox".to_owned(),
        warnings: vec!["no postal address: outreach mail is refused".to_owned()],
    }
}

/// A task that waits, or was taken back.
pub(crate) fn task(id: i64, kind: TaskKind, title: &str, urgency: Urgency) -> TaskRow {
    let layer = match kind {
        TaskKind::Linkedin | TaskKind::Phone | TaskKind::Mail => Layer::OutreachEngine,
        TaskKind::Meeting => Layer::BookingHandler,
        TaskKind::Documents
        | TaskKind::Contract
        | TaskKind::Account
        | TaskKind::Training
        | TaskKind::GoLive => Layer::OnboardingFlow,
        TaskKind::Payment => Layer::FinanceTracker,
        TaskKind::ReviewReply | TaskKind::Profile => Layer::GbpOptimizer,
    };
    let days = match urgency {
        Urgency::Overdue => -1,
        Urgency::Today => 0,
        Urgency::Later | Urgency::Withdrawn => 2,
    };
    TaskRow {
        id: UnitId(id),
        mode: Mode::Dry,
        layer,
        kind,
        title: title.to_owned(),
        entity: format!("osm:node/{id}"),
        due_at: dry_clock().now.plus_ms(days * DAY_MS + 3_600_000),
        urgency,
        withdrawn: (urgency == Urgency::Withdrawn).then(|| "sequence ended: booked".to_owned()),
        notes: u32::from(urgency == Urgency::Today),
        answers: crate::domain::task::accepted(kind).iter().map(|it| it.word.to_owned()).collect(),
    }
}

/// The tasks of a morning.
pub(crate) fn tasks() -> Vec<TaskRow> {
    vec![
        task(21, TaskKind::Phone, "Call Curlew Dental Care", Urgency::Overdue),
        task(22, TaskKind::Meeting, "Note how the call with Ann Lee went", Urgency::Today),
        task(23, TaskKind::Linkedin, "Write to Adeyemi Motors on LinkedIn", Urgency::Later),
        task(24, TaskKind::Contract, "Get the contract of A Dental signed", Urgency::Later),
        task(25, TaskKind::Phone, "Call Umber Slate & Tile", Urgency::Withdrawn),
    ]
}

/// Two proposals that wait for a person, and one that is decided.
pub(crate) fn proposals() -> Vec<StoredProposal> {
    let one = |id, state, text: &str, change, evidence| StoredProposal {
        id: ProposalId(id),
        proposal: Proposal {
            entity: format!("proposal/{id}"),
            text: text.to_owned(),
            change,
            measure: Measure::Booking,
            evidence,
            at: dry_clock().now.plus_ms(-DAY_MS),
        },
        state,
        decided_by: None,
        decided_at: None,
        note: None,
        applied_at: None,
        measure_at: None,
        previous: None,
        effect: None,
    };
    let figures = json!({ "hits": 4, "n": 160, "interval": { "low": 0.0098, "high": 0.0625 } });
    let setting = Setting { key: SettingKey::DailyCap(Channel::Email), value: 75.0 };
    vec![
        one(
            9,
            ProposalState::Open,
            "Most are lost at booking (4 of 160 come through): try another first sentence or \
             channel.",
            ProposedChange::Advice,
            figures,
        ),
        one(
            8,
            ProposalState::Open,
            "300 messages by email wait, 50 go out a day and nobody complained: allow 75.",
            ProposedChange::Set { settings: vec![setting] },
            json!({ "n": 300 }),
        ),
        one(7, ProposalState::Rejected, "No.", ProposedChange::Advice, json!({})),
    ]
}

/// One of them in full.
pub(crate) fn task_detail(row: TaskRow) -> TaskDetail {
    let accepted = crate::domain::task::accepted(row.kind).iter().map(|it| AcceptedAnswer {
        word: it.word.to_owned(),
        means: it.means.to_owned(),
        needs: None,
    });
    TaskDetail {
        details: "Number: +441632960184\n\nGood day, this is Mara Vane. Your entry on the map has \
                  no opening hours, and I would like to show you in ten minutes what that costs."
            .to_owned(),
        asked_at: dry_clock().now.plus_ms(-DAY_MS),
        accepted: accepted.collect(),
        notes: vec![TaskNote {
            wall_at: NOW,
            by: "ann@desk".to_owned(),
            text: "asked for Mr Lee, back at two".to_owned(),
        }],
        task: row,
    }
}
