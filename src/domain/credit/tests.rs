use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::money::Currency;

fn eur(minor: i64) -> Money {
    Money::new(minor, Currency::new("EUR").unwrap())
}

/// An invoice over 119.00 with 19.00 of tax, paid.
fn invoice() -> Invoice {
    Invoice {
        entity: "osm:node/1".to_owned(),
        period: "setup".to_owned(),
        number: Some("2026-0001".to_owned()),
        provider_id: Some("in_1".to_owned()),
        net: eur(10_000),
        tax: eur(1_900),
        total: eur(11_900),
        lines: json!([]),
        issued_at: Some(Moment(1)),
        due_at: Moment(2),
        paid_at: Some(Moment(3)),
        paid_minor: 11_900,
        refunded_minor: 0,
        lost_minor: 0,
        credited_minor: 0,
        attempts: 1,
        next_attempt_at: None,
        dunned: 0,
        dunned_at: None,
        state: InvoiceState::Paid,
    }
}

fn note(place: u32, credit: Credit) -> CreditNote {
    CreditNote {
        entity: "osm:node/1".to_owned(),
        period: "setup".to_owned(),
        place,
        number: format!("CN-2026-{place:04}"),
        credit,
        at: Moment(5),
        issued_at: None,
    }
}

/// Writes notes until there is nothing to say any more.
fn all(invoice: &Invoice, mut notes: Vec<CreditNote>) -> Vec<CreditNote> {
    while let Some(credit) = next(invoice, &notes) {
        notes.push(note(u32::try_from(notes.len()).unwrap() + 1, credit));
        assert!(notes.len() < 10, "{notes:?}");
    }
    notes
}

fn said(notes: &[CreditNote]) -> Vec<(CreditReason, i64, i64)> {
    let credits = notes.iter().map(|note| note.credit);
    credits.map(|it| (it.reason, it.total.minor, it.tax.minor)).collect()
}

#[test]
fn what_is_given_back_is_noted_with_its_part_of_the_tax_and_once() {
    assert_eq!(next(&invoice(), &[]), None, "nothing was given back");
    let part = Invoice { refunded_minor: 2_380, ..invoice() };
    let notes = all(&part, Vec::new());
    assert_eq!(said(&notes), [(CreditReason::Refund, 2_380, 380)]);
    let more = Invoice { refunded_minor: 11_900, ..invoice() };
    let notes = all(&more, notes);
    assert_eq!(said(&notes)[1..], [(CreditReason::Refund, 9_520, 1_520)]);
    assert_eq!(next(&more, &notes), None);
}

#[test]
fn a_refund_and_a_lost_dispute_are_two_papers_and_never_more_than_the_invoice() {
    let both = Invoice { refunded_minor: 2_380, lost_minor: 11_900, ..invoice() };
    let expected = [(CreditReason::Refund, 2_380, 380), (CreditReason::Dispute, 9_520, 1_520)];
    assert_eq!(said(&all(&both, Vec::new())), expected);
}

#[test]
fn a_refund_that_failed_after_its_note_leads_to_no_second_note_when_it_is_paid_another_way() {
    let notes = all(&Invoice { refunded_minor: 2_380, ..invoice() }, Vec::new());
    assert_eq!(next(&Invoice { refunded_minor: 0, ..invoice() }, &notes), None);
    assert_eq!(next(&Invoice { refunded_minor: 2_380, ..invoice() }, &notes), None);
}

#[test]
fn a_withdrawn_invoice_is_noted_over_what_is_left_if_it_ever_went_out() {
    let void = Invoice { state: InvoiceState::Void, paid_minor: 0, ..invoice() };
    assert_eq!(said(&all(&void, Vec::new())), [(CreditReason::Withdrawn, 11_900, 1_900)]);
    let part = Invoice { refunded_minor: 2_380, ..void.clone() };
    let expected = [(CreditReason::Refund, 2_380, 380), (CreditReason::Withdrawn, 9_520, 1_520)];
    assert_eq!(said(&all(&part, Vec::new())), expected);
    assert_eq!(next(&Invoice { issued_at: None, ..void.clone() }, &[]), None);
    assert_eq!(next(&Invoice { total: eur(0), tax: eur(0), net: eur(0), ..void }, &[]), None);
}

#[test]
fn the_rate_is_the_invoice_s_own_and_no_tax_keeps_its_reason() {
    assert_eq!(treatment(&invoice(), Treatment::Rate(700)), Treatment::Rate(1_900));
    let free = Invoice { tax: eur(0), net: eur(11_900), ..invoice() };
    assert_eq!(treatment(&free, Treatment::ReverseCharge), Treatment::ReverseCharge);
    assert_eq!(treatment(&free, Treatment::Rate(1_900)), Treatment::Rate(0));
}

proptest! {
    #[test]
    fn all_notes_of_an_invoice_are_what_was_given_back_and_never_more_than_its_total_and_tax(
        net in 1_i64..1_000_000, bp in 0_i64..=3_000,
        steps in proptest::collection::vec((0_i64..400_000, 0_i64..400_000), 1..5),
        void in any::<bool>(),
    ) {
        let tax = eur(net).share(bp);
        let (mut refunded, mut lost) = (0, 0);
        let mut notes = Vec::new();
        let mut known = Invoice {
            net: eur(net), tax, total: eur(net + tax.minor), ..invoice()
        };
        let total = known.total.minor;
        for (more_refunded, more_lost) in steps {
            refunded = (refunded + more_refunded).min(total - lost);
            lost = (lost + more_lost).min(total - refunded);
            (known.refunded_minor, known.lost_minor) = (refunded, lost);
            notes = all(&known, notes);
            let noted: i64 = notes.iter().map(|note| note.credit.total.minor).sum();
            prop_assert_eq!(noted, refunded + lost);
        }
        if void {
            known.state = InvoiceState::Void;
            notes = all(&known, notes);
        }
        let sum = |part: fn(&Credit) -> Money| -> i64 {
            notes.iter().map(|note| part(&note.credit).minor).sum()
        };
        prop_assert_eq!(sum(|it| it.net) + sum(|it| it.tax), sum(|it| it.total));
        prop_assert!(sum(|it| it.tax) <= known.tax.minor && sum(|it| it.total) <= total);
        if void {
            prop_assert_eq!((sum(|it| it.total), sum(|it| it.tax)), (total, known.tax.minor));
        }
    }
}
