//! Names the documents that each type of business has to hand in.

/// The form in which the client says what belongs on the profile; every client fills it in.
pub const INTAKE_FORM: &str = "profile-intake-form";

/// One document to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequiredDocument {
    /// Its stable name.
    pub name: &'static str,
    /// What to ask for, in English.
    pub english: &'static str,
    /// What to ask for, in German.
    pub german: &'static str,
}

impl RequiredDocument {
    /// What to ask for in `language`.
    pub fn title(&self, language: &str) -> &'static str {
        if language == "de" { self.german } else { self.english }
    }
}

const fn document(
    name: &'static str,
    english: &'static str,
    german: &'static str,
) -> RequiredDocument {
    RequiredDocument { name, english, german }
}

const LICENCE: RequiredDocument =
    document("business-licence", "Business licence or registration", "Gewerbeanmeldung");
const ADDRESS: RequiredDocument = document(
    "proof-of-address",
    "Proof of address (a utility bill or the lease)",
    "Adressnachweis (Nebenkosten oder Mietvertrag)",
);
const INTAKE: RequiredDocument = document(
    INTAKE_FORM,
    "Profile intake form: hours, services, description, links",
    "Profilbogen: Öffnungszeiten, Leistungen, Beschreibung, Links",
);
const PHOTOS: RequiredDocument =
    document("photos", "At least ten photos of your own place", "Mindestens zehn eigene Fotos");
const LOGO: RequiredDocument = document("logo", "Logo", "Logo");

const BASIC: [RequiredDocument; 5] = [LICENCE, ADDRESS, INTAKE, PHOTOS, LOGO];

const HVAC: [RequiredDocument; 6] = [
    LICENCE,
    ADDRESS,
    INTAKE,
    PHOTOS,
    LOGO,
    document("contractor-licence", "Contractor's licence", "Eintrag in die Handwerksrolle"),
];

const DENTAL: [RequiredDocument; 8] = [
    LICENCE,
    ADDRESS,
    INTAKE,
    PHOTOS,
    LOGO,
    document("dental-licence", "Licence to practise dentistry", "Approbation"),
    document("practitioners", "Names and fields of all dentists", "Namen und Fächer aller Ärzte"),
    document("insurance-plans", "Insurance plans you accept", "Akzeptierte Kostenträger"),
];

/// Returns what a business of `category` has to hand in.
pub fn required_documents(category: &str) -> &'static [RequiredDocument] {
    match category {
        "dental" => &DENTAL,
        "hvac" => &HVAC,
        _ => &BASIC,
    }
}
