//! Finds out who asks, and bounds how often: one token bucket for each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderMap;

use crate::domain::resilience::bucket::{Bucket, RateLimit};
use crate::domain::time::{MINUTE_MS, Moment};

/// Addresses that are kept. Beyond this the longest silent ones are forgotten, which gives them a
/// full bucket: memory is bounded, and who floods from ever new addresses is bounded by connections.
const ADDRESSES_MAX: usize = 10_000;

/// The header in which a proxy names who asked it.
const FORWARDED: &str = "x-forwarded-for";

/// Returns the address that asks. What a header says counts only as far as trusted proxies wrote it:
/// the list is read from its end, and the first address that is no trusted proxy is the one.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let mut client = peer;
    let named = headers.get_all(FORWARDED).iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        if !trusted.contains(&client) {
            break;
        }
        let Ok(address) = hop.parse() else { break };
        client = address;
    }
    client
}

/// The buckets of all addresses.
pub(super) struct Limiter {
    limit: RateLimit,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

impl Limiter {
    pub(super) fn new(limit: RateLimit) -> Self {
        Self { limit, buckets: Mutex::new(HashMap::new()) }
    }

    /// Takes a token of `address`.
    ///
    /// # Errors
    /// The seconds after which there is one again, at least 1.
    pub(super) fn take(&self, address: IpAddr, now: Moment) -> Result<(), i64> {
        // IPv6 users have a whole /64 each; counting single addresses of it would count nothing.
        let address = match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) & !u128::from(u64::MAX)).into()),
        };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&address) {
            forget(&mut buckets, now);
        }
        let bucket = buckets.get(&address).copied();
        match bucket.unwrap_or_else(|| Bucket::full(self.limit, now)).take(self.limit, now) {
            Ok(rest) => {
                buckets.insert(address, rest);
                Ok(())
            }
            Err(at) => Err((at.since(now) / 1_000).max(1)),
        }
    }
}

/// Forgets those who were silent for a minute, or everybody when nobody was.
fn forget(buckets: &mut HashMap<IpAddr, Bucket>, now: Moment) {
    buckets.retain(|_, bucket| now.since(bucket.counted_at) < MINUTE_MS);
    if buckets.len() >= ADDRESSES_MAX {
        buckets.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        headers
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
        let claimed = headers(&["1.2.3.4"]);
        assert_eq!(client(ip("203.0.113.9"), &claimed, &[]), ip("203.0.113.9"));
        assert_eq!(client(ip("10.0.0.2"), &claimed, &[ip("10.0.0.2")]), ip("1.2.3.4"));
    }

    #[test]
    fn what_the_sender_wrote_itself_before_the_proxy_is_ignored() {
        let trusted = [ip("10.0.0.2"), ip("10.0.0.3")];
        let list = headers(&["6.6.6.6, 1.2.3.4", "10.0.0.3"]);
        assert_eq!(client(ip("10.0.0.2"), &list, &trusted), ip("1.2.3.4"));
        let nonsense = headers(&["1.2.3.4, nonsense"]);
        assert_eq!(client(ip("10.0.0.2"), &nonsense, &trusted), ip("10.0.0.2"));
    }

    #[test]
    fn an_address_that_asks_too_often_is_told_when_to_come_again_and_others_are_not() {
        let limiter = Limiter::new(RateLimit { per_minute: 60, burst: 2 });
        let now = Moment(0);
        assert_eq!(limiter.take(ip("1.1.1.1"), now), Ok(()));
        assert_eq!(limiter.take(ip("1.1.1.1"), now), Ok(()));
        assert_eq!(limiter.take(ip("1.1.1.1"), now), Err(1));
        assert_eq!(limiter.take(ip("2.2.2.2"), now), Ok(()));
        assert_eq!(limiter.take(ip("1.1.1.1"), now.plus_ms(1_000)), Ok(()));
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        let limiter = Limiter::new(RateLimit { per_minute: 60, burst: 1 });
        assert!(limiter.take(ip("2001:db8::1"), Moment(0)).is_ok());
        assert!(limiter.take(ip("2001:db8::ffff"), Moment(0)).is_err());
        assert!(limiter.take(ip("2001:db8:0:1::1"), Moment(0)).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let limiter = Limiter::new(RateLimit { per_minute: 60, burst: 1 });
        for n in 0..30_000_u32 {
            limiter.take(IpAddr::V4(n.into()), Moment(i64::from(n))).unwrap();
        }
        assert!(limiter.buckets.lock().unwrap().len() <= ADDRESSES_MAX);
    }
}
