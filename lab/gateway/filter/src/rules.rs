//! What becomes of a reading.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Number, Value};

/// What holds for one sensor.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    /// Values below it are dropped.
    min: Option<f64>,
    /// Values above it are dropped.
    max: Option<f64>,
    /// Places behind the point that are kept.
    decimals: Option<u8>,
}

/// The rules of all sensors, by `device/sensor`.
#[derive(Debug)]
pub struct Rules(HashMap<String, Rule>);

impl Rules {
    /// From JSON: `{"boiler/temperature": {"min": -40, "max": 120, "decimals": 1}}`.
    pub fn parse(text: &str) -> Result<Self, String> {
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| format!("FILTER_RULES: {error}"))
    }

    /// The reading that is left, or `None` if it is dropped. A sensor without a rule, and a switch,
    /// pass as they are. The error is one sentence about a body that is no reading.
    pub fn apply(&self, body: &[u8]) -> Result<Option<Vec<u8>>, String> {
        let mut reading: Map<String, Value> =
            serde_json::from_slice(body).map_err(|error| format!("this is no reading: {error}"))?;
        let (Some(device), Some(sensor)) = (text(&reading, "device"), text(&reading, "sensor"))
        else {
            return Err("this is no reading: it names no device and sensor".to_owned());
        };
        let rule = self.0.get(&format!("{device}/{sensor}"));
        if let Some(rule) = rule
            && let Some(value) = reading.get("value").and_then(Value::as_f64)
        {
            if rule.min.is_some_and(|least| value < least)
                || rule.max.is_some_and(|most| value > most)
            {
                return Ok(None);
            }
            if let Some(decimals) = rule.decimals {
                let scale = 10f64.powi(i32::from(decimals));
                let rounded = (value * scale).round() / scale;
                if let Some(number) = Number::from_f64(rounded) {
                    reading.insert("value".to_owned(), Value::Number(number));
                }
            }
        }
        serde_json::to_vec(&reading)
            .map(Some)
            .map_err(|error| error.to_string())
    }
}

fn text<'a>(reading: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    reading.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::Rules;

    const RULES: &str = r#"{"boiler/temperature": {"min": 0, "max": 120, "decimals": 1}}"#;

    fn left(sensor: &str, value: &str) -> Option<String> {
        let body = format!(r#"{{"device":"boiler","sensor":"{sensor}","value":{value}}}"#);
        let left = Rules::parse(RULES).unwrap().apply(body.as_bytes()).unwrap();
        left.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn values_out_of_range_are_dropped_and_the_others_rounded() {
        assert_eq!(left("temperature", "-0.1"), None);
        assert_eq!(left("temperature", "120.5"), None);
        assert!(left("temperature", "21.4666").unwrap().contains("21.5"));
        assert!(left("temperature", "120").unwrap().contains("120.0"));
    }

    #[test]
    fn what_has_no_rule_passes_as_it_is() {
        assert!(left("pressure", "99999.123").unwrap().contains("99999.123"));
        assert!(left("temperature", "true").unwrap().contains("true"));
    }

    #[test]
    fn what_is_no_reading_and_what_is_no_rule_is_said() {
        let rules = Rules::parse("{}").unwrap();
        for body in ["", "[]", "21", r#"{"value": 1}"#] {
            assert!(
                rules
                    .apply(body.as_bytes())
                    .unwrap_err()
                    .contains("no reading")
            );
        }
        assert!(
            Rules::parse(r#"{"a/b": {"least": 1}}"#)
                .unwrap_err()
                .contains("least")
        );
    }
}
