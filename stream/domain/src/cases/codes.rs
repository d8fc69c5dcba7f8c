//! The code list: what is counted. Ours is built in; a city adds to it, or says it otherwise, in
//! `diseases.csv`.
//!
//! Legal classes are those of the infectious diseases' law (甲、乙、丙类) with what is treated as
//! 甲类 told apart; limits are the network report's of 传染病信息报告管理规范: 2 h for 甲类 and what
//! is treated so, 24 h for the rest. From memory, to be verified against the edition in force; the
//! city's file is what counts.

use serde::{Deserialize, Serialize};

/// 法定传染病类别.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum LegalClass {
    /// 甲类.
    A,
    /// 乙类按甲类管理.
    #[serde(rename = "B-as-A")]
    BAsA,
    /// 乙类.
    B,
    /// 丙类.
    C,
}

impl LegalClass {
    /// Every class.
    pub const ALL: [LegalClass; 4] =
        [LegalClass::A, LegalClass::BAsA, LegalClass::B, LegalClass::C];

    /// The word in files and on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            LegalClass::A => "A",
            LegalClass::BAsA => "B-as-A",
            LegalClass::B => "B",
            LegalClass::C => "C",
        }
    }
}

/// Something that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disease {
    /// Its code.
    pub code: String,
    /// 中文.
    pub name: String,
    /// English.
    pub name_en: String,
    /// Whether it is a syndrome (what is seen) and no diagnosis.
    pub is_syndrome: bool,
    /// Its legal class, where it has one.
    pub legal_class: Option<LegalClass>,
    /// Within how many hours an institution reports it.
    pub report_limit_h: Option<u32>,
}

const SYNDROMES: [(&str, &str, &str); 12] = [
    ("ili", "流感样病例", "Influenza-like illness"),
    ("sari", "严重急性呼吸道感染", "Severe acute respiratory infection"),
    ("diarrhoea", "腹泻", "Diarrhoea"),
    ("vomiting", "呕吐", "Vomiting"),
    ("fever_rash", "发热伴出疹", "Fever with rash"),
    ("fever_bleeding", "发热伴出血", "Fever with bleeding"),
    ("fever_brain", "发热伴脑炎脑膜炎", "Fever with encephalitis or meningitis"),
    ("jaundice", "黄疸", "Jaundice"),
    ("food_poisoning", "食源性疾病(疑似食物中毒)", "Food-borne illness (suspected poisoning)"),
    ("co_poisoning", "一氧化碳中毒", "Carbon monoxide poisoning"),
    ("heat", "中暑", "Heat illness"),
    ("red_eye", "急性结膜炎", "Acute conjunctivitis"),
];

const DISEASES: [(&str, &str, &str, LegalClass); 22] = [
    ("plague", "鼠疫", "Plague", LegalClass::A),
    ("cholera", "霍乱", "Cholera", LegalClass::A),
    ("sars", "传染性非典型肺炎", "SARS", LegalClass::BAsA),
    ("anthrax_lung", "肺炭疽", "Inhalation anthrax", LegalClass::BAsA),
    ("covid19", "新型冠状病毒感染", "COVID-19", LegalClass::B),
    ("avian_flu", "人感染高致病性禽流感", "Human avian influenza", LegalClass::B),
    ("measles", "麻疹", "Measles", LegalClass::B),
    ("dengue", "登革热", "Dengue", LegalClass::B),
    ("malaria", "疟疾", "Malaria", LegalClass::B),
    ("japanese_encephalitis", "流行性乙型脑炎", "Japanese encephalitis", LegalClass::B),
    ("hepatitis_a", "甲型肝炎", "Hepatitis A", LegalClass::B),
    ("dysentery", "细菌性和阿米巴性痢疾", "Dysentery", LegalClass::B),
    ("typhoid", "伤寒和副伤寒", "Typhoid and paratyphoid", LegalClass::B),
    ("leptospirosis", "钩端螺旋体病", "Leptospirosis", LegalClass::B),
    ("scarlet_fever", "猩红热", "Scarlet fever", LegalClass::B),
    ("tuberculosis", "肺结核", "Tuberculosis", LegalClass::B),
    ("rabies", "狂犬病", "Rabies", LegalClass::B),
    ("influenza", "流行性感冒", "Influenza", LegalClass::C),
    ("hfmd", "手足口病", "Hand, foot and mouth disease", LegalClass::C),
    ("mumps", "流行性腮腺炎", "Mumps", LegalClass::C),
    ("red_eye_epidemic", "急性出血性结膜炎", "Acute haemorrhagic conjunctivitis", LegalClass::C),
    ("infectious_diarrhoea", "其他感染性腹泻病", "Other infectious diarrhoea", LegalClass::C),
];

/// Hours of the network report for what is of class A or treated so, and for the rest.
const LIMIT_H: (u32, u32) = (2, 24);

/// The limit of a class, hours.
pub fn limit_h(class: LegalClass) -> u32 {
    if matches!(class, LegalClass::A | LegalClass::BAsA) { LIMIT_H.0 } else { LIMIT_H.1 }
}

/// The list that is built in, syndromes first.
pub fn built_in() -> Vec<Disease> {
    let own = |code: &str, name: &str, name_en: &str| {
        (code.to_owned(), name.to_owned(), name_en.to_owned())
    };
    let syndromes = SYNDROMES.iter().map(|(code, name, name_en)| {
        let (code, name, name_en) = own(code, name, name_en);
        Disease { code, name, name_en, is_syndrome: true, legal_class: None, report_limit_h: None }
    });
    let diseases = DISEASES.iter().map(|(code, name, name_en, class)| {
        let (code, name, name_en) = own(code, name, name_en);
        let (legal_class, report_limit_h) = (Some(*class), Some(limit_h(*class)));
        Disease { code, name, name_en, is_syndrome: false, legal_class, report_limit_h }
    });
    syndromes.chain(diseases).collect()
}
