use std::collections::BTreeSet;

use super::*;

#[test]
fn every_group_has_eight_topics_and_one_for_each_season_in_both_languages() {
    for group in Group::ALL {
        let blocks = group.file().lines().filter(|line| line.starts_with("en ")).count();
        assert_eq!(of(group).len(), blocks, "{group:?}: each block is read");
        assert!(places(group) > 8, "{group:?}");
        let seasons: BTreeSet<_> = of(group).iter().filter_map(|topic| topic.season).collect();
        assert_eq!(seasons.len(), 4, "{group:?}");
        let texts: BTreeSet<_> =
            of(group).iter().flat_map(|topic| [topic.english, topic.german]).collect();
        assert_eq!(texts.len(), 2 * blocks, "{group:?}: no text twice");
    }
}

#[test]
fn the_last_place_follows_the_season() {
    let last = places(Group::Trades) - 1;
    let texts: BTreeSet<_> =
        [1, 4, 7, 10].map(|month| topic(Group::Trades, last, month, "de").1).into();
    assert_eq!(texts.len(), 4);
    assert_eq!(topic(Group::Trades, 0, 1, "en"), topic(Group::Trades, 0, 7, "en"));
}
