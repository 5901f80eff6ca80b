//! Elements and attributes, escaped and indented.

use quick_xml::{
    Writer,
    events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event},
};

use crate::error::Error;

/// Attributes of one element; those without a value are left out.
pub(super) type Attributes<'a> = [(&'a str, Option<&'a str>)];

/// A document being written.
pub(super) struct Xml {
    writer: Writer<Vec<u8>>,
    outcome: std::io::Result<()>,
}

impl Xml {
    pub(super) fn new() -> Self {
        let mut xml =
            Self { writer: Writer::new_with_indent(Vec::new(), b' ', 2), outcome: Ok(()) };
        xml.write(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)));
        xml
    }

    /// An element with what `inside` writes.
    pub(super) fn element(
        &mut self,
        name: &str,
        attributes: &Attributes<'_>,
        inside: impl FnOnce(&mut Self),
    ) {
        self.write(Event::Start(start(name, attributes)));
        inside(self);
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// An element with nothing in it.
    pub(super) fn empty(&mut self, name: &str, attributes: &Attributes<'_>) {
        self.write(Event::Empty(start(name, attributes)));
    }

    /// An element with text in it.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.write(Event::Start(BytesStart::new(name)));
        self.write(Event::Text(BytesText::new(text)));
        self.write(Event::End(BytesEnd::new(name)));
    }

    /// The whole document.
    ///
    /// # Errors
    /// `Internal` if it could not be written, which memory never refuses.
    pub(super) fn finish(self) -> Result<Vec<u8>, Error> {
        match self.outcome {
            Ok(()) => Ok(self.writer.into_inner()),
            Err(error) => Err(Error::internal(&error)),
        }
    }

    fn write(&mut self, event: Event<'_>) {
        if self.outcome.is_ok() {
            self.outcome = self.writer.write_event(event);
        }
    }
}

fn start<'a>(name: &'a str, attributes: &Attributes<'a>) -> BytesStart<'a> {
    let mut start = BytesStart::new(name);
    for (key, value) in attributes {
        if let Some(value) = value {
            start.push_attribute((*key, *value));
        }
    }
    start
}
