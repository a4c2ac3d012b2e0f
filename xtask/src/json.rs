//! Just enough JSON to read what `cargo metadata` says, and what the benches say.

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Null,
    Bool,
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    pub(crate) fn parse(text: &str) -> Result<Json, String> {
        let mut parser = Parser { rest: text };
        let value = parser.value()?;
        parser.space();
        if parser.rest.is_empty() { Ok(value) } else { Err(parser.unexpected()) }
    }

    /// The member of an object, `Null` if there is none.
    pub(crate) fn get(&self, key: &str) -> &Json {
        match self {
            Json::Object(members) => {
                members.iter().find(|(name, _)| name == key).map_or(&Json::Null, |(_, it)| it)
            }
            _ => &Json::Null,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        if let Json::Text(text) = self { Some(text) } else { None }
    }

    pub(crate) fn number(&self) -> Option<f64> {
        if let Json::Number(number) = self { Some(*number) } else { None }
    }

    pub(crate) fn list(&self) -> &[Json] {
        if let Json::List(items) = self { items } else { &[] }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn value(&mut self) -> Result<Json, String> {
        self.space();
        match self.rest.chars().next() {
            Some('{') => self.object(),
            Some('[') => self.list(),
            Some('"') => self.text().map(Json::Text),
            Some('-' | '0'..='9') => {
                let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && !"+-.".contains(c));
                let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
                let number = number.parse().map_err(|_| self.unexpected())?;
                self.rest = rest;
                Ok(Json::Number(number))
            }
            _ if self.eat("null") => Ok(Json::Null),
            _ if self.eat("true") || self.eat("false") => Ok(Json::Bool),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self) -> Result<Json, String> {
        let mut members = Vec::new();
        self.expect("{")?;
        while !self.eat("}") {
            if !members.is_empty() {
                self.expect(",")?;
            }
            self.space();
            let key = self.text()?;
            self.expect(":")?;
            members.push((key, self.value()?));
        }
        Ok(Json::Object(members))
    }

    fn list(&mut self) -> Result<Json, String> {
        let mut items = Vec::new();
        self.expect("[")?;
        while !self.eat("]") {
            if !items.is_empty() {
                self.expect(",")?;
            }
            items.push(self.value()?);
        }
        Ok(Json::List(items))
    }

    fn text(&mut self) -> Result<String, String> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let end = self.rest.find(['"', '\\']).ok_or_else(|| self.unexpected())?;
            text.push_str(&self.rest[..end]);
            let escape = self.rest[end..].starts_with('\\');
            self.rest = &self.rest[end + 1..];
            if !escape {
                return Ok(text);
            }
            text.push(self.escape()?);
        }
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Result<char, String> {
        let c = self.rest.chars().next().ok_or_else(|| self.unexpected())?;
        self.rest = &self.rest[c.len_utf8()..];
        Ok(match c {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'u' => {
                let digits = self.rest.get(..4).ok_or_else(|| self.unexpected())?;
                let code = u32::from_str_radix(digits, 16).map_err(|_| self.unexpected())?;
                self.rest = &self.rest[4..];
                // halves of a pair do not occur in what is read here
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            other => other,
        })
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, sign: &str) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        if self.eat(sign) { Ok(()) } else { Err(self.unexpected()) }
    }

    fn unexpected(&self) -> String {
        format!("unexpected JSON: {}", self.rest.chars().take(40).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_values() {
        let value =
            Json::parse(r#" {"a": [1, -2.5e+3, null, true], "b": {"c": "d\"\u00e9\n"}, "e": {}} "#).unwrap();
        assert_eq!(value.get("a").list().len(), 4);
        assert_eq!(value.get("a").list()[1].number(), Some(-2500.0));
        assert_eq!(value.get("b").get("c").text(), Some("d\"é\n"));
        assert_eq!(value.get("f"), &Json::Null);
    }

    #[test]
    fn refuses_what_is_not_json() {
        for text in ["", "{", "[1 2]", "{\"a\"}", "\"a", "nul", "1 2"] {
            assert!(Json::parse(text).is_err(), "{text}");
        }
    }
}
