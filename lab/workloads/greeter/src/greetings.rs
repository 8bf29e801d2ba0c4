//! Who is greeted how: the rules behind `shimyard:greeter/greetings`.

/// The longest name, in characters.
pub const LONGEST_NAME: u32 = 64;
/// The language of a greeting for which none is asked.
pub const DEFAULT_LANGUAGE: &str = "en";

const SALUTATIONS: [(&str, &str); 5] = [
    ("de", "Hallo"),
    ("en", "Hello"),
    ("es", "Hola"),
    ("fi", "Hei"),
    ("fr", "Bonjour"),
];

#[derive(Debug, PartialEq, Eq)]
pub struct Greeting {
    pub language: &'static str,
    pub text: String,
}

#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    NameEmpty,
    NameTooLong,
    LanguageUnknown,
}

/// The languages spoken, as sorted ISO 639-1 codes.
pub fn languages() -> impl Iterator<Item = &'static str> {
    SALUTATIONS.iter().map(|(language, _)| *language)
}

pub fn greet(name: &str, language: &str) -> Result<Greeting, Refusal> {
    let name = name.trim();
    if name.is_empty() {
        return Err(Refusal::NameEmpty);
    }
    if name.chars().count() > LONGEST_NAME as usize {
        return Err(Refusal::NameTooLong);
    }
    let spoken = SALUTATIONS.iter().find(|(code, _)| *code == language);
    let (language, salutation) = spoken.ok_or(Refusal::LanguageUnknown)?;
    Ok(Greeting {
        language,
        text: format!("{salutation}, {name}!"),
    })
}

impl Refusal {
    /// One sentence for the person who asked.
    pub fn sentence(&self) -> String {
        match self {
            Self::NameEmpty => "there is no name to greet".to_owned(),
            Self::NameTooLong => format!("a name has at most {LONGEST_NAME} characters"),
            Self::LanguageUnknown => {
                let spoken: Vec<_> = languages().collect();
                format!("the languages spoken are {}", spoken.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_language_listed_can_be_asked_for() {
        for language in languages() {
            let greeting = greet("edge", language).unwrap();
            assert_eq!(greeting.language, language);
            assert!(greeting.text.ends_with(", edge!"), "{}", greeting.text);
        }
    }

    #[test]
    fn a_name_of_spaces_is_refused() {
        assert_eq!(greet("  ", "en"), Err(Refusal::NameEmpty));
    }

    #[test]
    fn length_counts_characters_and_not_bytes() {
        assert!(greet(&"ä".repeat(64), "de").is_ok());
        assert_eq!(greet(&"a".repeat(65), "de"), Err(Refusal::NameTooLong));
    }

    #[test]
    fn an_unknown_language_is_answered_with_those_known() {
        let refusal = greet("edge", "tlh").unwrap_err();
        assert!(refusal.sentence().ends_with("de, en, es, fi, fr"));
    }
}
