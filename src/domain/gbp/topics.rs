//! Reads the texts of posts under `config/templates/posts`, which are part of the program.
//!
//! Each group of businesses has at least eight topics that are true of every business of its kind,
//! and one place in the row of topics that takes the text of the season.

use std::sync::LazyLock;

/// A group of businesses that can say the same things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Dental practices.
    Dental,
    /// Restaurants.
    Restaurant,
    /// Trades.
    Trades,
    /// Salons, spas, gyms.
    Salon,
    /// Lawyers, accountants, estate agents.
    Office,
    /// Vets and other practices.
    Medical,
    /// Everybody else.
    General,
}

impl Group {
    /// All of them.
    pub(super) const ALL: [Self; 7] = [
        Self::Dental,
        Self::Restaurant,
        Self::Trades,
        Self::Salon,
        Self::Office,
        Self::Medical,
        Self::General,
    ];

    /// Returns the group of a category.
    pub(super) fn of(category: &str) -> Self {
        match category {
            "dental" => Self::Dental,
            "restaurant" => Self::Restaurant,
            "salon" | "spa" | "gym" => Self::Salon,
            "real_estate" | "attorney" | "accountant" => Self::Office,
            "chiropractor" | "veterinarian" => Self::Medical,
            "plumber" | "electrician" | "hvac" | "roofing" | "roofer" | "landscaping"
            | "landscaper" | "auto_repair" | "contractor" | "cleaning" | "painter" => Self::Trades,
            _ => Self::General,
        }
    }

    /// Whether what it knows of people is about their health.
    pub(super) const fn is_health(self) -> bool {
        matches!(self, Self::Dental | Self::Medical)
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Dental => include_str!("../../../config/templates/posts/dental.txt"),
            Self::Restaurant => include_str!("../../../config/templates/posts/restaurant.txt"),
            Self::Trades => include_str!("../../../config/templates/posts/trades.txt"),
            Self::Salon => include_str!("../../../config/templates/posts/salon.txt"),
            Self::Office => include_str!("../../../config/templates/posts/office.txt"),
            Self::Medical => include_str!("../../../config/templates/posts/medical.txt"),
            Self::General => include_str!("../../../config/templates/posts/general.txt"),
        }
    }
}

/// One text in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Topic {
    name: &'static str,
    /// `winter`, for a text of one season.
    season: Option<&'static str>,
    english: &'static str,
    german: &'static str,
}

/// The topics of each group, in the order of `Group::ALL`.
static TOPICS: LazyLock<Vec<Vec<Topic>>> =
    LazyLock::new(|| Group::ALL.into_iter().map(|group| read(group.file())).collect());

fn read(file: &'static str) -> Vec<Topic> {
    file.split("\n\n")
        .filter_map(|block| {
            let mut lines = block.lines().filter(|line| !line.starts_with('#'));
            let head = lines.next()?;
            let (name, season) = match head.split_once(" @") {
                Some((name, season)) => (name, Some(season)),
                None => (head, None),
            };
            let english = lines.next()?.strip_prefix("en ")?;
            let german = lines.next()?.strip_prefix("de ")?;
            Some(Topic { name, season, english, german })
        })
        .collect()
}

fn of(group: Group) -> &'static [Topic] {
    let place = Group::ALL.iter().position(|&one| one == group);
    place.and_then(|place| TOPICS.get(place)).map_or(&[], Vec::as_slice)
}

/// Returns how many places the row of a group's topics has.
pub(super) fn places(group: Group) -> usize {
    of(group).iter().filter(|topic| topic.season.is_none()).count() + 1
}

/// Returns name and text of the topic at `place` in `month` (1–12); the last place is the season's.
pub(super) fn topic(
    group: Group,
    place: usize,
    month: i8,
    language: &str,
) -> (&'static str, &'static str) {
    let lasting = of(group).iter().filter(|topic| topic.season.is_none()).nth(place);
    let season = season(month);
    let found = lasting.or_else(|| of(group).iter().find(|topic| topic.season == Some(season)));
    let german = language == "de";
    found.map_or(("", ""), |topic| (topic.name, if german { topic.german } else { topic.english }))
}

/// The season of a month, north of the equator.
const fn season(month: i8) -> &'static str {
    match month {
        3..=5 => "spring",
        6..=8 => "summer",
        9..=11 => "autumn",
        _ => "winter",
    }
}

#[cfg(test)]
mod tests;
