//! Where requests go, from a URL such as `http://127.0.0.1:9000/base`.

#[derive(Debug, PartialEq, Eq)]
pub struct Upstream {
    /// Host and port.
    pub authority: String,
    /// What comes before every path; without a slash at its end.
    base: String,
}

impl Upstream {
    /// Plain HTTP only: the app behind is in the same pod. The error is one sentence.
    pub fn parse(url: &str) -> Result<Self, String> {
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| format!("UPSTREAM_URL is '{url}', which does not begin with http://"))?;
        let (authority, base) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Err(format!("UPSTREAM_URL is '{url}', which names no host"));
        }
        let base = base.trim_end_matches('/');
        Ok(Self {
            authority: authority.to_owned(),
            base: if base.is_empty() {
                String::new()
            } else {
                format!("/{base}")
            },
        })
    }

    /// The target to ask there for what was asked here.
    pub fn target(&self, asked: &str) -> String {
        format!("{}{asked}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::Upstream;

    #[test]
    fn a_path_in_the_url_comes_before_every_other() {
        let upstream = Upstream::parse("http://127.0.0.1:9000/api/").unwrap();
        assert_eq!(upstream.authority, "127.0.0.1:9000");
        assert_eq!(upstream.target("/hello/x?y=z"), "/api/hello/x?y=z");
    }

    #[test]
    fn without_a_path_the_target_stays_as_it_is() {
        let upstream = Upstream::parse("http://app:80").unwrap();
        assert_eq!(upstream.target("/?a"), "/?a");
    }

    #[test]
    fn what_is_no_plain_http_url_is_named() {
        for broken in ["", "127.0.0.1:9000", "https://a", "http:///x"] {
            assert!(
                Upstream::parse(broken)
                    .unwrap_err()
                    .contains(&format!("'{broken}'"))
            );
        }
    }
}
