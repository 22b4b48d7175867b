//! Defines how records of one business are found: same element, same phone, same mailbox, same name
//! nearby.
//!
//! The richest record of a business stays. Records are taken richest first and compared only with
//! those that stay, through two hash tables, so that twelve thousand records, or twelve thousand
//! copies of one, take milliseconds.

use std::collections::HashMap;

use super::leave_out::Likeness;

/// Least size of a cell: smaller ones would only make the grid larger than the Earth needs.
const CELL_M_MIN: f64 = 1.0;
/// Mean radius of the Earth.
const EARTH_RADIUS_M: f64 = 6_371_008.8;

/// What is compared of a record.
#[derive(Clone, Debug)]
pub(super) struct Features {
    /// Natural key.
    pub entity: String,
    /// The name as listed.
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
    /// Lower-case address.
    pub email: Option<String>,
    /// Degrees north and east.
    pub position: Option<(f64, f64)>,
    /// How much is known of it; the record with most stays.
    pub richness: usize,
}

/// A record that is left out in favour of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Twin {
    /// Index of the record that stays.
    pub of: usize,
    /// What gave it away.
    pub because: Likeness,
}

/// Returns for each record the one it is a duplicate of, if it is one; records of one name are one
/// business when they are at most `near_m` metres apart.
pub(super) fn find(records: &[Features], near_m: f64) -> Vec<Option<Twin>> {
    let mut twins = vec![None; records.len()];
    let mut order: Vec<usize> = Vec::with_capacity(records.len());
    let mut first_of: HashMap<&str, usize> = HashMap::with_capacity(records.len());
    for (index, record) in records.iter().enumerate() {
        let first = *first_of.entry(&record.entity).or_insert(index);
        if first == index {
            order.push(index);
        } else {
            twins[index] = Some(Twin { of: first, because: Likeness::Element });
        }
    }
    // A stable sort: among equally rich records the first of the source stays.
    order.sort_by_key(|&index| std::cmp::Reverse(records[index].richness));
    let mut kept = Kept { near_m, ..Kept::default() };
    for index in order {
        twins[index] = kept.twin_of(&records[index]);
        if twins[index].is_none() {
            kept.keep(index, &records[index]);
        }
    }
    twins
}

/// A cube in space as wide as two twins can be apart; neighbours in the grid are all that can be near.
type Cell = (i64, i64, i64);

/// A record that stays, and its position in space.
type Neighbour = (usize, [f64; 3]);

/// The records that stay, by what they can be recognised by.
#[derive(Default)]
struct Kept {
    near_m: f64,
    by_phone: HashMap<String, usize>,
    by_email: HashMap<String, usize>,
    name_ids: HashMap<String, usize>,
    by_name_and_cell: HashMap<(usize, Cell), Vec<Neighbour>>,
}

impl Kept {
    fn twin_of(&self, record: &Features) -> Option<Twin> {
        let by_phone = record.phone.as_ref().and_then(|phone| self.by_phone.get(phone));
        if let Some(&of) = by_phone {
            return Some(Twin { of, because: Likeness::Phone });
        }
        let by_email = record.email.as_ref().and_then(|email| self.by_email.get(email));
        if let Some(&of) = by_email {
            return Some(Twin { of, because: Likeness::Email });
        }
        let name = *self.name_ids.get(&plain_name(&record.name))?;
        let point = point(record.position?);
        let (x, y, z) = self.cell(point);
        (-1..=1)
            .flat_map(|dx| (-1..=1).flat_map(move |dy| (-1..=1).map(move |dz| (dx, dy, dz))))
            .filter_map(|(dx, dy, dz)| self.by_name_and_cell.get(&(name, (x + dx, y + dy, z + dz))))
            .flatten()
            .filter(|(_, other)| distance_m(point, *other) <= self.near_m)
            .map(|&(of, _)| of)
            .min()
            .map(|of| Twin { of, because: Likeness::NameNearby })
    }

    fn keep(&mut self, index: usize, record: &Features) {
        if let Some(phone) = &record.phone {
            self.by_phone.insert(phone.clone(), index);
        }
        if let Some(email) = &record.email {
            self.by_email.insert(email.clone(), index);
        }
        if let Some(position) = record.position {
            let next = self.name_ids.len();
            let name = *self.name_ids.entry(plain_name(&record.name)).or_insert(next);
            let point = point(position);
            self.by_name_and_cell.entry((name, self.cell(point))).or_default().push((index, point));
        }
    }

    fn cell(&self, point: [f64; 3]) -> Cell {
        let size_m = self.near_m.max(CELL_M_MIN);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 7 million cells from the centre"
        )]
        let [x, y, z] = point.map(|metres| (metres / size_m).floor() as i64);
        (x, y, z)
    }
}

/// The name without case, blanks and punctuation; a name of signs alone stays as it is.
fn plain_name(name: &str) -> String {
    let plain: String =
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if plain.is_empty() { name.to_owned() } else { plain }
}

/// The position in space, in metres: no seams at poles and date line, and at 75 m the chord is as
/// good as the arc.
fn point((lat, lon): (f64, f64)) -> [f64; 3] {
    let (lat, lon) = (lat.to_radians(), lon.to_radians());
    [
        EARTH_RADIUS_M * lat.cos() * lon.cos(),
        EARTH_RADIUS_M * lat.cos() * lon.sin(),
        EARTH_RADIUS_M * lat.sin(),
    ]
}

fn distance_m(a: [f64; 3], b: [f64; 3]) -> f64 {
    ((a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2) + (a[2] - b[2]).powi(2)).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NEAR_M: f64 = 75.0;

    fn record(entity: &str, name: &str, position: (f64, f64), richness: usize) -> Features {
        Features {
            entity: entity.to_owned(),
            name: name.to_owned(),
            phone: None,
            email: None,
            position: Some(position),
            richness,
        }
    }

    fn find_75(records: &[Features]) -> Vec<Option<Twin>> {
        find(records, NEAR_M)
    }

    #[test]
    fn a_node_and_its_building_are_one_business_and_the_richer_record_stays() {
        let twins = find_75(&[
            record("osm:node/1", "Acme Dental", (52.5, 13.4), 2),
            record("osm:way/2", "ACME  dental!", (52.5004, 13.4003), 5),
            record("osm:node/3", "Acme Dental", (52.51, 13.4), 2),
        ]);
        assert_eq!(
            twins,
            [Some(Twin { of: 1, because: Likeness::NameNearby }), None, None],
            "49 m is near, a kilometre is not"
        );
    }

    #[test]
    fn one_phone_is_one_business_however_far_apart() {
        let mut a = record("a", "A", (52.5, 13.4), 1);
        let mut b = record("b", "B", (48.1, 11.6), 1);
        (a.phone, b.phone) = (Some("+4930123456".into()), Some("+4930123456".into()));
        assert_eq!(find_75(&[a, b])[1], Some(Twin { of: 0, because: Likeness::Phone }));
    }

    #[test]
    fn one_mailbox_is_written_to_once() {
        let mut a = record("a", "A", (52.5, 13.4), 1);
        let mut b = record("b", "B", (48.1, 11.6), 2);
        (a.email, b.email) = (Some("a@a.example".into()), Some("a@a.example".into()));
        assert_eq!(find_75(&[a, b])[0], Some(Twin { of: 1, because: Likeness::Email }));
    }

    #[test]
    fn an_element_listed_twice_counts_once() {
        let a = record("osm:node/1", "A", (52.5, 13.4), 1);
        let twins = find_75(&[a.clone(), a]);
        assert_eq!(twins, [None, Some(Twin { of: 0, because: Likeness::Element })]);
    }

    #[test]
    fn neighbours_across_the_date_line_are_neighbours() {
        let twins =
            find_75(&[record("a", "A", (0.0, 179.9999), 1), record("b", "A", (0.0, -179.9999), 1)]);
        assert!(twins[1].is_some());
    }

    #[test]
    fn twelve_thousand_copies_of_one_record_are_told_apart_at_once() {
        let copies: Vec<_> =
            (0..12_000).map(|n| record(&format!("osm:node/{n}"), "A", (52.5, 13.4), 1)).collect();
        assert_eq!(find_75(&copies).iter().filter(|twin| twin.is_none()).count(), 1);
    }

    proptest! {
        #[test]
        fn the_grid_finds_what_comparing_all_pairs_finds(
            places in prop::collection::vec((0_u8..3, 0_i32..20, 0_i32..20), 0..40)
        ) {
            let records: Vec<_> = places
                .iter()
                .enumerate()
                .map(|(n, (name, y, x))| {
                    let position = (52.0 + f64::from(*y) * 0.0004, 13.0 + f64::from(*x) * 0.0006);
                    record(&n.to_string(), &format!("N{name}"), position, 1)
                })
                .collect();
            let mut kept: Vec<usize> = Vec::new();
            for (n, a) in records.iter().enumerate() {
                let near = kept.iter().any(|&k| {
                    let b = &records[k];
                    a.name == b.name
                        && distance_m(point(a.position.unwrap()), point(b.position.unwrap())) <= NEAR_M
                });
                if !near {
                    kept.push(n);
                }
            }
            let twins = find_75(&records);
            let found: Vec<_> = (0..records.len()).filter(|&n| twins[n].is_none()).collect();
            prop_assert_eq!(found, kept);
        }
    }
}
