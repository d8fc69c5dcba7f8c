//! From an address in words to a place: the longest names of the gazetteer that stand in it, the
//! narrow ones within the wide ones. Pure, and the same for the same city: the answer goes into the
//! record with what was said.
//!
//! What is not found stays unknown. Two villages of one name, with nothing that tells them apart,
//! are no village; a township that lies in another district than the one named is not believed.

use std::collections::BTreeMap;

use super::gazetteer::{NamedKind, NamedPlace};
use super::{City, Zone, ZoneKind};
use crate::ids::ZoneId;
use crate::situation::{Located, LocatedBy, Precision, SaidPlace};

/// So many characters of an address or a text are looked through.
pub const SEARCHED_MAX_CHARS: usize = 500;

/// Endings of a village's name, longest first: people say any of them, or none.
const VILLAGE_ENDINGS: [&str; 9] = [
    "社区居民委员会",
    "村民委员会",
    "居民委员会",
    "社区居委会",
    "社区村委会",
    "村委会",
    "居委会",
    "社区",
    "村",
];
/// What people say in their place.
const VILLAGE_FORMS: [&str; 5] = ["村委会", "居委会", "社区居委会", "社区", "村"];
/// A village's name without any ending is heard as one from so many characters on.
const VILLAGE_BARE_MIN_CHARS: usize = 3;
/// A district's or township's, from so many.
const BARE_MIN_CHARS: usize = 2;

/// One way to say a name.
#[derive(Debug, Clone)]
struct Form {
    text: Vec<char>,
    place: usize,
    /// It is the name without its ending: heard only where no full one is.
    bare: bool,
}

/// The names of a city, ready to be looked for.
#[derive(Debug, Clone, Default)]
pub struct AddressBook {
    places: Vec<NamedPlace>,
    /// By first character; longest first.
    forms: BTreeMap<char, Vec<Form>>,
    zones: Vec<Known>,
    areas: gis::AreaIndex,
}

/// A zone of the city's files.
#[derive(Debug, Clone)]
struct Known {
    id: ZoneId,
    kind: ZoneKind,
    parent: Option<ZoneId>,
}

/// A name that stands in a text.
#[derive(Debug, Clone, Copy)]
struct Heard {
    place: usize,
    from: usize,
    upto: usize,
    bare: bool,
}

impl AddressBook {
    /// The book of a city.
    pub fn of(city: &City) -> Self {
        let mut places = city.gazetteer.clone();
        for zone in &city.zones {
            let named = |p: &NamedPlace| p.zone == zone.id && p.name == zone.name;
            match places.iter_mut().find(|p| named(p)) {
                Some(known) => known.point = known.point.or_else(|| middle(zone)),
                None => places.push(of_zone(zone)),
            }
        }
        let mut forms: BTreeMap<char, Vec<Form>> = BTreeMap::new();
        for (at, place) in places.iter().enumerate() {
            for (text, bare) in spoken(place) {
                let text: Vec<char> = text.chars().collect();
                let Some(first) = text.first() else { continue };
                forms.entry(*first).or_default().push(Form { text, place: at, bare });
            }
        }
        for list in forms.values_mut() {
            list.sort_by(|a, b| {
                (b.text.len(), &a.text, a.place, a.bare).cmp(&(
                    a.text.len(),
                    &b.text,
                    b.place,
                    b.bare,
                ))
            });
            list.dedup_by(|b, a| a.text == b.text && a.place == b.place);
        }
        let outlines = city.zones.iter().map(|zone| zone.outline.clone()).collect();
        let known = |z: &Zone| Known { id: z.id.clone(), kind: z.kind, parent: z.parent.clone() };
        let zones = city.zones.iter().map(known).collect();
        Self { places, forms, zones, areas: gis::AreaIndex::new(outlines) }
    }

    /// Where something is, by the best of what was said: the point, the shape, the address, the zones, and at
    /// last the text.
    pub fn locate(&self, said: &SaidPlace, text: &str) -> Located {
        let of_shape = || Some((said.shape.as_ref()?.stands_at()?, LocatedBy::Shape));
        if let Some((point, by)) = said.point.map(|p| (p, LocatedBy::Point)).or_else(of_shape) {
            let zone = self.zone_at(point);
            return Located {
                point: Some(point),
                precision: Precision::Point,
                by,
                zone,
                matched: Vec::new(),
            };
        }
        let by_zones = self.by_zones(&said.zones);
        let by_address = said.address.as_deref().map(|a| self.find(a, LocatedBy::Address));
        let better = by_address.filter(|found| found.precision <= by_zones.precision);
        let found = better.unwrap_or(by_zones);
        if found.precision != Precision::Unknown {
            return found;
        }
        let by_text = self.find(text, LocatedBy::Text);
        if by_text.precision == Precision::Unknown { found } else { by_text }
    }

    /// Whether a code is one of the city's zones, or lies in one.
    pub fn covers(&self, code: &ZoneId) -> bool {
        self.known_zone(code.as_str()).is_some()
    }

    /// The smallest zone that contains a point.
    fn zone_at(&self, (lon, lat): (f64, f64)) -> Option<ZoneId> {
        let at = gis::Position::new(lon, lat).ok()?;
        let within = self.areas.containing(at);
        let zones = within.iter().filter_map(|n| self.zones.get(*n));
        // The narrowest kind; on a common border the first by id.
        zones.max_by(|a, b| (a.kind, &b.id).cmp(&(b.kind, &a.id))).map(|z| z.id.clone())
    }

    fn by_zones(&self, zones: &[ZoneId]) -> Located {
        let [zone] = zones else {
            let district = self.common_district(zones);
            return district.map_or_else(Located::default, |zone| self.in_zone(zone));
        };
        self.in_zone(zone)
    }

    fn in_zone(&self, zone: &ZoneId) -> Located {
        let kind = self.zones.iter().find(|z| z.id == *zone).map(|z| z.kind);
        let is_zone = |p: &&NamedPlace| p.zone == *zone && p.kind == NamedKind::Township;
        let point = self.places.iter().find(is_zone).and_then(|p| p.point);
        let (precision, point) = match (kind, point) {
            (Some(ZoneKind::Township), Some(point)) => (Precision::Township, Some(point)),
            (Some(ZoneKind::Township | ZoneKind::District), _) => (Precision::District, None),
            _ => (Precision::Unknown, None),
        };
        let (by, zone) = (LocatedBy::Zones, Some(zone.clone()));
        Located { point, precision, by, zone, matched: Vec::new() }
    }

    /// The place that a text names.
    pub fn find(&self, text: &str, by: LocatedBy) -> Located {
        let heard = self.heard(&plain(text));
        let districts = self.of_kind(&heard, NamedKind::District, |_| true);
        let in_district = |code: &str| districts.is_empty() || self.lies_in(code, &districts);
        let townships = self.of_kind(&heard, NamedKind::Township, in_district);
        let in_township = |code: &str| {
            if townships.is_empty() { in_district(code) } else { self.lies_in(code, &townships) }
        };
        let villages = self.of_kind(&heard, NamedKind::Village, in_township);
        let roads = self.of_kind(&heard, NamedKind::Road, in_township);
        let roads = match roads.is_empty() {
            true => self.passing(&heard, in_township),
            false => roads,
        };
        let place = |n: &usize| self.places.get(*n);
        let only = |list: &[usize]| match list {
            [one] => place(one),
            _ => None,
        };
        let village = only(&villages);
        let road = only(&roads);
        let township =
            only(&townships).or_else(|| village.and_then(|v| self.township_of(v.zone.as_str())));
        let district = only(&districts);
        let choice = [
            (village, Precision::Village),
            (road, Precision::Road),
            (township, Precision::Township),
        ];
        let placed = choice
            .into_iter()
            .find_map(|(place, precision)| Some((place?, place?.point?, precision)));
        let narrowest = village.or(township).or(road).or(district);
        let zone = narrowest.and_then(|p| self.known_zone(p.zone.as_str()));
        let matched = [district, township, village, road];
        let matched: Vec<String> = matched.into_iter().flatten().map(|p| p.name.clone()).collect();
        let (point, precision) = match (placed, narrowest) {
            (Some((_, point, precision)), _) => (Some(point), precision),
            (None, Some(_)) => (None, Precision::District),
            (None, None) => return Located::default(),
        };
        Located { point, precision, by, zone, matched }
    }

    /// The names that stand in a text: at each place the longest, and none that lies within a
    /// longer one.
    fn heard(&self, text: &[char]) -> Vec<Heard> {
        let mut all: Vec<Heard> = Vec::new();
        for (from, first) in text.iter().enumerate() {
            let Some(forms) = self.forms.get(first) else { continue };
            let rest = text.get(from..).unwrap_or_default();
            let longest = forms.iter().find(|f| rest.starts_with(&f.text)).map(|f| f.text.len());
            let Some(longest) = longest else { continue };
            let here =
                forms.iter().filter(|f| f.text.len() == longest && rest.starts_with(&f.text));
            all.extend(here.map(|f| Heard {
                place: f.place,
                from,
                upto: from + longest,
                bare: f.bare,
            }));
        }
        let spans: Vec<(usize, usize)> = all.iter().map(|h| (h.from, h.upto)).collect();
        all.retain(|h| {
            let within = |(from, upto): &(usize, usize)| {
                *from <= h.from && h.upto <= *upto && (h.upto - h.from) < (upto - from)
            };
            !spans.iter().any(within)
        });
        all
    }

    /// The places of one kind that were named, as they were named; bare names where no full one was.
    fn of_kind(&self, heard: &[Heard], kind: NamedKind, fits: impl Fn(&str) -> bool) -> Vec<usize> {
        let of_kind = |bare: bool| {
            let mut list: Vec<usize> = Vec::new();
            for h in heard.iter().filter(|h| h.bare == bare) {
                let Some(place) = self.places.get(h.place) else { continue };
                if place.kind == kind && fits(place.zone.as_str()) && !list.contains(&h.place) {
                    list.push(h.place);
                }
            }
            list
        };
        let full = of_kind(false);
        if full.is_empty() { of_kind(true) } else { full }
    }

    /// The roads that are wider than what was named and pass through it: whose point lies in it.
    fn passing(&self, heard: &[Heard], fits: impl Fn(&str) -> bool) -> Vec<usize> {
        let mut all = self.of_kind(heard, NamedKind::Road, |_| true);
        all.retain(|n| {
            let point = self.places.get(*n).and_then(|road| road.point);
            point.and_then(|at| self.zone_at(at)).is_some_and(|zone| fits(zone.as_str()))
        });
        all
    }

    fn lies_in(&self, code: &str, within: &[usize]) -> bool {
        let codes = within.iter().filter_map(|n| self.places.get(*n)).map(|p| p.zone.as_str());
        codes.into_iter().any(|wide| self.is_within(code, wide))
    }

    /// By the code, or by what the city's files say of the zone.
    fn is_within(&self, code: &str, wide: &str) -> bool {
        if code.starts_with(wide) {
            return true;
        }
        let mut zone = self.known_zone(code);
        // A township lies in a district, that in the city: there are no more steps.
        for _ in 0..2 {
            let known = zone.and_then(|id| self.zones.iter().find(|z| z.id == id));
            zone = known.and_then(|z| z.parent.clone());
            if zone.as_ref().is_some_and(|id| id.as_str() == wide) {
                return true;
            }
        }
        false
    }

    fn common_district(&self, zones: &[ZoneId]) -> Option<&ZoneId> {
        let (first, rest) = zones.split_first()?;
        let lies = |zone: &ZoneId, wide: &ZoneId| self.is_within(zone.as_str(), wide.as_str());
        let districts = self.zones.iter().filter(|z| z.kind == ZoneKind::District).map(|z| &z.id);
        let mut fitting = districts.filter(|id| lies(first, id));
        fitting.find(|id| rest.iter().all(|zone| lies(zone, id)))
    }

    fn township_of(&self, code: &str) -> Option<&NamedPlace> {
        let is_it =
            |p: &&NamedPlace| p.kind == NamedKind::Township && code.starts_with(p.zone.as_str());
        self.places.iter().filter(is_it).max_by_key(|p| p.zone.as_str().len())
    }

    /// The zone of the city that a code is, or lies in.
    fn known_zone(&self, code: &str) -> Option<ZoneId> {
        let zones = self.zones.iter().map(|z| &z.id).filter(|id| code.starts_with(id.as_str()));
        zones.max_by_key(|id| id.as_str().len()).cloned()
    }
}

fn middle(zone: &Zone) -> Option<(f64, f64)> {
    let is_narrow = zone.kind == ZoneKind::Township;
    zone.outline.centroid().filter(|_| is_narrow).map(|at| (at.lon(), at.lat()))
}

fn of_zone(zone: &Zone) -> NamedPlace {
    let kind = match zone.kind {
        ZoneKind::City => NamedKind::City,
        ZoneKind::District => NamedKind::District,
        ZoneKind::Township => NamedKind::Township,
    };
    let (name, zone_id, point) = (zone.name.clone(), zone.id.clone(), middle(zone));
    NamedPlace { name, kind, point, zone: zone_id, aliases: Vec::new() }
}

/// Without white space, full-width signs as plain ones, no longer than is looked through.
fn plain(text: &str) -> Vec<char> {
    let narrow = |c: char| match u32::from(c) {
        wide @ 0xff01..=0xff5e => char::from_u32(wide - 0xfee0).unwrap_or(c),
        _ => c,
    };
    text.chars().filter(|c| !c.is_whitespace()).map(narrow).take(SEARCHED_MAX_CHARS).collect()
}

/// The ways in which people say a name, each with whether it is a bare one.
fn spoken(place: &NamedPlace) -> Vec<(String, bool)> {
    let given = || std::iter::once(&place.name).chain(&place.aliases);
    let mut forms: Vec<(String, bool)> = given().map(|name| (name.clone(), false)).collect();
    let endings: &[&str] = match place.kind {
        NamedKind::City => &["市"],
        NamedKind::District => &["市", "区", "县"],
        NamedKind::Township => &["街道办事处", "街道", "镇", "乡"],
        NamedKind::Village => &VILLAGE_ENDINGS,
        NamedKind::Road => &[],
    };
    for name in given() {
        let Some(base) = endings.iter().find_map(|ending| name.strip_suffix(ending)) else {
            continue;
        };
        let length = base.chars().count();
        if place.kind == NamedKind::Village {
            forms.extend(VILLAGE_FORMS.iter().map(|ending| (format!("{base}{ending}"), false)));
            if length >= VILLAGE_BARE_MIN_CHARS {
                forms.push((base.to_owned(), true));
            }
        } else if length >= BARE_MIN_CHARS {
            forms.push((base.to_owned(), true));
        }
    }
    forms
}
