//! The eight kinds of entity of 18-088 §8.2, their properties and their relations.

/// A kind of entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A station.
    Thing,
    /// Where a station stood from a time on.
    Location,
    /// From when on it stood there.
    HistoricalLocation,
    /// What it measures.
    Datastream,
    /// By what.
    Sensor,
    /// A property.
    ObservedProperty,
    /// A value.
    Observation,
    /// What was measured at: the station's place.
    FeatureOfInterest,
}

/// A relation: its name, what it leads to, whether to many.
pub type Relation = (&'static str, Kind, bool);

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 8] = [
        Kind::Thing,
        Kind::Location,
        Kind::HistoricalLocation,
        Kind::Datastream,
        Kind::Sensor,
        Kind::ObservedProperty,
        Kind::Observation,
        Kind::FeatureOfInterest,
    ];

    /// One of it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Thing => "Thing",
            Kind::Location => "Location",
            Kind::HistoricalLocation => "HistoricalLocation",
            Kind::Datastream => "Datastream",
            Kind::Sensor => "Sensor",
            Kind::ObservedProperty => "ObservedProperty",
            Kind::Observation => "Observation",
            Kind::FeatureOfInterest => "FeatureOfInterest",
        }
    }

    /// All of it.
    pub fn set(self) -> &'static str {
        match self {
            Kind::Thing => "Things",
            Kind::Location => "Locations",
            Kind::HistoricalLocation => "HistoricalLocations",
            Kind::Datastream => "Datastreams",
            Kind::Sensor => "Sensors",
            Kind::ObservedProperty => "ObservedProperties",
            Kind::Observation => "Observations",
            Kind::FeatureOfInterest => "FeaturesOfInterest",
        }
    }

    /// The kind of an entity set's name.
    pub fn of_set(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.set() == name)
    }

    /// Its properties, beside its id.
    pub fn properties(self) -> &'static [&'static str] {
        match self {
            Kind::Thing => &["name", "description", "properties"],
            Kind::Location => &["name", "description", "encodingType", "location", "properties"],
            Kind::HistoricalLocation => &["time"],
            Kind::Datastream => &[
                "name",
                "description",
                "observationType",
                "unitOfMeasurement",
                "observedArea",
                "phenomenonTime",
                "resultTime",
                "properties",
            ],
            Kind::Sensor => &["name", "description", "encodingType", "metadata", "properties"],
            Kind::ObservedProperty => &["name", "definition", "description", "properties"],
            Kind::Observation => &[
                "phenomenonTime",
                "resultTime",
                "result",
                "resultQuality",
                "validTime",
                "parameters",
            ],
            Kind::FeatureOfInterest => {
                &["name", "description", "encodingType", "feature", "properties"]
            }
        }
    }

    /// Its relations.
    pub fn relations(self) -> &'static [Relation] {
        match self {
            Kind::Thing => &[
                ("Locations", Kind::Location, true),
                ("HistoricalLocations", Kind::HistoricalLocation, true),
                ("Datastreams", Kind::Datastream, true),
            ],
            Kind::Location => &[
                ("Things", Kind::Thing, true),
                ("HistoricalLocations", Kind::HistoricalLocation, true),
            ],
            Kind::HistoricalLocation => {
                &[("Thing", Kind::Thing, false), ("Locations", Kind::Location, true)]
            }
            Kind::Datastream => &[
                ("Thing", Kind::Thing, false),
                ("Sensor", Kind::Sensor, false),
                ("ObservedProperty", Kind::ObservedProperty, false),
                ("Observations", Kind::Observation, true),
            ],
            Kind::Sensor | Kind::ObservedProperty => &[("Datastreams", Kind::Datastream, true)],
            Kind::Observation => &[
                ("Datastream", Kind::Datastream, false),
                ("FeatureOfInterest", Kind::FeatureOfInterest, false),
            ],
            Kind::FeatureOfInterest => &[("Observations", Kind::Observation, true)],
        }
    }

    /// A relation by its name.
    pub fn relation(self, name: &str) -> Option<Relation> {
        self.relations().iter().copied().find(|(known, ..)| *known == name)
    }
}
