//! Asks for what lies behind rows, of a machine that has worked.

use super::{bench_with, order};
use crate::app::Handle;
use crate::app::port::Machine as _;
use crate::app::query::{Answer, EffectFilter, EventFilter, Query, RecordKind, RunDetail};
use crate::domain::fault::{FaultKind, ScriptedFault};
use crate::domain::ids::RunId;
use crate::domain::layer::Layer;
use crate::domain::lifecycle::unit::UnitState;
use crate::domain::mode::Mode;

async fn run_in_full(machine: &Handle, run: RunId) -> RunDetail {
    let Answer::Run(detail) = machine.ask(Query::Run { run }).await.unwrap() else { panic!() };
    *detail
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_row_of_every_list_of_records_opens_with_its_fields() {
    let bench = bench_with(Vec::new());
    bench.machine.run_to_end(order(&Layer::ALL)).await.unwrap();
    let mode = Mode::Dry;
    for kind in RecordKind::ALL {
        let query = Query::Records { mode, kind, limit: 200 };
        let Answer::Records(rows) = bench.machine.ask(query).await.unwrap() else { panic!() };
        // Six businesses in one month give nothing to propose.
        assert!(!rows.is_empty() || kind == RecordKind::Proposals, "no {}", kind.word());
        let mut with_units = 0;
        for row in rows {
            assert_eq!(row.cells.len(), kind.columns().len());
            assert!(!row.cells[0].is_empty(), "{} {row:?}", kind.word());
            let query = Query::Record { mode, kind, key: row.key.clone() };
            let Answer::Record(record) = bench.machine.ask(query).await.unwrap() else { panic!() };
            assert!(record.fields.len() > 3, "{} {record:?}", kind.word());
            with_units += usize::from(!record.units.is_empty());
        }
        assert!(with_units > 0 || kind == RecordKind::Proposals, "no units behind {}", kind.word());
    }
    let absent = Query::Record { mode, kind: RecordKind::Clients, key: "nobody".to_owned() };
    let refusal = bench.machine.ask(absent).await.unwrap_err();
    assert_eq!(refusal.why, "nobody is not among the clients");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_tells_its_units_its_causes_and_its_events_and_no_other_runs() {
    let script = vec![ScriptedFault { layer: 1, sends: 1, kind: FaultKind::Rejected }];
    let bench = bench_with(script);
    let machine = &bench.machine;
    let first = machine.run_to_end(order(&[Layer::ProspectResearch])).await.unwrap();
    let second = machine.run_to_end(order(&[Layer::PitchGenerator])).await.unwrap();
    let told = run_in_full(machine, first.id).await;
    let layers: Vec<_> = told.layers.iter().map(|row| row.layer).collect();
    assert_eq!(layers, [Layer::ProspectResearch]);
    let dead = told.layers[0].units.of(UnitState::Dead);
    assert_eq!(told.causes.iter().map(|cause| cause.units).sum::<u64>(), dead);
    assert!(dead > 0 && told.causes[0].code == "http_400", "{:?}", told.causes);
    assert!(told.attempts >= told.layers[0].units.ended() && !told.cut);
    assert!(!told.events.is_empty());
    assert!(told.events.iter().all(|event| event.run_id == Some(first.id)));
    let other = run_in_full(machine, second.id).await;
    assert!(other.layers.iter().all(|row| row.layer == Layer::PitchGenerator), "{other:?}");
    let refusal = machine.ask(Query::Run { run: RunId(99) }).await.unwrap_err();
    assert_eq!(refusal.why, "there is no run 99");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_effect_opens_with_its_receipt_and_its_unit() {
    let bench = bench_with(Vec::new());
    for layer in [Layer::ProspectResearch, Layer::PitchGenerator, Layer::OutreachEngine] {
        bench.machine.run_to_end(order(&[layer])).await.unwrap();
    }
    let mode = Mode::Dry;
    let filter = EffectFilter { mode, layer: None, state: None, limit: 50 };
    let Answer::Effects(rows) = bench.machine.ask(Query::Effects(filter)).await.unwrap() else {
        panic!()
    };
    assert!(!rows.is_empty());
    for row in rows {
        let query = Query::Effect { mode, key: row.key.clone() };
        let Answer::Effect(detail) = bench.machine.ask(query).await.unwrap() else { panic!() };
        assert_eq!(detail.effect, row);
        assert_eq!((detail.sends, detail.unit.unwrap().id), (1, row.unit));
        assert!(detail.receipt.is_some() && !detail.owner.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_asked_for_by_run_and_by_words() {
    let bench = bench_with(Vec::new());
    let run = bench.machine.run_to_end(order(&[Layer::ProspectResearch])).await.unwrap().id;
    let ask = |filter| bench.machine.ask(Query::Events(filter));
    let of_run = EventFilter { run: Some(run), limit: 100, ..EventFilter::default() };
    let Answer::Events(all) = ask(of_run.clone()).await.unwrap() else { panic!() };
    assert!(all.len() > 2);
    let words = vec!["run".to_owned(), "succeeded".to_owned()];
    let Answer::Events(some) = ask(EventFilter { words, ..of_run }).await.unwrap() else {
        panic!()
    };
    assert_eq!(some.len(), 1, "{some:?}");
}
