//! Takes a request target apart: its path, decoded, and its query's parameters.

pub struct Target {
    pub path: String,
    parameters: Vec<(String, String)>,
}

impl Target {
    /// `None` if an escape in it is broken or it is not UTF-8.
    pub fn parse(target: &str) -> Option<Self> {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let parameters = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((
                    decode(&name.replace('+', " "))?,
                    decode(&value.replace('+', " "))?,
                ))
            })
            .collect::<Option<_>>()?;
        Some(Self {
            path: decode(path)?,
            parameters,
        })
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2)?;
        let high = (digits[0] as char).to_digit(16)?;
        let low = (digits[1] as char).to_digit(16)?;
        bytes.push((high * 16 + low) as u8);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn escapes_are_decoded_in_path_and_query() {
        let target = Target::parse("/hello/J%C3%BCrgen?language=de&x=a+b%2B").unwrap();
        assert_eq!(target.path, "/hello/Jürgen");
        assert_eq!(target.parameter("language"), Some("de"));
        assert_eq!(target.parameter("x"), Some("a b+"));
        assert_eq!(target.parameter("absent"), None);
    }

    #[test]
    fn broken_escapes_are_told_from_good_ones() {
        for broken in ["/%", "/%4", "/%zz", "/%+1", "/%ff"] {
            assert!(Target::parse(broken).is_none(), "{broken}");
        }
    }
}
