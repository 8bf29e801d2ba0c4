//! Writes flat JSON objects; a full serializer would double the component's size.

use std::fmt::Write;

/// An object of string members, in the order given.
pub fn object(members: &[(&str, &str)]) -> String {
    let mut text = String::from("{");
    for (position, (name, value)) in members.iter().enumerate() {
        if position > 0 {
            text.push(',');
        }
        push_string(&mut text, name);
        text.push(':');
        push_string(&mut text, value);
    }
    text.push('}');
    text
}

fn push_string(text: &mut String, value: &str) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            control if control < ' ' => {
                write!(text, "\\u{:04x}", control as u32).expect("a String takes any text");
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn members_keep_their_order() {
        assert_eq!(object(&[("b", "1"), ("a", "2")]), r#"{"b":"1","a":"2"}"#);
        assert_eq!(object(&[]), "{}");
    }

    #[test]
    fn quotes_backslashes_and_control_characters_cannot_break_out() {
        let escaped = object(&[("k", "a\"b\\c\nd\u{1}ä")]);
        assert_eq!(escaped, "{\"k\":\"a\\\"b\\\\c\\u000ad\\u0001ä\"}");
    }
}
