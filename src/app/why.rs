//! Answers why Φ_sync changed between two moments, from the rows of both.
//!
//! Both values are recomputed; a stored one is only held against what the rows say of its moment, so
//! that a reader sees how far the rows of today can speak for then.

use rusqlite::Connection;

use super::explain;
use super::query::{ContainerWhy, FigureWhy, PhiAt, PhiWhy, StoredPhi};
use crate::domain::mode::Mode;
use crate::domain::phi::{ContainerPart, ContainerPhi, LayerInputs, Phi, Tally, Why};
use crate::domain::time::Moment;
use crate::store::error::StoreError;
use crate::store::{coherence, phi};

/// Returns the change from `since` to `until`, both on the world's clock.
pub(super) fn between(
    conn: &Connection,
    mode: Mode,
    since: Moment,
    until: Moment,
) -> Result<PhiWhy, StoreError> {
    let before = phi::as_of(conn, mode, since)?;
    let after = phi::as_of(conn, mode, until)?;
    let stored = match coherence::stored_before(conn, mode, since)? {
        Some((at, value)) => {
            Some(StoredPhi { at, value, recomputed: phi::as_of(conn, mode, at)?.value })
        }
        None => None,
    };
    let why = Why::between(&before, &after);
    let told = told(mode, (since, &before), (until, &after), why.as_ref());
    Ok(PhiWhy { stored, ..told })
}

/// Says what two values and the parts of their difference are, without what was stored.
pub(crate) fn told(
    mode: Mode,
    (since, before): (Moment, &Phi),
    (until, after): (Moment, &Phi),
    why: Option<&Why>,
) -> PhiWhy {
    let part_of = |at: usize| why.and_then(|why| why.containers.get(at));
    let flags = |phi: &Phi| phi.red_flags().iter().map(ToString::to_string).collect::<Vec<_>>();
    // A flag carries its figure; whether it is up is told by what it is about.
    let kinds = |phi: &Phi| {
        let kind = |flag: &crate::domain::phi::RedFlag| flag.about();
        phi.red_flags().iter().map(kind).collect::<Vec<_>>()
    };
    let only = |of: &Phi, not_of: &Phi| {
        let known = kinds(not_of);
        let told = flags(of).into_iter().zip(kinds(of));
        told.filter(|(_, kind)| !known.contains(kind)).map(|(text, _)| text).collect()
    };
    let containers = before.containers.iter().zip(&after.containers).enumerate();
    PhiWhy {
        mode,
        delta: why.map(|why| why.delta),
        coupling_part: why.map(|why| why.coupling),
        containers: containers.map(|(at, (a, b))| container(a, b, part_of(at))).collect(),
        flags_come: only(after, before),
        flags_gone: only(before, after),
        stored: None,
        before: at(since, before),
        after: at(until, after),
    }
}

fn at(at: Moment, phi: &Phi) -> PhiAt {
    PhiAt {
        at,
        value: phi.value,
        band: phi.band().map(|band| band.name().to_owned()),
        coupling: phi.coupling,
        weighted: phi.weighted,
    }
}

fn container(
    before: &ContainerPhi,
    after: &ContainerPhi,
    part: Option<&ContainerPart>,
) -> ContainerWhy {
    let mut figures = vec![FigureWhy {
        figure: "conversion".to_owned(),
        layer: None,
        before: explain::ratio(&before.inputs.conversion),
        after: explain::ratio(&after.inputs.conversion),
        part: part.map(|part| part.conversion),
    }];
    let mut layers = |figure: &str, pick: fn(&LayerInputs) -> Tally, parts: Option<Vec<f64>>| {
        let pairs = before.inputs.layers.iter().zip(&after.inputs.layers).enumerate();
        figures.extend(pairs.map(|(at, (a, b))| FigureWhy {
            figure: figure.to_owned(),
            layer: Some(a.layer),
            before: explain::ratio(&[pick(a)]),
            after: explain::ratio(&[pick(b)]),
            part: parts.as_ref().and_then(|parts| parts.get(at).copied()),
        }));
    };
    let of = |parts: &[(crate::domain::layer::Layer, f64)]| parts.iter().map(|it| it.1).collect();
    layers("efficiency", |layer| layer.units, part.map(|part| of(&part.efficiency)));
    layers("error_rate", |layer| layer.attempts, part.map(|part| of(&part.error_rate)));
    ContainerWhy {
        container: after.inputs.container,
        health: [before.health, after.health],
        part: part.map(|part| part.total),
        figures,
        bounds_part: part.map(|part| part.bounds),
    }
}
