//! Takes in what reaches a serving machine over HTTP: signed deliveries, and clicks on our own
//! unsubscribe links. Both belong to the live world, whether or not live is armed.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Handle;
use super::receive;
pub use super::receive::Unverified;
use crate::domain::calendly;
use crate::domain::error::WorkError;
use crate::domain::mode::Mode;
use crate::domain::sales::{SalesChange, Suppression, SuppressionReason};
use crate::domain::signature::Provider;
use crate::domain::time::Moment;
use crate::effects::counterparty::RawDelivery;
use crate::layers::outreach_engine;
use crate::store::error::StoreError;
use crate::store::sales::prospects;
use crate::store::{changes, consent, effects};

/// What became of a delivery that was believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is stored with its work.
    New,
    /// It was stored before; nothing was done.
    Known,
}

/// Why a delivery was not taken in.
#[derive(Debug, thiserror::Error)]
pub enum Declined {
    /// It is not believed.
    #[error(transparent)]
    Unverified(#[from] Unverified),
    /// It is signed, but nothing can be done with it, now or later.
    #[error(transparent)]
    Unusable(#[from] WorkError),
    /// It could not be stored; the sender has to try again.
    #[error(transparent)]
    Failed(#[from] StoreError),
}

/// What an unsubscribe link says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The prospect's key.
    pub entity: String,
    /// The campaign.
    pub campaign: String,
    /// The proof that we made the link.
    pub token: String,
}

impl Handle {
    /// Takes in a signed delivery; it is durable, with its work, when this returns.
    ///
    /// # Errors
    /// A delivery that is not believed, that nobody can use, or that could not be stored.
    pub async fn deliver(
        &self,
        provider: Provider,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<Taken, Declined> {
        let parts = self.parts();
        let now = parts.clock.wall();
        let delivery_id = receive::plain_id(&delivery_id(provider, &body));
        let delivery = RawDelivery { provider: provider.as_column(), delivery_id, headers, body };
        parts.inbox.verify(Mode::Live, now, &delivery)?;
        self.take_in(provider, delivery, now).await
    }

    async fn take_in(
        &self,
        provider: Provider,
        delivery: RawDelivery,
        now: Moment,
    ) -> Result<Taken, Declined> {
        let work = receive::work_of(provider, &delivery)?;
        let store = &self.parts().store;
        let is_new = store.write("deliver", move |tx| {
            receive::take_in(tx, Mode::Live, provider, &delivery, work, now, now)
        });
        Ok(if is_new.await? { Taken::New } else { Taken::Known })
    }

    /// Returns the address that an unsubscribe link was made for, `None` for one that we did not make.
    /// A prospect may have another address by now; the link belongs to the one it was sent to.
    ///
    /// # Errors
    /// The database cannot be read.
    pub fn unsubscriber(&self, link: &Unsubscribe) -> Result<Option<String>, StoreError> {
        let parts = self.parts();
        let addresses = parts.store.read(|conn| {
            let mut addresses = effects::recipients(conn, Mode::Live, &link.entity)?;
            let prospect = prospects::get(conn, Mode::Live, &link.entity)?;
            addresses.extend(prospect.and_then(|prospect| prospect.email));
            Ok(addresses)
        })?;
        let key = outreach_engine::sender(&parts.settings, Mode::Live).unsubscribe_key;
        let made_for = |address: &String| key.verifies(&link.token, address, &link.campaign);
        Ok(addresses.into_iter().find(made_for))
    }

    /// Obeys an unsubscribe link. From its commit on nothing goes to the address any more; stopping
    /// what was planned is the work that is queued with it. Returns whether the link was ours.
    ///
    /// # Errors
    /// It could not be stored; the reader has to try again.
    pub async fn unsubscribe(&self, link: &Unsubscribe) -> Result<bool, Declined> {
        let Some(address) = self.unsubscriber(link)? else { return Ok(false) };
        let address = address.to_lowercase();
        let now = self.parts().clock.wall();
        let body = json!({
            "kind": "opt_out", "address": address, "entity": link.entity, "campaign": link.campaign,
        });
        let delivery = RawDelivery {
            provider: Provider::Mailbox.as_column(),
            delivery_id: receive::plain_id(&format!("unsubscribe/{}", link.token)),
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        };
        let suppressed = self.parts().store.write("unsubscribe", move |tx| {
            if consent::suppression(tx, Mode::Live, &address)?.is_none() {
                let (reason, evidence) = (SuppressionReason::OptedOut, "unsubscribe link".into());
                let row = Suppression { address, reason, evidence, at: now };
                changes::apply(tx, Mode::Live, now, &SalesChange::Suppress(row).into())?;
            }
            Ok(())
        });
        suppressed.await?;
        self.take_in(Provider::Mailbox, delivery, now).await?;
        Ok(true)
    }
}

/// Returns what duplicates of one delivery share: the provider's own name for it, or its digest.
fn delivery_id(provider: Provider, body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let own = match provider {
        Provider::Calendly => calendly::delivery_id(&json),
        Provider::Stripe | Provider::Mailbox | Provider::Person | Provider::Profile => {
            json.get("id").and_then(Value::as_str).map(str::to_owned)
        }
    };
    own.unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body))))
}
