use super::*;

#[test]
fn amounts_print_as_people_write_them() {
    let usd = Currency::new("usd").unwrap();
    assert_eq!(Money::new(123_450, usd).to_string(), "1,234.50 USD");
    assert_eq!(Money::new(-5, usd).to_string(), "-0.05 USD");
    assert_eq!(Money::new(1_000, Currency::new("JPY").unwrap()).to_string(), "1,000 JPY");
}

#[test]
fn a_half_is_rounded_to_the_even_neighbour() {
    assert_eq!(round_half_even(5, 2), 2);
    assert_eq!(round_half_even(7, 2), 4);
    assert_eq!(round_half_even(-5, 2), -2);
}

#[test]
fn two_currencies_do_not_add() {
    let usd = Money::new(1, Currency::new("USD").unwrap());
    let eur = Money::new(1, Currency::new("EUR").unwrap());
    assert_eq!(usd.checked_add(eur), None);
}
