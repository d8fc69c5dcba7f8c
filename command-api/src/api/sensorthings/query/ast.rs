//! What a query says, and its text again: what is printed reads back as the same.

use std::fmt;

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($variant:ident $word:literal $least:literal $most:literal)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each is the word beside it")]
        pub enum $name { $($variant),* }
        impl $name {
            /// Each, for a refusal's particulars.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];
            /// Its word.
            pub fn word(self) -> &'static str { match self { $($name::$variant => $word),* } }
            /// The fewest and the most arguments.
            pub fn arguments(self) -> (usize, usize) {
                match self { $($name::$variant => ($least, $most)),* }
            }
            /// The one of a word.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
    };
}

words! {
    /// The functions of 18-088 §9.3.3.5.2.
    Function {
        SubstringOf "substringof" 2 2
        EndsWith "endswith" 2 2
        StartsWith "startswith" 2 2
        Length "length" 1 1
        IndexOf "indexof" 2 2
        Substring "substring" 2 3
        ToLower "tolower" 1 1
        ToUpper "toupper" 1 1
        Trim "trim" 1 1
        Concat "concat" 2 2
        Year "year" 1 1
        Month "month" 1 1
        Day "day" 1 1
        Hour "hour" 1 1
        Minute "minute" 1 1
        Second "second" 1 1
        FractionalSeconds "fractionalseconds" 1 1
        Date "date" 1 1
        Time "time" 1 1
        TotalOffsetMinutes "totaloffsetminutes" 1 1
        Now "now" 0 0
        MinDateTime "mindatetime" 0 0
        MaxDateTime "maxdatetime" 0 0
        Round "round" 1 1
        Floor "floor" 1 1
        Ceiling "ceiling" 1 1
        GeoDistance "geo.distance" 2 2
        GeoLength "geo.length" 1 1
        GeoIntersects "geo.intersects" 2 2
        StEquals "st_equals" 2 2
        StDisjoint "st_disjoint" 2 2
        StTouches "st_touches" 2 2
        StWithin "st_within" 2 2
        StOverlaps "st_overlaps" 2 2
        StCrosses "st_crosses" 2 2
        StIntersects "st_intersects" 2 2
        StContains "st_contains" 2 2
        StRelate "st_relate" 3 3
    }
}

words! {
    /// The operators of 18-088 §9.3.3.5.1 that stand between two operands; the first number is how
    /// tightly one binds.
    Op {
        Or "or" 1 0
        And "and" 2 0
        Eq "eq" 3 0
        Ne "ne" 3 0
        Gt "gt" 3 0
        Ge "ge" 3 0
        Lt "lt" 3 0
        Le "le" 3 0
        Add "add" 4 0
        Sub "sub" 4 0
        Mul "mul" 5 0
        Div "div" 5 0
        Mod "mod" 5 0
    }
}

impl Op {
    /// How tightly it binds; more is tighter.
    pub fn binds(self) -> usize {
        self.arguments().0
    }
}

/// A value that stands in a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number, finite.
    Number(f64),
    /// `'text'`.
    Text(String),
    /// An instant: Unix ms, and the offset it was written in, minutes.
    Time(i64, i32),
    /// An interval of two instants, Unix ms.
    Interval(i64, i64),
    /// A day: days since 1970-01-01.
    Date(i64),
    /// A time of day, ms since midnight.
    TimeOfDay(i64),
    /// `duration'PT1H'`, ms.
    Duration(i64),
    /// `geography'POINT(…)'`: well-known text.
    Shape(String),
}

/// An expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A value.
    Literal(Literal),
    /// A property, of the entity or of one it leads to.
    Path(Vec<String>),
    /// `not`.
    Not(Box<Expr>),
    /// Two operands.
    Binary(Op, Box<Expr>, Box<Expr>),
    /// A function of its arguments.
    Call(Function, Vec<Expr>),
}

impl Expr {
    /// Every path in it.
    pub fn paths<'e>(&'e self, each: &mut impl FnMut(&'e [String])) {
        match self {
            Self::Literal(_) => {}
            Self::Path(path) => each(path),
            Self::Not(of) => of.paths(each),
            Self::Binary(_, a, b) => {
                a.paths(each);
                b.paths(each);
            }
            Self::Call(_, of) => of.iter().for_each(|argument| argument.paths(each)),
        }
    }

    /// The parts that must all be true.
    pub fn conjuncts<'e>(&'e self, each: &mut impl FnMut(&'e Expr)) {
        match self {
            Self::Binary(Op::And, a, b) => {
                a.conjuncts(each);
                b.conjuncts(each);
            }
            other => each(other),
        }
    }
}

/// An instant in an offset, with milliseconds where there are some.
pub fn time_text(ms: i64, offset_min: i32) -> String {
    let stamp = Timestamp::from_millisecond(ms).unwrap_or_default();
    let offset = Offset::from_seconds(offset_min * 60).unwrap_or(Offset::UTC);
    let form = if ms.rem_euclid(1000) == 0 { "%Y-%m-%dT%H:%M:%S" } else { "%Y-%m-%dT%H:%M:%S%.3f" };
    let local = stamp.to_zoned(TimeZone::fixed(offset)).strftime(form).to_string();
    if offset_min == 0 {
        return local + "Z";
    }
    let (sign, size) = (if offset_min < 0 { '-' } else { '+' }, offset_min.abs());
    format!("{local}{sign}{:02}:{:02}", size / 60, size % 60)
}

/// A day as text.
pub fn date_text(days: i64) -> String {
    time_text(days.saturating_mul(86_400_000), 0).chars().take(10).collect()
}

/// A time of day as text.
pub fn time_of_day_text(ms: i64) -> String {
    let seconds = ms.div_euclid(1000);
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let part = ms.rem_euclid(1000);
    if part == 0 {
        format!("{h:02}:{m:02}:{s:02}")
    } else {
        format!("{h:02}:{m:02}:{s:02}.{part:03}")
    }
}

/// A text between quotes, quotes doubled.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(said) => write!(f, "{said}"),
            Self::Number(n) => write!(f, "{n}"),
            Self::Text(text) => f.write_str(&quoted(text)),
            Self::Time(ms, offset) => f.write_str(&time_text(*ms, *offset)),
            Self::Interval(from, to) => {
                write!(f, "{}/{}", time_text(*from, 0), time_text(*to, 0))
            }
            Self::Date(days) => f.write_str(&date_text(*days)),
            Self::TimeOfDay(ms) => f.write_str(&time_of_day_text(*ms)),
            Self::Duration(ms) => {
                let sign = if *ms < 0 { "-" } else { "" };
                let ms = ms.unsigned_abs();
                write!(f, "duration'{sign}PT{}.{:03}S'", ms / 1000, ms % 1000)
            }
            Self::Shape(text) => write!(f, "geography{}", quoted(text)),
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(literal) => literal.fmt(f),
            Self::Path(path) => f.write_str(&path.join("/")),
            Self::Not(of) => write!(f, "not ({of})"),
            Self::Binary(op, a, b) => write!(f, "({a} {} {b})", op.word()),
            Self::Call(function, of) => {
                let of: Vec<String> = of.iter().map(ToString::to_string).collect();
                write!(f, "{}({})", function.word(), of.join(","))
            }
        }
    }
}
